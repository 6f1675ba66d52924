"""Layer choice: of each model its own layers, and keys that say where they are."""

from dataclasses import replace

import pytest

from harness.errors import UnknownName
from harness.layer_choice import LayerChoice
from harness.models.entries import DIGITS_ENTRIES
from harness.models.layers import stages
from harness.settings import Settings

ENTRIES = {entry.name: entry for entry in DIGITS_ENTRIES}


@pytest.fixture
def choose(tmp_path):
    """From patterns to the choice among two models of the digits."""

    def choose(*patterns, **entries):
        settings = Settings(cache_dir=tmp_path, store=tmp_path, layers=patterns)
        known = entries or {name: ENTRIES[name] for name in ("linear", "resnet")}
        return LayerChoice(settings, None, str, known)

    return choose


def test_each_model_has_its_own_layers(choose):
    """A linear one has no stages, and says so."""
    chosen = choose("stage?")

    assert chosen.of("resnet") == ("stage1", "stage2", "stage3")
    assert chosen.of("linear") == ()
    assert chosen.why_none("linear") == "model linear has no layer stage?; it has head"
    chosen.check()


@pytest.mark.parametrize("pattern", ["stage4", "layer*", "head-max"])
def test_what_no_model_has_is_refused(choose, pattern):
    """Also a pooling of what enters the head, which is taken as it is."""
    with pytest.raises(UnknownName, match="unknown layer"):
        choose("head", pattern).check()


def test_keys_say_where_a_stage_is(choose):
    """The weights do not: a stage that moves must not be found in the store."""
    moved = replace(ENTRIES["resnet"], layers=stages("layer1.0"))

    before, after = (
        choose("head", resnet=entry).places("resnet")
        for entry in (ENTRIES["resnet"], moved)
    )
    assert before == ("stage1=layer1", "stage2=layer2", "stage3=layer3")
    assert after == ("stage1=layer1.0",)


def test_what_tests_will_ask_for_is_noted_once(choose):
    """By name, whatever their order."""
    chosen = choose("head")
    for layer in ("stage2", "stage1", "stage2"):
        chosen.declare("resnet", layer)

    assert chosen.declared("resnet") == ("stage1", "stage2")
    assert chosen.declared("linear") == ()
