"""Truth: which answers are right, on any kind of labels and any choice of classes."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.datasets.class_map import ClassMap
from harness.datasets.truth import Truth
from harness.errors import BadData

NAMES = tuple("abcde")
# The top three of each: 4 3 2, 0 1 2, 2 0 1, and 1 before 3 in a tie, then 0.
LOGITS = np.array(
    [
        [0.0, 1.0, 2.0, 3.0, 4.0],
        [4.0, 3.0, 2.0, 1.0, 0.0],
        [2.0, 1.0, 3.0, -1.0, -2.0],
        [1.0, 2.0, 0.0, 2.0, -1.0],
    ]
)


@st.composite
def truths(draw):
    """A truth of 1 to 6 images, of any kind, and the seed of logits for it."""
    k = draw(st.integers(3, 6))
    n = draw(st.integers(1, 6))
    chosen = draw(st.sets(st.integers(0, k - 1), min_size=2))
    classes = draw(st.sampled_from(["all", "subset", "groups"]))
    known = k
    if classes == "subset":
        known = ClassMap.subset([str(c) for c in range(k)], sorted(chosen))
    elif classes == "groups":
        first, *rest = sorted(chosen)
        known = ClassMap.grouped(
            [str(c) for c in range(k)], {"x": [first], "y": rest}, "max"
        )
    labels = {"all": range(k), "subset": sorted(chosen), "groups": (0, 1)}[classes]
    if draw(st.booleans()):
        given_labels = draw(
            st.lists(st.sampled_from(list(labels)), min_size=n, max_size=n)
        )
        return Truth.one(given_labels, known)
    rows = draw(
        st.lists(st.lists(st.sampled_from(list(labels))), min_size=n, max_size=n)
    )
    if not any(rows):
        rows[0] = [labels[0]]
    return Truth.sets(rows, known, several=draw(st.booleans()))


def logits_of(truth, seed):
    """Distinct logits, so that every reading agrees on their order."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(truth.width) for _ in range(len(truth))]) * 1.0


def naive_right(truth, logits, top):
    """Image by image, in plain Python: sort the answers, look for a right one."""
    groups = (
        truth.classes.groups if truth.classes else [(c,) for c in range(len(logits[0]))]
    )
    found = []
    for i, row in enumerate(logits):
        best = [max(row[c] for c in group) for group in groups]
        order = sorted(range(len(best)), key=lambda a: (-best[a], a))[:top]
        if truth.given.ndim == 1:
            right = {int(truth.given[i])}
        else:
            right = {a for a in range(len(best)) if truth.given[i][a]}
        found.append(bool(right.intersection(order)))
    return found


