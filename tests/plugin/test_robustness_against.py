"""The robustness suite against an earlier run: paired where the images are the same."""

from pathlib import Path

import numpy as np
import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.differences import paired, unpaired
from harness.analysis.gates import Evidence, judge, parse
from harness.measurement import Domain, Measurement
from harness.report.run_file.saved import SavedRun
from harness.report.section import Shown
from harness.report.table import Estimate
from harness.report.text import rendered
from harness.report.writers.terminal import section_lines
from suites.robustness.against import against, against_parts, quantities
from suites.robustness.answers import RIGHT, packed, unpacked
from suites.robustness.found import Robustness

rng = np.random.default_rng(0)
BEFORE = rng.random(400) < 0.8
WORSE = BEFORE & (rng.random(400) < 0.9)
OTHER = rng.random(300) < 0.8


def row(right, dataset="photos", data="d", **facts):
    """As `test_accuracy` records it."""
    return Measurement(
        metric="accuracy", model="net", dataset=dataset, family=dataset,
        domain=Domain.EXTERIOR, value=float(right.mean()), accuracy=float(right.mean()),
        images=len(right), seconds=0.0, key="k", test="robustness/test_sets.py::test_a",
        facts={"data": data, RIGHT: packed(right), **facts},
    )  # fmt: skip


def gated(*found):
    """The quantities of a comparison with an earlier run."""
    named = quantities(Robustness(against=found, compared_with="main"))
    return {name: value for name, value in named.items() if "published" not in name}


def earlier(*rows):
    """A saved run with these."""
    return SavedRun(path=Path("main.json"), run={}, measurements=rows)


def test_answers_of_the_same_images_are_paired():
    """As `paired` has it; and a loss beyond chance is called so."""
    (found,) = against([row(WORSE)], earlier(row(BEFORE)))
    theirs = paired(WORSE, BEFORE)

    assert (found.low, found.high, found.p_value, found.paired) == (
        theirs.low, theirs.high, theirs.p_value, True,
    )  # fmt: skip
    assert (found.verdict, found.images) == ("worse", 400)
    assert gated(found) == {"worse": 1.0, "worst_change": 100 * theirs.low}


@pytest.mark.parametrize(
    "old",
    [row(BEFORE, data="other"), row(OTHER)],
    ids=["other images", "a sample of another size"],
)
def test_other_images_are_not(old):
    """Their counts are compared, which says less."""
    (found,) = against([row(WORSE)], earlier(old))
    images = old.images
    theirs = unpaired(WORSE.sum(), 400, round(old.value * images), images)

    assert not found.paired
    assert (found.low, found.high) == (theirs.low, theirs.high)


def test_an_earlier_run_without_answers_is_not_paired():
    """One that was saved before they were kept."""
    old = row(BEFORE)
    del old.facts[RIGHT]
    (found,) = against([row(WORSE)], earlier(old))

    assert not found.paired


def test_the_same_answers_are_called_so():
    """No doubt is left then: table and gate have an interval of 0."""
    (found,) = against([row(BEFORE)], earlier(row(BEFORE)))
    (table,) = against_parts(Robustness(against=(found,), compared_with="main"))

    assert (found.verdict, found.low, found.high) == ("same", 0.0, 0.0)
    assert table.rows[0][4] == Estimate(value=0.0, low=0.0, high=0.0)
    assert gated(found) == {"worse": 0.0, "worst_change": 0.0}


def test_the_gate_is_on_the_lowest_low_end_of_the_table():
    """Of a set that is the same, one that is worse and one that is undecided."""
    rows = [row(BEFORE, "a"), row(WORSE, "b"), row(BEFORE, "c")]
    old = [row(BEFORE, "a"), row(BEFORE, "b"), row(OTHER, "c")]
    found = against(rows, earlier(*old))
    (table,) = against_parts(Robustness(against=found, compared_with="main"))

    lowest = min(line[4].low for line in table.rows)
    assert gated(*found)["worst_change"] == 100 * lowest < 0


@pytest.mark.parametrize("prefix", ["", "published_"])
@pytest.mark.parametrize("name", ["worse", "worst_change"])
def test_a_gate_on_what_was_not_compared_names_the_option(prefix, name):
    """It fails, and says what to add."""
    option = "--robustness-published" if prefix else "--harness-compare"
    evidence = Evidence(quantities={"robustness": quantities(Robustness())})
    (verdict,) = judge([parse(f"robustness.{prefix}{name} <= 0")], evidence)

    assert not verdict.passed
    assert f"name one: {option}" in verdict.reason


def test_what_one_run_alone_has_is_left_out():
    """Of nothing in common a sentence is left, of no earlier run nothing."""
    assert against([row(WORSE, "here")], earlier(row(WORSE, "there"))) == ()
    (text,) = against_parts(Robustness(compared_with="main"))
    assert text.text == "Nothing of this suite is in main too."
    assert list(against_parts(Robustness())) == []
    nothing = quantities(Robustness(compared_with="main"))["worse"]
    assert nothing == Undefined("nothing of this suite is in main too")


def test_the_worst_stands_first():
    """With both accuracies, and how it was compared."""
    rows = [row(BEFORE, "a"), row(WORSE, "b"), row(WORSE, "c")]
    old = [row(BEFORE, "a"), row(BEFORE, "b"), row(OTHER, "c")]
    found = Robustness(against=against(rows, earlier(*old)), compared_with="main")
    shown = Shown(name="robustness", title="", parts=tuple(against_parts(found)))
    lines = rendered(section_lines(shown, 100), width=100).splitlines()

    assert "top-1 against main" in lines
    sets = [line.split()[1] for line in lines if line.startswith("net")]
    assert (sets[0], sets[-1]) == ("b", "a")
    assert sum("unpaired" in line for line in lines if line.startswith("net")) == 1


def test_bits_come_back():
    """And those of other numbers of images are refused."""
    for n in (1, 7, 8, 9, 400):
        assert unpacked(packed(BEFORE[:n])).tolist() == BEFORE[:n].tolist()
    with pytest.raises(ValueError, match="bits of 9 images must be as many"):
        unpacked("9 oA==")
