"""Records of epochs: they come back as they were, and nothing else is taken for one."""

import hashlib
import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.artifacts import write_summed
from harness.errors import BadData
from harness.models.record import (
    DURING,
    EpochRecord,
    npz_bytes,
    read_record,
    record_bytes,
)


def record(classes=3, predicted=((0, 1, 2, 2), (0, 1, 1, 2)), **changes):
    """Of two epochs and four images, labelled 0 1 2 2."""
    kind = np.uint8 if classes <= 256 else np.uint16
    facts = {
        "base": "toy",
        "model": "net",
        "identity": "1" * 64,
        "weights": "2" * 64,
        "seed": 5,
        "classes": classes,
        "recipe": {"epochs": 2},
        "images": {"test": "3" * 64},
    }
    made = {
        "predicted": {"test": np.array(predicted, kind)},
        "labels": {"test": np.array([0, 1, 2, 2])},
        "loss": np.array([1.5, 0.5]),
        "accuracy": np.array([0.25, 0.75]),
        "learning_rate": np.array([0.1, 0.01]),
        "facts": facts,
    }
    return EpochRecord(**{**made, **changes})


def written(path, content):
    write_summed(path, content, what="record")
    return path


def raw(path, **changes):
    """A file of the record's arrays, some of them others or left out."""
    with np.load(io.BytesIO(record_bytes(record()))) as file:
        kept = {name: file[name] for name in file.files}
    content = io.BytesIO()
    kept = {n: a for n, a in {**kept, **changes}.items() if a is not None}
    np.savez(content, **kept)
    return written(path, content.getvalue())


def test_a_file_holds_what_it_is_given_and_no_object():
    """Nothing of how it was written, whatever NumPy calls an array."""
    with np.load(io.BytesIO(npz_bytes({"a": np.arange(3)}, {"b": 1}))) as file:
        assert sorted(file.files) == ["a", "facts"]
    with pytest.raises(TypeError, match="`a` must be of numbers or texts, got object"):
        npz_bytes({"a": np.array([{}])}, {})


@given(
    predicted=arrays(np.uint16, (3, 5), elements=st.integers(0, 299)),
    classes=st.sampled_from([300, 65_536]),
)
def test_what_was_written_comes_back(tmp_path_factory, predicted, classes):
    """Every class of every image after every epoch, in type and value."""
    whole = record(
        classes=classes,
        predicted=predicted,
        labels={"test": np.arange(5)},
        loss=np.array([3.0, 2.0, 1.0]),
        accuracy=np.zeros(3),
        learning_rate=np.zeros(3),
    )
    path = written(tmp_path_factory.mktemp("r") / "a.npz", record_bytes(whole))
    found = read_record(path)
    assert found.predicted["test"].dtype == np.uint16
    assert (found.predicted["test"] == predicted).all()
    assert (found.labels["test"] == whole.labels["test"]).all()
    assert found.loss.tolist() == [3.0, 2.0, 1.0]
    assert found.facts == whole.facts
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_accuracy_at_the_end_of_each_epoch_is_counted():
    """By hand: all four of the first epoch, three of the second."""
    assert record().accuracy_on("test").tolist() == [1.0, 0.75]
    assert record().right().tolist() == [[True] * 4, [True, True, False, True]]


def test_a_file_takes_few_bytes(tmp_path):
    """One an image and epoch at most, and some for what it is."""
    rng = np.random.default_rng(0)
    predicted = rng.integers(0, 10, (60, 1000))
    labels = {"test": predicted[0]}
    one = record(classes=10, predicted=predicted, labels=labels)
    assert len(record_bytes(one)) < 61 * 1000 + 2000


@pytest.mark.parametrize(
    "damage", [lambda c: c[:-9], lambda c: c[:-1] + b"\x7f"], ids=["cut", "turned"]
)
def test_a_damaged_file_is_named(tmp_path, damage):
    path = written(tmp_path / "a.npz", record_bytes(record()))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadData, match=r"a\.npz cannot be read as it was written"):
        read_record(path)


