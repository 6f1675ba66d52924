"""Which of a network's classes are answers, and how several speak as one."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.datasets.class_map import ClassMap, Rule
from harness.errors import BadData

NAMES = tuple("abcdef")
# Two answers of two classes, one of one; class d stands for nothing.
GROUPS = {"x": ["a", 2], "y": [1, 4], "z": ["f"]}


@st.composite
def maps(draw, least_groups=2):
    """A map of 3 to 8 classes to at least two answers, in any order."""
    k = draw(st.integers(3, 8))
    order = draw(st.permutations(range(k)))
    used = draw(st.integers(least_groups, k))
    cuts = draw(st.sets(st.integers(1, used - 1), min_size=least_groups - 1))
    edges = [0, *sorted(cuts), used]
    parts = [order[a:b] for a, b in pairwise(edges)]
    groups = {f"g{i}": part for i, part in enumerate(parts)}
    rule = draw(st.sampled_from(Rule))
    return ClassMap.grouped([str(c) for c in range(k)], groups, rule)


def softmax(logits):
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def logits_of(width, seed):
    return np.random.default_rng(seed).normal(size=(7, width)) * 4


class TestByHand:
    def test_a_subset_keeps_the_bases_order_whatever_order_it_is_named_in(self):
        """Columns are ascending classes, by name or number."""
        few = ClassMap.subset(NAMES, ["e", 0, "2"])
        assert few.groups == ((0,), (2,), (4,))
        assert few.names == ("a", "c", "e")
        logits = np.arange(6.0)[None]
        assert few.restrict(logits).tolist() == [[0.0, 2.0, 4.0]]
        assert few.answers(logits).tolist() == [2]

    def test_the_mean_is_of_probabilities_over_all_classes(self):
        """Of 0.3 and 0.1 it is 0.2, less than 0.25; the largest says otherwise."""
        logits = np.log([[0.3, 0.25, 0.1, 0.1, 0.05, 0.2]])
        mean = ClassMap.grouped(NAMES, {"x": [0, 2], "y": [1]}, "mean")
        largest = ClassMap.grouped(NAMES, {"x": [0, 2], "y": [1]}, "max")
        assert np.exp(mean.restrict(logits)) == pytest.approx(np.array([[0.2, 0.25]]))
        assert np.exp(largest.restrict(logits)) == pytest.approx(
            np.array([[0.3, 0.25]])
        )
        assert mean.answers(logits).tolist() == [1]
        assert largest.answers(logits).tolist() == [0]

    def test_an_answer_that_has_no_probability_left_keeps_a_finite_logit(self):
        """Ten thousand below the top, where a softmax in float64 is 0."""
        mean = ClassMap.grouped(NAMES, {"x": [0, 1], "y": [2]}, "mean")
        restricted = mean.restrict(np.array([[-1e4, -1e4, 0.0, 0.0, 0.0, 0.0]]))
        assert restricted.tolist() == [[-1e4, 0.0]]

    def test_classes_that_stand_for_nothing_are_no_answer(self):
        """-1 for d alone."""
        known = ClassMap.grouped(NAMES, GROUPS)
        assert known.answer_of(np.arange(6)).tolist() == [0, 1, 0, -1, 1, 2]

    def test_it_says_in_words_what_it_is(self):
        """Numbers of classes and answers, and the rule where it matters."""
        assert str(ClassMap.subset(NAMES, [0, 1])) == "2 of 6 classes"
        grouped = str(ClassMap.grouped(NAMES, GROUPS))
        assert grouped == "3 answers of 5 of 6 classes by mean probability"
        assert str(ClassMap.grouped(NAMES, GROUPS, "max")).endswith("by largest logit")

    def test_names_are_no_part_of_what_it_is_known_by(self):
        """Groups and the rule are; the rule not where every answer is one class."""
        a = ClassMap.grouped(NAMES, {"x": [0], "y": [1]}, "mean").identity()
        assert a == ClassMap.grouped("ABCDEF", {"p": [0], "q": [1]}, "max").identity()
        mean, largest = (
            ClassMap.grouped(NAMES, GROUPS, rule).identity() for rule in Rule
        )
        assert mean != largest


class TestRefusals:
    @pytest.mark.parametrize(
        ("chosen", "message"),
        [
            (["a", "ape"], "by name .a, ....* or number .0 to 5., got 'ape'"),
            ([0, 6], "got 6"),
            ([0, -1], "got -1"),
            ([0, True], "got True"),
            ([0, 1.5], "got 1.5"),
            ([0, "a"], r"class 0 \(a\) is there twice"),
            ([0], "at least two answers to choose from, got 1"),
            ([], "at least two answers to choose from, got 0"),
        ],
    )
    def test_a_bad_subset_is_refused_with_the_class_that_is_wrong(
        self, chosen, message
    ):
        """By the name of what was read."""
        with pytest.raises(BadData, match=f"few.txt must .*{message}"):
            ClassMap.subset(NAMES, chosen, of="few.txt")

    @pytest.mark.parametrize(
        ("groups", "rule", "message"),
        [
            ({"x": [0], "y": [0]}, "mean", "is there twice"),
            ({"x": [0], "y": []}, "mean", "'y' has none"),
            ({"x": [0, 1]}, "mean", "at least two answers"),
            ({"x": [0], "y": [1]}, "sum", "must be mean or max, got 'sum'"),
        ],
    )
    def test_a_bad_map_is_refused(self, groups, rule, message):
        """Overlaps, empty answers, one answer, an unknown rule."""
        with pytest.raises(BadData, match=message):
            ClassMap.grouped(NAMES, groups, rule)

    @pytest.mark.parametrize("shape", [(3, 5), (6,), (2, 3, 6)])
    def test_logits_of_other_classes_are_refused(self, shape):
        """Also where they would do to pick columns from."""
        with pytest.raises(ValueError, match=r"must have shape \(n, 6\)"):
            ClassMap.subset(NAMES, [0, 1]).restrict(np.zeros(shape))


class TestProperties:
    @given(maps(), st.integers(0, 2**32))
    def test_restricted_logits_are_those_of_a_naive_loop(self, known, seed):
        """The softmax of a mean's are the mean probabilities over their sum."""
        logits = logits_of(known.width, seed)
        probs = softmax(logits)
        found = softmax(known.restrict(logits))
        for i in range(len(logits)):
            if known.rule is Rule.MEAN:
                told = [sum(probs[i, c] for c in g) / len(g) for g in known.groups]
                told = [value / sum(told) for value in told]
            else:
                told = softmax(
                    np.array([max(logits[i, c] for c in g) for g in known.groups])
                )
            assert found[i] == pytest.approx(np.asarray(told))

    @given(maps(), st.integers(0, 2**32))
    def test_the_largest_of_all_that_stand_for_anything_decides_by_max(
        self, known, seed
    ):
        """As ObjectNet's published code has it: mask, argmax, then the group."""
        logits = logits_of(known.width, seed)
        largest = replace(known, rule=Rule.MAX)
        masked = np.full_like(logits, -np.inf)
        for group in known.groups:
            masked[:, list(group)] = logits[:, list(group)]
        told = largest.answer_of(masked.argmax(axis=1))
        assert (largest.answers(logits) == told).all()

    @given(maps(), st.integers(0, 2**32), st.floats(-50, 50))
    def test_a_constant_of_the_image_changes_no_answer(self, known, seed, constant):
        """Softmax is blind to it, and so are both rules."""
        logits = logits_of(known.width, seed).round(3)
        shifted = softmax(known.restrict(logits + constant))
        assert shifted == pytest.approx(softmax(known.restrict(logits)), abs=1e-9)
