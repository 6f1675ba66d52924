"""The rule of gates, on generated runs: expected and not measured never passes."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import correlate
from harness.analysis.gates import Evidence, judge, parse
from harness.collector import Collector
from harness.measurement import Axes, Domain, Measurement
from harness.plan import Plan, PlannedCell, Variant
from harness.report.expected import expected_cells, lacks
from harness.store import Recorded

MODELS = ("a", "a-b")
DATASETS = {
    "c": Domain.INTERIOR,
    "b-c": Domain.INTERIOR,
    "d": Domain.EXTERIOR,
    "b-d": Domain.EXTERIOR,
}
FATES = ("measured", "stored", "skipped", "failed", "lost", "deselected")
GOOD = ("measured", "stored")
OWN = st.lists(st.sampled_from(["1", "b", "b-c"]), max_size=2, unique=True)
CELLS = [(model, dataset) for model in MODELS for dataset in DATASETS]


class NoStore:
    """Takes what it is given."""

    def open(self):
        """Nothing to open."""

    def append(self, recorded):
        assert not recorded.stored


def row(cell):
    """What a cell records."""
    place = CELLS.index((cell.model, cell.dataset))
    return Measurement(
        metric="m",
        axes=cell.variant.axes,
        model=cell.model,
        dataset=cell.dataset,
        family=cell.dataset,
        domain=DATASETS[cell.dataset],
        value=place / 10,
        accuracy=(place % 4) / 4,
        images=10,
        seconds=0.0,
        key=cell.nodeid,
        test=cell.variant.test,
    )


def collected(fates):
    """A collector that has heard of all that became of the cells."""
    collector = Collector(NoStore())
    collector.expect(Plan(cells=tuple(cell for cell, f in fates if f != "deselected")))
    for cell, fate in fates:
        if fate in GOOD:
            recorded = Recorded(rows=(row(cell),), stored=fate == "stored")
            collector.finish(cell.nodeid, recorded)
        elif fate == "skipped":
            collector.skip(cell.nodeid, "why")
        elif fate == "failed":
            collector.fail(cell.nodeid, "why")
    return collector


def run():
    """As much of a run as is asked for what was expected."""
    return SimpleNamespace(
        datasets={
            name: SimpleNamespace(family=name, domain=domain, labelled=True)
            for name, domain in DATASETS.items()
        },
        settings=SimpleNamespace(models=(), families=()),
    )


@st.composite
def runs(draw):
    """Each cell with its fate; most are measured, or nothing would ever pass."""
    variants = [
        Variant(test="t.py::test_m", metric="m", axes=Axes.of({"k": value}))
        for value in draw(OWN)
    ] or [Variant(test="t.py::test_m", metric="m")]
    usual = draw(st.sampled_from([GOOD, GOOD, FATES]))
    odd = draw(st.sampled_from([None, *CELLS]))
    return [
        (
            PlannedCell(f"{variant.test}[{variant.axes}-{pair}]", variant, *pair),
            draw(st.sampled_from(FATES if pair == odd else usual)),
        )
        for variant in variants
        for pair in CELLS
    ]


@given(fates=runs(), gate=st.sampled_from(["interior", "exterior", "transfer"]))
def test_a_gate_passes_where_all_that_was_expected_was_measured_and_else_fails(
    fates, gate
):
    """Own parameters or none, found in the store, skipped, failed, lost, deselected."""
    domains = {
        "interior": {Domain.INTERIOR},
        "exterior": {Domain.EXTERIOR},
        "transfer": {Domain.INTERIOR, Domain.EXTERIOR},
    }[gate]
    needed = {Domain.INTERIOR} if gate == "interior" else {Domain.EXTERIOR}
    collector = collected(fates)
    found = correlate(collector.measurements, expected=expected_cells(run(), collector))

    verdicts = judge(
        [parse(f"m: {gate} n >= 1")],
        Evidence(correlations=found, lacks=lacks(run(), collector)),
    )

    rows = {}
    for cell, fate in fates:
        if fate != "deselected":
            rows.setdefault((cell.variant, cell.model), []).append((cell, fate))
    right = bool(rows) and all(
        all(fate in GOOD for cell, fate in row if DATASETS[cell.dataset] in domains)
        and any(fate in GOOD for _, fate in row)
        and any(DATASETS[cell.dataset] in needed for cell, _ in row)
        for row in rows.values()
    )
    assert all(verdict.passed for verdict in verdicts) == right
    assert all(verdict.reason for verdict in verdicts)
