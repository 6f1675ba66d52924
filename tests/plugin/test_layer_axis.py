"""The `layer` fixture: a test a layer, an axis of its rows, one pass for all."""

import json
import re
from pathlib import Path

import pytest

from harness.answers.predictions import Predictions

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
NETWORKS = """
import torch
from harness.models.layers import Layer

class Deep(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stage1 = torch.nn.Conv2d(1, 4, 3)
        self.stage2 = torch.nn.Conv2d(4, 6, 2)
        self.fc = torch.nn.Linear(6, 3)

    def forward(self, images):
        return self.fc(self.stage2(self.stage1(images).relu()).mean((2, 3)))

def pytest_harness_register(registry):
    registry.add_base_entry(TOY)
    registry.add_model(
        "deep", base="toy", build=Deep, head="fc", mean=(0.5,), std=(1.0,),
    )
    registry.add_model(
        "flat", base="toy", build=lambda: network(2.0), head="1", mean=(0.5,),
        std=(1.0,),
    )
    for i in range(2):
        registry.add_dataset(
            f"in{i}", base="toy", domain="interior", load=lambda i=i: images(20, seed=i)
        )
"""
SUITE = """
def test_width(predictions, layer, record):
    record("width", predictions.features(layer=layer).shape[1])

def test_logits(predictions, record):
    record("largest", predictions.logits().max())
"""


@pytest.fixture
def deep(toy):
    """The toy grid with a network of two stages and one of a single linear layer."""
    conftest = (toy.path / "conftest.py").read_text()
    toy.makeconftest(conftest.partition("def pytest_harness_register")[0] + NETWORKS)
    toy.makeini("[pytest]\nharness_base = toy\nharness_families = in*\n")
    toy.makepyfile(test_suite=SUITE)
    return toy


def rows(toy, *arguments):
    """(model, dataset, layer) to the value, in the report's order; and the run."""
    path = toy.path / "report.json"
    path.unlink(missing_ok=True)
    result = toy.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    found = json.loads(path.read_text())["measurements"] if path.exists() else []
    return result, {
        (row["model"], row["dataset"], row["axes"]["layer"]): row["value"]
        for row in found
        if row["metric"] == "width"
    }


@pytest.fixture
def passes(monkeypatch):
    """Datasets of the forward passes of this process, one entry a pass."""
    seen = []
    run = Predictions._run

    def counted(self, view, layer):
        seen.append((self._network().name, self._dataset.name, view.name))
        return run(self, view, layer)

    monkeypatch.setattr(Predictions, "_run", counted)
    return seen


def test_by_default_the_layer_is_what_enters_the_head(deep):
    """And no network is looked into for it."""
    result, found = rows(deep, "-v")

    assert result.ret == 0
    assert found == {
        (model, dataset, "head"): width
        for model, width in (("deep", 6), ("flat", 16))
        for dataset in ("in0", "in1")
    }
    result.stdout.fnmatch_lines(["*test_width[[]deep-in0-head[]]*"])


def test_rows_of_layers_come_in_the_order_that_they_run(deep):
    """Whatever the order of the option; the head last."""
    _, found = rows(deep, "--harness-layers=head,stage?,stage1-grid", "-k", "deep-in0")

    layers = [layer for _, _, layer in found]
    assert layers == ["stage1", "stage1-grid", "stage2", "head"]
    assert [*found.values()] == [4, 16, 6, 6]


def test_all_layers_of_a_pair_are_one_pass(deep, passes):
    """Though logits are asked for before them, and each layer by a test of its own."""
    deep.makepyfile(test_suite=f"{SUITE}\ndef test_first(accuracy, record): pass\n")
    result, found = rows(deep, "--harness-layers=*", "--harness-models=deep")

    assert result.ret == 0
    assert len(found) == 8  # stage1, stage2, fc and head of two datasets
    assert sorted(passes) == [("deep", "in0", "identity"), ("deep", "in1", "identity")]


def test_a_layer_asked_for_without_the_fixture_costs_a_second_pass(deep, passes):
    """Nobody could know of it before."""
    deep.makepyfile(
        test_suite="def test_a(predictions, record):\n"
        "    record('x', predictions.features(layer='stage1').mean())\n"
    )
    result, _ = rows(deep, "--harness-models=deep", "-k", "in0")

    assert result.ret == 0
    assert len(passes) == 2


def test_a_model_without_the_chosen_layers_is_skipped_and_says_why(deep):
    """Once a dataset; the others are measured."""
    result, found = rows(deep, "--harness-layers=stage*", "-rs")

    assert {model for model, _, _ in found} == {"deep"}
    text = result.stdout.str()
    assert "model flat has no layer stage*; it has 0, 1, head" in text
    assert result.parseoutcomes()["skipped"] == 2


def test_a_name_of_no_layer_is_a_usage_error(deep):
    """With close matches, before anything runs."""
    result, _ = rows(deep, "--harness-layers=stag2")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unknown layer 'stag2'; did you mean stage2*"])


def test_cells_of_layers_are_found_in_the_store(deep):
    """Each under its own key."""
    rows(deep, "--harness-layers=stage*,head")
    result, found = rows(deep, "--harness-layers=head,stage2", "-v")

    assert len(found) == 6
    assert result.stdout.str().count("(stored)") == 10  # and 4 of logits


def test_a_parameter_of_a_test_s_own_is_no_layer_of_ours(deep):
    """It is an axis of the same name, and of the user's own values."""
    deep.makepyfile(
        test_suite="import pytest\n"
        "@pytest.mark.parametrize('layer', ['a', 'b'])\n"
        "def test_a(layer, record):\n    record('width', 1)\n"
    )
    _, found = rows(deep, "--harness-models=deep", "-k", "in0")

    assert [layer for _, _, layer in found] == ["a", "b"]


def test_workers_measure_the_same_layers(deep):
    """Each finds them by itself."""
    _, alone = rows(deep, "--harness-layers=*", "--harness-store=one")
    path = deep.path / "report.json"
    deep.runpytest_subprocess(
        "-n2",
        "--harness-layers=*",
        "--harness-store=two",
        f"--harness-report-json={path}",
    )
    spread = json.loads(path.read_text())["measurements"]

    assert {
        (row["model"], row["dataset"], row["axes"]["layer"]): row["value"]
        for row in spread
        if row["metric"] == "width"
    } == alone


def test_the_example_of_the_docs_runs(toy):
    """On a network of the harness, with its stages and its head."""
    text = PAGE.read_text().partition("## Layers")[2]
    code = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)
    options = re.search(r"--harness-layers '(.*?)'", text)
    toy.makeini("[pytest]\n")
    toy.makepyfile(test_layers=code[1])
    path = toy.path / "report.json"
    toy.runpytest_inprocess(
        "test_layers.py",
        f"--harness-layers={options[1]}",
        "--harness-base=digits",
        "--harness-models=lenet",
        "--harness-families=test",
        "--harness-max-images=50",
        f"--harness-report-json={path}",
    )
    found = json.loads(path.read_text())["measurements"]
    assert [row["axes"]["layer"] for row in found] == ["stage1", "stage2", "head"]
