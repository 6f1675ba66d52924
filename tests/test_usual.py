"""Models on request that a suite's conftest makes usual."""

from pathlib import Path

import pytest

from harness.errors import UnknownName
from harness.grid import Grid
from harness.registry import Registry
from harness.settings import Settings


def models(registry, **chosen):
    settings = Settings(base="digits", cache_dir=Path("c"), store=Path("s"), **chosen)
    return Grid(settings, registry, str).models


def test_it_runs_beside_the_others_and_not_without():
    plain, told = Registry(), Registry()
    told.add_usual("digits", "onebrain")

    assert models(told) == tuple(sorted({*models(plain), "onebrain"}))
    assert "onebrain" not in models(plain)
    assert models(told, models=("vgg",)) == ("vgg",)


def test_what_is_no_model_cannot_be():
    with pytest.raises(UnknownName, match="onebrian"):
        Registry().add_usual("digits", "onebrian")