class TestByHand:
    def test_one_label(self):
        """Top-1 and top-k; of tied logits the first class is taken."""
        truth = Truth.one([4, 1, 1, 3], 5)
        assert truth.right(LOGITS).tolist() == [True, False, False, False]
        assert truth.right(LOGITS, 2).tolist() == [True, True, False, True]
        assert (truth.accuracy(LOGITS), truth.accuracy(LOGITS, 3)) == (0.25, 1.0)
        assert truth.right(np.array([4, 1, 0, 3])).tolist() == [True, True, False, True]
        assert (truth.chance(), truth.chance(5)) == (0.2, 1.0)

    def test_acceptable_labels_leave_out_images_that_have_none(self):
        """ReaL: any of the set is right, and the share is of images that have one."""
        truth = Truth.sets([[4, 0], [], [1, 0], [0]], 5)
        assert truth.right(LOGITS).tolist() == [True, False, False, False]
        assert truth.counted.tolist() == [True, False, True, True]
        assert truth.accuracy(LOGITS) == pytest.approx(1 / 3)
        assert truth.accuracy(LOGITS, 2) == pytest.approx(2 / 3)
        assert truth.chance() == pytest.approx((2 / 5 + 2 / 5 + 1 / 5) / 3)
        assert str(truth) == ("any of several labels; 1 of 4 images has none, left out")

    def test_a_table_of_truth_values_says_what_lists_say(self):
        """(n, k) bool, one column a class."""
        table = np.zeros((4, 5), dtype=bool)
        table[0, [0, 4]] = table[2, [0, 1]] = table[3, 0] = True
        lists = Truth.sets([[4, 0], [], [1, 0], [0]], 5)
        assert Truth.sets(table, 5).digest() == lists.digest()

    def test_several_labels_are_hit_by_any_and_matched_by_all(self):
        """Top-1 is right on any label; exact match wants those and no other."""
        labels = [[0, 2], [], [1], [0, 2]]
        logits = np.array([[1.0, -1, 2], [-1, 2, -3], [-1, 0.5, -2], [3, 1, 1]])
        voc = Truth.sets(labels, 3, several=True)
        assert voc.right(logits).tolist() == [True, False, True, True]
        # The published form has the second right: no label, and one was said.
        assert voc.exact(logits).tolist() == [True, False, True, False]
        with pytest.raises(ValueError, match="labels that all hold"):
            Truth.sets(labels, 3).exact(logits)

    def test_a_logit_of_0_is_no_yes(self):
        """The threshold is strict: a sigmoid above one half."""
        voc = Truth.sets([[0]], 2, several=True)
        assert voc.exact(np.array([[0.0, -1.0]])).tolist() == [False]

    def test_a_mask_acts_on_logits_before_the_argmax(self):
        """Masked and full: what lies outside is wrong only where nothing is masked."""
        few = ClassMap.subset(NAMES, [0, 3])
        truth = Truth.one([3, 0, 0, 3], few)
        assert truth.accuracy(LOGITS) == 1.0
        full = truth.right(LOGITS.argmax(axis=1))
        assert full.tolist() == [False, True, False, False]
        assert truth.chance() == 0.5
        assert truth.single.tolist() == [1, 0, 0, 1]
        assert truth.labels().tolist() == [3, 0, 0, 3]

    def test_a_mask_and_sets_go_together(self):
        """Labels that are no answer are left out, and images that have no other."""
        few = ClassMap.subset(NAMES, [0, 3])
        truth = Truth.sets([[3, 4], [1], [0, 3], [0]], few)
        assert truth.counted.tolist() == [True, False, True, True]
        assert truth.right(LOGITS).tolist() == [True, False, True, False]
        assert truth.chance() == pytest.approx((0.5 + 1 + 0.5) / 3)
        assert truth.labels() is None

    def test_answers_of_several_classes(self):
        """Labels are the answers' numbers; an image is right by any of its classes."""
        groups = ClassMap.grouped(NAMES, {"x": [0, 4], "y": [1]}, "max")
        truth = Truth.one([0, 0, 1, 1], groups)
        assert truth.right(LOGITS).tolist() == [True, True, False, True]
        full = truth.right(LOGITS.argmax(axis=1))  # 4, 0, 2 (nothing), 1
        assert full.tolist() == [True, True, False, True]
        assert truth.labels() is None
        assert truth.single.tolist() == [0, 0, 1, 1]

    def test_the_rule_decides_between_a_mean_and_the_largest(self):
        """0.3 and 0.1 against 0.25: two protocols, two accuracies."""
        logits = np.log([[0.3, 0.25, 0.1, 0.2, 0.15]])
        groups = {"x": [0, 2], "y": [1]}
        by = {
            rule: Truth.one([0], ClassMap.grouped(NAMES, groups, rule))
            for rule in ("mean", "max")
        }
        assert by["mean"].accuracy(logits) == 0.0
        assert by["max"].accuracy(logits) == 1.0
        assert by["mean"].digest() != by["max"].digest()

    def test_what_decides_is_in_the_digest(self):
        """Labels, the choice of classes, and whether all labels hold."""
        few = ClassMap.subset(NAMES, [0, 3])
        kinds = [
            Truth.one([0, 3], 5),
            Truth.one([3, 0], 5),
            Truth.one([0, 3], few),
            Truth.sets([[0], [3]], 5),
            Truth.sets([[0], [3]], 5, several=True),
        ]
        assert len({truth.digest() for truth in kinds}) == len(kinds)

    def test_some_of_the_images(self):
        """In the order asked for."""
        truth = Truth.sets([[4], [], [2]], 5).take(np.array([2, 1]))
        assert len(truth) == 2
        assert truth.accuracy(np.array([2, 0])) == 1.0


