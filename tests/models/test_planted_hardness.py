"""Planted hardness: what scores of difficulty find where the answer is known."""

import pytest

from benchmarks.planted_hardness import KINDS, SHARE, precision, scores_of

FOUND = {
    "wrong labels": (
        0.7,
        *("correctness", "first learned", "learned for good", "forgetting"),
        *("confidence", "margin", "el2n", "consistency", "neighbours disagree"),
    ),
    "out of distribution": (
        0.45,
        *("correctness", "first learned", "learned for good", "forgetting"),
        *("confidence", "margin", "el2n", "consistency", "depth"),
        "neighbours disagree",
    ),
    "corrupted": (0.14, "correctness", "confidence", "margin", "el2n", "consistency"),
    "near-duplicates": (0.15, "correctness", "first learned", "confidence", "margin"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_scores_find_what_was_planted(kind):
    """Each above a floor that is above chance; others are no better for a reason."""
    planted = KINDS[kind]()
    scores = scores_of(planted)
    floor, *names = FOUND[kind]
    found = {name: precision(score, planted) for name, score in scores.items()}

    for name in names:
        value, chance = found[name]
        assert chance == planted.changed.mean() == pytest.approx(SHARE, abs=0.03)
        assert chance * 1.3 < floor < value, name
    # What is never right is not variable, and copies are learned once and for all.
    assert found["variability"][0] < 1.3 * SHARE
    if kind == "wrong labels":  # depth does not look at labels
        assert found["depth"][0] == pytest.approx(SHARE, abs=0.04)


def test_copies_are_of_images_that_are_there():
    """Near, not equal; under the label of what they are copies of."""
    planted = KINDS["near-duplicates"]()
    plain = KINDS["corrupted"]()
    originals = planted.pixels[planted.changed & ~plain.changed]
    copies = planted.pixels[planted.changed & plain.changed]

    assert len(originals) == 7
    far = abs(copies[:, None] - originals).mean(axis=2).min(axis=1)
    assert far.min() > 0
    assert far.max() < 0.03
