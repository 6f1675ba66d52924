"""Whole kinds left out."""

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.left_out import splits
from harness.traits import kinds

KINDS = st.lists(st.sampled_from("abcdef"), max_size=3, unique=True)


def made(names):
    """Traits of a set of the interior that was made by these."""
    return {"transformations": ", ".join(names)} if names else {"split": "test"}


@given(st.lists(KINDS, max_size=20), st.integers(0, 5))
def test_nothing_that_is_kept_has_the_kind(sets, fewest):
    traits = [made(names) for names in sets]

    found = splits(traits, fewest_kept=fewest)

    assert len(found) == 0 or len(found) >= 3
    for one in found:
        assert sorted([*one.kept, *one.left]) == list(range(len(traits)))
        assert len(one.kept) >= fewest
        assert all(one.kind in kinds(traits[i]) for i in one.left)
        assert not any(one.kind in kinds(traits[i]) for i in one.kept)


def test_kinds_without_which_too_few_are_left_are_passed_over():
    traits = [made(n) for n in ("abc", "bcd", "cde", "def", "b")]

    assert [s.kind for s in splits(traits)] == list("abcdef")
    assert [s.kind for s in splits(traits, fewest_kept=3)] == list("aef")
