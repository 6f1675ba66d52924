"""Lists of images to label, and labels that come back: refused line by line."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.analysis.headlines import Advice, Headline, Trust
from harness.analysis.labelling import drawn
from harness.datasets.readers.digits import read_digits
from harness.errors import BadData, HarnessError
from harness.registry import Registry
from harness.report.given_labels import Given, image_name, judged, read_labels
from harness.report.label_list import check_list, write_list
from harness.run import Run
from harness.settings import OwnData, Settings

WRITERS = read_digits("writers")


def run_on(folder, **more):
    """A run of a bundled network on a folder that nobody labelled."""
    settings = Settings(
        models=("linear",),
        families=("test",),
        data=(OwnData(path=folder, role="target"),),
        cache_dir=folder,
        store=folder,
        **more,
    )
    return Run(settings, Registry(), tell=print)


@pytest.fixture
def photos(tmp_path):
    """Digits of other writers, as pictures; one name is a formula."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(30):
        name = "=1+1.png" if i == 0 else f"p{i:02}.png"
        Image.fromarray(WRITERS.pixels[i, :, :, 0]).save(folder / name)
    return folder


@pytest.fixture
def arrays(tmp_path):
    """The same without names."""
    folder = tmp_path / "arrays"
    folder.mkdir()
    np.save(folder / "data.npy", WRITERS.pixels[:60])
    return folder


def headline(dataset, label):
    return Headline(
        model="linear",
        dataset=dataset,
        images=30,
        level=0.95,
        by="cott",
        trust=Trust.NO,
        advice=Advice(label=label, low=0.4, high=0.6, sure=False),
    )


def listed(run, dataset, label=12, given=None):
    path = Path(run.settings.store) / "list.csv"
    write_list(path, run, [headline(dataset, label)], given or {})
    with path.open(newline="") as file:
        return path, list(csv.DictReader(file))


