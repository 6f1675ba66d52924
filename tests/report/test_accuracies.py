"""How right each model is, for every writer."""

from harness.measurement import Domain, Measurement
from harness.report.column import Range
from harness.report.section import Shown
from harness.report.sections.accuracies import accuracies
from harness.report.text import rendered
from harness.report.writers.html import section_html
from harness.report.writers.markdown import section_markdown
from harness.report.writers.tables import flat
from harness.report.writers.terminal import section_lines


def row(model, dataset, domain, accuracy, **traits):
    """One of a metric, as accuracies come with it."""
    return Measurement(
        metric="cot", model=model, dataset=dataset, family=dataset, domain=domain,
        value=0.5, accuracy=accuracy, images=100, seconds=0.0, key="k", traits=traits,
    )  # fmt: skip


ROWS = (
    row("net", "test", Domain.INTERIOR, 0.925, split="test"),
    row("net", "a", Domain.INTERIOR, 0.5),
    row("net", "a", Domain.INTERIOR, 0.5),
    row("net", "b", Domain.INTERIOR, 0.75),
    row("net", "c", Domain.EXTERIOR, 0.625),
    row("other", "test", Domain.INTERIOR, 0.9, split="test"),
    row("other", "photos", Domain.TARGET, None),
)


def test_the_test_split_stands_apart():
    """It is of the interior, and not a part of its range; no label, no number."""
    (table,) = accuracies(ROWS).parts

    assert [column.name for column in table.columns] == [
        "model", "test", "interior", "exterior",
    ]  # fmt: skip
    assert table.rows == (
        ("net", 0.925, Range(low=0.5, high=0.75), 0.625),
        ("other", 0.9, None, None),
    )


def test_every_writer_has_it():
    """Two digits of one number, one of the ends of a range; files unscaled."""
    found = accuracies(ROWS)
    text = rendered(section_lines(found, 80), width=80)

    assert [line.split() for line in text.splitlines() if "net" in line] == [
        ["net", "92.50", "50.0", "to", "75.0", "62.50"]
    ]
    assert "| net | 92.50 | 50.0 to 75.0 | 62.50 |" in section_markdown(found)
    assert "50.0 to 75.0" in section_html(found)
    (table,) = found.parts
    assert flat(table)["interior low"] == [0.5, None]
    assert flat(table)["exterior"] == [0.625, None]


def test_there_is_none_without_labels():
    """As of predictions alone."""
    assert accuracies(ROWS[-1:]) == Shown(name="accuracies", title="accuracy")
