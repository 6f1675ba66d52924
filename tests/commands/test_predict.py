"""`harness predict`: one command from a folder to an accuracy with an interval."""

import json
import subprocess
import sys

import numpy as np
import pytest

from harness.commands.predict_metrics import chosen
from harness.datasets.readers.digits import read_digits
from harness.errors import UnknownName
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
    with pytest.raises(UnknownName, match="unknown metric 'top_5'"):
        chosen("top_5", registry)
