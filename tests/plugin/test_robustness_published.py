"""Networks against a published row: by image, by counts, or not at all."""

import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.analysis.differences import paired, unpaired
from harness.errors import BadData, HarnessError, MissingData, UndefinedMetricError
from suites.robustness.published import IMAGES, PublishedRow, published_row

SUITE = Path(__file__).parents[2] / "suites" / "robustness"
NONE = np.empty(0, dtype=np.int64)
HEAD = "model,img_size,top1,top1_err\n"
FILES = {
    "results-imagenet": "a.x,224,76.13,23.87\nb.y,224,70,30\nb.y,288,71,29\n",
    "results-imagenet-real": "a.x,224,82.858,17.142\n",
    "results-imagenetv2-matched-frequency": "a.x,224,63.21,36.79\n",
    "results-sketch": "a.x,224,24.09,75.91\n",
    "results-imagenet-a": "b.y,224,1.5,98.5\n",
    "results-imagenet-r": "a.x,224,36.17,63.83\n",
    "results-imagenet-a-clean": "a.x,224,90,10\n",
    "results-imagenet-r-clean": "a.x,224,92.12,7.88\n",
}


@pytest.fixture
def root(tmp_path):
    """A data root with tables and predictions in their published layouts."""
    folder = tmp_path / "published-results" / "timm"
    folder.mkdir(parents=True)
    for name, rows in FILES.items():
        (folder / f"{name}.csv").write_text(HEAD + rows)
    folder = tmp_path / "published-predictions"
    folder.mkdir()
    labels = np.array([0, 1, 2, 0, 1])
    said = np.array([[0, 1, 2, 0, 0], [1, 1, 2, 2, 2]], dtype=np.uint8)
    np.savez(folder / "five.npz", models=["p", "q"], predictions=said, labels=labels)
    return tmp_path


def test_counts_of_a_table_are_compared_as_counts(root):
    """0.7613 of 50,000 are 38,065; 700 of 1,000 are fewer, beyond chance."""
    row = published_row("timm:a.x@224", [root], "imagenet")
    right = np.arange(1000) < 700

    found = row.against(right, None, "test")
    assert found.found == unpaired(700, 1000, 38_065, 50_000)
    assert found.value == pytest.approx(0.7 - 0.7613)
    facts = json.loads(found.facts["against_published"])
    assert facts["images"] == [1000, 50_000]
    assert (facts["paired"], facts["verdict"]) == (False, "fail")
    assert row.against(right, None, "imagenet-real").found.images == (1000, 46_837)
    with pytest.raises(UndefinedMetricError, match="has no published number of it"):
        row.against(right, None, "imagenet-a")


def test_answers_are_compared_image_by_image(root):
    """`q` is right on the second and third; of four others one is right too."""
    row = published_row("five.npz:q", [root], "imagenet")
    right = np.array([True, True, True, True, False])

    found = row.against(right, np.array([0, 1, 2, 0, 1]), "whatever")
    assert found.found == paired(right, np.array([False, True, True, False, False]))
    assert found.value == pytest.approx(0.4)
    assert json.loads(found.facts["against_published"])["paired"] is True
    for labels in (None, np.array([0, 1, 2, 1, 0]), np.array([0, 1, 2, 0])):
        with pytest.raises(UndefinedMetricError, match="its images are not those of"):
            row.against(right, labels, "whatever")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("resnet50", HarnessError, "must be timm:NAME, testbed:NAME or FILE.npz:NAME"),
        (
            "zoo:net",
            HarnessError,
            "must be of timm, testbed or a file that ends in",
        ),
        (
            "timm:a.z",
            HarnessError,
            "unknown published network of timm:a.z .a.z.; ",
        ),
        ("timm:b.y", HarnessError, "known: b.y@224, b.y@288"),
        ("testbed:net", MissingData, "tables of testbed not found; looked at .*publis"),
        ("no.npz:net", MissingData, "predictions no.npz not found"),
        ("five.npz:r", HarnessError, "unknown published network of five.npz:r 'r'"),
    ],
)
def test_a_row_that_is_not_there_is_named(root, name, error, words):
    with pytest.raises(error, match=words):
        published_row(name, [root], "imagenet")


