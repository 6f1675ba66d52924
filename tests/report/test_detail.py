"""Everything about one metric: numbers as the analysis has them, in 80 columns."""

import numpy as np
import pytest
from scipy import stats

from harness.analysis.correlation import Undefined, correlate
from harness.analysis.detail import UNITS, detail
from harness.measurement import Domain, Measurement
from harness.report.sections.details import Details, DetailsSection
from harness.report.text import rendered
from harness.report.writers.tables import flat
from harness.report.writers.terminal import section_lines

RNG = np.random.default_rng(0)


def measurement(i, domain, family, x, y):
    return Measurement(
        metric="m",
        model="net",
        dataset=f"{family}/{i:02d}",
        family=family,
        domain=domain,
        value=float(x),
        accuracy=float(y),
        images=1000,
        seconds=0.0,
        key=f"{family}{i}",
    )


@pytest.fixture
def row():
    """A line with noise inside, and one far dataset outside."""
    x = np.linspace(0.2, 0.9, 20)
    y = np.clip(x + RNG.normal(0, 0.02, 20), 0, 1)
    rows = [
        measurement(i, Domain.INTERIOR, "in", *p)
        for i, p in enumerate(zip(x, y, strict=True))
    ]
    outer = [(0.3, 0.31), (0.5, 0.5), (0.7, 0.2), (0.8, 0.78), (0.6, 0.6)]
    rows += [measurement(i, Domain.EXTERIOR, "out", *p) for i, p in enumerate(outer)]
    return correlate(rows)[0], x, y


def test_statistics_agree_with_scipy(row):
    correlation, x, y = row
    values = detail(correlation).values["interior"]

    assert values["pearson"] == pytest.approx(stats.pearsonr(x, y).statistic)
    assert values["spearman"] == pytest.approx(stats.spearmanr(x, y).statistic)
    assert values["kendall"] == pytest.approx(stats.kendalltau(x, y).statistic)
    assert values["weighted_tau"] == pytest.approx(stats.weightedtau(x, y).statistic)
    fit = stats.linregress(x, y)
    assert values["r2"] == pytest.approx(fit.rvalue**2)
    assert values["adjusted_r2"] == pytest.approx(1 - (1 - fit.rvalue**2) * 19 / 18)


def test_the_far_dataset_is_named_and_robust_fits_are_there(row):
    found = detail(row[0])

    worst = found.surprises[0]
    assert worst.point.dataset == "out/02"
    assert worst.outlier
    fits = {m.method: m.fit for m in found.methods}
    assert set(fits) == {"linear", "huber", "theil-sen", "probit", "logit", "isotonic"}
    assert not any(isinstance(fit, Undefined) for fit in fits.values())
    assert found.p <= 0.002
    assert found.control.r2 <= 0
    assert [f.family for f in found.families] == ["in", "out"]


def test_intervals_hold_the_values_and_the_unit_is_a_choice(row):
    by_dataset = detail(row[0], unit=UNITS["dataset"])
    interval = by_dataset.intervals.interior["r2"]

    assert interval.low <= by_dataset.values["interior"]["r2"] <= interval.high
    assert interval.groups == 20


def shown(found, width):
    """The section as a terminal of a width has it."""
    section = DetailsSection().shown(Details(details=(found,)))
    return rendered(section_lines(section, width), width=width)


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal(row, width):
    text = shown(detail(row[0]), width=width)

    assert max(map(len, text.splitlines())) <= width
    assert "surprises" in text
    assert "out/02" in text


@pytest.mark.parametrize(
    ("families", "said"), [(7, "and 1 more family,"), (8, "and 2 more families,")]
)
def test_of_many_families_six_have_a_column(families, said):
    """And it says how many more there are."""
    rows = [
        measurement(10 * f + i, Domain.EXTERIOR, f"fam{f}", 0.1 * i, 0.09 * i + f / 99)
        for f in range(families - 1)
        for i in range(8)
    ]
    rows += [
        measurement(990 + i, Domain.INTERIOR, "in", 0.1 * i, 0.1 * i) for i in range(8)
    ]

    assert said in shown(detail(correlate(rows)[0]), width=120)


def test_what_does_not_exist_says_why():
    rows = [measurement(i, Domain.INTERIOR, "in", 0.1 * i, 0.2) for i in range(2)]

    text = shown(detail(correlate(rows)[0]), width=80)

    assert "no fit by linear" in text
    assert "at least 3" in text


def test_files_hold_the_numbers_themselves_and_the_ends_of_their_intervals(row):
    """A terminal has them in words, since each row has a unit of its own."""
    found = detail(row[0])
    table = next(iter(DetailsSection().tables(Details(details=(found,)))))
    columns = flat(table)

    at = {name: i for i, name in enumerate(columns[""])}
    name, interval = "interior (95 %)", found.intervals.interior["r2"]
    assert columns[name][at["R²"]] == found.values["interior"]["r2"]
    assert columns[name][at["RMSE"]] == found.values["interior"]["rmse"]
    assert columns[f"{name} low"][at["R²"]] == interval.low
    assert columns[f"{name} high"][at["R²"]] == interval.high
