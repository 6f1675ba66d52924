"""Files of saved outputs, as they are written and read."""

import json

import numpy as np
import pytest

from harness.activation import Activation
from harness.answers.outputs import read_outputs, saved_base
from harness.answers.saving import (
    ABOUT,
    About,
    file_name,
    key_in,
    labels_of,
    packed,
    size_of,
)
from harness.datasets.class_map import ClassMap
from harness.datasets.dataset import SOURCE
from harness.datasets.truth import Truth
from harness.errors import BadData, HarnessError
from harness.measurement import Domain
from harness.settings import OwnData

LOGITS = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
LABELS = np.arange(6) % 4


def about(**facts):
    """Of a model on one of an interior's sets."""
    usual = {
        **{"model": "lenet", "dataset": "in/0", "family": "in", "key": "k"},
        **{"domain": Domain.INTERIOR, "traits": {"transformations": "fog, blur"}},
    }
    return About(**{**usual, **facts})


def written(folder, one, *, logits=LOGITS, labels=LABELS):
    """The file of it."""
    path = folder / file_name(one.model, one.dataset)
    path.write_bytes(packed(one, logits, labels, np.arange(len(logits))))
    return path


def read(*paths):
    """Datasets and models by name."""
    base, families, models = saved_base([OwnData(path=path) for path in paths])
    sets = {d.name: d for family in families for d in family.datasets(None)}
    return base, sets, {model.name: model for model in models}


def test_a_file_says_what_it_is_about(tmp_path):
    """Name, family, domain and traits come back, and the logits to the last bit."""
    written(tmp_path, about())
    written(tmp_path, about(model="mlp"), logits=-LOGITS)
    written(tmp_path, about(dataset="in/1"), logits=2 * LOGITS)
    _, sets, models = read(tmp_path)

    assert sorted(sets) == ["in/0", "in/1"]
    one = sets["in/0"]
    assert (one.family, one.domain, dict(one.traits)) == (
        *("in", Domain.INTERIOR, {"transformations": "fog, blur"}),
    )
    assert (one.labels() == LABELS).all()
    assert sorted(models) == ["lenet", "mlp"]
    assert (models["mlp"].predict("in/0", None).logits() == -LOGITS).all()
    assert (models["lenet"].predict("in/1", None).logits() == 2 * LOGITS).all()
    assert not models["mlp"].covers("in/1")


def test_what_is_said_goes_first(tmp_path):
    """A role and traits of the command line; the labels of a target are not read."""
    path = written(tmp_path, about())
    own = OwnData(path=path, role="target", traits=(("weather", "fog"),))
    _, (family,), _ = saved_base([own])
    (one,) = family.datasets(None)

    assert (one.domain, one.labelled) == (Domain.TARGET, False)
    assert dict(one.traits) == {"transformations": "fog, blur", "weather": "fog"}


@pytest.mark.parametrize(("source", "sets"), [("test", ["test"]), ("alone", [])])
def test_the_source_set_is_a_dataset_where_it_was_one(tmp_path, source, sets):
    """Estimates find it in any case."""
    told = about(dataset="test", family="test", traits={}, source=source)
    written(tmp_path, told)
    written(tmp_path, about(dataset="out", family="out", domain=Domain.EXTERIOR))
    base, found, models = read(tmp_path)

    assert sorted(found) == ["out", *sets]
    assert (base.test(None).labels == LABELS).all()
    assert (models["lenet"].predict(SOURCE, None).logits() == LOGITS).all()


MAPS = (
    ClassMap.subset(("a", "b", "c", "d"), [0, 2, 3]),
    ClassMap.grouped(("a", "b", "c", "d"), {"x": [0, 1], "y": [3]}),
)


