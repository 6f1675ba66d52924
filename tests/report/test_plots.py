"""Pictures for a paper: a metric each, and all of them in a grid."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from harness.report import plots
from harness.report.files import write_files
from harness.report.sections.ranks import Ranks
from tests.report.pages import measurements, sample, summary

pytest.importorskip("matplotlib")


def words(picture):
    """All that an SVG says."""
    texts = ET.parse(picture).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).strip() for text in texts]


def test_there_is_a_picture_of_each_metric_and_one_of_all(tmp_path):
    """For the web, for a paper, and for a slide."""
    made = summary(measurements(("cot", "all-metrics"), models=2, datasets=4))
    write_files({"plots": tmp_path}, made)

    stems = ("all-metrics", "all-metrics-2", "cot")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(
        f"{s}.{kind}" for s in stems for kind in ("pdf", "png", "svg")
    )


def test_the_grid_shows_every_metric_in_the_order_of_the_ranks(tmp_path):
    """With the R² of the fits over all models."""
    made = sample()
    write_files({"plots": tmp_path}, made)

    found = words(tmp_path / "all-metrics.svg")
    ranked = [one.label for one in made.of(Ranks).ranks]
    assert [word for word in found if word in ranked] == ranked
    for row in made.correlations:
        if row.model is None:
            assert f"R² {row.interior.r2:.2f}" in found
            assert f"R² {row.exterior.r2:.2f}" in found
    assert {"interior", "exterior"} <= set(found)


def test_one_model_alone_has_its_own_line(tmp_path):
    """There is no fit over all of them."""
    made = summary(measurements(models=1))
    write_files({"plots": tmp_path}, made)

    found = words(tmp_path / "all-metrics.svg")
    assert all(f"R² {row.interior.r2:.2f}" in found for row in made.correlations)


def test_pictures_are_the_same_for_the_same_run(tmp_path):
    """No date is in them; letters of a PDF are TrueType, and no bitmap."""
    made = summary(measurements(models=2, datasets=4))
    for folder in ("a", "b"):
        write_files({"plots": tmp_path / folder}, made)

    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
    pdf = (tmp_path / "a" / "all-metrics.pdf").read_bytes()
    assert b"/Type3" not in pdf
    assert b"/TrueType" in pdf or b"/Type0" in pdf


def test_many_dots_are_pixels(tmp_path, monkeypatch):
    """A drawing of a hundred thousand circles would be opened by nobody."""
    made = summary(measurements(models=2))
    write_files({"plots": tmp_path / "few"}, made)
    monkeypatch.setattr(plots, "_MOST_DOTS", 10)
    write_files({"plots": tmp_path / "many"}, made)

    few, many = (
        (tmp_path / folder / "all-metrics.svg").read_text()
        for folder in ("few", "many")
    )
    assert "<image" not in few
    assert "<image" in many
    assert len(re.findall("<use", many)) < len(re.findall("<use", few))


def test_without_a_labelled_dataset_there_is_none(tmp_path):
    """Nor an error."""
    rows = [replace(m, accuracy=None) for m in measurements(models=2, datasets=4)]
    write_files({"plots": tmp_path / "plots"}, summary(rows))

    assert not list((tmp_path / "plots").iterdir())
