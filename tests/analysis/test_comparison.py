"""Two runs side by side, and rules on what may get worse."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.comparison import PARTS, Change, compare
from harness.analysis.correlation import Undefined, correlate
from harness.analysis.fits.fits import fit_line
from harness.analysis.gates import Evidence, Gate, GateSyntaxError, judge, parse_rule
from harness.analysis.gates.changes import STATISTICS, VERBS
from harness.analysis.gates.changes import Change as Moved
from harness.analysis.resampling.jackknife import Interval, fit_intervals
from harness.analysis.resampling.units import by_dataset
from harness.measurement import Domain, Measurement


def run(noise=0.02, *, seed=0, extra=0.0, n=20, model="linear", metric="entropy"):
    """The same datasets in every run; the noise is the metric's."""
    rng = np.random.default_rng(99)
    accuracy = rng.uniform(0.2, 0.9, 2 * n)
    values = accuracy + np.random.default_rng(seed).normal(0, noise, 2 * n)
    values[n:] += extra
    return correlate(
        Measurement(
            metric=metric,
            model=model,
            dataset=f"{domain}/{i:03}",
            family=str(domain),
            domain=domain,
            value=float(values[i]),
            accuracy=float(accuracy[i]),
            images=100,
            seconds=0,
            key="",
        )
        for domain, numbers in (
            (Domain.INTERIOR, range(n)),
            (Domain.EXTERIOR, range(n, 2 * n)),
        )
        for i in numbers
    )


def changes(before, after, **options):
    found = compare(before, after, **options)
    return {(c.part, c.statistic): c for c in found if c.model == "linear"}


def test_a_run_compared_with_itself_has_not_changed():
    for change in compare(run(), run()):
        assert change.difference == 0
        assert (change.interval.low, change.interval.high) == (0, 0)
        assert change.beyond is False
        assert change.only_before == change.only_after == ()


def test_values_are_those_of_the_reports():
    one, two = run(), run(0.3, seed=1)
    found = changes(one, two)
    assert set(found) == {(p, s) for p in PARTS for s in ("r2", "rmse", "rho")}
    for part in PARTS:
        before, after = getattr(one[0], part), getattr(two[0], part)
        for name, attribute in (("r2", "r2"), ("rmse", "rmse"), ("rho", "spearman")):
            change = found[part, name]
            assert change.before == getattr(before, attribute)
            assert change.after == getattr(after, attribute)
            assert change.interval.holds(change.difference)


def test_a_worse_metric_is_beyond_chance_and_noise_is_not():
    worse = changes(run(), run(0.3, seed=1))
    assert all(c.beyond for (_, name), c in worse.items() if name != "rho")
    assert worse["exterior", "rho"].beyond
    assert worse["interior", "r2"].difference < -0.2
    again = changes(run(0.1, seed=2), run(0.1, seed=3))
    assert not again["interior", "r2"].beyond


def test_a_shifted_exterior_changes_the_transfer_alone():
    found = changes(run(), run(extra=0.3))
    assert found["transfer", "r2"].beyond
    assert found["transfer", "rmse"].difference == pytest.approx(0.3, abs=0.03)
    assert found["interior", "r2"].difference == 0
    assert found["exterior", "r2"].difference == pytest.approx(0, abs=1e-9)
    assert not found["exterior", "rho"].beyond


def test_the_interval_is_of_paired_runs():
    """A loop that leaves the same datasets out of both runs and fits both anew."""
    one, two = run(0.1), run(0.15, seed=1)
    change = changes(one, two)["interior", "r2"]
    data = [
        [
            np.array(v)
            for v in zip(*((p.x, p.y) for p in r[0].of(Domain.INTERIOR)), strict=True)
        ]
        for r in (one, two)
    ]
    moves = np.array(
        [
            np.subtract(
                *(fit_line(np.delete(x, i), np.delete(y, i)).r2 for x, y in data[::-1])
            )
            for i in range(20)
        ]
    )
    error = np.sqrt(19 / 20 * ((moves - moves.mean()) ** 2).sum())
    half = stats.t.ppf(0.975, 19) * error
    assert (change.interval.low, change.interval.high) == pytest.approx(
        (change.difference - half, change.difference + half)
    )
    x, y = data[0]
    alone = fit_intervals(x, y, [str(i) for i in range(20)], statistics=["r2"])["r2"]
    assert change.interval.groups == alone.groups


