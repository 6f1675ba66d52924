"""--harness-outcome of features: it learns from the training split, of encoders too."""

import json

import numpy as np
import pytest

from harness.answers.predictions import Predictions

NEAREST = """
    from harness.metrics import Ask, Input, Metric, Trend

    def nearest(bank, classes, features, labels):
        away = np.linalg.norm(features[:, None] - bank[None], axis=2)
        return float((classes[away.argmin(axis=1)] == labels).mean())

    facts = dict(bounds=(0, 1), trend=Trend.RISES, source="me", proportion=True)
    bank = Ask("features", of="train"), Ask("labels", of="train")
    registry.add_metric(
        Metric(fn=nearest, inputs=(*bank, Input.FEATURES, Input.LABELS), **facts)
    )
"""
ENCODER = """
import torch

def encoder():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 4))
"""
TESTS = """
import numpy as np
from harness.metrics.embeddings.rankme import rankme
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def test_rankme(measure): measure(rankme)
def test_nuclear_norm(measure): measure(nuclear_norm)
def test_mine(predictions, dataset, model, record):
    train = model.predictions(model.run.train)
    bank, classes = train.features(), model.run.train.labels()
    away = np.linalg.norm(predictions.features()[:, None] - bank[None], axis=2)
    right = classes[away.argmin(axis=1)] == dataset.labels()
    record("mine", float(right.mean()))
"""
ENCODED = "--harness-model=enc.py:encoder?kind=encoder&mean=0.3&std=0.4"


@pytest.fixture
def features(toy):
    """The toy grid with the outcome, an encoder, and measures of both kinds."""
    toy.makeconftest((toy.path / "conftest.py").read_text() + NEAREST)
    (toy.path / "enc.py").write_text(ENCODER)
    toy.makepyfile(test_suite=TESTS)
    return toy


@pytest.fixture
def passes(monkeypatch):
    """Networks and datasets of the forward passes of this process."""
    seen = []
    run = Predictions._run

    def counted(self, view, layer):
        seen.append((self._network().name, self._dataset.name))
        return run(self, view, layer)

    monkeypatch.setattr(Predictions, "_run", counted)
    return seen


def report(toy, *arguments):
    result = toy.runpytest_inprocess("--harness-report-json=r.json", *arguments)
    return result, json.loads((toy.path / "r.json").read_text())


def rows(found, metric):
    return {
        (m["model"], m["dataset"]): m
        for m in found["measurements"]
        if m["metric"] == metric
    }


def test_metrics_are_fitted_against_what_features_are_worth(features):
    """Encoders take part, where they have no accuracy; each row has the same number."""
    result, found = report(
        features, ENCODED, "--harness-models=sharp", "--harness-outcome=nearest"
    )

    assert result.ret == 0
    mine = rows(found, "mine")
    ranks = rows(found, "rankme")
    assert set(ranks) == set(mine)
    assert {model for model, _ in ranks} == {"encoder", "sharp"}
    for place, row in ranks.items():
        assert row["outcome"] == mine[place]["value"]
        assert row["facts"]["outcome"] == "nearest"
        assert (row["accuracy"] is None) == (place[0] == "encoder")
    fits = {
        (row["metric"], row["model"]): row["interior"] for row in found["correlations"]
    }
    assert fits["rankme", "encoder"]["n"] == 4
    assert {row["outcome"]["name"] for row in found["correlations"]} == {"nearest"}


def test_the_training_split_is_shown_once_a_model(features, passes):
    """Whatever the number of datasets."""
    features.makepyfile(test_suite=TESTS.partition("def test_mine")[0])
    result, _ = report(features, "--harness-outcome=nearest", "-k", "rankme")

    assert result.ret == 0
    assert passes.count(("sharp", "train")) == passes.count(("soft", "train")) == 1


def test_an_outcome_of_classes_leaves_encoders_without(features):
    """They do not bring accuracy back among the others."""
    _, found = report(
        features,
        *(ENCODED, "--harness-models=sharp,soft"),
        "--harness-outcome=negative_log_likelihood",
        *("-k", "rankme"),
    )
    ranks = rows(found, "rankme")

    for (model, _), row in ranks.items():
        assert (row["outcome"] is None) == (model == "encoder")
        assert ("no_outcome" in row["facts"]) == (model == "encoder")
    names = {row["outcome"]["name"] for row in found["correlations"]}
    assert names == {"negative_log_likelihood"}


def test_other_training_images_are_another_outcome(features):
    """Found in the store by what it learnt from."""
    one = "--harness-outcome=nearest", "-k", "rankme"
    _, first = report(features, *one)
    _, again = report(features, *one)
    conftest = (features.path / "conftest.py").read_text()
    other = conftest.replace("train=content", "train=lambda s: content2(s)").replace(
        "TOY = Base(",
        "def content2(settings):\n"
        "    pixels, labels = images(5, seed=3)\n"
        '    return checked_images("toy", pixels, labels, TOY, Domain.INTERIOR)\n\n'
        "TOY = Base(",
    )
    features.makeconftest(other)
    _, third = report(features, *one)

    assert again["counts"]["stored"] == first["counts"]["measured"] > 0
    assert third["counts"].get("stored", 0) == 0
    assert np.isfinite([m["outcome"] for m in third["measurements"]]).all()
