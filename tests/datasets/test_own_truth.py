"""Truths of a user's own data: from a folder, and from a function in a conftest."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from harness.datasets.class_map import ClassMap
from harness.datasets.family import Base
from harness.datasets.folders import own_family
from harness.datasets.own import own_dataset
from harness.datasets.truth import Truth
from harness.datasets.truth_files import read_class_map, read_label_rows
from harness.errors import BadData, MissingData, UndefinedMetricError, UnknownName
from harness.measurement import Domain
from harness.registry import Registry
from harness.settings import OwnData, Settings

SETTINGS = Settings(cache_dir=Path("cache"), store=Path("store"))
NAMES = ("cat", "lion", "dog", "owl")
RNG = np.random.default_rng(0)
SETS = [[0, 1], [], [2], [3]]


def refuse(settings):
    raise AssertionError("the base's own images are not needed")


BASE = Base(
    name="pets",
    classes=NAMES,
    size=(6, 5, 3),
    train=refuse,
    test=refuse,
    locate=lambda settings: "",
    description="",
    source="",
    licence="",
)


def pixels(n=4):
    return RNG.integers(0, 256, (n, 6, 5, 3), dtype=np.uint8)


def arrays(folder, labels=None, sets=None, n=4):
    """A folder of arrays, with either kind of labels."""
    folder.mkdir(parents=True)
    np.save(folder / "data.npy", pixels(n))
    if labels is not None:
        np.save(folder / "labels.npy", labels)
    if sets is not None:
        write(folder / "labels.json", sets)
    return folder


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(1)[0]).save(path)


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def member(path, **facts):
    (found,) = own_family(OwnData(path=path, **facts), BASE).datasets(SETTINGS)
    return found


class TestArrays:
    def test_a_list_of_lists_is_sets_of_which_any_is_right(self, tmp_path):
        """Images without a label are left out, counted, and told about."""
        found = member(arrays(tmp_path / "x", sets=SETS))
        truth = found.truth(4)
        assert found.domain is Domain.EXTERIOR
        assert found.labelled
        assert truth.accuracy(np.array([1, 0, 2, 0])) == pytest.approx(2 / 3)
        assert not truth.several
        assert found.found.notes == ("1 without a label, left out of the accuracy",)
        assert found.load().labels is None

    def test_truth_values_say_the_same_as_lists(self, tmp_path):
        """labels.npy of (n, k) bool."""
        table = np.zeros((4, 4), dtype=bool)
        for i, row in enumerate(SETS):
            table[i, row] = True
        one = member(arrays(tmp_path / "x", labels=table))
        two = member(arrays(tmp_path / "y", sets=SETS))
        assert one.truth(4).digest() == two.truth(4).digest()

    def test_several_labels_may_be_said_to_hold_together(self, tmp_path):
        """?labels=several: then the whole set can be asked for."""
        found = member(arrays(tmp_path / "x", sets=SETS), several=True)
        assert found.truth(4).several
        assert found.truth(4).exact(np.eye(4)[[0, 0, 2, 3]] - 0.5).tolist() == [
            False,
            False,
            True,
            True,
        ]

    def test_a_list_of_classes_is_a_mask(self, tmp_path):
        """In text or JSON, by name or number; labels keep the base's numbers."""
        folder = arrays(tmp_path / "x", labels=[0, 3, 3, 0])
        text = write(tmp_path / "few.txt", "# a comment\n\nowl\n0\n")
        table = write(tmp_path / "few.json", ["owl", 0])
        logits = np.array([[1.0, 9, 9, 0], [1, 9, 9, 2], [0, 0, 9, 1], [2, 0, 0, 1]])
        for file in (text, table):
            found = member(folder, classes=file)
            assert found.classes.names == ("cat", "owl")
            assert found.truth(4).accuracy(logits) == 1.0
            assert found.truth(4).accuracy(logits.argmax(axis=1)) == 0.25
            assert found.labels().tolist() == [0, 3, 3, 0]
            assert found.found.notes == ()

    @pytest.mark.parametrize(("mapping", "told"), [("", 0), ("mean", 0), ("max", 1)])
    def test_an_object_of_classes_is_a_map_to_fewer(self, tmp_path, mapping, told):
        """Labels are the answers' numbers; the rule is the mean if none is said."""
        file = write(tmp_path / "map.json", {"feline": ["cat", 1], "other": ["dog"]})
        folder = arrays(tmp_path / "x", labels=[1, 1, 1, 1])
        logits = np.log(np.array([[0.3, 0.1, 0.25, 0.35]] * 4))
        truth = member(folder, classes=file, mapping=mapping).truth(4)
        assert truth.accuracy(logits) == 1 - told
        assert truth.labels() is None

    def test_sets_and_a_mask_go_together(self, tmp_path):
        """ReaL on some of the classes."""
        file = write(tmp_path / "few.txt", "cat\nowl\n")
        found = member(arrays(tmp_path / "x", sets=SETS), classes=file)
        assert found.truth(4).counted.tolist() == [True, False, False, True]
        assert found.found.notes == ("2 without a label, left out of the accuracy",)

    def test_a_sample_has_the_truth_of_its_images(self, tmp_path):
        """As with one label an image."""
        found = member(arrays(tmp_path / "x", sets=[[i % 4] for i in range(40)], n=40))
        plain = member(arrays(tmp_path / "y", labels=np.arange(40) % 4, n=40))
        assert (found.truth(4, 7).given.argmax(axis=1) == plain.labels(7)).all()

    def test_one_label_of_the_base_cannot_be_had_where_there_is_none(self, tmp_path):
        """The reason says what there is instead."""
        found = member(arrays(tmp_path / "x", sets=SETS))
        with pytest.raises(UndefinedMetricError, match="any of several labels"):
            found.labels()
        file = write(tmp_path / "map.json", {"a": [0, 1], "b": [2]})
        found = member(arrays(tmp_path / "y", labels=[0, 1, 0, 1]), classes=file)
        with pytest.raises(UndefinedMetricError, match="2 answers of 3 of 4 classes"):
            found.labels()

    def test_a_target_keeps_its_labels_unseen(self, tmp_path):
        """Whatever kind they are of, also a damaged one."""
        folder = arrays(tmp_path / "x", sets="not JSON")
        found = member(folder, role="target")
        assert found.truth(4) is None
        assert found.labels() is None
        assert found.domain is Domain.TARGET

    def test_every_part_of_the_truth_makes_another_dataset_of_it(self, tmp_path):
        """And none changes what one label an image has always been known by."""
        folder = arrays(tmp_path / "x", labels=[0, 3, 3, 0])
        few = write(tmp_path / "few.txt", "cat\nowl\n")
        more = write(tmp_path / "more.txt", "cat\nowl\ndog\n")
        maps = write(tmp_path / "map.json", {"a": [0, 1], "b": [2]})
        prints = [
            member(folder).fingerprint(),
            member(folder, classes=few).fingerprint(),
            member(folder, classes=more).fingerprint(),
        ]
        (folder / "labels.npy").unlink()
        write(folder / "labels.json", SETS)
        prints += [
            member(folder).fingerprint(),
            member(folder, several=True).fingerprint(),
        ]
        write(folder / "labels.json", [[0], [1], [], [1]])
        for rule in ("mean", "max"):
            prints.append(member(folder, classes=maps, mapping=rule).fingerprint())
        write(folder / "labels.json", [[0], [1], [0], [1]])
        prints.append(member(folder, classes=maps, mapping=rule).fingerprint())
        assert len(set(prints)) == len(prints)


