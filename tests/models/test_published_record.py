"""Pickles of a published code: read without running what they name."""

import pickle

import numpy as np
import pytest

from harness.errors import BadData, HarnessError
from harness.models.published_record import read_published_records
from tests.metrics.learning_order.cube import LABELS, PREDICTED, RIGHT

PATHS = [f"data/test/{'abc'[label]}/{i}.png" for i, label in enumerate(LABELS)]


def write(path, content):
    path.write_bytes(pickle.dumps(content))
    return path


def published(path, net, names=PATHS):
    """A network of the worked cube, as the code writes it: classes as floats."""
    return write(path, [names, *PREDICTED[net].astype(float).tolist()])


def test_the_cube_comes_back(tmp_path):
    found = read_published_records(
        [published(tmp_path / f"{net}.pkl", net) for net in range(3)]
    )

    assert np.array_equal(found.right("test"), RIGHT)
    assert found.labels["test"].tolist() == LABELS.tolist()
    assert found.ids["test"][:2].tolist() == ["a/0.png", "b/1.png"]
    assert [one["file"] for one in found.facts] == ["0.pkl", "1.pkl", "2.pkl"]


def test_other_images_are_refused(tmp_path):
    paths = [
        published(tmp_path / "0.pkl", 0),
        published(tmp_path / "1.pkl", 1, PATHS[::-1]),
    ]
    with pytest.raises(BadData, match=r"1\.pkl must be of the images and epochs of"):
        read_published_records(paths)
    with pytest.raises(HarnessError, match="one file at least"):
        read_published_records([])


class Shout:
    """Runs something when it is unpickled."""

    def __reduce__(self):
        return print, ("run",)


def test_nothing_is_run(tmp_path, capsys):
    path = write(tmp_path / "a.pkl", [PATHS, Shout()])
    with pytest.raises(BadData, match=r"names builtins\.print, which is not run"):
        read_published_records([path])
    assert "run\n" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "a list of paths"),
        ([PATHS], "one epoch at least"),
        ([[1] * 6, [0.0] * 6], "as texts"),
        ([PATHS, [0.0]], "6 classes for each epoch"),
        ([PATHS, [0.5] * 6], "whole classes"),
        ([PATHS, [-1.0] * 6], "not negative"),
        ([PATHS, ["a"] * 6], "classes as numbers"),
    ],
    ids=range(7),
)
def test_what_is_no_record_is_refused(tmp_path, content, message):
    with pytest.raises(BadData, match=message):
        read_published_records([write(tmp_path / "a.pkl", content)])


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps([PATHS, [0.0] * 6])[:-20])
    with pytest.raises(BadData, match="a pickle of lists, texts and numbers"):
        read_published_records([path])
