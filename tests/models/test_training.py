"""Training: reproducible, resumable to the bit, recorded, and clear when it fails."""

import hashlib
import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test

from harness.datasets.bases import DIGITS
from harness.datasets.families import FAMILIES
from harness.datasets.images import ArrayImages
from harness.errors import BadData, HarnessError, MissingData
from harness.models.entries import DIGITS_ENTRIES
from harness.models.published.u7122029 import U7122029_ENTRIES
from harness.models.recipe import Recipe
from harness.models.trained_here import TrainedHere
from harness.models.training import Epoch, Trained, train
from harness.models.trainings import Training
from harness.settings import Settings

QUICK = Recipe(epochs=3, learning_rate=1e-2, shift=1, flip=True)
LENET = next(entry for entry in DIGITS_ENTRIES if entry.name == "lenet")


def digits(n: int = 200) -> ArrayImages:
    whole = DIGITS.train(settings_in(Path()))
    assert whole.labels is not None
    return ArrayImages(pixels=whole.pixels[:n], labels=whole.labels[:n])


def trained(recipe: Recipe = QUICK, seed: int = 0, **extra: object) -> Trained:
    return train(
        LENET.build_network,
        digits(),
        recipe,
        mean=LENET.mean,
        std=LENET.std,
        seed=seed,
        **extra,  # type: ignore[arg-type]
    )


def bits(result: Trained) -> str:
    state = result.network.state_dict()
    joined = b"".join(state[name].numpy().tobytes() for name in sorted(state))
    return hashlib.sha256(joined).hexdigest()


# SequentialLR warned of its own call until PyTorch 2.9 (pytorch/pytorch#149392).
pytestmark = pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")


class Stopped(Exception):
    """What interrupts a training here."""


@pytest.mark.parametrize(
    "recipe",
    [
        QUICK,
        replace(QUICK, optimiser="sgd", schedule="steps", milestones=(1, 2)),
        replace(QUICK, optimiser="sgd", momentum=0.0, schedule="cosine"),
        replace(QUICK, schedule="constant"),
        replace(QUICK, optimiser="larc", schedule="cosine", warm_up=1),
    ],
    ids=lambda recipe: f"{recipe.optimiser}-{recipe.schedule}",
)
def test_an_interrupted_training_ends_with_the_same_bits(recipe, tmp_path):
    def stop(epoch: Epoch) -> None:
        if epoch.number == 2:
            raise Stopped

    some = {"watch": {"some": digits(50)}, "keep_logits": True}
    whole = trained(recipe, **some)
    path = tmp_path / "a.checkpoint"
    with pytest.raises(Stopped):
        trained(recipe, **some, checkpoint=path, each_epoch=stop)
    numbers: list[int] = []
    rest = trained(
        recipe,
        **some,
        checkpoint=path,
        each_epoch=lambda epoch: numbers.append(epoch.number),
    )
    assert numbers == [3]
    assert bits(rest) == bits(whole)
    assert (rest.predicted["some"] == whole.predicted["some"]).all()
    assert (rest.logits["some"] == whole.logits["some"]).all()
    assert (whole.logits["some"].argmax(2) == whole.predicted["some"]).mean() > 0.98
    assert (rest.during == whole.during).all()
    assert [replace(e, seconds=0) for e in rest.epochs] == [
        replace(e, seconds=0) for e in whole.epochs
    ]


def test_a_seed_decides_the_weights_and_leaves_the_global_state():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert bits(trained()) == bits(trained())
    assert bits(trained()) != bits(trained(seed=1))
    assert (torch.get_rng_state() == before).all()