def written(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_list_is_the_beginning_of_the_draw(photos):
    """With the file, and what the model says of it; a formula stays a text."""
    run = run_on(photos)
    _, rows = listed(run, "photos", 30)

    assert [int(row["index"]) for row in rows] == drawn(30).tolist()
    names = {int(row["index"]): row["file"] for row in rows}
    assert names[0] == "'=1+1.png"  # sorts before the others
    assert names[7] == "p07.png"
    probs = run.predict("linear", run.datasets["photos"]).probs()
    for row in rows:
        one = probs[int(row["index"])]
        assert row["predicted"] == str(one.argmax())
        assert float(row["confidence"]) == pytest.approx(one.max(), abs=5e-5)
        assert row["label"] == ""


def test_labels_come_back_and_say_how_many_are_right(photos):
    """By name, by number or as none; those of a longer list stay."""
    run = run_on(photos)
    path, rows = listed(run, "photos")
    for row in rows[:-2]:
        # Sorted as text, "=1+1.png" and then p01 to p29: as they were drawn.
        row["label"] = str(WRITERS.labels[int(row["index"])])
    rows[3]["label"] = "none"
    given = read_labels(written(path, rows), run)

    labels = given["photos"].labels
    right = [
        labels[i] == p
        for i, p in enumerate(run.predicted("linear", run.datasets["photos"]))
        if i in labels
    ]
    found = judged(run, given)["linear", "photos"]
    assert (found.labelled, found.right, found.images) == (10, sum(right), 30)
    assert labels[int(rows[3]["index"])] == -1
    assert found.drawn
    _, again = listed(run, "photos", 15, given)
    assert [row["label"] for row in again[:10]] == [r["label"] for r in rows[:10]]
    assert [row["label"] for row in again[10:]] == [""] * 5


def test_images_that_were_not_drawn_are_told_apart(photos):
    """A row left out, or an image of one's own: no random sample, and none is lost."""
    run = run_on(photos)
    first, *others = drawn(30)[:6].tolist()
    given = {"photos": Given(labels=dict.fromkeys(others, 0))}

    assert not judged(run, given)["linear", "photos"].drawn
    _, rows = listed(run, "photos", 3, given)
    assert [int(row["index"]) for row in rows] == [first, *others]


def test_arrays_are_known_by_their_pixels(arrays):
    """Rows that were put in another order since are refused."""
    run = run_on(arrays)
    path, rows = listed(run, "arrays")
    rows[0]["label"] = "3"
    written(path, rows)

    assert read_labels(path, run)["arrays"].labels == {int(rows[0]["index"]): 3}
    np.save(arrays / "data.npy", WRITERS.pixels[:60][::-1])
    with pytest.raises(BadData, match=r"line 2: `file` of image .* has changed since"):
        read_labels(path, run_on(arrays))


def test_a_sample_is_listed_by_numbers_in_the_whole(arrays):
    """With --harness-max-images the draw is among the images that are measured."""
    run = run_on(arrays, max_images=20)
    path, rows = listed(run, "arrays", 20)
    dataset = run.datasets["arrays"]

    sample = {int(row["index"]) for row in rows}
    assert len(sample) == 20
    assert max(sample) > 20
    for row in rows:
        row["label"] = "0"
    found = judged(run, read_labels(written(path, rows), run))["linear", "arrays"]
    assert found.images == found.labelled == 20
    other = next(i for i in range(60) if i not in sample)
    rows[0] |= {"index": str(other), "file": image_name(dataset, other)}
    with pytest.raises(BadData, match=f"image {other} of arrays is not among the 20"):
        read_labels(written(path, rows), run)


@pytest.mark.parametrize("joint", [",", ";", "\t"])
def test_lists_come_back_as_spreadsheets_write_them(photos, joint):
    """With what joins the cells, classes and `none` as a locale has them."""
    run = run_on(photos)
    path, rows = listed(run, "photos")
    said = ["7", "7.0", "3.00", "none", "None", "NONE"]
    for row, label in zip(rows, said, strict=False):
        row["label"] = label
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=joint)
        writer.writeheader()
        writer.writerows(rows)

    found = list(read_labels(path, run)["photos"].labels.values())
    assert found == [7, 7, 3, -1, -1, -1]


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        ("dataset", "test", r"line 3: `dataset` must be a target of this run \(photos"),
        (
            "index",
            "30",
            "line 3: `index` must be an image of photos, 0 to 29, got '30'",
        ),
        ("index", "-1", "got '-1'"),
        ("index", "1.0", "got '1.0'"),
        ("index", "٣", "got '٣'"),
        ("index", "9" * 5000, "got '9999"),
        ("index", "", "got ''"),
        (
            "file",
            "../p01.png",
            "line 3: `file` of image .* must be 'p.*.png', got '../p",
        ),
        ("label", "10", "line 3: `label` must be a class, 0 to 9 or a name, got '10'"),
        ("label", "-1", "must be the name or number of a class of photos, or none"),
        ("label", "seven", "got 'seven'"),
        ("label", "__import__('os').system('x')", "must be the name or number"),
        ("label", "=cmd|'/c calc'!A0", "must be the name or number"),
        ("label", "1e0", "got '1e0'"),
        ("label", "7.5", "got '7.5'"),
        ("label", "10.0", "must be a class, 0 to 9 or a name, got '10.0'"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_line(photos, column, text, problem):
    """Nothing in the file is more than text, and nothing is guessed."""
    run = run_on(photos)
    path, rows = listed(run, "photos")
    rows[1] |= {"label": "3", column: text}

    with pytest.raises(BadData, match=problem):
        read_labels(written(path, rows), run)


def test_an_image_has_one_label(photos):
    """Also where both lines say the same."""
    run = run_on(photos)
    path, rows = listed(run, "photos")
    rows[4] = {**rows[1], "label": "3"}

    with pytest.raises(
        BadData, match=r"line 6: image \d+ of photos stands there twice"
    ):
        read_labels(written(path, rows), run)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "must have each of the columns dataset, index, file, label once"),
        (b"dataset,index,file\n", "and label is not so"),
        (b"dataset;index;file\n", "and label is not so where semicolons join them"),
        (b"dataset|index|file|label\n", "are not so where commas join them"),
        (b"\xff\xfe" + "dataset,".encode("utf-16-le"), "text in UTF-8, and byte 0 is"),
        ("dataset,".encode("utf-16-le"), "text in UTF-8, and has bytes of 0"),
        (b"dataset,index,file,label,label\n", "and label is not so"),
        (b"dataset,index,file,label\nphotos,1\n", "line 2: it must have 4 cells"),
        (b"dataset,index,file,label\n\xff\n", "UTF-8, and byte 25 is none; save"),
        (b"dataset,index,file,label\n", "has no label as yet"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused(photos, content, problem):
    """Before anything is measured."""
    path = photos.parent / "l.csv"
    path.write_bytes(content)

    with pytest.raises(BadData, match=problem):
        read_labels(path, run_on(photos))
    with pytest.raises(BadData, match="cannot be read"):
        read_labels(photos.parent / "nowhere.csv", run_on(photos))


def test_labels_are_of_accuracy(photos):
    """Of another outcome they say nothing."""
    with pytest.raises(HarnessError, match="this run is about balanced_accuracy"):
        read_labels(photos / "l.csv", run_on(photos, outcome="balanced_accuracy"))


def test_labels_that_somebody_filled_in_are_not_written_over(photos):
    """An empty list is; another file is not."""
    path, rows = listed(run_on(photos), "photos")
    check_list(path)
    check_list(photos / "new.csv")
    rows[0]["label"] = "3"

    with pytest.raises(HarnessError, match="which has labels; give them back"):
        check_list(written(path, rows))
    path.write_text("precious")
    with pytest.raises(HarnessError, match="is no list of images"):
        check_list(path)
