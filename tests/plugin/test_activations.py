"""A network's activation: what goes by it, and the table of both."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

ROBUSTNESS = Path(__file__).parents[2] / "suites" / "robustness"
SUITE = """
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.outcomes.aurra import aurra

def test_average_confidence(measure, predictions, record):
    measure(average_confidence)
    top = predictions.logits().max(axis=1)
    record("by_hand", (1 / (1 + 2.718281828459045 ** -top)).mean())

def test_nuclear_norm(measure):
    measure(nuclear_norm)

def test_aurra(measure):
    measure(aurra)
"""


@pytest.fixture
def twins(toy):
    """The toy grid, whose models have the same weights; `soft` was trained by sigmoid.

    The source is noisy enough for mistakes.
    """
    path = toy.path / "conftest.py"
    text = path.read_text().replace("images(5)", "images(150)")
    text = text.replace('("sharp", 8.0), ("soft", 2.0)', '("sharp", 8.0), ("soft", 8)')
    text = text.replace(
        "mean=(0.5,), std=(1.0,),",
        'mean=(0.5,), std=(1.0,), activation="sigmoid" if name == "soft" else '
        '"softmax",',
    )
    path.write_text(text)
    toy.makepyfile(test_suite=SUITE)
    return toy


def measured(toy, *options):
    """Rows of the JSON report by metric, dataset and model; the report; the result."""
    result = toy.runpytest_inprocess("--harness-report-json=r.json", "-q", *options)
    report = json.loads((toy.path / "r.json").read_text())
    rows = {(m["metric"], m["dataset"], m["model"]): m for m in report["measurements"]}
    return rows, report, result


def test_confidence_is_that_which_a_network_was_trained_with(twins):
    """And a distribution over classes is a softmax's, of either network."""
    rows, _, _ = measured(twins, "--harness-families=out*")

    for name in ("out0", "out1", "out2"):
        soft, sharp = (
            rows["average_confidence", name, model] for model in ("soft", "sharp")
        )
        assert soft["value"] == pytest.approx(rows["by_hand", name, "soft"]["value"])
        assert soft["parameters"] == {"activation": "sigmoid"}
        assert sharp["parameters"] == {}
        assert sharp["value"] > soft["value"] + 0.01
        assert (
            rows["nuclear_norm", name, "soft"]["value"]
            == rows["nuclear_norm", name, "sharp"]["value"]
        )
        assert sharp["accuracy"] == soft["accuracy"]
    assert (
        rows["aurra", "out2", "soft"]["value"]
        != rows["aurra", "out2", "sharp"]["value"]
    )


def test_it_is_part_of_what_a_number_is_known_by(twins):
    """Another activation finds none of the stored numbers."""
    path = twins.path / "conftest.py"
    text = path.read_text()
    path.write_text(text.replace('name == "soft"', "False"))
    measured(twins, "--harness-families=out0")
    path.write_text(text)
    _, _, result = measured(twins, "--harness-families=out0")
    result.stdout.fnmatch_lines(["cells: 3 measured, 3 found in the store"])


def test_a_temperature_is_fitted_for_what_it_divides(twins):
    """Of the sigmoid's questions for its confidence, and else of the softmax."""
    options = "--harness-families=out0", "--harness-calibrate=temperature"
    rows, _, _ = measured(twins, *options)

    by = {
        (metric, model): float(row["facts"]["temperature"])
        for (metric, _, model), row in rows.items()
        if "temperature" in row["facts"]
    }
    assert by["nuclear_norm", "soft"] == by["nuclear_norm", "sharp"]
    assert by["average_confidence", "sharp"] == by["nuclear_norm", "sharp"]
    assert by["average_confidence", "soft"] != by["nuclear_norm", "soft"]


def test_an_activation_that_a_test_names_is_kept(twins):
    """What a test says itself is not overridden."""
    twins.makepyfile(
        test_suite=SUITE.replace("confidence)\n", "confidence, activation='softmax')\n")
    )
    rows, _, _ = measured(twins, "--harness-families=out0", "-k", "confidence")
    assert (
        rows["average_confidence", "out0", "soft"]["value"]
        == rows["average_confidence", "out0", "sharp"]["value"]
    )


# --- softmax against sigmoid, in the robustness suite ---------------------------------


@pytest.fixture
def robustness(twins):
    """The robustness suite in a folder of its own."""
    (twins.path / "test_suite.py").unlink()
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROBUSTNESS, twins.path / "robustness", ignore=ignored)
    return twins


def compared(suite, *options):
    """The section's comparison by model, set and activation; rows; the result."""
    rows, report, result = measured(suite, "robustness", *options)
    found = report["sections"]["robustness"]["activated"]
    return {(o["model"], o["name"], o["activation"]): o for o in found}, rows, result