def test_what_was_predicted_after_each_epoch_is_recorded():
    """As one byte an image, without augmentation and in eval mode."""
    watched = digits(120)
    result = trained(replace(QUICK, epochs=8, flip=False), watch={"own": watched})
    predicted = result.predicted["own"]
    assert (predicted.shape, predicted.dtype) == ((8, 120), np.uint8)
    right = predicted == watched.labels
    assert right[-1].mean() > right[0].mean()
    # The last row is what the network says when it is done.
    x = torch.from_numpy(np.array(watched.pixels)).permute(0, 3, 1, 2).float() / 255
    x = (x - torch.tensor(LENET.mean)) / torch.tensor(LENET.std)
    with torch.no_grad():
        answers = result.network(x).argmax(1).numpy()
    assert (predicted[-1] == answers).all()


def test_what_was_said_during_an_epoch_is_in_the_order_of_the_images():
    """It has the accuracy of the epoch, and is another quantity than after it."""
    images = digits()
    result = trained(watch={"train": images})
    right = result.during == images.labels

    assert right.mean(axis=1) == pytest.approx([e.accuracy for e in result.epochs])
    assert result.during.dtype == np.uint8
    assert (result.during != result.predicted["train"]).any()


class SeveralLabels(ArrayImages):
    """Digits of which two classes may hold: above 4, and odd."""

    def __init__(self) -> None:
        images = digits()
        super().__init__(pixels=images.pixels, labels=None)
        of = images.labels
        self.sets = np.stack([of > 4, of % 2 == 1, np.zeros(len(of), bool)], axis=1)


def test_several_labels_are_learned_each_by_itself():
    """The loss of the first step is that of PyTorch's own sum over classes."""
    images = SeveralLabels()
    recipe = Recipe(epochs=20, learning_rate=1e-2)

    def build() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))

    options = {"mean": (0.3,), "std": (0.4,), "seed": 0, "watch": {"train": images}}
    result = train(build, images, recipe, keep_logits=True, **options)
    said = result.predicted["train"]

    assert (said.dtype, said.shape) == (np.bool_, (20, 200, 3))
    assert (result.asked["train"] == images.sets).all()
    assert (said == (result.logits["train"] > 0)).mean() > 0.999
    assert (said[-1] == images.sets).all(axis=1).mean() > 0.6  # by chance a quarter
    exact = (result.during == images.sets).all(axis=2).mean(axis=1)
    assert exact == pytest.approx([e.accuracy for e in result.epochs])
    once = train(build, images, replace(recipe, epochs=1, batch_size=200), **options)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        logits = (
            build()(
                torch.from_numpy((images.pixels / 255 - 0.3) / 0.4)
                .float()
                .permute(0, 3, 1, 2)
            )
            .detach()
            .double()
            .numpy()
        )
    p = 1 / (1 + np.exp(-logits))
    likely = np.where(images.sets, p, 1 - p)
    assert once.epochs[0].loss == pytest.approx(-np.log(likely).mean(), rel=1e-4)

    def four() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 4))

    with pytest.raises(HarnessError, match=r"must have 3 logits, one a class, got \(4"):
        train(four, images, recipe, **options)


def test_an_epoch_says_its_learning_rate():
    """Of its last step: 4 steps an epoch, and a tenth from the second epoch on."""
    recipe = replace(QUICK, schedule="steps", milestones=(1,), learning_rate=0.5)
    rates = [epoch.learning_rate for epoch in trained(recipe).epochs]
    assert rates == pytest.approx([0.5, 0.05, 0.05])


@pytest.mark.parametrize(
    ("schedule", "after"),
    [
        ("cosine", [1.6 * (1 + np.cos(np.pi * i / 8)) / 2 for i in range(8)]),
        ("constant", [1.6] * 8),
        ("steps", [1.6] * 4 + [0.16] * 4),
    ],
)
def test_the_rate_rises_in_a_line_before_the_schedule_begins(schedule, after):
    """From a sixteenth, over one epoch of four steps; the cosine is of the rest."""
    recipe = Recipe(
        **{"epochs": 3, "learning_rate": 1.6, "optimiser": "sgd", "warm_up": 1},
        **{"schedule": schedule, "milestones": (2,)},
    )
    weights = torch.nn.Parameter(torch.zeros(1))
    optimiser = recipe.make_optimiser([weights])
    steps = recipe.make_schedule(optimiser, 4)
    rates = []
    for _ in range(12):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        steps.step()

    assert rates[:4] == pytest.approx([0.1, 0.475, 0.85, 1.225])
    assert rates[4:] == pytest.approx(after)


