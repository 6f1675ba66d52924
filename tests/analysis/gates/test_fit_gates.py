"""The grammar of gates, and verdicts: nothing that is not known may pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import Correlation, Error, Expected, Point, Undefined
from harness.analysis.fits import fits
from harness.analysis.fits.fits import fit_line
from harness.analysis.gates import Evidence, Gate, GateSyntaxError, judge, parse
from harness.analysis.gates.fits import DOMAINS, STATISTICS, Fit
from harness.analysis.gates.texts import OPERATORS
from harness.measurement import Domain

X = [1.0, 2.0, 3.0, 4.0]
Y = [0.2, 0.5, 0.4, 0.5]  # R² 0.5333, RMSE 8.367 points, rho 0.6325
R2 = 0.032 / 0.06


def row(metric="jigsaw_invariance", model="linear", **changes):
    """A row whose three fits are all of the data above."""
    fit = fit_line(X, Y)
    points = tuple(
        Point(
            model="linear",
            dataset=f"{domain}/{i}",
            family=str(domain),
            domain=domain,
            x=X[i],
            y=Y[i],
            images=10,
        )
        for domain in (Domain.INTERIOR, Domain.EXTERIOR)
        for i in range(4)
    )
    fields = {
        "metric": metric,
        "model": model,
        "interior": fit,
        "exterior": fit,
        "transfer": fits.judge(fit, X, Y),
        "points": points,
    }
    return Correlation(**(fields | changes))


def lost(domain, dataset="hard"):
    return Expected(
        metric="jigsaw_invariance",
        model="linear",
        dataset=dataset,
        family="f",
        domain=domain,
    )


def judged(gate, *rows):
    return judge([parse(gate)], Evidence(correlations=rows))


def only(gate, *rows):
    (verdict,) = judged(gate, *rows)
    return verdict


words = st.from_regex(r"[a-z_*?][a-z0-9_.*?-]{0,12}", fullmatch=True)


@given(
    st.builds(
        Gate,
        metric=words,
        model=words,
        quantity=st.builds(
            Fit,
            domain=st.sampled_from(sorted(DOMAINS)),
            statistic=st.sampled_from(sorted(set(STATISTICS.values()))),
        ),
        operator=st.sampled_from(sorted(OPERATORS)),
        threshold=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_what_a_gate_prints_parses_to_the_same_gate(gate):
    assert parse(str(gate)) == gate


@pytest.mark.parametrize(
    "text",
    [
        "a: interior r2 >= 0.5",
        "a:interior r2>=0.5",
        "  a :  interior   r2 >= .5 ",
        "a[*]: interior r2 >= 5e-1",
    ],
)
def test_spaces_and_spellings_do_not_matter(text):
    assert str(parse(text)) == "a: interior r2 >= 0.5"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a ':' must follow the metric"),
        ("jigsaw interior r2 >= 0.5", "a ':' must follow the metric"),
        (": interior r2 >= 0.5", "METRIC[MODEL] or METRIC[AXIS=VALUE], got ''"),
        ("a b: interior r2 >= 0.5", "METRIC[MODEL] or METRIC[AXIS=VALUE], got 'a b'"),
        ("a[b: interior r2 >= 0.5", "got 'a[b'"),
        ("a[]: interior r2 >= 0.5", "got 'a[]'"),
        ("a:", "the domain is missing at the end"),
        ("a: interior", "the statistic is missing at the end"),
        ("a: interior r2", "the operator is missing at the end"),
        ("a: interior r2 >=", "the number is missing at the end"),
        (
            "a: interor r2 >= 1",
            "the domain must be one of interior, exterior, transfer",
        ),
        ("a: interor r2 >= 1", "got 'interor'; did you mean 'interior'?"),
        ("a: Interior r2 >= 1", "got 'Interior'; did you mean 'interior'?"),
        ("a: r2 >= 1", "the domain must be one of"),
        ("a: interior rsme >= 1", "got 'rsme'; did you mean 'rmse'?"),
        ("a: interior zzz >= 1", "rho, spearman, pearson, n, got 'zzz'."),
        ("a: interior r2 => 1", "the operator must be one of >=, >, <=, <, got '=>'"),
        ("a: interior r2 0.5", "the operator must be one of >=, >, <=, <, got '0.5'"),
        ("a: interior r2 >= half", "must be a finite number, got 'half'"),
        ("a: interior r2 >= nan", "must be a finite number, got 'nan'"),
        ("a: interior r2 >= inf", "must be a finite number, got 'inf'"),
        ("a: interior rmse <= 5 %", "nothing may follow the number, got '%'"),
        ("a: interior r2 >= 0.5 or so", "nothing may follow the number, got 'or so'"),
    ],
)
def test_a_syntax_error_names_the_part_and_shows_an_example(text, problem):
    with pytest.raises(GateSyntaxError) as info:
        parse(text)
    assert problem in str(info.value)
    assert str(info.value).startswith(f"gate {text!r}: ")
    assert "Example: 'jigsaw_invariance: interior r2 >= 0.5'" in str(info.value)


def test_the_example_of_the_errors_is_a_gate():
    gate = parse("jigsaw_invariance: interior r2 >= 0.5")
    assert only(str(gate), row()).passed


@pytest.mark.parametrize(
    ("condition", "value", "passed"),
    [
        ("interior r2 >= 0.5", R2, True),
        ("interior r2 >= 0.6", R2, False),
        ("exterior r2 > 0.5", R2, True),
        ("transfer r2 < 0.5", R2, False),
        ("interior rmse <= 8.4", 100 * (0.028 / 4) ** 0.5, True),
        ("interior rmse <= 8.3", 100 * (0.028 / 4) ** 0.5, False),
        ("interior rho >= 0.6", 0.6324555, True),
        ("transfer spearman <= -0.7", 0.6324555, False),
        ("interior n >= 4", 4, True),
        ("exterior n > 4", 4, False),
        ("transfer n < 5", 4, True),
    ],
)
def test_conditions(condition, value, passed):
    verdict = only(f"jigsaw_invariance: {condition}", row())
    assert verdict.value == pytest.approx(value)
    assert verdict.passed is passed
    assert ("wanted" in verdict.reason) is not passed


def test_a_verdict_has_an_id_and_a_reason_to_print():
    verdict = only("jigsaw_invariance: interior r2 >= 0.6", row())
    assert verdict.id == "gates::jigsaw_invariance interior r2 >= 0.6 [linear]"
    assert verdict.reason == "r2 is 0.5333, wanted >= 0.6"
    assert only("*: interior r2 >= 0.5", row()).reason == "r2 is 0.5333 (>= 0.5)"


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        (">= 0.6", "0.5333, wanted >= 0.6"),
        (">= 0.533333334", "0.5333, wanted >= 0.533333334"),
        ("< 0.53332", "0.53333, wanted < 0.53332"),
        ("< 0.5333333", "0.53333333, wanted < 0.5333333"),
        (">= 0.533333", "0.5333333 (>= 0.533333)"),
    ],
)
def test_a_value_is_shown_on_its_own_side_of_the_threshold(condition, shown):
    assert only(f"*: interior r2 {condition}", row()).reason == f"r2 is {shown}"


def test_every_model_is_judged_by_itself_and_the_pool_only_when_asked():
    rows = [row(model="linear"), row(model="lenet"), row(model=None), row("entropy")]
    found = judged("jigsaw*: interior r2 >= 0.5", *rows)
    assert [v.model for v in found] == ["linear", "lenet"]
    assert only("*[le*]: interior r2 >= 0.5", *rows).model == "lenet"
    pooled = only("*[all]: interior r2 >= 0.5", *rows)
    assert pooled.id == "gates::jigsaw_invariance interior r2 >= 0.5 [all]"
    assert [v.metric for v in judged("*: interior n > 0", *rows)] == [
        "jigsaw_invariance",
        "jigsaw_invariance",
        "entropy",
    ]


@pytest.mark.parametrize(
    ("gate", "id_", "reason"),
    [
        (
            "jigsaw_invarance: interior r2 >= 0.5",
            "gates::jigsaw_invarance interior r2 >= 0.5 [*]",
            "no measured metric matches 'jigsaw_invarance'; did you mean "
            "'jigsaw_invariance'?; measured: jigsaw_invariance",
        ),
        (
            "jigsaw*[vgg*]: interior r2 >= 0.5",
            "gates::jigsaw* interior r2 >= 0.5 [vgg*]",
            "no measured model matches 'vgg*'; measured: linear",
        ),
    ],
)
def test_a_gate_that_matches_nothing_fails(gate, id_, reason):
    verdict = only(gate, row())
    assert (verdict.passed, verdict.value) == (False, None)
    assert (verdict.id, verdict.reason) == (id_, reason)


def test_a_run_without_measurements_fails_every_gate():
    verdict = only("*: interior r2 >= -100")
    assert not verdict.passed
    assert verdict.reason == "nothing to judge: no metric was measured"


@pytest.mark.parametrize("statistic", ["r2", "rmse", "rho"])
@pytest.mark.parametrize("operator", sorted(OPERATORS))
def test_what_is_undefined_never_passes(statistic, operator):
    missing = Undefined("a fit needs at least 3 datasets, got 1")
    rows = row(interior=missing, exterior=missing, transfer=missing)
    for domain in DOMAINS:
        for threshold in (-1000, 1000):
            gate = f"*: {domain} {statistic} {operator} {threshold}"
            verdict = only(gate, rows)
            assert (verdict.passed, verdict.value) == (False, None)
            assert verdict.reason == f"cannot be judged: {missing.reason}"


def test_no_datasets_are_not_few_datasets():
    verdict = only("*: interior n <= 100", row(points=()))
    assert not verdict.passed
    assert verdict.reason == "cannot be judged: there are no labelled datasets"


def test_rho_of_a_constant_metric_cannot_be_judged():
    flat = fits.judge(fit_line(X, Y), [1.0] * 4, Y)
    verdict = only("*: transfer rho >= -1", row(transfer=flat))
    assert not verdict.passed
    assert "constant on the 4 datasets" in verdict.reason


def test_a_missing_cell_fails_the_gates_of_its_domain():
    rows = row(missing=(lost(Domain.EXTERIOR),))
    assert only("*: interior r2 >= 0.5", rows).passed
    for domain in ("exterior", "transfer"):
        verdict = only(f"*: {domain} r2 >= 0.5", rows)
        assert not verdict.passed
        assert verdict.value == pytest.approx(R2)
        assert verdict.reason == (
            "1 cell is missing (linear on hard); without them r2 is 0.5333 (>= 0.5)"
        )
    rows = row(missing=tuple(lost(Domain.INTERIOR, f"d{i}") for i in range(5)))
    verdict = only("*: transfer n >= 1", rows)
    assert "5 cells are missing (linear on d0, linear on d1, linear on d2, ...)" in (
        verdict.reason
    )
    assert only("*: interior r2 >= 0", row(missing=(lost(Domain.TARGET),))).passed


def test_mae_and_bias_of_an_estimate_are_its_own():
    error = Error(mae=0.031, rmse=0.04, bias=-0.01, n=4)
    estimate = row(interior_error=error, exterior_error=Undefined("no sets"))
    verdict = only("*: interior mae <= 3", estimate)
    assert (verdict.passed, verdict.value) == (False, pytest.approx(3.1))
    assert only("*: interior mae <= 4", estimate).passed
    assert only("*: interior bias < 0", estimate).value == pytest.approx(-1)
    assert only("*: exterior mae <= 4", estimate).reason == "cannot be judged: no sets"
    assert only("*: transfer mae <= 99", estimate).value == pytest.approx(7)


def test_errors_of_a_score_are_those_of_its_line():
    mae = 100 * (0.08 + 0.14 + 0.04 + 0.02) / 4
    assert only("*: interior mae <= 8", row()).value == pytest.approx(mae)
    assert only("*: transfer bias <= 1", row()).value == pytest.approx(0, abs=1e-9)
    verdict = only("*: exterior bias <= 1", row())
    assert not verdict.passed
    assert "bias of a line on its own datasets is 0" in verdict.reason


def test_statistics_of_own_fits_alone():
    assert only("*: interior pearson > 0.7", row()).value == pytest.approx(R2**0.5)
    adjusted = only("*: exterior adjusted_r2 > 0", row()).value
    assert adjusted == pytest.approx(1 - (1 - R2) * 3 / 2)
    for name in ("pearson", "adjusted_r2"):
        verdict = only(f"*: transfer {name} > -9", row())
        assert not verdict.passed
        assert f"{name} is of a line's own fit" in verdict.reason
