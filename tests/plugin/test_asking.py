"""`measure` answers every ask: layers, views, copies, heads, peers, the train split."""

import json

import numpy as np
import pytest

from harness.answers.predictions import Predictions
from harness.tasks.heads import Head

SUITE = """
import json
from pathlib import Path
import numpy as np
import pytest
from harness.metrics import Ask, Input, Metric, Trend

def declared(*inputs, name="shapes"):
    def fn(*arrays):
        seen.extend(np.shape(array) for array in arrays)
        return float(len(arrays))
    fn.__name__ = name
    return Metric(fn=fn, inputs=inputs, bounds=(0, 9), trend=Trend.NONE, source="here")

seen = []
"""


@pytest.fixture
def shapes(toy):
    """From the inputs of a metric, as source, to the shapes that it was handed."""

    def shapes(inputs, *arguments, extra="", call="measure(METRIC)"):
        toy.makepyfile(
            test_suite=f"{SUITE}\nMETRIC = declared({inputs})\n{extra}\n"
            f"def test_shapes(measure{', task' if 'def task' in extra else ''}):\n"
            f"    {call}\n"
            "    Path('shapes.json').write_text(json.dumps(seen))\n"
        )
        result = toy.runpytest_inprocess(
            "--harness-models=sharp", "-k", "in0", "-rs", *arguments
        )
        path = toy.path / "shapes.json"
        found = json.loads(path.read_text()) if path.exists() else None
        return result, found

    return shapes


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("'features', Ask('features', layer='0')", [[60, 16], [60, 16]]),
        ("Ask('features', of='train'), Ask('labels', of='train')", [[60, 16], [60]]),
        ("Ask('predicted', of='train'), Ask('probs', of='train')", [[60], [60, 3]]),
        ("Input.COPY_PROBS, Ask('logits', view='copies')", [[10, 60, 3]] * 2),
    ],
)
def test_each_ask_is_answered(shapes, inputs, expected):
    """In the order of the inputs."""
    result, found = shapes(inputs)

    assert result.ret == 0
    assert found == expected


def untrained(features, recipe, *, tell):
    """A head of zeros; training imports what nested runs cannot import twice."""
    t, _, d = features.shape
    nothing = np.zeros((t, d), dtype=np.float32), np.zeros(t, dtype=np.float32)
    return Head(weight=nothing[0], bias=nothing[1], held_out_accuracy=0.5, epoch=1)


def test_views_are_those_of_the_test_or_of_its_task(shapes, monkeypatch):
    """A head answers under each view of the task, the others under those that move."""
    monkeypatch.setattr("harness.tasks.heads.train_head", untrained)
    both = "Input.VIEW_PROBS, Ask('features', view='views'), Input.HEAD_LOGITS"
    rotation = "import pytest\n@pytest.fixture(params=['rotation'])\ndef task(request):"
    _, found = shapes(
        both, extra=f"{rotation}\n    return request.param", call="measure(METRIC)"
    )
    assert found == [[3, 60, 3], [3, 60, 16], [4, 60, 4]]
    result, _ = shapes("Input.VIEW_PROBS")
    result.stdout.fnmatch_lines(["*this metric needs `views`*"])


def test_a_record_is_taken_from_a_population(shapes):
    """No cell of a model and a dataset has one."""
    result, _ = shapes("Ask('record')")
    result.stdout.fnmatch_lines(["*TypeError*`measure` has no record*"])


def test_layers_that_metrics_declare_come_with_the_first_pass(shapes, monkeypatch):
    """Known before it: accuracy, the metric and its layers are one pass."""
    passes = []
    run = Predictions._run

    def counted(self, view, layer, *more):
        passes.append(self._dataset.name)
        return run(self, view, layer, *more)

    monkeypatch.setattr(Predictions, "_run", counted)
    _, found = shapes("Ask('features', layer='0'), Ask('features', layer='1')")
    assert found == [[60, 16], [60, 3]]
    assert passes == ["in0"]


def test_the_train_split_is_part_of_a_key(toy):
    """Other training images are another cell; a test without them is found again."""
    toy.makepyfile(
        test_suite="def test_width(train, record):\n"
        "    record('width', train.predictions.features().shape[0])\n"
        "def test_one(predictions, record):\n    record('one', 1)\n"
    )
    arguments = ("--harness-models=sharp", "-k", "in0", "-v")
    toy.runpytest_inprocess(*arguments)
    path = toy.path / "conftest.py"
    path.write_text(
        path.read_text().replace("train=content", "train=lambda s: content(s, 40)")
    )
    path.write_text(
        path.read_text()
        .replace("def content(settings):", "def content(settings, n=60):")
        .replace("images(5)", "images(5, n)")
    )
    result = toy.runpytest_inprocess(*arguments)
    result.stdout.fnmatch_lines(["*test_width*40.0000*"])


def test_the_source_sets_images_are_shown_once_whatever_has_them(toy, monkeypatch):
    """The test split, a set of the same images with other labels, and the source."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
    from dataclasses import replace
    from harness.datasets.dataset import Dataset
    from harness.datasets.family import Family
    from harness.datasets.truth import KnownTruth, Truth

    def datasets(settings):
        plain = Dataset(
            name="test", family="test", domain=Domain.INTERIOR,
            load=lambda: content(settings),
        )
        real = KnownTruth(lambda: Truth.sets([[0, 1]] * 60, 3))
        return plain, replace(plain, name="real", known=real)

    registry.add_family(Family(
        name="test", base="toy", domain=Domain.INTERIOR, datasets=datasets,
        description="",
    ))
"""
    )
    toy.makeini("[pytest]\nharness_base = toy\nharness_families = test,in0\n")
    passes = []
    run = Predictions._run

    def counted(self, view, layer):
        passes.append(self._dataset.name)
        return run(self, view, layer)

    monkeypatch.setattr(Predictions, "_run", counted)
    toy.makepyfile(
        test_suite="""
        def test_gap(predictions, source, accuracy, record):
            said = source.predictions.predicted()
            record("gap", accuracy - (said == source.labels).mean())
        """
    )
    result = toy.runpytest_inprocess(
        "--harness-models=sharp", "--harness-report-json=r.json"
    )

    result.assert_outcomes(passed=3)
    assert len(passes) == 2
    rows = json.loads((toy.path / "r.json").read_text())["measurements"]
    values = {row["dataset"]: row["value"] for row in rows}
    assert values["test"] == 0
    assert values["real"] != 0