def test_no_warm_up_is_no_part_of_a_recipes_identity():
    """What was trained before there was any is found."""
    assert "warm_up" not in QUICK.identity()
    cosine = replace(QUICK, schedule="cosine", warm_up=1)
    assert cosine.identity()["warm_up"] == 1


def test_classes_beyond_a_byte_take_two():
    wide = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 300))
    torch.nn.init.zeros_(wide[1].weight)
    with torch.no_grad():
        wide[1].bias.copy_(torch.arange(300.0) * 100)
    result = train(
        lambda: wide,
        digits(20),
        replace(QUICK, epochs=1, learning_rate=1e-9),
        mean=(0.0,),
        std=(1.0,),
        seed=0,
        watch={"own": digits(5)},
    )
    assert result.predicted["own"].dtype == np.uint16
    assert (result.predicted["own"] == 299).all()


def test_a_loss_that_is_not_finite_stops_with_the_step_and_the_cure():
    with pytest.raises(HarnessError, match=r"step \d+ of epoch 1; lower the learning"):
        trained(replace(QUICK, optimiser="sgd", learning_rate=1e30))


def test_images_without_labels_are_refused():
    blind = ArrayImages(pixels=digits().pixels, labels=None)
    with pytest.raises(HarnessError, match="the images of more have none"):
        trained(watch={"more": blind})


def test_a_checkpoint_of_something_else_or_damaged_is_refused(tmp_path):
    path = tmp_path / "a.checkpoint"
    trained(checkpoint=path, identity="one")
    with pytest.raises(BadData, match="another training"):
        trained(checkpoint=path, identity="two")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BadData, match="cannot be read; remove it"):
        trained(checkpoint=path, identity="one")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"optimiser": "adams"}, "`optimiser` must be one of adamw, adam, sgd"),
        ({"schedule": "linear"}, "`schedule` must be one of"),
        ({"epochs": 0}, "`epochs` and `batch_size` must be at least 1"),
        ({"warm_up": 3, "schedule": "cosine"}, "fewer than the 3 epochs, got 3"),
        ({"warm_up": 1}, "`warm_up` must be 0 of schedule 'one-cycle'"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive"),
        ({"learning_rate": float("nan")}, "`learning_rate` must be positive"),
    ],
)
def test_recipes_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        replace(QUICK, **wrong)


# --- from the registry ----------------------------------------------------------------


def test_seeds_of_data_and_of_training_are_apart():
    """Each decides its own; without one of its own training takes that of the data."""

    def of(**seeds: int) -> tuple[str, str]:
        settings = settings_in(Path(), interior=2, **seeds)
        interior = next(f for f in FAMILIES if f.name == "interior")
        made = interior.datasets(settings)[1].fingerprint()
        training = Training(
            entry=LENET,
            base=DIGITS,
            recipe=QUICK,
            seed=settings.training_seed,
            settings=settings,
        )
        return training.identity, made

    network, data = of()
    assert of(train_seed=0) == (network, data)
    assert of(train_seed=3) == (of(seed=3)[0], data) != (network, data)
    assert of(seed=3, train_seed=0) == (network, of(seed=3)[1]) != (network, data)


def settings_in(folder: Path, **more: object) -> Settings:
    return Settings(cache_dir=folder, store=folder, **more)  # type: ignore[arg-type]


def quick_entry():
    weights = TrainedHere(recipe=replace(QUICK, epochs=1))
    return replace(LENET, weights=weights)