class TestRefusals:
    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ([0.0, 1.0], "one whole number an image, got float64 of shape"),
            ([True, False], "one whole number an image, got bool"),
            ([[0], [1]], r"one whole number an image, got int64 of shape \(2, 1\)"),
            ([], "one whole number an image"),
            ([0, 5], r"be in 0..4, got 0..5"),
            ([-1, 2], r"be in 0..4, got -1..2"),
        ],
    )
    def test_bad_labels(self, labels, message):
        """By the name of what was read."""
        with pytest.raises(BadData, match=f"here must .*{message}"):
            Truth.one(labels, 5, of="here")

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            (np.zeros((2, 4), dtype=bool), r"\(2, 5\) truth values.*shape \(2, 4\)"),
            (np.zeros((2, 5), dtype=np.int64), "got int64"),
            (np.zeros((0, 5), dtype=bool), "at least one image"),
            (np.zeros((2, 5), dtype=bool), "for some image, but none has any"),
            ([[0], 1], "a list of labels an image, got 1 for image 1"),
            ([[0], "1"], "got '1' for image 1"),
            ([[0], [5]], "in 0..4, got 5 for image 1"),
            ([[True]], "in 0..4, got True for image 0"),
            ([[0.5]], "got 0.5 for image 0"),
            ([], "a list with a list of labels"),
            ({"a": [0]}, "a list with a list of labels"),
        ],
    )
    def test_bad_sets(self, rows, message):
        """Whole numbers of a one-hot table are refused: they look like two classes."""
        with pytest.raises(BadData, match=f"here must .*{message}"):
            Truth.sets(rows, 5, of="here")

    def test_labels_numbered_within_the_subset_are_noticed(self):
        """ImageFolder's trap: 200 folders come out as 0..199."""
        few = ClassMap.subset(NAMES, [1, 3])
        with pytest.raises(BadData, match=r"got 0 .1 of 2 are not.*the base's numbers"):
            Truth.one([0, 1], few)
        with pytest.raises(BadData, match=r"among the 2 of 5 classes, got 4 .*not\)$"):
            Truth.one([1, 4], few)

    @pytest.mark.parametrize("top", [0, 3, -1])
    def test_more_answers_than_there_are(self, top):
        """Of two answers the top three say nothing."""
        truth = Truth.one([1, 3], ClassMap.subset(NAMES, [1, 3]))
        for call in (lambda: truth.right(LOGITS[:2], top), lambda: truth.chance(top)):
            with pytest.raises(ValueError, match=r"`top` must be in 1..2"):
                call()

    def test_what_was_said_of_other_images(self):
        """Too few rows, classes beyond the base, tops of predicted classes, nan."""
        truth = Truth.one([0, 1], 5)
        for said, top, message in [
            (LOGITS, 1, "must be of the 2 images"),
            (np.array([0, 1, 2]), 1, "must be of the 2 images"),
            (np.array([0, 5]), 1, r"be in 0..4, got 0..5"),
            (np.array([0.0, 1.0]), 1, "must be whole numbers"),
            (np.array([0, 1]), 2, "`top` must be 1"),
            (LOGITS[:2, :4], 1, r"shape \(n, 5\)"),
            (np.full((2, 5), np.nan), 1, "must be finite"),
        ]:
            with pytest.raises(ValueError, match=message):
                truth.right(said, top)


class TestProperties:
    @given(truths(), st.integers(0, 2**32), st.integers(1, 3))
    def test_right_is_what_a_naive_loop_says(self, truth, seed, top):
        """Every kind of labels with every choice of classes."""
        logits = logits_of(truth, seed)
        top = min(top, truth.answers)
        assert truth.right(logits, top).tolist() == naive_right(truth, logits, top)

    @given(truths(), st.integers(0, 2**32))
    def test_more_answers_are_never_worse_and_all_of_them_right(self, truth, seed):
        """Up to 1 on the counted images."""
        logits = logits_of(truth, seed)
        found = [truth.accuracy(logits, top + 1) for top in range(truth.answers)]
        assert found == sorted(found)
        assert found[-1] == 1.0

    @given(truths(), st.integers(0, 2**32))
    def test_what_is_right_without_a_mask_is_right_with_it(self, truth, seed):
        """By the largest logit; so a mask never lowers accuracy."""
        logits = logits_of(truth, seed)
        full = truth.right(logits.argmax(axis=1))
        assert not (full & ~truth.right(logits)).any()

    @given(truths(), st.integers(0, 2**32))
    def test_answers_by_number_say_the_same(self, truth, seed):
        """What is remembered of a pass is enough for its accuracy."""
        logits = logits_of(truth, seed)
        answers = truth.restrict(logits).argmax(axis=1).astype(np.uint8)
        assert truth.answers_accuracy(answers) == truth.accuracy(logits)

    @given(truths(), st.integers(0, 2**32), st.integers(1, 3))
    def test_the_best_right_answer_stands_for_all(self, truth, seed, top):
        """It is among the first k exactly where any right answer is."""
        logits = logits_of(truth, seed)
        top = min(top, truth.answers)
        best = Truth(given=truth.best(logits), width=truth.width, classes=truth.classes)
        found = best.right(logits, top) & truth.counted
        assert (found == truth.right(logits, top)).all()

    @given(truths(), st.integers(0, 2**32))
    def test_the_order_of_images_is_nothing(self, truth, seed):
        """Rows of truth and answers move together."""
        logits = logits_of(truth, seed)
        rows = np.random.default_rng(seed).permutation(len(truth))
        assert truth.take(rows).accuracy(logits[rows]) == truth.accuracy(logits)

    @given(truths(), st.integers(1, 3))
    def test_chance_is_the_mean_over_all_draws(self, truth, top):
        """Every set of `top` answers as likely as any other."""
        top = min(top, truth.answers)
        rows = truth.given
        if rows.ndim == 1:
            rows = np.eye(truth.answers, dtype=bool)[rows]
        draws = list(combinations(range(truth.answers), top))
        told = [
            sum(any(row[a] for a in draw) for draw in draws) / len(draws)
            for row in rows
            if row.any()
        ]
        assert truth.chance(top) == pytest.approx(sum(told) / len(told))
