"""Measures of embeddings as tests: any layer, any model, no classes, and no labels."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.metrics.embeddings.rankme import rankme

SUITE = Path(__file__).parents[2] / "suites" / "representation"
NAMES = {
    *("alignment", "cluster_learnability", "coherence", "effective_rank", "lidar"),
    *("intrinsic_dimension", "nesum", "participation_ratio", "rankme", "stable_rank"),
    *("self_clustering", "uniformity"),  # and alpha_req, of 11 features and more
}
ENCODER = """
import torch

def encoder():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(16, 12), torch.nn.Tanh(),
        torch.nn.Linear(12, 5),
    )

def small(): return classifier(4)
def large(): return classifier(30)

def classifier(width):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(16, width), torch.nn.Tanh(),
        torch.nn.Linear(width, 3),
    )
"""


def _others(folder, names):
    """Tests of the suite's that are not of embeddings."""
    tests = {name for name in names if name.startswith("test_")}
    return {"__pycache__", *tests} - {"test_embeddings.py"}


@pytest.fixture
def embeddings(toy):
    """The toy grid with the suite, of its tests these alone, and an encoder."""
    (toy.path / "test_suite.py").unlink()
    (toy.path / "enc.py").write_text(ENCODER)
    shutil.copytree(SUITE, toy.path / "mine", ignore=_others)
    return toy


def measured(toy, *arguments):
    """The result, and rows by model, metric and layer."""
    path = toy.path / "r.json"
    result = toy.runpytest_inprocess("-q", f"--harness-report-json={path}", *arguments)
    rows = json.loads(path.read_text())["measurements"]
    return result, {(r["model"], r["metric"], r["axes"].get("layer")): r for r in rows}


def test_they_run_on_request_alone(embeddings):
    """Named by -k or by the file; a run of everything has none."""
    result = embeddings.runpytest_inprocess("-q")
    result.assert_outcomes(deselected=13)

    result, rows = measured(embeddings, "-k", "rankme", "--harness-families=in0,in1")
    assert {metric for _, metric, _ in rows} == {"rankme"}
    assert {model for model, _, _ in rows} == {"sharp", "soft"}


def test_an_encoder_is_measured_at_every_layer(embeddings):
    """By name of its parts; nothing here asks for a class."""
    result, rows = measured(
        embeddings,
        "mine",
        "--harness-model=enc.py:encoder?kind=encoder&mean=0.3&std=0.4",
        "--harness-families=in1",
        "--harness-layers=1,head",
        "-rs",
    )

    assert {(metric, layer) for _, metric, layer in rows} == {
        *((name, layer) for name in NAMES for layer in ("1", "head")),
        ("alpha_req", "1"),  # of twelve features
    }
    assert all(row["label_free"] for row in rows.values())
    assert "the slope from rank 11 on needs 2 ranks" in result.stdout.str()


def test_a_measure_is_of_the_features_of_its_layer(embeddings):
    """As a test that takes them itself has it, and not those of the head."""
    embeddings.makepyfile(
        test_mine="from harness.metrics.embeddings.rankme import rankme as f\n"
        "from harness.metrics.spec import Ask, Metric, Trend\n"
        "def fixed(features): return f(features)\n"
        "FIXED = Metric(fn=fixed, inputs=(Ask('features', layer='0'),),\n"
        "    bounds=(0, 99), trend=Trend.RISES, source='')\n"
        "def test_mine(predictions, layer, record):\n"
        "    record('mine', f(predictions.features(layer=layer)))\n"
        "def test_fixed(measure, layer): measure(FIXED)\n"
        "def test_pixels(predictions, record):\n"
        "    record('pixels', f(predictions.features(layer='0')))\n"
    )
    _, rows = measured(
        embeddings,
        *("-k", "rankme or mine or fixed or pixels", "--harness-families=in1"),
        *("--harness-models=sharp", "--harness-layers=0,1,head"),
    )
    value = {place[1:]: row["value"] for place, row in rows.items()}

    for layer in ("0", "1", "head"):
        assert value["rankme", layer] == value["mine", layer]
        # A metric that says where is measured there.
        assert value["fixed", layer] == value["pixels", None]
    assert value["rankme", "1"] != value["rankme", "head"]