class TestPictures:
    def test_labels_of_pictures_are_found_by_their_names(self, tmp_path):
        """By path, or by name where no two are called the same; others may be there."""
        for name in ("a.png", "b.png", "c.png", "deep/a.png"):
            picture(tmp_path / "p" / name)
        sets = {"c.png": [2], "b.png": [], "a.png": [0], "deep/a.png": [1], "z.png": []}
        write(tmp_path / "p" / "labels.json", sets)
        found = member(tmp_path / "p")
        assert found.truth(4).accuracy(np.array([0, 0, 2, 1])) == 1.0
        assert found.truth(4).counted.tolist() == [True, False, True, True]
        assert found.found.notes == (
            "no images of class owl",
            "1 without a label, left out of the accuracy",
            "labels.json names 1 other",
        )

    def test_labels_in_a_file_stand_above_folders_of_classes(self, tmp_path):
        """As ReaL's labels of ImageNet's validation set."""
        picture(tmp_path / "p" / "cat" / "1.png")
        picture(tmp_path / "p" / "dog" / "2.png")
        write(tmp_path / "p" / "labels.json", {"1.png": [1], "2.png": [2, 3]})
        found = member(tmp_path / "p")
        assert found.truth(4).right(np.array([1, 3])).all()

    def test_folders_are_called_as_the_classes_or_as_the_answers_of_a_map(
        self, tmp_path
    ):
        """A mask keeps the base's names and numbers."""
        for name in ("cat/1.png", "3/2.png"):
            picture(tmp_path / "p" / name)
        few = write(tmp_path / "few.txt", "cat\nowl\n")
        found = member(tmp_path / "p", classes=few)
        assert found.labels().tolist() == [3, 0]
        for name in ("feline/1.png", "1/2.png"):
            picture(tmp_path / "q" / name)
        maps = write(tmp_path / "map.json", {"feline": [0, 1], "bird": ["owl"]})
        found = member(tmp_path / "q", classes=maps)
        assert found.truth(4).single.tolist() == [1, 0]
        with pytest.raises(UnknownName, match="known: bird, feline"):
            member(tmp_path / "p", classes=maps)
        with pytest.raises(BadData, match="among the 2 of 4 classes, got 3"):
            member(tmp_path / "p", classes=write(tmp_path / "few.txt", "cat\ndog\n"))

    @pytest.mark.parametrize(
        ("sets", "message"),
        [
            ([[0], [1]], "pictures have no order"),
            ({"a.png": [0]}, "b.png is not there; an empty list"),
            ({"a.png": [0], "b.png": 1}, "a list of labels an image, got 1"),
            ({"a.png": [0], "b.png": [4]}, r"whole numbers in 0..3, got 4"),
            ("{", "cannot be read as JSON"),
            ('{"a.png": [0], "a.png": [1]}', "'a.png' twice"),
        ],
    )
    def test_labels_that_do_not_fit_the_pictures_are_refused(
        self, tmp_path, sets, message
    ):
        """By the file's name; a list's order would say nothing of the files."""
        for name in ("a.png", "b.png"):
            picture(tmp_path / "p" / name)
        write(tmp_path / "p" / "labels.json", sets)
        with pytest.raises(BadData, match=f"labels.json .*{message}"):
            member(tmp_path / "p")

    def test_a_picture_named_twice_is_refused(self, tmp_path):
        """By its path and by its name: which is right cannot be known."""
        picture(tmp_path / "p" / "cat" / "a.png")
        write(tmp_path / "p" / "labels.json", {"a.png": [0], "cat/a.png": [1]})
        with pytest.raises(BadData, match=r"cat/a.png is twice, by name and by path"):
            member(tmp_path / "p")


