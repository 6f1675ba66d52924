"""The clustering suite: assignments as an axis, their chance, superclasses, files."""

import csv
import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from harness.metrics.numerics.uncertainty import share_interval

SUITE = Path(__file__).parents[2] / "suites" / "clustering"
USE = ("used", "entropy", "largest")
KINDS = "left a\nleft b\nright c\n"


@pytest.fixture
def clustering(toy: pytest.Pytester) -> pytest.Pytester:
    """The toy grid with the suite in a folder of its own."""
    (toy.path / "test_suite.py").unlink()
    shutil.copytree(SUITE, toy.path / "clustering", ignore=lambda *_: ["__pycache__"])
    (toy.path / "kinds.txt").write_text(KINDS)
    return toy


def run(toy, *arguments):
    """The result, and the JSON report."""
    result = toy.runpytest_inprocess(
        "clustering", "-q", "--harness-report-json=r.json", *arguments
    )
    return result, json.loads((toy.path / "r.json").read_text())


def values(report, metric, **axes):
    """By model, on the least noisy dataset."""
    return {
        row["model"]: row["value"]
        for row in report["measurements"]
        if row["metric"] == metric
        and row["dataset"] == "in0"
        and axes.items() <= row["axes"].items()
    }


def test_assignments_are_an_axis_and_have_a_table(clustering):
    """Two kinds of classes; head and k-means; a stored number is found again."""
    arguments = (
        *("--clustering-by", "head,pixels-raw-init3", "--clustering-k", "3,5"),
        *("--clustering-hierarchy", "kinds.txt", "--harness-families", "in0,in3"),
        *("--harness-models", "sharp", "-k", "ami or acc_hybrid or used or superclass"),
    )
    result, report = run(clustering, *arguments)

    # of 3 assignments on 2 datasets: ami, acc_hybrid, clusters_used, two superclasses
    result.assert_outcomes(passed=3 * 2 * 5, deselected=None)
    assert values(report, "ami", clusters="head", k="3") == {"sharp": 1.0}
    pixels = {"clusters": "pixels-raw-init3-seed0"}
    assert values(report, "acc_hybrid", **pixels, k="3") == {"sharp": 1.0}
    assert values(report, "clusters_used", **pixels, k="5") == {"sharp": 5.0}
    (kinds,) = {
        row["axes"]["kinds"] for row in report["measurements"] if "kinds" in row["axes"]
    }
    assert kinds == "level1"
    superclass = next(
        row
        for row in report["measurements"]
        if row["metric"] == "superclass_accuracy" and row["dataset"] == "in0"
    )
    assert superclass["value"] == 1
    assert float(superclass["facts"]["chance"]) == pytest.approx(2 / 3)
    used = [r for r in report["measurements"] if r["metric"] == "clusters_used"]
    assert {row["label_free"] for row in used} == {True}

    found = report["sections"]["clustering"]["of"]
    assert {(one["clusters"], one["k"]) for one in found} == {
        ("head", "3"),
        ("pixels-raw-init3-seed0", "3"),
        ("pixels-raw-init3-seed0", "5"),
    }
    assert "scorecard" not in report["sections"]
    assert "superclasses on in0" in result.stdout.str()

    again, _ = run(clustering, *arguments)
    again.stdout.fnmatch_lines(["cells: 30 found in the store*"])


def test_another_head_is_a_layer_with_as_many_outputs_as_clusters(clustering):
    """Here the only one, by its own name; pixels are no three logits."""
    result, report = run(
        clustering,
        *("--clustering-by", "head,head@1,head@0", "--harness-families", "in3"),
        *("-k", "acc_hybrid or largest or stability", "--harness-models", "sharp"),
    )

    result.assert_outcomes(passed=2 + 2 + 1, skipped=2 + 2, deselected=None)
    found = {
        (row["metric"], row["axes"]["clusters"]): row["value"]
        for row in report["measurements"]
    }
    for metric in ("acc_hybrid", "largest_cluster"):
        assert found[metric, "head@1"] == found[metric, "head"]
    said = result.stdout.str()
    assert "0 of model sharp has 16 classes, and k is 3: name as many with" in said
    assert "stability over copies of the images is of the head that gives" in said


def test_faiss_makes_clusters_of_features(clustering):
    """Beside scikit-learn's, under its own name."""
    _, report = run(
        clustering,
        *("--clustering-by", "faiss-raw-init5,kmeans-raw-init5", "-k", "ami"),
        *("--harness-families", "in0", "--harness-models", "sharp"),
    )

    assert values(report, "ami", clusters="faiss-raw-init5-seed0") == {"sharp": 1.0}
    assert values(report, "ami", clusters="kmeans-raw-init5-seed0") == {"sharp": 1.0}


def test_faiss_that_is_not_installed_is_said_before_anything_runs(
    clustering, monkeypatch
):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *rest: None if name == "faiss" else there(name, *rest),
    )
    result = clustering.runpytest_inprocess(
        "clustering", "-q", "--clustering-by", "faiss@0-l2-init5"
    )

    assert result.ret != 0
    result.stdout.fnmatch_lines(
        ["*needs faiss: pip install 'pytest-unlabelled?faiss?', or write kmeans@0-*"]
    )


