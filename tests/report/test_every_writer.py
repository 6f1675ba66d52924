"""Whatever a section holds, every writer writes it, and JSON gives it back."""

import json
import re
import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.correlation import Undefined
from harness.printable import printable
from harness.report.run_file.json import plain
from harness.report.run_file.reading import read_as
from harness.report.section import Shown
from harness.report.table import (
    Column,
    Curve,
    Estimate,
    Plotted,
    Said,
    Series,
    Table,
    Text,
)
from harness.report.text import rendered
from harness.report.writers.html import section_html
from harness.report.writers.markdown import section_markdown
from harness.report.writers.tables import flat
from harness.report.writers.terminal import section_lines

WORDS = st.text(max_size=12).map(printable)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WHERE = st.sampled_from([(), ("terminal",), ("page", "markdown")])
MISSING = st.one_of(st.none(), st.builds(Undefined, WORDS))
ESTIMATES = st.builds(Estimate, value=NUMBERS, low=NUMBERS, high=NUMBERS)
SAID = st.builds(Said, text=WORDS, number=st.one_of(st.none(), NUMBERS))
PLOTTED = st.builds(Plotted, label=WORDS, model=WORDS)
VALUES = st.one_of(WORDS, NUMBERS, MISSING, ESTIMATES, SAID, PLOTTED)
COLUMNS = st.builds(
    Column,
    name=WORDS,
    unit=WORDS,
    group=st.sampled_from(["", "a", "b"]),
    form=st.sampled_from(["", ".3f", "+.1e", ".4g", ".0f"]),
    scale=st.sampled_from([1.0, 100.0]),
    align=st.sampled_from(["", "left", "right"]),
    goes=st.integers(0, 3),
    width=st.integers(-9, 9),
    widest=st.integers(4, 24),
    cut=st.booleans(),
)


@st.composite
def tables(draw):
    """Some columns and rows."""
    columns = tuple(draw(st.lists(COLUMNS, min_size=1, max_size=4)))
    row = st.tuples(*[VALUES] * len(columns))
    return Table(
        columns=columns,
        rows=tuple(draw(st.lists(row, max_size=3))),
        title=draw(WORDS),
        note=draw(WORDS),
        close=draw(st.booleans()),
        folded=draw(WORDS),
        where=draw(WHERE),
        stacked=draw(st.booleans()),
    )


@st.composite
def curves(draw):
    """Some places and series."""
    places = st.one_of(WORDS, st.integers(-9, 9).map(str))
    at = tuple(draw(st.lists(places, min_size=1, max_size=15, unique=True)))
    value = st.one_of(NUMBERS, MISSING, ESTIMATES)
    series = st.builds(Series, name=WORDS, values=st.tuples(*[value] * len(at)))
    return Curve(
        axis=draw(WORDS), at=at, series=tuple(draw(st.lists(series, max_size=2)))
    )


TEXTS = st.builds(
    Text,
    text=WORDS,
    hang=st.integers(0, 4) | st.just(2**62),
    small=st.booleans(),
    strong=st.booleans(),
    where=WHERE,
)
SECTIONS = st.builds(
    Shown,
    name=st.just("s"),
    title=WORDS,
    parts=st.lists(st.one_of(tables(), curves(), TEXTS), max_size=3).map(tuple),
)


@given(SECTIONS, st.sampled_from([40, 80, 160]))
@settings(max_examples=30, deadline=None)
def test_every_section_is_written(section, width):
    """No writer raises; what it writes is well-formed."""
    text = rendered(section_lines(section, width), width=width)
    assert all(len(line) <= 2 * width for line in text.splitlines())  # wide letters
    if html := section_html(section):
        words = re.sub(r"<(input|meta|link)[^>]*>", "", html)
        ET.fromstring(re.sub(r" (hidden|disabled)(?=[ >])", "", words))
    for line in section_markdown(section).split("\n"):
        assert not line.startswith("<")
    for part in section.parts:
        if not isinstance(part, Text):
            table = part.table() if isinstance(part, Curve) else part
            assert {len(cells) for cells in flat(table).values()} == {len(table.rows)}


@given(SECTIONS)
@settings(max_examples=30, deadline=None)
def test_every_section_comes_back_from_json(section):
    """Letter for letter, and number for number."""
    text = json.dumps(plain(section), allow_nan=False)

    assert read_as(Shown, json.loads(text), "section") == section
