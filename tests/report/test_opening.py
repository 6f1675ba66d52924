"""Lines before the first test: what is left out, one thing or many."""

from types import SimpleNamespace

import pytest

from harness.report.sections.losses import _absent_models
from harness.report.terminal import opening


def run(absent):
    return SimpleNamespace(
        base=SimpleNamespace(name="digits", locate=lambda settings: "bundled"),
        settings=None,
        models={"linear": None},
        datasets={},
        found={},
        encoders=(),
        absent_families=absent,
        absent_models=absent,
    )


@pytest.mark.parametrize(
    ("absent", "families", "models"),
    [
        ({"a": "no file"}, "1 family", "1 model"),
        ({"a": "no file", "b": "no file"}, "2 families", "2 models"),
    ],
)
def test_what_is_left_out_is_counted_in_words(absent, families, models):
    lines = opening(run(absent), {"linear"})

    assert lines[-2].startswith(f"harness: {families} left out for want of files: a")
    assert lines[-1].startswith(f"harness: {models} left out for want of weights: a")
    assert list(_absent_models(run(absent))) == [f"{models} without weights here"]


def test_models_that_no_test_is_about_are_not_named():
    """A suite may have its own networks, or leave encoders out."""
    some = run({})
    some.models = {"linear": None, "mlp": None}

    assert "harness: models mlp" in opening(some, {"mlp", "a population"})
