"""Populations: one recipe, several seeds, known by the content of all of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch.optim  # noqa: F401 - its lazy imports would run in the middle of a test

from harness.datasets.bases import DIGITS
from harness.digests import file_digest
from harness.errors import HarnessError, MissingData, UnknownName
from harness.models.entries import DIGITS_ENTRIES
from harness.models.entry import ModelEntry
from harness.models.population import PopulationEntry, population
from harness.models.published.u7122029 import U7122029_ENTRIES
from harness.models.recipe import Recipe
from harness.models.record import read_record
from harness.models.trained_here import TrainedHere
from harness.models.trainings import train_once
from harness.registry import Registry
from harness.settings import PopulationSpec, Settings

LINEAR = next(entry for entry in DIGITS_ENTRIES if entry.name == "linear")
QUICK = Recipe(epochs=2, learning_rate=1e-2)


def three(**changes: object) -> PopulationEntry:
    given = {"base": DIGITS, "model": LINEAR, "recipe": QUICK, "seeds": (0, 1, 5)}
    return population("lines", **{**given, **changes})  # type: ignore[arg-type]


def settings_in(folder: Path, **more: object) -> Settings:
    return Settings(cache_dir=folder, store=folder, **more)  # type: ignore[arg-type]


def test_members_are_trained_once_each_from_its_seed_and_keep_a_record(tmp_path):
    """With a word of each; a second time nothing is trained."""
    settings, told = settings_in(tmp_path), []
    lines = three()
    assert lines.locate(settings) == "trained on first use"

    first = lines.fingerprint(settings, DIGITS, told.append)

    starts = [line for line in told if " on digits, once" in line]
    assert [line.split()[1] for line in starts] == [f"lines-seed{i}" for i in (0, 1, 5)]
    records = [lines.record(i, settings, told.append) for i in range(3)]
    assert [record.facts["seed"] for record in records] == [0, 1, 5]
    assert {record.predicted_on("test").shape for record in records} == {(2, 511)}
    assert len(told) == 6
    assert lines.fingerprint(settings, DIGITS, told.append) == first
    assert len(told) == 6
    for member, record in zip(lines.members, records, strict=True):
        network = member.load(settings, DIGITS, "cpu", print)
        assert network.name == member.name
        weights = member.weights.training(settings).weights
        assert record.facts["weights"] == file_digest(weights)


def test_it_finds_what_harness_train_has_made(tmp_path):
    """By content: base, model, recipe, seed; whatever the population is called."""
    settings, told = settings_in(tmp_path), []
    for member in three(seeds=(3, 4)).members:
        train_once(member.weights.training(settings), splits=("test",), tell=print)
    other = population("others", base=DIGITS, model=LINEAR, recipe=QUICK, seeds=(4,))

    assert other.locate(settings).endswith(".safetensors")
    assert set(other.record(0, settings, told.append).predicted) == {"test"}
    assert not told


def test_a_fingerprint_is_of_all_members_and_of_what_they_said(tmp_path):
    settings = settings_in(tmp_path)
    prints = {
        three(**changes).fingerprint(settings, DIGITS, lambda line: None)
        for changes in (
            {},
            {"seeds": (0, 1)},
            {"seeds": (1, 0, 5)},
            {"recipe": replace(QUICK, learning_rate=2e-2)},
        )
    }
    assert len(prints) == 4


def test_weights_without_a_record_are_made_anew_with_one(tmp_path):
    """As a run leaves them that needed no record."""
    settings, told = settings_in(tmp_path), []
    weights = three().members[0].weights
    training = weights.training(settings)
    train_once(training, tell=print)
    assert not training.record.exists()

    three().record(0, settings, told.append)

    assert "training lines-seed0 on digits" in told[0]
    assert set(read_record(training.record).predicted) == {"test", "train", "during"}


def test_what_was_not_recorded_is_named_with_the_cure(tmp_path):
    settings = settings_in(tmp_path)
    member = three().members[0]
    train_once(member.weights.training(settings), splits=("test",), tell=print)
    record = three().record(0, settings, print)
    with pytest.raises(HarnessError, match=r"'train' too, got one of test; .*both"):
        record.predicted_on("train")


ALEXNET = next(entry for entry in U7122029_ENTRIES if entry.name == "alexnet")


def test_what_takes_long_is_refused_with_the_command_to_run(tmp_path):
    """And so with all that it changes of the model's own recipe."""
    settings = settings_in(tmp_path)
    own = replace(LINEAR, weights=TrainedHere(recipe=QUICK, on_first_use=False))
    with pytest.raises(MissingData) as caught:
        population("p", base=DIGITS, model=own, seeds=(7, 8)).locate(settings)
    command = "harness train --base digits --model linear --networks 2 --train-seed 7"
    assert f"`{command}`" in str(caught.value)
    changed = replace(QUICK, epochs=9, flip=True, milestones=(3, 4), weight_decay=0.0)
    entry = population("p", base=DIGITS, model=own, recipe=changed, seeds=(7, 9))
    with pytest.raises(MissingData) as caught:
        entry.locate(settings)
    assert (
        "`harness train --base digits --model linear --train-seed 7 --epochs 9 "
        "--weight-decay 0.0 --milestones 3,4 --flip`"
    ) in str(caught.value)
    assert not ALEXNET.weights.sources[-1].on_first_use  # as the study's do
    assert not ALEXNET.weights.sources[-1].quick