def test_both_activations_stand_side_by_side(robustness):
    """The same of a network and its twin, and of either the same top-1."""
    found, _, result = compared(
        robustness,
        *("--harness-families=out1,out2", "-k", "activations or overconfidence"),
    )

    for name in ("out1", "out2"):
        for activation in ("softmax", "sigmoid"):
            sharp, soft = (found[m, name, activation] for m in ("sharp", "soft"))
            assert sharp["scores"] == soft["scores"]
            assert sharp["accuracy"] == soft["accuracy"]
            assert sharp["trained"] is (activation == "softmax")
            assert soft["trained"] is (activation == "sigmoid")
        assert len(found["soft", name, "sigmoid"]["scores"]) == 5
    sure = {
        activation: found["soft", "out2", activation]["scores"]["mean_confidence"]
        for activation in ("softmax", "sigmoid")
    }
    assert sure["softmax"]["value"] > sure["sigmoid"]["value"]
    assert sure["sigmoid"]["low"] < sure["sigmoid"]["value"] < sure["sigmoid"]["high"]
    result.stdout.fnmatch_lines(
        [
            "softmax against sigmoid, out1*",
            "*model*confidence by*top-1*sure*ECE*RMS*AURRA*tied*",
            "sharp*softmax [*]*",
            "sharp*sigmoid *",
        ]
    )
    text = " ".join(result.stdout.str().split())
    assert "ECE: of 15 bins of confidence, equally wide; RMS: of bins of 100" in text
    assert "one of fewer than 200 images" in text


def test_how_sure_a_network_seems_goes_by_its_own(robustness):
    """Overconfidence: mean confidence of its activation, less accuracy."""
    found, rows, _ = compared(robustness, "--harness-families=out2")

    for model, own in (("sharp", "softmax"), ("soft", "sigmoid")):
        one = found[model, "out2", own]
        expected = one["scores"]["mean_confidence"]["value"] - one["accuracy"]
        over = rows["overconfidence", "out2", model]["value"]
        assert over == pytest.approx(expected)


def test_images_of_no_class_have_both_scores_and_their_ties(robustness):
    """Of saved logits, whose sigmoids are 1 and so tied: 2 of 3 inside, 1 of 2 out."""
    inside = [[20, 19, 0], [3, 0, 0], [0, 30, 0]]
    outside = [[0, 19, 0], [1, 0, 0]]
    for name, logits in (("test", inside), ("out", outside)):
        arrays = {"net": np.asarray(logits, dtype=np.float64)}
        if name == "test":
            arrays["labels"] = np.array([0, 0, 1])
        np.savez(robustness.path / f"{name}.npz", **arrays)
    robustness.makeini("[pytest]\n")
    found, _, result = compared(
        robustness,
        "--harness-outputs=test.npz?role=test",
        "--harness-outputs=out.npz?role=target&trait.outside=yes",
        *("-k", "detection or ties"),
    )

    by_softmax, by_sigmoid = (
        found["net", "out", by]["scores"] for by in ("softmax", "sigmoid")
    )
    assert by_sigmoid["tied_confidences"]["value"] == 3 / 5
    # Of softmaxes 1, to single precision, are those of 30 and of 19.
    assert by_softmax["tied_confidences"]["value"] == 2 / 5
    # Pairs of one outside and one inside in order, by logits 19, 1 and 20, 3, 30.
    assert by_sigmoid["auroc"]["value"] == pytest.approx(5 / 6)
    # By softmax's log odds: 18.3, 0.3, and 1, 2.3, 29.3.
    assert by_softmax["auroc"]["value"] == pytest.approx(4 / 6)
    assert found["net", "out", "softmax"]["accuracy"] is None
    result.stdout.fnmatch_lines(["softmax against sigmoid, out*", "*AUPR*AUROC*"])


def test_answers_of_several_classes_are_a_softmaxs(robustness):
    """By the mean of probabilities, of which sigmoids know nothing."""
    (robustness.path / "pairs.json").write_text('{"x": [0, 1], "y": [2]}')
    arrays = {"net": np.array(3 * [[1.0, 0, 3]] + 3 * [[0, 1.0, 0]])}
    np.savez(robustness.path / "few.npz", labels=np.array([1, 1, 1, 0, 0, 0]), **arrays)
    robustness.makeini("[pytest]\n")
    _, _, result = measured(
        robustness,
        "robustness",
        "--harness-outputs=few.npz?classes=pairs.json",
        *("-k", "activations", "-rs"),
    )
    result.stdout.fnmatch_lines(["*answers of several classes each are told by*"])
