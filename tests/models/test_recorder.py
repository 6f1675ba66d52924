"""Records of anybody's training: written an epoch at a time, joined by images."""

import json

import numpy as np
import pytest
import torch

import harness
from harness.errors import BadData, HarnessError
from harness.models.recorder import Recorder, read_recorded
from tests.metrics.learning_order.cube import LABELS, PREDICTED, RIGHT


def record(path, net, *, order=None, **options):
    """The worked cube's network as a file, its images perhaps in another order."""
    rows = np.arange(6) if order is None else np.asarray(order)
    ids = {"ids": {"test": np.array(list("abcdef"))[rows]}} if order is not None else {}
    recorder = Recorder(
        path, labels={"test": LABELS[rows]}, **{**ids, "seed": net, **options}
    )
    for epoch in range(recorder.epochs, 4):
        recorder(test=PREDICTED[net, epoch, rows])
    return path


def test_the_cube_comes_back(tmp_path):
    paths = [record(tmp_path / f"{net}.npz", net) for net in range(3)]
    found = read_recorded(paths)

    assert np.array_equal(found.predicted["test"], PREDICTED)
    assert np.array_equal(found.right("test"), RIGHT)
    assert [one["seed"] for one in found.facts] == [0, 1, 2]
    assert found.predicted["test"].dtype == np.uint8
    assert harness.Recorder is Recorder
    assert harness.read_recorded is read_recorded


def test_images_are_joined_by_what_they_are_called(tmp_path):
    orders = [range(6), [5, 0, 3, 1, 2, 4], [1, 0, 2, 3, 5, 4]]
    paths = [
        record(tmp_path / f"{net}.npz", net, order=order)
        for net, order in enumerate(orders)
    ]

    assert np.array_equal(read_recorded(paths).right("test"), RIGHT)
    with pytest.raises(BadData, match=r"names of images of test"):
        read_recorded([paths[0], record(tmp_path / "other.npz", 1)])


def test_a_loop_of_torch_with_logits(tmp_path):
    path = tmp_path / "new" / "logits.npz"
    recorder = Recorder(
        path, labels={"train": torch.tensor([0, 1]), "test": [1]}, logits=True
    )
    network = torch.nn.Linear(3, 4)
    said = network(torch.ones(2, 3)), network(torch.zeros(1, 3))
    recorder(train=said[0], test=said[1])
    found = read_recorded([path])

    assert found.logits["train"].shape == (1, 1, 2, 4)
    assert found.logits["train"].dtype == np.float16
    assert found.predicted["train"][0, 0].tolist() == said[0].argmax(1).tolist()


def test_what_was_killed_goes_on(tmp_path):
    path = tmp_path / "a.npz"
    recorder = Recorder(path, labels={"test": LABELS}, seed=0)
    recorder(test=PREDICTED[0, 0])
    recorder(test=PREDICTED[0, 1])
    with pytest.raises(HarnessError, match="is there already"):
        record(path, 0)
    with pytest.raises(HarnessError, match="of these labels and facts"):
        record(path, 1, resume=True)
    with pytest.raises(HarnessError, match="with logits to go on"):
        Recorder(path, labels={"test": LABELS}, seed=0, logits=True, resume=True)
    record(path, 0, resume=True)

    assert np.array_equal(read_recorded([path]).predicted["test"], PREDICTED[:1])


def test_more_than_256_classes(tmp_path):
    recorder = Recorder(tmp_path / "a.npz", labels={"test": [0, 999]})
    recorder(test=np.array([300, 999]))
    found = read_recorded([tmp_path / "a.npz"])

    assert found.predicted["test"].dtype == np.uint16
    assert found.right("test").tolist() == [[[False, True]]]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "splits test, got none"),
        ({"test": np.zeros(6), "train": np.zeros(6)}, "got test, train"),
        ({"test": np.zeros(6)}, r"classes of 6 images, got \(6,\) float64"),
        ({"test": np.zeros(5, dtype=int)}, r"of 6 images, got \(5,\)"),
        ({"test": np.full(6, -1)}, "of 6 images"),
        ({"test": np.full((6, 3), np.nan)}, "must be finite"),
        ({"test": np.zeros((6, 3), dtype=int)}, "int64"),
    ],
    ids=range(7),
)
def test_an_epoch_that_cannot_be_is_refused(tmp_path, said, message):
    recorder = Recorder(tmp_path / "a.npz", labels={"test": LABELS})
    with pytest.raises(HarnessError, match=message):
        recorder(**said)
    assert recorder.epochs == 0
    assert not recorder.path.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"when": "before"}, "one of after, during, .* of test, got 'before'"),
        ({"labels": {}}, "of one split at least"),
        ({"labels": {"test": [0.5]}}, r"whole numbers, .*got \(1,\) float64"),
        ({"labels": {"test": [-1]}}, "must not be negative, got -1"),
        ({"ids": {"test": ["a"]}}, r"one for each of its labels, got shape \(1,\)"),
    ],
    ids=range(5),
)
def test_a_recorder_that_cannot_be_is_refused(tmp_path, options, message):
    with pytest.raises(HarnessError, match=message):
        Recorder(tmp_path / "a.npz", **{"labels": {"test": LABELS}, **options})