def test_a_file_of_classes_in_the_folder_is_not_passed_over(tmp_path):
    """It was read; what lies beside it was not."""
    picture(tmp_path / "p" / "cat" / "1.png")
    picture(tmp_path / "p" / "owl" / "1.png")
    folder = arrays(tmp_path / "x", labels=[0, 3, 3, 0])
    for path in (tmp_path / "p", folder):
        write(path / "few.json", ["cat", "owl"])
        write(path / "notes.txt", "nothing")
        found = member(path, classes=path / "few.json")
        assert found.found.notes == ("passed over: 1 .txt (notes.txt)",)


class TestRefusals:
    @pytest.mark.parametrize(
        ("labels", "sets", "message"),
        [
            (np.zeros((4, 4), dtype=np.int64), None, r"labels in .*got int64 of shape"),
            (np.zeros((4, 3), dtype=bool), None, r"\(4, 4\) truth values"),
            (np.ones((3, 4), dtype=bool), None, "holds 4 images but 3 labels"),
            (np.zeros((4, 4), dtype=bool), None, "for some image, but none has any"),
            (None, [[0], [1]], "holds 4 images but 2 labels"),
            (None, [[0], [1], [2], [9]], r"in 0..3, got 9 for image 3"),
            (None, {"0": [1]}, "must be a list with a list of labels an image"),
            (None, "[[0], [1], nan", "cannot be read as JSON"),
            ([0, 1, 2, 3], SETS, "holds both labels.npy and labels.json"),
        ],
    )
    def test_wrong_arrays_of_labels(self, tmp_path, labels, sets, message):
        """Before anything runs, with the folder's name."""
        with pytest.raises(BadData, match=message):
            member(arrays(tmp_path / "x", labels=labels, sets=sets))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (["cat", "tiger"], "got 'tiger'"),
            (["cat"], "at least two answers"),
            ({"a": [0], "b": [0]}, "is there twice"),
            ({"a": 0, "b": [1]}, "got 0 for 'a'; write it in brackets"),
            ("7", "must be a list of classes, or an object"),
        ],
    )
    def test_wrong_files_of_classes(self, tmp_path, content, message):
        """By the file's name."""
        file = write(tmp_path / "few.json", content)
        with pytest.raises(BadData, match=f"classes in .*few.json .*{message}"):
            member(arrays(tmp_path / "x", labels=[0, 1, 2, 3]), classes=file)

    def test_a_file_of_classes_that_is_not_there(self, tmp_path):
        """The path that was looked at, and the cure."""
        with pytest.raises(MissingData, match=r"few.txt.*\?classes=FILE"):
            member(
                arrays(tmp_path / "x", labels=[0, 1, 2, 3]),
                classes=tmp_path / "few.txt",
            )

    def test_facts_without_effect(self, tmp_path):
        """Nothing that was said of the truth is passed over."""
        few = write(tmp_path / "few.txt", "cat\nowl\n")
        one = arrays(tmp_path / "one", labels=[0, 3, 3, 0])
        none = arrays(tmp_path / "none")
        for path, facts, message in [
            (one, {"classes": few, "role": "target"}, "no label is looked at"),
            (one, {"several": True, "role": "target"}, "labels=several of .*no label"),
            (one, {"several": True}, "but .*one has one each"),
            (one, {"mapping": "max"}, "with classes=FILE"),
            (one, {"mapping": "max", "classes": few}, "few.txt is a list"),
            (none, {"classes": few}, "has no labels, which classes="),
            (none, {"several": True}, "has no labels, which labels=several"),
        ]:
            with pytest.raises(BadData, match=message):
                member(path, **facts)

    def test_labels_by_nearly_their_name(self, tmp_path):
        """Nobody would read them."""
        folder = arrays(tmp_path / "x")
        write(folder / "label.json", SETS)
        with pytest.raises(BadData, match=r"label.json must be called labels.json"):
            member(folder)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=4)
    | st.sampled_from([*NAMES, *range(4)]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(NAMES), inner, max_size=4
        )
    ),
    max_leaves=8,
)