def test_what_only_one_run_has_is_named():
    one, two = run(), run(n=18)
    change = changes(one, two)["interior", "r2"]
    assert change.only_before == ("interior/018", "interior/019")
    assert change.only_after == ()
    assert change.difference is not None
    both = compare(run(), run(metric="nuclear_norm"))
    assert {c.metric for c in both} == {"entropy", "nuclear_norm"}
    for change in both:
        late = change.metric == "nuclear_norm"
        missing = change.before if late else change.after
        run_ = "earlier" if late else "later"
        assert missing == Undefined(f"not measured in the {run_} run")
        assert change.interval == missing
        assert change.difference is None
        assert change.beyond is None


def test_few_units_have_no_interval_but_a_difference():
    change = changes(run(n=4), run(0.3, n=4), unit=by_dataset)["interior", "r2"]
    assert "at least 5 groups to leave out, got 4" in change.interval.reason
    assert change.difference is not None
    assert change.beyond is None


def test_all_models_together_come_last():
    found = compare(run(), run())
    assert [c.model for c in found][::9] == ["linear", None]


INTERVAL = Interval(low=-0.2, high=-0.01, level=0.95, groups=9)


def change(before=0.6, after=0.55, interval=INTERVAL, **fields):
    values = {
        "metric": "entropy",
        "model": "linear",
        "part": "interior",
        "statistic": "r2",
    } | fields
    return Change(before=before, after=after, interval=interval, **values)


def judged(rule, *found):
    return judge([parse_rule(rule)], Evidence(changes=found))


def only(rule, *found):
    (verdict,) = judged(rule, *found)
    return verdict


words = st.from_regex(r"[a-z*?][a-z0-9_.*?-]{0,9}", fullmatch=True)


@given(
    st.builds(
        Gate,
        metric=words,
        model=words,
        quantity=st.builds(
            Moved,
            part=st.none() | st.sampled_from(PARTS),
            statistic=st.sampled_from(sorted(set(STATISTICS.values()))),
            beyond_chance=st.booleans(),
        ),
        operator=st.sampled_from(VERBS),
        threshold=st.floats(0, 1e6),
    )
)
def test_what_a_rule_prints_parses_to_the_same_rule(rule):
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the statistic must be one of r2, rmse, rho, spearman, interior, "),
        ("r2", "the verb must be one of drops, rises, changes, got the end"),
        ("r2 drop 0.05", "got 'drop'; did you mean 'drops'?"),
        ("interor r2 drops 0.05", "got 'interor'; did you mean 'interior'?"),
        ("interior drops 0.05", "r2, rmse, rho, spearman, got 'drops'"),
        ("r2 drops", "a number is missing after 'drops'"),
        ("r2 drops by", "a number is missing after 'drops'"),
        ("r2 drops -0.05", "must be a number of 0 or more, got '-0.05'"),
        ("r2 drops lots", "must be a number of 0 or more, got 'lots'"),
        ("r2 drops 0.05 surely", "only 'beyond chance' may follow the number"),
        ("a b: r2 drops 0.05", "METRIC[MODEL] or METRIC[AXIS=VALUE], got 'a b'"),
        (": r2 drops 0.05", "METRIC[MODEL] or METRIC[AXIS=VALUE], got ''"),
    ],
)
def test_a_syntax_error_names_the_part_and_shows_an_example(text, problem):
    with pytest.raises(GateSyntaxError) as info:
        parse_rule(text)
    assert problem in str(info.value)
    assert "Example: 'r2 drops 0.05'" in str(info.value)