@pytest.mark.parametrize(
    "seeds", [(), (1, 1), (-1,), (2**63,), (0.5,), (True,)], ids=str
)
def test_seeds_that_cannot_be_are_refused(seeds):
    with pytest.raises(HarnessError, match="`seeds` of population lines must be diff"):
        three(seeds=seeds)


def test_a_model_that_is_not_trained_here_makes_none():
    from harness.models.published.akamaster import AKAMASTER_ENTRIES

    with pytest.raises(HarnessError, match="must be one that the harness trains"):
        three(model=AKAMASTER_ENTRIES[0])


# --- from the registry ----------------------------------------------------------------


def test_members_are_models_that_run_on_request():
    registry = Registry()
    registry.add_population("five", base="digits", model="linear")
    assert list(registry.populations_of("digits")) == ["five"]
    entry = registry.model("digits", "five-seed4")
    assert isinstance(entry, ModelEntry)
    assert entry.on_request
    with pytest.raises(UnknownName):
        registry.model("digits", "five-seed5")


def test_names_are_of_one_thing_each():
    """Rows of a model and of a population are told apart by nothing else."""
    registry = Registry()
    with pytest.raises(HarnessError, match=r"population linear .* as a model is"):
        registry.add_population("linear", base="digits", model="lenet")
    registry.add_population("five", base="digits", model="linear")
    with pytest.raises(HarnessError, match=r"population five .* registered twice"):
        registry.add_population("five", base="digits", model="linear")
    with pytest.raises(HarnessError, match=r"model five .* as a population is"):
        registry.add_entry(replace(LINEAR, name="five"))
    with pytest.raises(UnknownName, match="unknown trainable model 'lenets'"):
        registry.add_population("six", base="digits", model="lenets")


def chosen(registry, *specs, **more):
    settings = settings_in(Path(), population=specs, **more)
    registry.add_chosen_populations(settings)
    return registry.populations_of("digits")


def test_the_command_line_asks_for_networks_of_a_model():
    found = chosen(Registry(), PopulationSpec(target="lenet"), train_seed=10)
    assert found["lenet-x5"].seeds == (10, 11, 12, 13, 14)
    spec = PopulationSpec(target="lenet", networks=2, epochs=7, name="mine")
    found = chosen(Registry(), spec, seed=3)
    assert found["mine"].seeds == (3, 4)
    assert found["mine"].members[0].weights.recipe.epochs == 7


def test_a_registered_one_is_run_as_it_is():
    registry = Registry()
    registry.add_population("five", base="digits", model="linear", seeds=(8,))
    assert chosen(registry, PopulationSpec(target="five"))["five"].seeds == (8,)
    with pytest.raises(HarnessError, match="population five must be run as it is regi"):
        chosen(registry, PopulationSpec(target="five", networks=2))