@pytest.mark.parametrize(
    "truth",
    [
        Truth.one([0, 2, 3, 0, 2, 3], MAPS[0]),
        Truth.one([0, 1, 1, 0, 1, 0], MAPS[1]),
        Truth.sets([[0, 1], [2], [], [3], [2, 3], [0]], 4),
        Truth.sets([[0, 2], [2], [], [3], [2, 3], [0]], MAPS[0]),
        Truth.sets([[0], [1], [0, 1], [], [1], [0]], MAPS[1]),
        Truth.sets([[0], [1], [0, 1], [], [1], [0]], 4, several=True),
    ],
    ids=str,
)
def test_every_truth_comes_back(tmp_path, truth):
    """Which classes are answers, and which answers are right."""
    from dataclasses import asdict

    classes = None if truth.classes is None else asdict(truth.classes)
    told = about(classes=classes, several=truth.several)
    written(tmp_path, told, labels=labels_of(truth))
    _, sets, _ = read(tmp_path)

    assert sets["in/0"].truth(4).digest() == truth.digest()


def test_of_a_target_nothing_is_known(tmp_path):
    """It is one again."""
    written(tmp_path, about(domain=Domain.TARGET), labels=None)
    _, sets, _ = read(tmp_path)

    assert sets["in/0"].domain is Domain.TARGET
    assert sets["in/0"].labels() is None


def test_a_sigmoid_stays_one(tmp_path):
    """And two files of a model agree on it."""
    written(tmp_path, about(activation=Activation.SIGMOID))
    assert read(tmp_path)[2]["lenet"].activation is Activation.SIGMOID

    written(tmp_path, about(dataset="in/1"))
    with pytest.raises(BadData, match="say both sigmoid and softmax"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("other", "more", "message"),
    [
        ({"model": "mlp"}, {"labels": LABELS[::-1].copy()}, "or other labels"),
        (
            {"model": "mlp"},
            {"logits": LOGITS[:5], "labels": LABELS[:5]},
            "of the same images of in/0, got 6 and 5",
        ),
        ({"model": "mlp", "traits": {}}, {}, "two files of outputs are called in/0"),
        ({}, {}, "both hold outputs of lenet on in/0"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, other, more, message):
    """They name each other."""
    one, two = (tmp_path / name for name in ("a", "b"))
    one.mkdir()
    two.mkdir()
    written(one, about())
    written(two, about(**other), **more)

    with pytest.raises(HarnessError, match=message):
        read(one, two)


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "elsewhere"},
        {"traits": {"a b": 1}},
        {"traits": [1]},
        {"activation": "relu"},
        {"classes": {"width": 4}},
        {"classes": [1]},
        {"more": 1},
        None,
    ],
)
def test_a_damaged_about_is_refused(tmp_path, change):
    """With the file's name; nothing that it says is run or kept."""
    path = written(tmp_path, about())
    with np.load(path) as file:
        arrays = dict(file)
    told = json.loads(str(arrays[ABOUT]))
    text = "{" if change is None else json.dumps({**told, **change})
    np.savez(path, **{**arrays, ABOUT: np.array(text)})

    with pytest.raises(BadData, match=rf"`about` in .*{path.name} must be what"):
        read_outputs(path)
    assert key_in(path) is None


def test_names_of_a_file_are_safe(tmp_path):
    """As those of any other outputs."""
    path = tmp_path / "x.npz"
    odd = about(model="a\x1b[2J*", dataset="b, c[0]", family="d\n")
    path.write_bytes(packed(odd, LOGITS, LABELS, np.arange(6)))
    _, sets, models = read(path)

    assert [*sets, *(one.family for one in sets.values()), *models] == [
        *("b-c-0", "d", "ax1b-2J"),
    ]


def test_a_file_is_known_by_its_key_and_is_as_large_as_was_said(tmp_path):
    """Within a few hundred bytes of names."""
    path = written(
        tmp_path,
        about(key="abc"),
        logits=np.zeros((500, 10), np.float32),
        labels=np.arange(500) % 10,
    )

    assert key_in(path) == "abc"
    assert abs(path.stat().st_size - size_of(500, 10)) < 1500
    assert key_in(tmp_path / "none.npz") is None
    np.savez(tmp_path / "mine.npz", a=LOGITS)
    assert key_in(tmp_path / "mine.npz") is None


def test_no_two_pairs_have_one_file():
    """Whatever letters their names have."""
    pairs = [("a/b", "c"), ("a-b", "c"), ("a", "b--c"), ("a--b", "c"), ("A/b", "c")]

    names = {file_name(*pair).casefold() for pair in pairs}
    assert len(names) == len(pairs)
    assert len(file_name("m" * 300, "d" * 300)) < 150