@pytest.mark.parametrize("name", ["timm:a.x", "testbed:net"])
def test_a_table_of_another_base_is_refused(root, name):
    """Both have a set called test: its images are others, and its classes."""
    with pytest.raises(HarnessError, match=f"{name} was published of base imagenet, "):
        published_row(name, [root], "digits")
    assert published_row("five.npz:q", [root], "digits").name == "five.npz:q"


def test_a_size_may_be_left_out_where_there_is_one(root):
    whole = published_row("timm:a.x@224", [root], "imagenet").accuracies
    assert published_row("timm:a.x", [root], "imagenet").accuracies == whole
    assert whole["imagenet-r-clean"] == pytest.approx(0.9212)


@pytest.mark.parametrize(
    "arrays",
    [
        {"predictions": np.zeros((2, 5)), "labels": np.zeros(5, dtype=int)},
        {"predictions": np.zeros((1, 5), dtype=int), "labels": np.zeros(5, dtype=int)},
        {"predictions": np.zeros((2, 4), dtype=int), "labels": np.zeros(5, dtype=int)},
        {"labels": np.zeros(5, dtype=int)},
    ],
)
def test_a_file_of_another_layout_is_refused(root, arrays):
    np.savez(root / "published-predictions" / "odd.npz", models=["p", "q"], **arrays)
    with pytest.raises(BadData, match=r"odd\.npz must (hold whole|be an \.npz)"):
        published_row("odd.npz:p", [root], "imagenet")


def test_every_set_of_a_table_has_its_number_of_images():
    columns = runpy.run_path(str(SUITE / "published.py"))["_COLUMNS"]
    for known in columns.values():
        assert known.keys() <= IMAGES.keys()
    row = PublishedRow(
        name="x", accuracies=dict.fromkeys(IMAGES, 0.5), predicted=NONE, labels=NONE
    )
    for name, images in IMAGES.items():
        found = row.against(np.array([True, False]), None, name).found
        assert found.images == (2, images)
        assert found.value == pytest.approx(0, abs=1e-4)


def test_a_run_says_where_it_stands_beside_a_published_network(toy, root):
    """Saved answers, one right and one wrong more than `q`; a gate on none worse."""
    (toy.path / "test_suite.py").unlink()
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SUITE, toy.path / "robustness", ignore=ignored)
    toy.makeini("[pytest]\n")
    logits = 4 * np.eye(3)[[0, 1, 2, 0, 0]]
    np.savez(toy.path / "mine.npz", net=logits, labels=np.array([0, 1, 2, 0, 1]))
    np.savez(toy.path / "two.npz", net=logits[:2], labels=np.array([0, 2]))
    result = toy.runpytest_inprocess(
        "robustness",
        *("-q", "--harness-report-json=r.json", f"--harness-data-root={root}"),
        *("--harness-outputs=mine.npz", "--harness-outputs=two.npz"),
        *("--robustness-published=five.npz:q", "-k", "published", "-rs"),
        "--harness-gate=robustness.published_worse <= 0",
        "--harness-gate=top1_against_published on mine: value > 30%",
    )

    result.stdout.fnmatch_lines(
        [
            "top-1 against five.npz:q, as published",
            "net*mine*40.0*80.0*+40.0*undecided",
            "*its images are not those of five.npz:q*",
        ]
    )
    assert result.ret == 0
    report = json.loads((toy.path / "r.json").read_text())
    (row,) = report["measurements"]
    assert row["axes"] == {"published": "five.npz:q"}
    (found,) = report["sections"]["robustness"]["published"]
    assert (found["published"], found["of"], found["images"]) == ("five.npz:q", 5, 5)

    result = toy.runpytest_inprocess(
        "robustness", "-q", "--harness-outputs=mine.npz", "-k", "published"
    )
    result.stdout.no_fnmatch_line("*as published*")
    result = toy.runpytest_inprocess(
        "robustness", "-q", "--harness-outputs=mine.npz", "--robustness-published=q"
    )
    result.stdout.fnmatch_lines(["*--robustness-published: a published row must be*"])
    result = toy.runpytest_inprocess(
        *("robustness", "-q", f"--harness-data-root={root}"),
        *("--harness-outputs=mine.npz", "--robustness-published=timm:a.x"),
    )
    result.stdout.fnmatch_lines(
        ["*timm:a.x was published of base imagenet, and this run is of outputs: add *"]
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