def test_a_collapse_is_called_so(clustering):
    """Of a file of assignments, with larger numbers of clusters than of classes."""
    labels = np.arange(40) % 4
    saved = {"models": ["all", "halves"], "labels": labels}
    saved["predictions"] = np.stack([np.full(40, 6), labels // 2 + 5])
    np.savez(clustering.path / "said.npz", **saved)
    result, report = run(
        clustering,
        *("--harness-outputs", "said.npz", "--clustering-by", "head"),
        *("-k", "acc_majority or entropy or used", "--harness-families", "said"),
    )

    states = {
        one["model"]: (one["collapsed"], one["used"], one["levels"]["acc_majority"])
        for one in report["sections"]["clustering"]["of"]
    }
    assert states["all"][:2] == (1, 1.0)
    level = states["all"][2]
    assert (level["value"], level["chance"], level["beyond"]) == (0.25, 0.25, 0.0)
    assert level["interval"] == pytest.approx(share_interval(labels == 1))
    assert states["halves"][:2] == (0, 2.0)
    assert states["halves"][2]["value"] == 0.5
    result.stdout.fnmatch_lines(["*all*collapsed*", "*halves*2 of 7 used*"])


def test_saved_answers_have_no_pictures(clustering):
    """There is nothing to show, and everything else is there."""
    labels = np.arange(40) % 4
    logits = 3.0 * np.eye(4)[labels]
    np.savez(clustering.path / "said.npz", net=logits, labels=labels)
    result, report = run(
        clustering,
        *("--harness-outputs", "said.npz?role=test", "--clustering-by", "head"),
        *("-k", "acc_majority", "--harness-families", "test"),
        "--harness-report-html=r.html",
    )

    (found,) = report["sections"]["clustering"]["of"]
    assert found["levels"]["acc_majority"]["value"] == 1.0
    (pictured,) = report["sections"]["clustering"]["pictured"]
    assert [cluster["best"] for cluster in pictured["of"]] == [[]] * 4
    assert "images of each class" in (clustering.path / "r.html").read_text()
    assert "could not be made" not in result.stdout.str()


def test_clusters_stand_beside_neighbours_and_probes(clustering):
    """Of both suites in one run, on the features of the head."""
    shutil.copytree(
        SUITE.parent / "representation",
        clustering.path / "representation",
        ignore=lambda *_: ["__pycache__"],
    )
    result, report = run(
        clustering,
        *("representation", "--clustering-by", "head", "--harness-families", "in0"),
        *("-k", "acc_hybrid or test_knn or test_linear_probe"),
        *("--representation-knn", "k1-majority-cosine", "--harness-models", "soft"),
    )

    (frozen,) = report["sections"]["clustering"]["frozen"]
    clusters, near, linear = frozen["columns"]
    assert (clusters, linear) == ("head, k 3", "linear")
    assert near.startswith("kNN ")
    said = {row["metric"]: row["value"] for row in report["measurements"]}
    assert frozen["models"]["soft"] == [
        *(said["acc_hybrid"], said["knn"], said["linear_probe"])
    ]
    result.stdout.fnmatch_lines(["the same frozen networks on in0 (%)"])


@pytest.mark.parametrize(
    ("selected", "k", "state"),
    [
        ("ami", "1,2", ["collapsed", None]),
        ("entropy", "1,2", ["collapsed", ""]),
        ("used", "1,2", ["collapsed", None]),
    ],
)
def test_one_cluster_has_collapsed_whatever_was_measured(
    clustering, selected, k, state
):
    """Of two the entropy alone tells; without it the table says what was missing."""
    result, report = run(
        clustering,
        *("--clustering-by", "pixels-raw-init2", "--clustering-k", k),
        *("-k", f"{selected} and sharp", "--harness-families", "in0"),
    )

    collapsed = [one["collapsed"] for one in report["sections"]["clustering"]["of"]]
    assert collapsed == [1, None if state[1] is None else 0]
    result.stdout.fnmatch_lines(["sharp*pixels-raw* 1 *collapsed"])
    missing = "assignment_entropy, which tells a collapse, was not measured"
    said = " ".join(result.stdout.str().split())
    assert (missing in said) == (state[1] is None)


def test_every_measure_is_in_a_table_with_its_interval(clustering):
    """Nothing that was measured is left out of the files of tables."""
    result, report = run(
        clustering,
        *("--clustering-by", "pixels-raw-init2", "--harness-families", "in1"),
        *("--harness-models", "sharp", "--harness-tables-csv=csv"),
        *("-k", "not superclass and not recall"),
    )

    shown = {}
    for name in ("clusters", "where-clusters-lie"):
        path = clustering.path / "csv" / f"clustering-{name}-on-in1.csv"
        with path.open(newline="") as file:
            (row,) = csv.DictReader(file)
        shown |= row
    rows = report["measurements"]
    assert len(rows) == 21
    short = dict(
        zip(
            ("clusters_used", "assignment_entropy", "largest_cluster"), USE, strict=True
        )
    )
    for row in rows:
        name = short.get(row["metric"], row["metric"])
        column = name if name in shown else f"{name} value"
        assert float(shown[column]) == row["value"]
        if row["interval"]:
            low, high = (float(shown[f"{name} 95 % {end}"]) for end in ("low", "high"))
            assert [low, high] == row["interval"]
    assert sum(bool(row["interval"]) for row in rows) == 14
    result.stdout.fnmatch_lines(["where clusters lie on in1*"])


def test_what_is_seen_without_labels_is_held_against_labels_over_k(clustering):
    """Of pixels, which both networks share: one clustering for each number."""
    _, report = run(
        clustering,
        *("--clustering-by", "head,pixels-raw-init2", "--clustering-k", "2,3,4,6"),
        *("-k", "silhouette or acc_one_to_one", "--harness-families", "in1"),
    )

    (told,) = report["sections"]["clustering"]["told"]  # two heads are too few
    by_k = {
        metric: [
            next(
                row["value"]
                for row in report["measurements"]
                if row["metric"] == metric and row["axes"]["k"] == k
                if row["axes"]["clusters"].startswith("pixels")
            )
            for k in ("2", "3", "4", "6")
        ]
        for metric in ("silhouette", "acc_one_to_one")
    }
    assert (told["models"], told["clusterings"]) == (1, 4)
    assert told["measure"] == "silhouette"
    (found,) = told["by_judge"].values()
    assert found["value"] == pytest.approx(spearmanr(*by_k.values()).statistic)
    assert "needs 5 models, got 1" in found["interval"]["reason"]


def test_what_an_encoder_or_a_base_lacks_is_skipped_with_the_reason(clustering):
    """Superclasses of a base without a hierarchy."""
    result, _ = run(
        clustering, "-k", "superclass and sharp", "--harness-families", "in0"
    )

    result.assert_outcomes(skipped=6, deselected=None)
    result.stdout.fnmatch_lines(["*--clustering-hierarchy FILE*"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--clustering-by", "kmeans"), "*must be of head*got 'kmeans'*"),
        (("--clustering-k", "0"), "*must be whole numbers from 1*got '0'*"),
        (("--clustering-hierarchy", "none.txt"), "*hierarchy of classes not found*"),
        (
            ("--clustering-hierarchy", "kinds.txt", "--clustering-kinds", "levl1"),
            "*unknown kind of classes 'levl1'*level1*",
        ),
    ],
)
def test_bad_options_are_refused_before_anything_runs(clustering, arguments, words):
    result = clustering.runpytest_inprocess("clustering", "-q", *arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines([words])


def test_recall_by_class_has_an_axis_of_classes(clustering):
    """On request by its own name alone."""
    _, report = run(
        clustering,
        *("-k", "recall_by_class and sharp", "--clustering-by", "head"),
        *("--harness-families", "in0"),
    )

    rows = report["measurements"]
    assert [row["axes"]["of"] for row in rows] == ["a", "b", "c"]
    assert {row["value"] for row in rows} == {1.0}


def test_a_cluster_says_why_it_counts_as_another_class_than_most_of_it(clustering):
    """Cluster 1 has more of class a, which the matching gave to cluster 0."""
    labels = np.array([0] * 9 + [1] * 3)
    saved = {"models": ["net"], "labels": labels, "predictions": [[0] * 5 + [1] * 7]}
    np.savez(clustering.path / "said.npz", **saved)
    _, report = run(
        clustering,
        *("--harness-outputs", "said.npz?role=test", "--clustering-by", "head"),
        *("-k", "acc_hybrid", "--harness-families", "test"),
    )

    (pictured,) = report["sections"]["clustering"]["pictured"]
    said = {
        one["number"]: (one["stands_for"], one["majority"]) for one in pictured["of"]
    }
    assert said == {0: ("0", "0"), 1: ("1", "0")}


def test_clusters_of_the_test_split_are_pictured(clustering):
    """For a page: the best and any images of each, and clusters against classes."""
    conftest = (clustering.path / "conftest.py").read_text()
    clustering.makeconftest(
        f"{conftest}\n    registry.add_dataset("
        "'test', base='toy', domain='interior', load=lambda: images(5))\n"
    )
    _, report = run(
        clustering,
        *("--harness-families", "test", "--harness-models", "sharp"),
        *("--clustering-by", "head,pixels-raw-init3", "-k", "acc_hybrid"),
    )
    of_head, of_pixels = report["sections"]["clustering"]["pictured"]

    assert (of_head["clusters"], of_head["dataset"]) == ("head", "test")
    assert of_head["used"] == len(of_head["of"]) == 3
    for one in of_head["of"]:  # the head of this one is always right
        assert one["purity"] == 1
        assert one["inside"] == f"{one['images']} of {one['stands_for']}"
        assert {p["text"] for p in one["best"] + one["some"]} == {one["stands_for"]}
    assert [row[0] for row in of_head["matrix"]] == [0, 1, 2]
    assert [sum(row[1:]) for row in of_pixels["matrix"]] == [
        next(o["images"] for o in of_pixels["of"] if o["number"] == row[0])
        for row in of_pixels["matrix"]
    ]