def _train_in_cache(folder: Path) -> None:
    lines: list[str] = []
    path = quick_entry().weights.file(
        quick_entry(), settings_in(folder), DIGITS, lines.append
    )
    (folder / f"{multiprocessing.current_process().name}.told").write_text(
        f"{path.name} {sum('training' in line for line in lines)}"
    )


@pytest.mark.slow
def test_of_many_workers_one_trains_and_the_others_wait(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=_train_in_cache, args=(tmp_path,)) for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
        assert worker.exitcode == 0
    told = sorted(path.read_text().split() for path in tmp_path.glob("*.told"))
    assert told[0][0] == told[1][0]
    assert sorted(int(lines) for _, lines in told) == [0, 2]


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-9], lambda c: c[:-1] + b"\x7f"], ids=["cut", "turned"]
)
def test_a_damaged_file_in_the_cache_is_trained_anew(tmp_path, damage):
    """Cut off or with one byte turned: with a word, and to the same bits."""
    settings = settings_in(tmp_path)
    path = quick_entry().weights.file(quick_entry(), settings, DIGITS, print)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    told = []

    quick_entry().load(settings, DIGITS, "cpu", told.append)

    assert "trained model" in told[0]
    assert "cannot be read as it was written; it is made anew" in told[0]
    assert path.read_bytes() == whole


def test_a_file_of_harness_train_comes_before_training(tmp_path):
    settings = settings_in(tmp_path / "cache", weights_root=tmp_path)
    made = quick_entry().weights.file(
        quick_entry(), settings_in(tmp_path), DIGITS, print
    )
    own = tmp_path / "deep" / "digits-lenet-trained.safetensors"
    own.parent.mkdir()
    made.rename(own)
    assert LENET.locate(settings) == str(own)
    assert quick_entry().locate(settings_in(tmp_path)) == "trained on first use"


@pytest.mark.parametrize("entry", DIGITS_ENTRIES, ids=lambda entry: entry.name)
def test_digits_networks_come_with_the_package(entry, tmp_path):
    """The files that the table's sums are of; nothing is trained or cached."""
    told = []
    settings = settings_in(tmp_path / "cache")

    classifier = entry.load(settings, DIGITS, "cpu", told.append)

    assert not told
    assert not settings.cache_dir.exists()
    test = DIGITS.test(settings)
    pixels = torch.from_numpy(test.pixels.copy()).permute(0, 3, 1, 2).float() / 255
    scaled = (pixels - entry.mean[0]) / entry.std[0]
    right = (classifier.network(scaled).argmax(1).numpy() == test.labels).sum()
    expected = {"linear": 481, "mlp": 481, "lenet": 475, "resnet": 500, "vgg": 502}
    assert right == expected.get(entry.name, 65)  # of 511


def test_another_file_in_the_place_of_a_bundled_one_is_refused(tmp_path, monkeypatch):
    """Numbers would be another network's."""
    monkeypatch.setattr("harness.models.entry.BUNDLED", tmp_path)
    with pytest.raises(MissingData, match="they come with the package: install it"):
        LENET.load(settings_in(tmp_path), DIGITS, "cpu", print)
    (tmp_path / "digits-lenet.safetensors").write_bytes(b"another")
    with pytest.raises(BadData, match="corrupt or another version"):
        LENET.load(settings_in(tmp_path), DIGITS, "cpu", print)


def test_models_that_take_long_are_trained_on_request_only(tmp_path):
    entry = next(e for e in U7122029_ENTRIES if e.name == "lenet5")
    settings = settings_in(tmp_path, weights_root=tmp_path)
    with pytest.raises(MissingData) as caught:
        entry.locate(settings)
    assert "harness train --base cifar10 --model lenet5" in str(caught.value)
    assert "u7122029-lenet5.safetensors" in str(caught.value)
    (tmp_path / "cifar10-lenet5-trained.safetensors").touch()
    assert entry.locate(settings).endswith("cifar10-lenet5-trained.safetensors")