class TestAnything:
    """Whatever a file holds, it is a truth or is refused by its name."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=JSON)
    @example(content=["9" * 5000, "cat"])
    @example(content=[10**400, 1])
    def test_a_file_of_classes(self, tmp_path, content):
        """A list of known classes, an object of lists, or BadData."""
        file = write(tmp_path / "few.json", content)
        refused = ""
        try:
            found = read_class_map(file, NAMES)
        except BadData as error:
            refused = str(error)
        if refused:
            assert "few.json" in refused
        else:
            assert len(found) >= 2
            assert found.restrict(np.eye(4)).shape == (4, len(found))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=JSON | st.lists(st.lists(st.integers(-1, 4)), max_size=4))
    @example(content=[[10**400], [1.0]])
    def test_a_file_of_labels(self, tmp_path, content):
        """A list of lists of known classes, or BadData."""
        file = write(tmp_path / "labels.json", content)
        refused = ""
        try:
            truth = Truth.sets(read_label_rows(file), 4, of=f"labels in {file}")
        except BadData as error:
            refused = str(error)
        if refused:
            assert "labels.json" in refused
        else:
            assert len(truth) == len(content)
            assert truth.right(np.eye(4)[[0] * len(truth)]).tolist() == [
                0 in row for row in content
            ]


class TestFunctions:
    def test_labels_that_a_function_returns_may_be_sets(self):
        """Lists, or truth values; read when the images are."""
        images = pixels()
        for labels in (SETS, Truth.sets(SETS, 4).given):
            found = own_dataset(
                "own", Domain.EXTERIOR, lambda la=labels: (images, la), BASE, {}
            )
            assert found.truth(4).accuracy(np.array([1, 0, 2, 0])) == pytest.approx(
                2 / 3
            )
        plain = own_dataset(
            "own", Domain.EXTERIOR, lambda: (images, [0, 1, 2, 3]), BASE, {}
        )
        assert plain.truth(4).labels().tolist() == plain.labels().tolist()
        assert plain.fingerprint() != found.fingerprint()

    def test_a_registered_truth_stands_for_the_labels(self):
        """Whatever it is made of; the function returns the images alone."""
        registry, images = Registry(), pixels()
        registry.add_base_entry(BASE)
        few = ClassMap.subset(NAMES, ["cat", "owl"])
        registry.add_dataset(
            "own", base="pets", load=lambda: images, truth=Truth.one([0, 3, 3, 0], few)
        )
        (found,) = registry.families_of("pets")["own"].datasets(SETTINGS)
        assert found.classes is few
        assert found.labels().tolist() == [0, 3, 3, 0]

    def test_what_a_function_cannot_mean_is_refused(self):
        """Two truths, another number of images or classes, labels of a target."""
        images, truth = pixels(), Truth.sets(SETS, 4)
        for domain, load, declared, message in [
            ("exterior", lambda: (images, SETS), truth, "got both"),
            ("exterior", lambda: images[:3], truth, "holds 3 images but 4 labels"),
            ("exterior", lambda: images, Truth.one([0] * 4, 5), "of the 4 classes"),
            ("target", lambda: images, truth, "domain='target'"),
            ("exterior", lambda: (images, [[0], 1, 2, 3]), None, "labels of own must"),
            ("exterior", lambda: (images, np.eye(4)), None, "got float64"),
        ]:
            with pytest.raises(BadData, match=message):
                own_dataset("own", Domain(domain), load, BASE, {}, declared).load()
