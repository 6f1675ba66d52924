"""Annotations of Pascal VOC: three objects worked by hand, and files that are none."""

import numpy as np
import pytest

from harness.datasets.readers.voc_annotations import (
    ABSENT,
    CLASSES,
    DIFFICULT,
    PRESENT,
    read_annotation,
)
from harness.errors import BadData

OBJECT = """<object><name>{name}</name><pose>Left</pose>
<difficult>{difficult}</difficult>
<bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>
<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax>
</bndbox></part></object>"""
FILE = """<annotation><filename>000001.jpg</filename>
<size><width>200</width><height>100</height><depth>3</depth></size>{}</annotation>"""
DOG = OBJECT.format(11, 21, 60, 70, name="dog", difficult=0)
SOFA = OBJECT.format(1, 1, 200, 100, name="sofa", difficult=0)
BIRD = OBJECT.format(150, 50, 169, 69, name="bird", difficult=1)


@pytest.fixture
def write(tmp_path):
    """Writes an annotation."""

    def write(content):
        path = tmp_path / "000001.xml"
        path.write_text(content)
        return path

    return write


def test_sizes_and_numbers_by_hand(write):
    found = read_annotation(write(FILE.format(DOG + SOFA + BIRD)))

    assert (found.width, found.height) == (200, 100)
    assert [one.name for one in found.objects] == ["dog", "sofa", "bird"]
    assert (found.num_instances(), found.num_instances(difficult=True)) == (2, 3)
    assert found.object_share() == pytest.approx(1.125)
    assert found.object_share(difficult=True) == pytest.approx(1.145)
    assert found.object_share_union(difficult=True) == pytest.approx(1)
    # The published width without + 1 is another number.
    area = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in found.boxes())
    assert area / (200 * 100) == pytest.approx(1.1051)


def test_three_states_of_a_class(write):
    found = read_annotation(write(FILE.format(BIRD + DOG + BIRD))).states()
    named = dict(zip(CLASSES, found.tolist(), strict=True))

    assert (named["dog"], named["bird"], named["cat"]) == (PRESENT, DIFFICULT, ABSENT)
    assert len(CLASSES) == len(set(CLASSES)) == 20
    assert list(CLASSES) == sorted(CLASSES)
    both = BIRD + BIRD.replace("<difficult>1", "<difficult>0")
    again = read_annotation(write(FILE.format(both))).states()
    assert again[CLASSES.index("bird")] == PRESENT
    with pytest.raises(BadData, match="one of 1 classes, got 'dog'"):
        read_annotation(write(FILE.format(DOG))).states(("cat",))


def test_decimals_are_read(write):
    box = OBJECT.format(45.70, 1, 100, 50, name="cat", difficult=0)

    assert read_annotation(write(FILE.format(box))).boxes() == ((45.7, 1, 100, 50),)
    assert np.isfinite(read_annotation(write(FILE.format(box))).object_share())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<annotation>", "must be an annotation of Pascal VOC"),
        ("<annotation/>", "it has no size/width"),
        (FILE.format("<object/>"), "must have a name"),
        (FILE.format(DOG.replace("<xmin>11", "<xmin>nan")), "xmin must be a number"),
        (FILE.format(DOG.replace(">0<", ">2<", 1)), "must be 0 or 1, got '2'"),
        (FILE.format(DOG.replace("<xmin>11", "<xmin>0")), "from 1 to 200 by 100"),
    ],
    ids=range(6),
)
def test_what_is_no_annotation_is_refused(write, content, message):
    with pytest.raises(BadData, match=message):
        read_annotation(write(content))
