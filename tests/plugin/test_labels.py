"""Scores that labels were used for: noticed on every way, and kept apart."""

import json

import pytest

SUITE = """
import copy
import dataclasses
import pytest

@pytest.fixture
def asks(accuracy):
    return accuracy

@pytest.fixture(scope="session")
def keeps(dataset):
    return dataset.labels()

@pytest.fixture(scope="session")
def gets(request):
    return request.getfixturevalue("accuracy")

@pytest.fixture
def pixels(dataset):
    return dataset.load().pixels

def score(predictions):
    return float(predictions.probs().max(axis=1).mean())

{test}
"""
# By name: a test that gets at the labels of the images it is about.
WAYS = {
    "fixture": "(accuracy, record): record('cheat', accuracy or 0.5)",
    "fixture_of_ours": "(asks, record): record('cheat', asks or 0.5)",
    "fixture_that_lasts": "(keeps, record): record('cheat', float(keeps[0]))",
    "fixture_that_gets": "(gets, record): record('cheat', gets)",
    "while_it_runs": "(request, record):\n"
    "    record('cheat', request.getfixturevalue('accuracy'))",
    "kept_while_it_runs": "(request, record):\n"
    "    record('cheat', float(request.getfixturevalue('keeps')[0]))",
    "truth": "(dataset, record): record('cheat', dataset.truth(3).chance())",
    "labels": "(dataset, record): record('cheat', float(dataset.labels()[0]))",
    "content": "(dataset, record): record('cheat', float(dataset.load().labels[0]))",
    "copy": "(dataset, record):\n"
    "    record('cheat', float(dataclasses.replace(dataset, name='x').labels()[0]))",
    "whole_copy": "(dataset, record):\n"
    "    record('cheat', float(copy.deepcopy(dataset).labels()[0]))",
    "run": "(model, dataset, record):\n"
    "    record('cheat', float(model.run.datasets[dataset.name].labels()[0]))",
    "predictions": "(predictions, record):\n"
    "    record('cheat', float(predictions._dataset.labels()[0]))",
    "afterwards": "(dataset, predictions, record):\n"
    "    record('cheat', score(predictions)); dataset.labels()",
}
FREE = {
    "plain": "(predictions, record): record('cheat', score(predictions))",
    "pixels": "(pixels, record): record('cheat', float(pixels.mean()))",
    "size": "(dataset, record): record('cheat', float(dataset.size()))",
    "source": "(source, record): record('cheat', float(source.labels.mean()))",
}


def report(toy, test, *arguments):
    """What a run of one test recorded, and what it printed."""
    toy.makepyfile(test_suite=SUITE.replace("{test}", test))
    result = toy.runpytest_inprocess("--harness-report-json=r.json", *arguments)
    return result, json.loads((toy.path / "r.json").read_text())


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_the_labels_is_noticed(toy, way):
    """Every cell, in the first run and from the store; no fit, rank or prediction."""
    for _ in range(2):
        result, found = report(
            toy, f"def test_cheat{WAYS[way]}", "--harness-families=in0,out0"
        )

        assert result.ret == 0
        assert len(found["measurements"]) == 4
        assert not any(m["label_free"] for m in found["measurements"])
        assert all(m["accuracy"] is not None for m in found["measurements"])
        assert found["ranks"] == found["predictions"] == []
        assert all("reason" in row["interior"] for row in found["correlations"])
        assert not any(row["points"] for row in found["correlations"])
        assert {(s["metric"], s["datasets"]) for s in found["label_scores"]} == {
            ("cheat", 2)
        }
        result.stdout.fnmatch_lines(["*scores with labels, not ranked*", "*cheat*"])
    assert found["counts"]["stored"] == 4


@pytest.mark.parametrize("way", FREE)
def test_what_looks_at_no_label_is_ranked(toy, way):
    """Pixels, sizes and the source's labels are free."""
    result, found = report(toy, f"def test_cheat{FREE[way]}")

    assert result.ret == 0
    assert all(m["label_free"] for m in found["measurements"])
    assert [rank["metric"] for rank in found["ranks"]] == ["cheat"]
    assert found["label_scores"] == []


def test_a_score_with_labels_does_not_win_the_ranking(toy):
    """Beside a metric it is in a table of its own; the metric is ranked alone."""
    tests = "def test_cheat{}\n\ndef test_fair{}".format(
        WAYS["while_it_runs"], FREE["plain"].replace("cheat", "fair")
    )
    files = "--harness-report-md=r.md", "--harness-report-html=r.html"
    gate = "--harness-gate=cheat: interior r2 >= 0"
    result, found = report(toy, tests, gate, *files)

    assert [rank["metric"] for rank in found["ranks"]] == ["fair"]
    for name in ("r.md", "r.html"):
        text = (toy.path / name).read_text().lower()
        assert "scores with labels, not ranked" in text
    free = {m["metric"]: m["label_free"] for m in found["measurements"]}
    assert free == {"cheat": False, "fair": True}
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*cheat*cannot be judged: its test looks at labels*"])


def test_a_target_is_not_predicted_from_a_score_with_labels(toy):
    """A predictor of an unlabelled set is made of label-free metrics alone."""
    conftest = (toy.path / "conftest.py").read_text()
    toy.makeconftest(
        conftest
        + """
    registry.add_dataset(
        "night", base="toy", domain="target", load=lambda: images(90, seed=7)[0],
    )
"""
    )
    tests = "def test_cheat{}\n\ndef test_fair{}".format(
        WAYS["fixture"], FREE["plain"].replace("cheat", "fair")
    )

    _, found = report(toy, tests, "--harness-families=in*,out*,night")

    assert found["predictions"]
    for one in found["predictions"]:
        assert one["predictor"]["metrics"] == ["fair"]


def test_labels_of_one_dataset_make_a_score_one_with_labels(toy):
    """What is left of it is no metric of its own: not fitted, and gates say why."""
    test = """def test_cheat(predictions, dataset, record):
    extra = dataset.labels()[0] if dataset.name == "in0" else 0
    record("cheat", score(predictions) + extra)
"""
    for _ in range(2):
        gate = "--harness-gate=cheat: exterior r2 >= 0"
        result, found = report(toy, test, gate)

        assert result.ret == 1
        assert found["ranks"] == []
        assert not any(m["label_free"] for m in found["measurements"])
        assert {s["datasets"] for s in found["label_scores"]} == {7}
        result.stdout.fnmatch_lines(["*cheat*cannot be judged: its test looks at lab*"])


def test_two_tests_of_one_name_are_not_one_score(toy):
    """Their values are not pooled."""
    tests = (
        'def test_one(accuracy, record): record("cheat", 0.5)\n\n'
        'def test_two(accuracy, record): record("cheat", 0.7)'
    )

    _, found = report(toy, tests, "--harness-models=soft")

    rows = [(s["datasets"], s["low"], s["high"]) for s in found["label_scores"]]
    assert sorted(rows) == [(7, 0.5, 0.5), (7, 0.7, 0.7)]
