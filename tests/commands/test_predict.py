"""`harness predict`: one command from a folder to an accuracy with an interval."""

import argparse
import json
import subprocess
import sys

import numpy as np
import pytest

from harness.commands import predict as predicting
from harness.commands.predict_metrics import chosen
from harness.datasets.readers.digits import read_digits
from harness.errors import HarnessError, UnknownName
from harness.registry import Registry


def predict(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "harness", "predict", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_folder_gets_an_accuracy_with_an_interval(tmp_path):
    """Labels beside the images are not looked at, and the interval holds the truth."""
    writers = read_digits("writers")
    camera = tmp_path / "camera"
    camera.mkdir()
    np.save(camera / "data.npy", (writers.pixels * 0.9).astype(np.uint8))
    np.save(camera / "labels.npy", 9 - writers.labels)  # wrong on purpose

    result = predict(
        tmp_path,
        *("--model", "linear", "--data", "camera", "--interior", "12"),
        *("--metrics", "nuclear_norm,entropy", "--at-least", "20%"),
        "--harness-report-json=r.json",
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "all 2 metrics" in result.stdout
    found = json.loads((tmp_path / "r.json").read_text())
    (both,) = [p for p in found["predictions"] if len(p["predictor"]["metrics"]) == 2]
    assert both["accuracy"] is None
    assert both["images"] == len(writers.labels)
    assert both["prediction"]["low"] <= 0.9 <= both["prediction"]["high"]


def test_missing_data_end_the_run_before_it_starts(tmp_path):
    result = predict(tmp_path, "--model", "linear", "--data", "nowhere")

    assert result.returncode == 2
    assert "data nowhere not found" in result.stderr + result.stdout


@pytest.fixture
def options(monkeypatch):
    """What a command line gives pytest."""
    started = []
    monkeypatch.setattr(predicting, "run_pytest", lambda *a: started.extend(a) or 0)

    def of(*arguments):
        started.clear()
        parser = argparse.ArgumentParser()
        predicting.add_arguments(parser)
        found = parser.parse_args(["--model", "linear", *arguments])
        predicting.run(argparse.Namespace(**vars(found), pytest=[]))
        return list(started)

    return of


@pytest.mark.parametrize(
    ("asked", "each"), [(1, 1), (2, 1), (4, 1), (5, 2), (40, 10), (80_000, 20_000)]
)
def test_an_interior_is_a_quarter_from_each_pool_rounded_up(options, asked, each):
    given = options("--data", "d", "--interior", str(asked))

    assert f"--harness-interior={each}" in given


@pytest.mark.parametrize("asked", [-3, -1, 80_001])
def test_an_interior_that_cannot_be_is_refused_by_name(options, asked):
    """Below 0 it was taken for none."""
    with pytest.raises(
        HarnessError, match=rf"--interior must be 0 to 80,000, got {asked}$"
    ):
        options("--data", "d", "--interior", str(asked))


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("tree", "tree?role=target"),
        ("tree?name=a", "tree?name=a&role=target"),
        ("tree?role=target", "tree?role=target"),
    ],
)
def test_data_are_targets(options, typed, given):
    assert f"--harness-data={given}" in options("--data", typed)


@pytest.mark.parametrize(
    "model", ["net.pt2", "script.pt", "weights.safetensors", "my.py:net", "hub:a/b:c"]
)
def test_files_are_models_of_ones_own(options, model):
    """Those of weights or a TorchScript too, whose refusal says what to write."""
    given = options("--data", "d", "--model", model)

    assert f"--harness-model={model}" in given
    assert "--harness-models=linear" in given


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("tree?role=exterior", "no role but target, .*, got 'tree.role=exterior'; lea"),
        ("tree?", "must give a fact after the question mark, got 'tree.';"),
        ("tree?nam=a", "unknown fact 'nam' in 'tree.nam=a'; did you mean name"),
    ],
)
def test_data_are_refused_as_they_were_typed(options, typed, problem):
    """Nothing that the command adds is in the message."""
    with pytest.raises(HarnessError, match=f"--data .*{problem}"):
        options("--data", typed)


def test_metrics_of_views_copies_and_tasks_can_be_asked_for():
    """By default none of them is run: each costs many passes, or training."""
    registry = Registry()
    known = registry.metrics
    quick = chosen("", registry)

    assert {"nuclear_norm", "atc_mc", "frechet_distance"} < set(quick)
    assert all(known[name].label_free and not known[name].costly for name in quick)
    assert not any(ask.view for name in quick for ask in known[name].inputs)
    costly = ("rotation_invariance", "neighborhood_invariance", "jigsaw_prediction")
    assert set(chosen(",".join(costly), registry)) == set(costly)


@pytest.mark.parametrize(
    ("name", "lacking"),
    [
        ("top_5", "labels"),
        ("agreement", "other networks to compare with"),
        ("pretext_prediction", "a pretext task that a test names"),
    ],
)
def test_a_metric_that_is_known_is_told_what_it_lacks(name, lacking):
    with pytest.raises(HarnessError, match=f"got '{name}', which asks for {lacking};"):
        chosen(f"entropy,{name}", Registry())
    assert name not in chosen("*", Registry())


def test_a_metric_that_nobody_knows_is_named():
    with pytest.raises(UnknownName, match="unknown metric 'entropi'; did you mean ent"):
        chosen("entropi", Registry())