@pytest.mark.parametrize(
    ("rule", "before", "after", "passed"),
    [
        ("r2 drops 0.05", 0.6, 0.55, False),  # just that far, but for rounding
        ("r2 drops 0.05", 0.6, 0.56, True),
        ("r2 drops 0.05", 0.6, 0.9, True),
        ("r2 drops 0", 0.6, 0.6, True),
        ("r2 drops 0", 0.6, 0.5999, False),
        ("r2 rises 0.05", 0.6, 0.9, False),
        ("r2 rises 0.05", 0.6, 0.1, True),
        ("r2 changes 0.05", 0.6, 0.7, False),
        ("r2 changes 0.05", 0.6, 0.5, False),
        ("r2 changes 0.05", 0.6, 0.58, True),
    ],
)
def test_moves(rule, before, after, passed):
    verdict = only(rule, change(before, after))
    assert verdict.passed is passed
    assert verdict.value == pytest.approx(after - before)


def test_rmse_moves_in_points():
    found = change(0.05, 0.061, statistic="rmse")
    verdict = only("rmse rises by 1", found)
    assert not verdict.passed
    assert verdict.reason == "rmse went from 5 to 6.1 (+1.1)"
    assert only("rmse rises by 1.2", found).passed


def test_a_verdict_has_an_id():
    verdict = only("spearman changes 0.1 beyond chance", change(statistic="rho"))
    assert (
        verdict.id == "fail-on::entropy interior rho changes 0.1 beyond chance [linear]"
    )
    pooled = only("*[all]: r2 drops 0.05", change(), change(model=None))
    assert pooled.id == "fail-on::entropy interior r2 drops 0.05 [all]"


def test_a_rule_selects_by_metric_model_and_part():
    found = [
        change(metric=metric, model=model, part=part)
        for metric in ("entropy", "mano")
        for model in ("linear", "lenet", None)
        for part in PARTS
    ]
    assert len(judged("r2 drops 1", *found)) == 12
    assert len(judged("mano: r2 drops 1", *found)) == 6
    assert len(judged("m*[le*]: transfer r2 drops 1", *found)) == 1


def test_chance_is_forgiven_only_where_it_is_asked_for_and_known():
    wide = dataclasses.replace(INTERVAL, high=0.1)
    assert not only("r2 drops 0.05", change(interval=wide)).passed
    forgiven = only("r2 drops 0.05 beyond chance", change(interval=wide))
    assert forgiven.passed
    assert "within chance" in forgiven.reason
    assert not only("r2 drops 0.05 beyond chance", change()).passed
    unknown = only(
        "r2 drops 0.05 beyond chance", change(interval=Undefined("4 groups"))
    )
    assert not unknown.passed
    assert "whether that is chance is not known: 4 groups" in unknown.reason


def test_what_is_lost_fails_and_what_is_new_does_not():
    lost = change(after=Undefined("not measured in the later run"))
    new = change(before=Undefined("not measured in the earlier run"), metric="mano")
    verdict = only("r2 drops 0.05", lost, new)
    assert not verdict.passed
    assert verdict.reason == "cannot be judged: not measured in the later run"
    assert only("r2 drops 0.05", change(0.5, 0.5), new).passed
    verdict = only("r2 drops 0.05", new)
    assert not verdict.passed
    assert "nothing to compare with in the stored run: not measured" in verdict.reason


def test_a_rule_that_matches_nothing_fails():
    verdict = only("entrpy: r2 drops 0.05", change())
    assert not verdict.passed
    assert verdict.reason == (
        "no metric and model match entrpy[*]; did you mean 'entropy'?; "
        "compared: entropy"
    )
    assert "compared: none" in only("r2 drops 0.05").reason