def write(path, **arrays):
    """A file of this layout, or nearly."""
    facts = np.frombuffer(json.dumps({"when": "after"}).encode(), np.uint8)
    np.savez(path, **{"facts": facts, **arrays})
    return path


def test_files_that_are_none_are_refused_by_name(tmp_path):
    good = {"predicted_test": PREDICTED[0], "labels_test": LABELS}
    first = write(tmp_path / "first.npz", **good)
    other = {**good, "labels_test": LABELS[::-1]}
    with pytest.raises(BadData, match=r"other.npz must have the labels of test of"):
        read_recorded([first, write(tmp_path / "other.npz", **other)])
    short = {**good, "predicted_test": PREDICTED[0, :3]}
    with pytest.raises(BadData, match="number of epochs"):
        read_recorded([first, write(tmp_path / "short.npz", **short)])
    with pytest.raises(BadData, match=r"got \(4, 6\) float64"):
        read_recorded(
            [write(tmp_path / "a.npz", **{**good, "predicted_test": PREDICTED[0] / 2})]
        )
    with pytest.raises(BadData, match="all different"):
        read_recorded([write(tmp_path / "b.npz", **good, ids_test=LABELS)])
    with pytest.raises(BadData, match="predicted_SPLIT"):
        read_recorded([write(tmp_path / "c.npz", labels_test=LABELS)])
    with pytest.raises(BadData, match=r"an \.npz file of numbers"):
        read_recorded([tmp_path / "none.npz"])
    with pytest.raises(HarnessError, match="one file at least"):
        read_recorded([])
    with pytest.raises(HarnessError, match="of split 'train', got test"):
        read_recorded([first]).right("train")


def test_pickled_objects_are_not_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, facts=np.array([{}], dtype=object))
    with pytest.raises(BadData, match=r"an \.npz file of numbers"):
        read_recorded([path])


SETS = np.array([[1, 0, 1], [0, 0, 0], [0, 0, 0], [1, 0, 0]], dtype=bool)
BITS = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)


def test_several_labels_are_right_where_all_are_said_and_no_others(tmp_path):
    """The worked values of exact match: 1 1 0 0. A logit of 0 is not said."""
    path = tmp_path / "a.npz"
    recorder = Recorder(path, labels={"test": SETS.astype(int)})
    recorder(test=np.where(BITS, 1.5, 0.0) * 2)
    recorder(test=BITS)
    found = read_recorded([path, path])

    assert found.predicted["test"].shape == (2, 2, 4, 3)
    assert np.array_equal(found.predicted["test"][0, 0], BITS)
    assert found.right("test").astype(int).tolist() == [[[1, 1, 0, 0]] * 2] * 2
    resumed = Recorder(path, labels={"test": SETS}, resume=True)
    resumed(test=~SETS)
    assert read_recorded([path]).right("test")[0, 2].tolist() == [False] * 4
    with np.load(path) as file:
        assert (file["bits_test"].dtype, file["bits_test"].shape) == (
            np.uint8,
            (3, 4, 1),
        )


def test_probabilities_of_several_labels_are_not_taken_for_logits(tmp_path):
    recorder = Recorder(tmp_path / "a.npz", labels={"test": SETS})
    with pytest.raises(HarnessError, match="as probabilities do; give logits"):
        recorder(test=np.full((4, 3), 0.2))
    with pytest.raises(HarnessError, match=r"of shape \(4, 3\), got \(4, 2\)"):
        recorder(test=np.zeros((4, 2)))


def test_each_split_may_be_of_another_time(tmp_path):
    path = tmp_path / "a.npz"
    when = {"train": "during", "test": "after"}
    recorder = Recorder(path, labels={"train": [0, 1], "test": [1]}, when=when)
    recorder(train=np.array([0, 0]), test=np.array([1]))
    found = read_recorded([path])

    assert (found.when("train"), found.when("test")) == ("during", "after")
    with pytest.raises(HarnessError, match="by split of train, test, got"):
        Recorder(
            tmp_path / "b.npz",
            labels={"train": [0], "test": [0]},
            when={"train": "after"},
        )


def test_logits_that_float16_does_not_hold_are_refused(tmp_path):
    recorder = Recorder(tmp_path / "a.npz", labels={"test": [0]}, logits=True)
    with pytest.raises(HarnessError, match="from -65504 to 65504"):
        recorder(test=np.array([[1e5, 0.0]]))
    assert recorder.epochs == 0


def test_images_are_called_by_their_pixels():
    """In any order; the second of two equal ones is told from the first."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 2, 2, 3), dtype=np.uint8)
    pixels[4] = pixels[1]
    ids = harness.image_ids(pixels)

    assert len(set(ids)) == 5
    assert ids[4] == f"{ids[1]}-2"
    assert harness.image_ids(pixels[::-1]).tolist()[:4] == [
        ids[1],
        ids[3],
        ids[2],
        f"{ids[1]}-2",
    ]
    assert harness.image_ids(pixels.reshape(5, 1, 4, 3))[0] != ids[0]
    with pytest.raises(TypeError, match="uint8, as images are read, got float64"):
        harness.image_ids(pixels / 255)
    with pytest.raises(ValueError, match=r"\(n, h, w, c\), got \(2, 2, 3\)"):
        harness.image_ids(pixels[0])
