"""Answers in doubt without their run, and more of them than there is room for."""

from dataclasses import replace

import numpy as np

from harness.analysis.doubts import Doubt, fact_of
from harness.measurement import Domain
from harness.report.gallery import Strip, thumbnail
from harness.report.section import Context
from harness.report.sections.doubts import DoubtsSection, _within
from harness.report.table import Gallery, Table, Text, for_writer
from tests.report.pages import measurements


def doubted(models):
    fact = fact_of((Doubt(image=4, answer=7, confidence=0.25),))
    return [
        replace(m, facts={**m.facts, **fact})
        for m in measurements(models=models)
        if m.domain is Domain.TARGET
    ]


def parts(models, writer):
    section = DoubtsSection()
    found = section.find(doubted(models), Context(described={}))
    assert found is not None
    return list(for_writer(section.tables(found), writer))


def test_without_a_run_images_and_classes_have_numbers():
    (text,) = parts(1, "terminal")
    assert text.text == "net0 on night: image 4 (7, 25 %)"

    (table,) = parts(1, "page")
    assert isinstance(table, Table)
    assert not table.folded
    assert table.rows == (("image 4", "7", 0.25, "net0", "night"),)


def test_a_terminal_names_those_of_eight_pairs():
    told = parts(11, "terminal")

    assert len(told) == 9
    assert told[-1].text == "and 3 more, on the page"
    assert len(parts(11, "page")[0].rows) == 11


def test_nothing_is_said_where_no_row_tells():
    rows = [m for m in measurements() if m.domain is Domain.TARGET]

    assert DoubtsSection().find(rows, Context(described={})) is None


def test_rows_of_pictures_end_where_there_is_no_room():
    one = thumbnail(np.zeros((8, 8, 1), np.uint8))
    strips = [Strip(name=str(i), pictures=(one,) * 2) for i in range(5)]

    kept, left_out = _within(7 * len(one.png), iter(strips))

    assert [strip.name for strip in kept] == ["0", "1", "2"]
    assert left_out == 2


def test_what_had_no_room_is_counted():
    section = DoubtsSection()
    found = section.find(doubted(1), Context(described={}))
    one = thumbnail(np.zeros((8, 8, 1), np.uint8))
    some = replace(found, strips=(Strip(name="x", pictures=(one,)),), left_out=2)

    gallery, table = for_writer(section.tables(some), "page")
    assert isinstance(gallery, Gallery)
    assert "2 rows more had no room." in gallery.note
    assert table.folded == "1 answer as a table"
    assert not any(isinstance(part, Text) for part in (gallery, table))
