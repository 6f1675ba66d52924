"""Gates on values and outcomes: every row that is meant must hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import Expected, correlate
from harness.analysis.gates import Evidence, Lack, judge, parse
from harness.analysis.gates.texts import OPERATORS
from harness.measurement import Axes, Domain, Measurement

ROWS = {  # dataset: family, domain, value, accuracy
    "test": ("test", Domain.INTERIOR, 0.9, 0.95),
    "fog/1": ("fog", Domain.EXTERIOR, 0.7, 0.8),
    "fog/5": ("fog", Domain.EXTERIOR, 0.4, 0.3),
    "night": ("night", Domain.TARGET, 0.5, None),
}


def row(dataset, model="linear", metric="knn", **changes):
    """What a cell recorded."""
    family, domain, value, accuracy = ROWS[dataset]
    fields = {
        "metric": metric,
        "model": model,
        "dataset": dataset,
        "family": family,
        "domain": domain,
        "value": value,
        "accuracy": accuracy,
        "images": 10,
        "seconds": 0.0,
        "key": "",
    }
    return Measurement(**(fields | changes))


def rows(**changes):
    """A row for each dataset."""
    return [row(dataset, **changes) for dataset in ROWS]


def judged(text, found, **more):
    return judge([parse(text)], Evidence(measurements=found, **more))


def only(text, found, **more):
    (verdict,) = judged(text, found, **more)
    return verdict


@pytest.mark.parametrize(
    ("text", "passed", "value", "reason"),
    [
        (
            "knn: value >= 0.4",
            True,
            0.4,
            "the worst of 4 is 0.4 on fog/5 (>= 0.4)",
        ),
        (
            "knn: value >= 60%",
            False,
            0.4,
            "2 of 4 miss it: the worst of 4 is 0.4 on fog/5, wanted >= 0.6",
        ),
        ("knn on test: value < 0.9", False, 0.9, "value is 0.9 on test, wanted < 0.9"),
        ("knn on interior: value > .8", True, 0.9, "value is 0.9 on test (> 0.8)"),
        (
            "knn on fog: value <= 0.7",
            True,
            0.7,
            "the worst of 2 is 0.7 on fog/1 (<= 0.7)",
        ),
        ("knn on *5: value <= 0.4", True, 0.4, "value is 0.4 on fog/5 (<= 0.4)"),
        ("knn on target: value < 1", True, 0.5, "value is 0.5 on night (< 1)"),
        (
            "knn on exterior: outcome >= 50%",
            False,
            0.3,
            "1 of 2 miss it: the worst of 2 is 0.3 on fog/5, wanted >= 0.5",
        ),
    ],
)
def test_every_row_must_hold_and_the_reason_names_the_worst(
    text, passed, value, reason
):
    """Datasets are meant by name, by family, by domain, or all of them."""
    verdict = only(text, rows())

    assert (verdict.passed, verdict.value, verdict.reason) == (passed, value, reason)


def test_a_verdict_has_an_id_a_text_and_properties():
    """The datasets stand in them only where the gate names some."""
    verdict = only("knn on fog*:value>60%", rows())
    assert verdict.id == "gates::knn on fog* value > 0.6 [linear]"
    assert verdict.text == "knn on fog*: value > 0.6"
    assert dict(verdict.properties) == {
        "metric": "knn",
        "model": "linear",
        "statistic": "fog* value",
        "operator": ">",
        "threshold": "0.6",
        "value": "0.4",
        "verdict": "failed",
    }
    verdict = only("knn: outcome > 0", rows()[:3])
    assert verdict.id == "gates::knn outcome > 0 [linear]"
    assert dict(verdict.properties)["statistic"] == "outcome"


def test_each_model_and_each_value_along_an_axis_is_judged_by_itself():
    """In the order of reports."""
    found = [
        r
        for model in ("b", "a")
        for k in ("20", "5")
        for r in rows(model=model, axes=Axes.of({"k": k}))
    ]

    assert [v.id for v in judged("knn: value > 0", found)] == [
        "gates::knn[k=5] value > 0 [a]",
        "gates::knn[k=5] value > 0 [b]",
        "gates::knn[k=20] value > 0 [a]",
        "gates::knn[k=20] value > 0 [b]",
    ]
    assert only("knn[a,k=5]: value > 0", found).model == "a"


def test_what_labels_were_used_for_has_values_and_no_fits():
    """A gate on its values is judged; one on a fit of it fails and says why."""
    found = rows(label_free=False)[:3]

    assert only("knn: value > 0.3", found).passed
    verdict = only("knn: interior r2 > -9", [], correlations=correlate(found)[:1])
    assert not verdict.passed
    assert "looks at labels" in verdict.reason


def test_where_there_is_no_outcome_a_gate_on_it_fails():
    """Of a dataset without labels: it must not pass on the others."""
    verdict = only("knn: outcome >= 0", rows())

    assert (verdict.passed, verdict.value) == (False, 0.3)
    assert verdict.reason == (
        "there is no outcome on night; without them the worst of 3 is 0.3 on fog/5 "
        "(>= 0)"
    )
    verdict = only("knn on night: outcome >= 0", rows())
    assert (verdict.passed, verdict.value) == (False, None)


def test_the_outcome_is_the_one_that_the_run_chose():
    """In place of accuracy; and nowhere accuracy where that has no value."""
    chosen = [replace(r, facts={"outcome": "brier"}) for r in rows()[:2]]
    found = [replace(chosen[0], outcome=0.125), chosen[1]]

    verdict = only("knn on test: outcome <= 0.2", found)
    assert (verdict.passed, verdict.value) == (True, 0.125)
    verdict = only("knn: outcome <= 1", found)
    assert verdict.reason == (
        "there is no outcome on fog/1; without them outcome is 0.125 on test (<= 1)"
    )


def test_a_number_of_a_model_alone_needs_no_family():
    """One that is absent is none of its datasets; and it has no outcome."""
    lack = Lack(reason="snow was asked for", family="snow", domain=Domain.EXTERIOR)
    alone = {"dataset": "", "family": "", "domain": Domain.NONE, "accuracy": None}
    found = [replace(row("test"), **alone)]

    verdict = only("knn: value >= 0", found, lacks=[lack])
    assert (verdict.passed, verdict.reason) == (True, "value is 0.9 (>= 0)")
    assert only("knn: outcome >= 0", found).reason == (
        "there is no outcome; without them there is nothing to judge"
    )
    assert only("knn: interior r2 >= 0", found).reason == (
        "knn: a number of a model or a family, and such are never fitted; set a gate "
        "on its value"
    )
    assert only("knn on test: value >= 0", found).reason == (
        "it is a number of a model alone, on no dataset; leave the 'on' out"
    )


def lost(dataset, model="linear"):
    family, domain, *_ = ROWS[dataset]
    return Expected(
        metric="knn", model=model, dataset=dataset, family=family, domain=domain
    )


def test_a_cell_that_was_planned_and_gave_no_value_fails_its_gates():
    """Also where it would have been the only one, or the model's only one."""
    found = [r for r in rows() if r.dataset != "fog/5"]
    planned = [lost(dataset) for dataset in ROWS]

    verdict = only("knn on fog: value > 0", found, expected=planned)
    assert (verdict.passed, verdict.reason) == (
        False,
        "1 cell is missing (linear on fog/5); without them value is 0.7 on fog/1 (> 0)",
    )
    assert only("knn on test: value > 0", found, expected=planned).passed
    verdict = only("knn on fog/5: value > 0", found, expected=planned)
    assert verdict.reason == (
        "1 cell is missing (linear on fog/5); without them there is nothing to judge"
    )
    verdicts = judged(
        "knn: value > 0", rows(), expected=[*planned, lost("test", "lenet")]
    )
    assert [(v.model, v.passed) for v in verdicts] == [
        ("lenet", False),
        ("linear", True),
    ]