ODD_FACTS = np.frombuffer(json.dumps({"base": "toy"}).encode(), np.uint8)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"facts": ODD_FACTS}, "facts must be a JSON object with base"),
        ({"facts": np.array([255, 254], np.uint8)}, "facts must be a JSON object"),
        ({"facts": None}, "facts must be a JSON object"),
        ({"loss": np.array([1.0])}, r"accuracy must be \(epochs,\) float64"),
        ({"loss": np.array([1, 2])}, r"loss must be \(epochs,\) float64, got .* int64"),
        ({"loss": np.array([1.0, np.nan])}, "loss must be finite"),
        ({"learning_rate": np.array([1.0, -1.0])}, "learning_rate must be finite and"),
        ({"predicted_test": None}, r"classes of test must be \(2, 4\) uint8"),
        ({"predicted_test": np.zeros((2, 4))}, r"uint8, got \(2, 4\) float64"),
        ({"predicted_test": np.zeros((3, 4), "u1")}, r"\(2, 4\) uint8, got \(3, 4\)"),
        ({"predicted_test": np.full((2, 4), 3, "u1")}, "must be below 3"),
        ({"labels_test": np.zeros((2, 4), "u1")}, r"classes of test must be \(8,\)"),
        ({"more": np.zeros(1)}, "it must hold no array more"),
    ],
    ids=range(13),
)
def test_what_a_record_cannot_hold_is_refused(tmp_path, changes, why):
    """By name, whole as the file may be."""
    with pytest.raises(BadData, match=why) as caught:
        read_record(raw(tmp_path / "a.npz", **changes))
    assert f"record {tmp_path / 'a.npz'} is none" in str(caught.value)


class Boom:
    """Would run code if it were unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


@pytest.mark.parametrize(
    "content", [pickle.dumps(Boom()), b"no zip", b""], ids=["pickle", "text", "empty"]
)
def test_no_other_file_is_opened_as_one(tmp_path, content):
    with pytest.raises(BadData, match=r"it must be an \.npz file of numbers"):
        read_record(written(tmp_path / "a.npz", content))


def test_objects_in_it_are_not_unpickled(tmp_path):
    with pytest.raises(BadData, match=r"it must be an \.npz file of numbers"):
        read_record(raw(tmp_path / "a.npz", loss=np.array([Boom(), Boom()])))


def test_several_labels_logits_and_what_was_said_during_the_epoch_come_back(tmp_path):
    """Nine classes take two bytes an image; what is right is said whole."""
    labels = np.eye(9, dtype=bool)[[0, 8, 8]]
    said = np.stack([labels, labels])
    said[1, 2, 3] = True  # one too many
    logits = np.linspace(-2, 2, 54).reshape(2, 3, 9).astype(np.float16)
    facts = record(classes=9).facts
    facts["images"] = dict.fromkeys(("test", "train", DURING), "3" * 64)
    whole = replace(
        record(),
        facts=facts,
        predicted={"test": said, "train": said, DURING: ~said},
        labels=dict.fromkeys(("test", "train", DURING), labels),
        logits={"test": logits},
    )
    content = record_bytes(whole)
    found = read_record(written(tmp_path / "a.npz", content))

    with np.load(io.BytesIO(content)) as file:
        assert file["bits_test"].shape == (2, 3, 2)
        assert "labels_during" not in file.files
    for split, rows in whole.predicted.items():
        assert np.array_equal(found.predicted[split], rows)
        assert np.array_equal(found.labels[split], labels)
    assert np.array_equal(found.logits["test"], logits)
    assert found.right("test").tolist() == [[True] * 3, [True, True, False]]
    assert not found.right(DURING).any()
    assert found.epochs == 2


def test_true_labels_stand_beside_those_drawn_at_random(tmp_path):
    whole = record(true={"test": np.array([0, 1, 1, 2])})
    found = read_record(written(tmp_path / "a.npz", record_bytes(whole)))

    assert found.right("test")[0].tolist() == [True] * 4
    assert found.right_truly("test")[0].tolist() == [True, True, False, True]
    assert record().right_truly("test") is None
