"""Verdicts of every kind in a file and back."""

import json

import pytest

from harness.analysis.gates import Verdict, parse, parse_rule
from harness.errors import BadData
from harness.measurement import Axes
from harness.report.run_file.json import plain
from harness.report.run_file.reading import read_as
from harness.report.run_file.verdicts import FORMS

K = Axes.of({"k": "5"})
# A gate of each form, and what a verdict on it is of.
GATES = {
    "Verdict": (parse("knn[m*,k=5]: interior spearman >= 0.5"), ""),
    "TargetVerdict": (parse("predicted accuracy on cam* by knn[k=5] > 60%"), "cam1"),
    "RuleVerdict": (parse_rule("knn[k=5]: rmse rises 1 beyond chance"), "transfer"),
    "RowVerdict": (parse("knn[k=5] on fog*: value >= 60%"), "fog*"),
    "FamilyVerdict": (parse("knn[k=5] on fog*: mean >= 60%"), "fog"),
    "SectionVerdict": (parse("score.best > 2"), "best"),
}


def verdict(name):
    """One that holds all that its form can."""
    gate, place = GATES[name]
    subject = {"metric": "knn", "axes": K, "model": "m"}
    return Verdict(
        gate=gate,
        **({} if name == "SectionVerdict" else subject),
        place=place,
        value=0.75,
        passed=True,
        reason="it is so",
    )


def written(name):
    """What a file holds of it."""
    return json.loads(json.dumps(plain(verdict(name))))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_verdict_is_read_as_it_was_written(form):
    """With the same id, and with the keys of its form alone."""
    content = written(form.name)

    assert content.keys() == {form.key, *form.verdict}
    assert content[form.key].keys() == set(form.gate)
    again = read_as(Verdict, content, "verdict")
    assert again == verdict(form.name)
    assert again.id == verdict(form.name).id


def test_all_metrics_combined_are_null():
    """As they have been."""
    gate = parse("predicted accuracy on night >= 0.5")
    content = plain(gate.unjudged("why"))

    assert content["gate"]["metric"] is None
    assert content["metric"] == "all metrics"
    assert read_as(Verdict, content, "verdict") == gate.unjudged("why")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_damaged_verdict_is_refused_by_its_place(form):
    """A key too few or too many, a value of another kind."""
    for inside in (False, True):
        for change, message in (
            (lambda at, key: at.pop(key), "lacks"),
            (lambda at, key: at.update(odd=1), "has odd, unknown of a"),
            (lambda at, key: at.update({key: [1]}), "must be"),
        ):
            content = written(form.name)
            at = content[form.key] if inside else content
            key = next(iter(form.gate if inside else form.verdict))
            change(at, key)
            with pytest.raises(BadData, match=message) as info:
                read_as(Verdict, content, "verdicts[3]")
            place = f"verdicts[3].{form.key}" if inside else "verdicts[3]"
            assert str(info.value).startswith(place)


@pytest.mark.parametrize("content", [None, [], {}, {"gate": 1}, {"rule": None}])
def test_what_is_no_verdict_is_refused(content):
    """It has no gate and no rule."""
    with pytest.raises(BadData, match="must be an object"):
        read_as(Verdict, content, "verdict")
