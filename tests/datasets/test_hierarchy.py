"""Hierarchies: small ones from text, ImageNet's from its published files."""

import json

import numpy as np
import pytest

from harness.datasets.hierarchy import (
    BREEDS,
    Hierarchy,
    cifar10_hierarchy,
    read_hierarchy,
)
from harness.datasets.readers.cifar_names import CLASSES
from harness.errors import BadData, MissingData, UnknownName

ANIMALS = """
# kinds of things
things animals
things machines
animals cat
animals\tpolar bear
machines car
"""
NAMES = ("cat", "polar bear", "car", "cloud")


def written(tmp_path, text):
    path = tmp_path / "kinds.txt"
    path.write_text(text)
    return path


def test_levels_from_a_text_file(tmp_path):
    """A class that the file does not name is in none."""
    found = read_hierarchy(written(tmp_path, ANIMALS), NAMES)
    kinds = found.at(1)

    assert kinds.names == ("animals", "machines")
    assert kinds.of.tolist() == [0, 0, 1, -1]
    assert kinds.sizes.tolist() == [2, 1]
    assert found.levels == (1,)
    assert found.at(2).names == ("car", "cat", "polar bear")
    assert found.covered.tolist() == [0, 1, 2]


def test_several_roots_are_below_one_that_is_not_written(tmp_path):
    text = "animals cat\nmachines car\n"
    found = read_hierarchy(written(tmp_path, text), NAMES)

    assert found.at(1).of.tolist() == [0, -1, 1, -1]


def test_a_level_is_the_longest_way_and_holds_classes_too():
    """A class at the level is a superclass of its own; one above it is not covered."""
    edges = [("r", "a"), ("a", "b"), ("r", "b"), ("b", "x"), ("a", "y"), ("r", "z")]
    found = Hierarchy(edges, {"x": 0, "y": 1, "z": 2}, 3)

    assert found.at(1).of.tolist() == [0, 0, 1]  # a, z
    assert found.at(2).of.tolist() == [0, 1, -1]  # b, y


def test_what_has_no_class_below_is_none_of_it():
    found = Hierarchy([("r", "a"), ("a", "x"), ("r", "empty")], {"x": 0}, 1)

    assert found.nodes(1) == ("a",)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("a b c\n", BadData, "line 1 of .* must be PARENT CHILD, got 'a b c'"),
        ("animals catt\n", UnknownName, "did you mean cat"),
        ("\n", BadData, "must hold classes, got none"),
        ("a b\nb a\nb cat\n", BadData, "must not go round in a circle"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, error, words):
    with pytest.raises(error, match=words):
        read_hierarchy(written(tmp_path, text), NAMES)


def test_a_class_below_two_nodes_of_a_level_is_refused(tmp_path):
    path = written(tmp_path, "r a\nr b\na cat\nb cat\n")
    with pytest.raises(BadData, match=r"'cat' must be below one node .* a and b"):
        read_hierarchy(path, NAMES).at(1)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(MissingData, match="hierarchy of classes not found"):
        read_hierarchy(tmp_path / "none.txt", NAMES)
    with pytest.raises(BadData, match=r"`level` must be in 0\.\.2"):
        read_hierarchy(written(tmp_path, ANIMALS), NAMES).at(9)


def test_animals_and_machines():
    kinds = cifar10_hierarchy(CLASSES).at(1)

    assert kinds.sizes.tolist() == [6, 4]
    assert [CLASSES[i] for i in np.flatnonzero(kinds.of == 1)] == [
        *("airplane", "automobile", "ship", "truck"),
    ]


def published(tmp_path, count=2):
    """A folder in the published layout, of two classes."""
    (tmp_path / "class_hierarchy.txt").write_text("r a\na n1\na n2\n")
    (tmp_path / "node_names.txt").write_text("a\tliving, thing\n")
    classes = [[0, "n2", "two"], [1, "n1", "one"]][:count]
    (tmp_path / "dataset_class_info.json").write_text(json.dumps(classes))
    return tmp_path


def test_a_published_folder(tmp_path):
    found = read_hierarchy(published(tmp_path), ("two", "one"))

    assert found.at(1).names == ("living, thing",)
    assert found.at(2).of.tolist() == [1, 0]


def test_a_folder_of_other_classes_is_refused(tmp_path):
    with pytest.raises(BadData, match="must be of the base's 2 classes, got 1"):
        read_hierarchy(published(tmp_path, count=1), ("two", "one"))
    with pytest.raises(BadData, match="living17 needs ImageNet's hierarchy"):
        read_hierarchy(published(tmp_path), ("two", "one")).breeds(
            "living17", balanced=True
        )
    with pytest.raises(UnknownName, match="unknown task of BREEDS 'living18'"):
        read_hierarchy(published(tmp_path), ("two", "one")).breeds(
            "living18", balanced=True
        )
    with pytest.raises(BadData, match="needs superclasses of 20 classes"):
        read_hierarchy(published(tmp_path), ("two", "one")).breeds(
            "entity13", balanced=True
        )


@pytest.fixture(scope="module")
def imagenet(data_root):
    """The hierarchy of ImageNet's classes, and what must come out."""
    folder = data_root / "imagenet-hierarchy"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    expected = json.loads((folder / "expected.json").read_text())
    return read_hierarchy(folder, tuple(map(str, range(1000)))), expected


@pytest.mark.real
def test_levels_of_imagenet(imagenet):
    """Nodes, classes covered, and the largest superclasses, at every level."""
    found, expected = imagenet

    assert len(found.covered) == expected["classes_in_hierarchy"] == 890
    for level, facts in expected["levels"].items():
        kinds = found.at(int(level))
        sizes = np.sort(kinds.sizes)[::-1]
        assert len(kinds.names) == facts["nodes"]
        assert (kinds.of >= 0).sum() == facts["classes_covered"]
        assert sizes[: len(facts["largest"])].tolist() == facts["largest"]
    assert np.sort(found.at(2).sizes)[::-1].tolist() == [
        *(397, 169, 82, 72, 69, 50, 39, 7, 3, 2),
    ]


@pytest.mark.real
@pytest.mark.parametrize("task", BREEDS)
def test_breeds_of_imagenet(imagenet, task):
    """The published balanced lists class by class, and all that can be reached."""
    found, expected = imagenet
    facts = expected["breeds"][task]
    balanced = found.breeds(task, balanced=True)
    reachable = found.breeds(task, balanced=False)

    assert list(balanced.names) == list(reachable.names) == facts["names"]
    for number, members in enumerate(facts["split_none"]):
        assert set(np.flatnonzero(balanced.of == number)) == set(members)
    assert (balanced.of >= 0).sum() == facts["classes_balanced"]
    assert (reachable.of >= 0).sum() == facts["all_reachable_classes"]
