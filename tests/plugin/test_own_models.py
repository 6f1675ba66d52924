"""Classifiers of a user's own from the command line, through whole runs."""

import importlib.util
import json
import os
import sys

import numpy as np
import pytest
import torch
from torch import nn

CODE = """
import torch

def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))

def seven():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 7))

def headless():
    return torch.nn.Sequential(network(), torch.nn.LogSoftmax(1))
"""

SUITE = """
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.mean_discrepancy import mean_shift

def test_average_confidence(measure): measure(average_confidence)
def test_mean_shift(measure): measure(mean_shift)
"""
MINE = "my_code.py:network?mean=0.3&std=0.4"


@pytest.fixture
def digits(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A user's folder with a file of networks, and a small run on digits."""
    for name in list(os.environ):
        if name.startswith(("HARNESS_", "PYTEST_XDIST", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(pytester.path / "cache"))
    monkeypatch.setattr("sys.path", [*sys.path])
    pytester.makeini(
        "[pytest]\nharness_families = interior\nharness_interior = 3\n"
        "harness_max_images = 40\n"
    )
    pytester.makepyfile(my_code=CODE, test_suite=SUITE)
    return pytester


def report(digits, *arguments):
    path = digits.path / "report.json"
    path.unlink(missing_ok=True)
    result = digits.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    return result, json.loads(path.read_text()) if path.exists() else None


def rows(found):
    return {(m["metric"], m["model"], m["dataset"]) for m in found["measurements"]}


def test_a_factory_is_all_it_takes(digits):
    """It alone is measured, on every dataset, features and accuracy too."""
    result, found = report(digits, f"--harness-model={MINE}")

    assert result.ret == 0
    result.assert_outcomes(passed=6)
    assert {model for _, model, _ in rows(found)} == {"network"}
    assert all(m["accuracy"] is not None for m in found["measurements"])


def test_it_joins_the_models_that_are_named(digits):
    _, found = report(
        digits,
        f"--harness-model={MINE}&name=mine",
        "--harness-model=my_code.py:headless?mean=0&std=1",
        "--harness-models=linear",
        "-k",
        "confidence",
    )

    assert {model for _, model, _ in rows(found)} == {"headless", "linear", "mine"}


def test_without_a_head_features_are_skipped_with_the_reason(digits):
    result, found = report(digits, "--harness-model=my_code.py:headless?mean=0&std=1")

    result.assert_outcomes(passed=3, skipped=3)
    assert {metric for metric, _, _ in rows(found)} == {"average_confidence"}
    result.stdout.fnmatch_lines(["*skipped: test_mean_shift*"])
    assert "?head=" in " ".join(result.stdout.str().split())


def test_a_named_head_gives_features(digits):
    model = "my_code.py:headless?mean=0&std=1&head=0.1"

    result, _ = report(digits, f"--harness-model={model}")

    result.assert_outcomes(passed=6)


def test_cells_are_found_again_until_the_code_changes(digits):
    report(digits, f"--harness-model={MINE}")

    _, again = report(digits, f"--harness-model={MINE}")
    digits.makepyfile(my_code=CODE.replace("manual_seed(0)", "manual_seed(5)"))
    for name in [n for n in sys.modules if n.startswith("my_code_")]:
        del sys.modules[name]
    _, changed = report(digits, f"--harness-model={MINE}")

    assert again["counts"]["stored"] == 6
    assert changed["counts"]["measured"] == 6


def test_the_ini_file_names_models_from_its_folder(digits):
    digits.makeini(
        "[pytest]\nharness_families = interior\nharness_interior = 2\n"
        f"harness_max_images = 40\nharness_model = {MINE}\n"
    )
    (digits.path / "below").mkdir()
    os.chdir(digits.path / "below")

    result, found = report(digits, "--rootdir=..", "-c", "../tox.ini", "..")

    assert result.ret == 0
    assert len(rows(found)) == 4


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("my_code.py:seven?mean=0&std=1", "*tell the 10 classes of base digits*7*"),
        ("my_code.py:netwrok?mean=0&std=1", "*function*'netwrok'; did you mean netw*"),
        ("my_code.py:network", "*must say the mean*mean=0.5&std=0.5*"),
        (f"{MINE}&head=2", "*unknown head of model network '2'*"),
        (f"{MINE}&name=linear", "*two models are called linear*name=NAME*"),
        (f"{MINE}&hed=2", "*--harness-model*unknown fact 'hed'*did you mean head*"),
        ("my_code.py:network?mean=x", "*mean finite numbers*got 'x'*"),
        ("my_code.py:network?std=0", "*std positive numbers*got '0'*"),
        ("network", "*must be package.module:factory*got 'network'*"),
    ],
)
def test_what_cannot_be_is_a_usage_error(digits, model, message):
    """Told once, before anything runs."""
    result, _ = report(digits, f"--harness-model={model}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_saved_outputs_and_a_network_do_not_mix(digits):
    np.savez(digits.path / "cam.npz", m=np.zeros((4, 3)))

    result, _ = report(digits, f"--harness-model={MINE}", "--harness-outputs=cam.npz")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--harness-model needs images*"])


def test_an_exported_network_gives_the_same_numbers(digits):
    """The factory's network through torch.export: same accuracy and confidence."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).eval()
    torch.export.save(
        torch.export.export(network, (torch.zeros(2, 1, 8, 8),)),
        digits.path / "net.pt2",
    )

    _, found = report(
        digits,
        f"--harness-model={MINE}",
        "--harness-model=net.pt2?mean=0.3&std=0.4",
        "-k",
        "confidence",
    )

    values = {(m["model"], m["dataset"]): m for m in found["measurements"]}
    assert len(values) == 6
    for (model, dataset), row in values.items():
        if model == "net":
            factory = values["network", dataset]
            assert row["accuracy"] == factory["accuracy"]
            assert row["value"] == pytest.approx(factory["value"])


@pytest.mark.skipif(
    importlib.util.find_spec("xdist") is None, reason="needs pytest-xdist"
)
def test_workers_build_it_too(digits):
    result = digits.runpytest_subprocess(f"--harness-model={MINE}", "-n2")

    result.assert_outcomes(passed=6)


@pytest.mark.slow
def test_its_accuracy_is_predicted_on_a_folder(digits):
    """`harness predict` with nothing but a factory and images."""
    (digits.path / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    np.save(digits.path / "photos" / "data.npy", pixels)

    result = digits.run(
        *(sys.executable, "-m", "harness", "predict"),
        *("--model", MINE, "--data", "photos", "--interior", "4"),
        *("--metrics", "average_confidence", "--harness-max-images=40"),
    )

    assert result.ret == 0
    result.stdout.fnmatch_lines(["predicted accuracy", "photos*network*"])


# --- encoders -------------------------------------------------------------------------

ENCODER = """
import torch
from my_code import network

def encoder():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU())
"""
AMONG = """
from harness.metrics.label_free.agreement import agreement
from harness.metrics.label_free.mean_discrepancy import mean_shift
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def test_agreement(measure): measure(agreement)
def test_mean_shift(measure): measure(mean_shift)
def test_nuclear_norm(measure): measure(nuclear_norm)
def test_knn(predictions, record): record("width", predictions.features().shape[1])
"""


def test_an_encoder_is_measured_by_what_needs_no_logits(digits):
    """All else is skipped and says why; there is no accuracy, forecast or gap."""
    digits.makepyfile(enc=ENCODER, test_suite=AMONG)
    result, found = report(
        digits,
        "--harness-model=enc.py:encoder?kind=encoder&mean=0.3&std=0.4",
        "--harness-models=linear",
        "-rs",
    )

    text = result.stdout.str()
    assert result.ret == 0
    mine = [row for row in found["measurements"] if row["model"] == "encoder"]
    assert {row["metric"] for row in mine} == {"mean_shift", "width"}
    assert {row["accuracy"] for row in mine} == {None}
    assert {row["value"] for row in mine if row["metric"] == "width"} == {8.0}
    assert "model encoder is an encoder: it has features and no classes" in text
    assert "no prediction for" not in text
    assert "encoders encoder: no accuracy, and no part in comparisons" in text


def test_classifiers_agree_as_without_the_encoder_among_them(digits):
    """It is no peer of theirs; where it leaves one alone, that says so."""
    digits.makepyfile(enc=ENCODER, test_suite=AMONG)
    one = "--harness-model=enc.py:encoder?kind=encoder&mean=0.3&std=0.4"

    def agreement(*arguments):
        rows = report(digits, "-k", "agreement", *arguments)[1]["measurements"]
        return {(r["model"], r["dataset"]): r["value"] for r in rows}

    both = "--harness-models=linear,mlp"
    assert agreement(both, one) == agreement(both)
    alone = report(digits, "-k", "agreement", "-rs", "--harness-models=linear", one)
    assert "there is no other: encoder predicts no classes" in alone[0].stdout.str()


def test_a_known_model_takes_other_weights(digits):
    """Checkpoints of a network of the harness, each under its name."""
    from harness.models.entry import BUNDLED

    for name in ("one", "two"):
        bundled = (BUNDLED / "digits-linear.safetensors").read_bytes()
        (digits.path / f"{name}.safetensors").write_bytes(bundled)
    result, found = report(
        digits,
        "--harness-model=linear?weights=one.safetensors",
        "--harness-model=linear?weights=two.safetensors&name=last",
        "--harness-models=linear",
        *("-k", "confidence"),
    )

    assert result.ret == 0
    by_model = {}
    for row in found["measurements"]:
        by_model.setdefault(row["model"], []).append(row["value"])
    assert by_model["one"] == by_model["last"] == by_model["linear"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("linear", "model linear is known: run it with --harness-models"),
        ("linear?weights=no.safetensors", "weights of model no not found; looked at *"),
        (
            "linear?weights=a.safetensors&mean=0.5",
            "all but weights, name and activation",
        ),
        ("linea?weights=a.safetensors", "must be package.module:factory, *got 'linea'"),
    ],
)
def test_what_is_no_checkpoint_is_refused(digits, spec, message):
    result, _ = report(digits, f"--harness-model={spec}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])
