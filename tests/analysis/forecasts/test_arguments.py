"""What `predict_accuracy` takes for arrays, and what it says of anything else."""

from decimal import Decimal

import numpy as np
import pytest

from harness import Labelled, predict_accuracy
from harness.metrics.label_free.difference_of_confidences import (
    DIFFERENCE_OF_CONFIDENCES,
    difference_of_confidences,
)

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, size=60)
SOURCE = 4 * np.eye(3)[LABELS] + RNG.normal(0, 1.5, size=(60, 3))
TARGET = 4 * np.eye(3)[LABELS] + RNG.normal(0, 2, size=(60, 3))


def test_tensors_that_need_a_gradient_are_taken():
    torch = pytest.importorskip("torch")
    found = predict_accuracy(
        torch.tensor(TARGET, requires_grad=True),
        torch.tensor(SOURCE, requires_grad=True),
        torch.tensor(LABELS),
    )
    assert found == predict_accuracy(TARGET, SOURCE, LABELS)


def test_tensors_of_bfloat16_are_taken_as_they_are_rounded():
    torch = pytest.importorskip("torch")
    target, source = (torch.tensor(a).bfloat16() for a in (TARGET, SOURCE))
    assert predict_accuracy(target, source, LABELS) == predict_accuracy(
        target.double().numpy(), source.double().numpy(), LABELS
    )


def test_lists_are_taken():
    lists = (a.tolist() for a in (TARGET, SOURCE, LABELS))
    assert predict_accuracy(*lists) == predict_accuracy(TARGET, SOURCE, LABELS)


def labelled(**changes):
    given = {"logits": SOURCE, "labels": LABELS, "kinds": ("blur",)} | changes
    return {"interior": [Labelled(**given)]}


ARRAYS = {"target_logits": TARGET, "source_logits": SOURCE, "source_labels": LABELS}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": "0.9"}, r"`level` must be a number .*, got '0.9' \(str\)"),
        ({"level": None}, r"`level` must be a number .* \(NoneType\)"),
        ({"level": Decimal("0.9")}, r"`level` must be a number .* \(Decimal\)"),
        ({"interior": None}, "sequence of harness.Labelled, got NoneType; leave it"),
        (
            {"interior": labelled()["interior"][0]},
            "sequence of harness.Labelled, got Labelled",
        ),
        ({"interior": [(SOURCE, LABELS)]}, r"set 0 of `interior` .*, got tuple"),
        (labelled(kinds="blur"), r"set 0 .* `kinds` must be names .*, got 'blur'"),
        (labelled(kinds=None), r"set 0 .* `kinds` must be names .*, got None"),
        (labelled(kinds=(1,)), r"set 0 .* `kinds` must be names .*, got \(1,\)"),
        (labelled(logits=SOURCE + 1j), "set 0 .* `logits` must be real numbers, got"),
        (labelled(labels=LABELS / 1), "set 0 .* must be whole numbers"),
        ({"target_logits": TARGET + 0j}, "`target_logits` must be real .* complex128"),
        ({"source_logits": SOURCE + 1j}, "`source_logits` must be real .* complex128"),
        ({"target_logits": TARGET.astype(str)}, "`target_logits` must be real numbers"),
        ({"target_logits": [[None, {}]]}, "real numbers, got dtype object"),
        ({"source_labels": LABELS / 1}, "`source_labels` must be whole numbers"),
    ],
)
def test_what_is_of_another_type_is_refused_by_name(changes, message):
    with pytest.raises(TypeError, match=message):
        predict_accuracy(**ARRAYS | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"source_logits": SOURCE[:, :2]},
            "^`source_logits` must have the 3 columns of `target_logits`, got 2",
        ),
        (
            labelled(logits=SOURCE[:, :2]),
            "set 0 .*: `logits` must have the 3 columns of `target_logits`, got 2",
        ),
        (labelled(labels=LABELS[:9]), r"set 0 .*: `labels` must have shape \(60\)"),
    ],
)
def test_arrays_that_do_not_fit_are_called_as_they_were_given(changes, message):
    with pytest.raises(ValueError, match=message):
        predict_accuracy(**ARRAYS | changes)


def test_tensors_that_cannot_be_arrays_are_refused_by_name():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="`target_logits` must be an array: "):
        predict_accuracy(torch.tensor(TARGET).to_sparse(), SOURCE, LABELS)


def test_rows_of_different_lengths_are_refused_by_name():
    with pytest.raises(ValueError, match="`source_logits` must be an array: "):
        predict_accuracy(TARGET, [[1.0, 2.0, 3.0], [1.0]], LABELS)


def test_an_estimate_may_be_above_1_and_its_forecast_not():
    """A sure answer to one image: 0.9 - (0.8 - 0.96) = 1.06, within the bounds."""
    source = np.log([[0.8, 0.2]] * 10)
    target = np.log([[0.96, 0.04]])
    labels = np.array([0] * 9 + [1])
    low, high = DIFFERENCE_OF_CONFIDENCES.bounds

    value = difference_of_confidences(target, source, labels)
    found = predict_accuracy(target, source, labels)

    assert value == pytest.approx(1.06)
    assert low < value < high
    assert found.raw["difference_of_confidences"] == value
    assert 0 <= found.low <= found.accuracy <= found.high <= 1


@pytest.mark.parametrize(
    ("right", "before", "now", "value"),
    [(1.0, 0.51, 1.0, 1.49), (0.0, 1.0, 0.51, -0.49)],
)
def test_its_ends_with_two_classes_are_within_the_bounds(right, before, now, value):
    """With many classes they come near -1 and 2, confidences being near 0 and 1."""

    def rows(sure):
        return np.array([[np.log(sure) - np.log(1 - sure) if sure < 1 else 800.0, 0]])

    source, labels = rows(before), np.array([0 if right else 1])
    found = difference_of_confidences(rows(now), source, labels)
    assert found == pytest.approx(value)