@pytest.mark.parametrize(
    ("on", "fails"),
    [
        *((on, True) for on in ("", " on snow*", " on s*", " on snow/3", " on *")),
        (" on exterior", True),
        *((on, False) for on in (" on interior", " on fog*", " on test")),
    ],
)
def test_a_family_that_was_asked_for_and_is_absent_fails_the_gates_that_may_mean_it(
    on, fails
):
    """Its datasets are not known by name, so patterns that could be theirs count."""
    lack = Lack(reason="snow was asked for", family="snow", domain=Domain.EXTERIOR)
    found = [*rows()[:3], replace(row("fog/1"), dataset="snow/3", family="other")]
    found += [replace(row("fog/1"), dataset="sled", family="sled")]

    verdict = only(f"knn{on}: value >= 0", found, lacks=[lack])

    assert verdict.passed is not fails
    assert ("snow was asked for" in verdict.reason) == fails


def test_a_model_that_is_absent_or_skipped_everything_fails_its_gates():
    """By name, with the reason; a gate on another model passes."""
    lacks = [
        Lack(model="gone", reason="gone was asked for"),
        Lack(model="linear", metric="knn", reason="all 3 cells were skipped: hm"),
    ]

    verdicts = judged("knn: value > 0", rows(model="lenet"), lacks=lacks)

    assert [(v.model, v.passed) for v in verdicts] == [
        ("lenet", True),
        ("gone", False),
        ("linear", False),
    ]
    assert only("knn[le*]: value > 0", rows(model="lenet"), lacks=lacks).passed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "kn: value > 0",
            "no measured metric matches 'kn'; did you mean 'knn'?; measured: knn",
        ),
        (
            "knn[k=5]: value > 0",
            "no measured metric matches 'knn[k=5]'; measured: knn",
        ),
        ("knn[vgg]: value > 0", "no measured model matches 'vgg'; measured: linear"),
        (
            "knn on fgo: value > 0",
            "no dataset, family or domain matches 'fgo'; did you mean 'fog'?; "
            "measured on: fog, fog/1, fog/5, night, test",
        ),
    ],
)
def test_a_gate_that_matches_no_row_fails_and_says_what_was_measured(text, reason):
    """Metrics, models or datasets, whichever does not match."""
    verdict = only(text, rows())

    assert (verdict.passed, verdict.value, verdict.reason) == (False, None, reason)
    assert only(text, []).reason == "nothing to judge: no metric was measured"


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8),
    st.floats(-1e300, 1e300),
    st.sampled_from(sorted(OPERATORS)),
)
def test_a_gate_holds_where_every_value_does(values, threshold, operator):
    """And its value is the one to look at: it fails if any does."""
    found = [row("test", value=value) for value in values]

    verdict = only(f"knn: value {operator} {threshold!r}", found)

    holds = [OPERATORS[operator](value, threshold) for value in values]
    assert verdict.passed == all(holds)
    assert OPERATORS[operator](verdict.value, threshold) == all(holds)
    assert verdict.value in values
