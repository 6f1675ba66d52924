"""--harness-calibrate: confidences that do not depend on how loud a model is."""

import json

import pytest

SUITE = """
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.frechet_distance import frechet_distance
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def test_average_confidence(measure):
    measure(average_confidence)

def test_nuclear_norm(measure):
    measure(nuclear_norm)

def test_frechet_distance(measure):
    measure(frechet_distance)
"""


@pytest.fixture
def loud(toy):
    """The toy grid, of which one model is the other with logits five times as large.

    The source is noisy enough for mistakes, or the best temperature were none.
    """
    path = toy.path / "conftest.py"
    text = path.read_text().replace('("sharp", 8.0)', '("sharp", 10.0)')
    path.write_text(text.replace("images(5)", "images(150)"))
    toy.makepyfile(test_suite=SUITE)
    return toy


def measured(toy, *options):
    """Rows of the JSON report by metric, dataset and model; and the report."""
    path = toy.path / "report.json"
    result = toy.runpytest_inprocess(f"--harness-report-json={path}", *options)
    report = json.loads(path.read_text())
    cells = {(m["metric"], m["dataset"], m["model"]): m for m in report["measurements"]}
    return cells, report, result


def test_logits_five_times_as_large_make_no_difference(loud):
    """Their temperature is five times as high, and no confidence differs."""
    plain, _, _ = measured(loud)
    cells, report, result = measured(loud, "--harness-calibrate=temperature")

    soft, sharp = (report["temperatures"][name] for name in ("soft", "sharp"))
    assert sharp == pytest.approx(5 * soft)
    for metric, dataset, model in cells:
        one, other = (cells[metric, dataset, name] for name in ("soft", "sharp"))
        if metric != "frechet_distance":
            assert one["value"] == pytest.approx(other["value"], rel=1e-5)
            assert float(one["facts"]["temperature"]) == soft
            assert one["value"] != plain[metric, dataset, "soft"]["value"]
        was = plain[metric, dataset, model]
        assert cells[metric, dataset, model]["accuracy"] == was["accuracy"]
    result.stdout.fnmatch_lines(
        [f"confidences calibrated*{sharp:.3f} (sharp), {soft:.3f} (soft)"]
    )


def test_only_metrics_of_confidence_are_measured_again(loud):
    """The others are found, and so is everything when the option goes again."""
    _, report, result = measured(loud)
    assert report["temperatures"] == {}
    result.stdout.no_fnmatch_line("*calibrated*")

    _, _, result = measured(loud, "--harness-calibrate=temperature")
    result.stdout.fnmatch_lines(["cells: 28 measured, 14 found in the store"])

    _, _, again = measured(loud, "--harness-calibrate=temperature")
    again.stdout.fnmatch_lines(["cells: 42 found in the store", "confidences cali*"])
    _, _, without = measured(loud)
    without.stdout.fnmatch_lines(["cells: 42 found in the store"])
    without.stdout.no_fnmatch_line("*calibrated*")


def test_a_temperature_that_the_test_names_is_kept(loud):
    """What a test says itself is not overridden."""
    loud.makepyfile(
        test_suite=SUITE.replace("confidence)\n\n", "confidence, temperature=1.0)\n\n")
    )
    plain, _, _ = measured(loud)
    cells, _, _ = measured(loud, "--harness-calibrate=temperature")

    one = "average_confidence", "in3", "sharp"
    assert cells[one]["value"] == plain[one]["value"]
    assert "temperature" not in cells[one]["facts"]


COPIES = """
from harness.metrics import Input, Metric, Trend

def sureness(view_probs):
    return float(view_probs.max(axis=-1).mean())

def test_sureness(measure):
    measure(Metric(fn=sureness, inputs=(Input.COPY_PROBS,), bounds=(0, 1),
                   trend=Trend.RISES, source="here"))
"""


def test_confidence_on_copies_is_the_calibrated_model_s_too(loud):
    """However loud it is."""
    loud.makepyfile(test_suite=COPIES)
    plain, _, _ = measured(loud, "-k", "in0")
    cells, _, _ = measured(loud, "-k", "in0", "--harness-calibrate=temperature")

    one, other = (cells["sureness", "in0", name]["value"] for name in ("soft", "sharp"))
    assert one == pytest.approx(other, rel=1e-5)
    assert one != plain["sureness", "in0", "soft"]["value"]