def test_a_collapsed_encoder_is_skipped_by_name(embeddings):
    """And features with NaN are refused."""
    (embeddings.path / "bad.py").write_text(
        "import torch\n"
        "class Constant(torch.nn.Module):\n"
        "    def __init__(self, value):\n"
        "        super().__init__()\n"
        "        self.last = torch.nn.Linear(16, 4)\n"
        "        torch.nn.init.zeros_(self.last.weight)\n"
        "        torch.nn.init.constant_(self.last.bias, value)\n"
        "    def forward(self, images):\n"
        "        return self.last(images.flatten(1))\n"
        "def ones(): return Constant(1.0)\n"
    )
    result, rows = measured(
        embeddings,
        "mine",
        *("--harness-model=bad.py:ones?kind=encoder&mean=0.3&std=0.4", "-rs"),
        "--harness-families=in1",
    )
    text = result.stdout.str().replace("\n", " ")

    assert rows["ones", "rankme", "head"]["value"] == pytest.approx(
        rankme(np.ones((60, 4)))
    )
    assert rows["ones", "alignment", "head"]["value"] == 0
    assert "the features have collapsed: those of all 60 images are equal" in text
    assert ("ones", "nesum", "head") not in rows


def test_metrics_are_held_against_outcomes_over_models(embeddings):
    """With the model that each picks, and what that costs; a gate can be set on it."""
    spec = "--harness-model=enc.py:{}?mean=0.3&std=0.4"
    result, _ = measured(
        embeddings,
        *("mine", "-k", "rankme or coherence", "--harness-families=in2"),
        *(spec.format("small"), spec.format("large"), "--harness-models=sharp"),
        f"{spec.format('encoder')}&kind=encoder",
        "--harness-gate=choosing.lost by rankme[layer=head] for accuracy on in2 < 90%",
        "--harness-gate=choosing.tau of coherence[layer=head] for accuracy on in2 > 1",
    )
    text = result.stdout.str()
    report = json.loads((embeddings.path / "r.json").read_text())
    found = {
        (c["metric"], c["outcome"]): c for c in report["sections"]["choosing"]["of"]
    }

    assert "metrics without labels against accuracy over models, on in2" in text
    one = found["rankme", "accuracy"]
    assert one["models"] == ["large", "sharp", "small"]  # an encoder has no accuracy
    assert one["values"][0] > one["values"][2]
    assert one["picked"]["model"] == one["models"][int(np.argmax(one["values"]))]
    best, picked = max(one["outcomes"]), one["picked"]
    assert picked["lost"] == pytest.approx(best - picked["outcome"])
    assert -1 <= one["spearman"]["value"] <= 1
    assert "needs 5 models, got 3" in one["spearman"]["interval"]["reason"]
    assert "neither way" in found["coherence", "accuracy"]["picked"]["reason"]
    first, second = report["verdicts"]
    assert (first["passed"], second["passed"]) == (True, False)
    assert first["value"] == picked["lost"]


def test_several_datasets_have_a_summary(embeddings):
    """Medians, and on how many of them the best model was picked."""
    spec = "--harness-model=enc.py:{}?mean=0.3&std=0.4"
    result, _ = measured(
        embeddings,
        *("mine", "-k", "nesum", "--harness-families=in*", "--harness-models=sharp"),
        *(spec.format("small"), spec.format("large")),
    )
    report = json.loads((embeddings.path / "r.json").read_text())
    found = report["sections"]["choosing"]["of"]
    taus = [one["kendall"]["value"] for one in found]
    right = sum(one["picked"]["lost"] == 0 for one in found)
    (section,) = [one for one in report["shown"] if one["name"] == "choosing"]
    shown = {part.get("title", ""): part for part in section["parts"]}

    assert len(found) == 4
    (title,) = [name for name in shown if name.endswith("by dataset")]
    (row,) = shown[title]["rows"]
    assert row[0] == "nesum[layer=head]"
    assert row[3] == pytest.approx(np.median(taus))
    assert row[-1] == f"{right} of 4"
    assert "by dataset" in result.stdout.str()
