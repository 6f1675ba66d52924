"""Answers in doubt: the right images, by name and as pictures, without labels."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from scipy.special import softmax

from tests.plugin.test_predicting import targets  # noqa: F401 - a fixture


def toy_answers(folder, sharpness, *image_arguments):
    """Pixels, answers and confidences of a toy network, made with NumPy alone."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("toy_conftest", folder / "conftest.py")
    conftest = module_from_spec(spec)
    spec.loader.exec_module(conftest)
    pixels, _ = conftest.images(*image_arguments)
    weights = conftest.PATTERNS.reshape(3, 16) / 255 - 0.5
    x = pixels.reshape(len(pixels), 16) / 255 - 0.5
    probs = softmax(sharpness * (x @ weights.T - (weights**2).sum(1) / 2), axis=1)
    return pixels, probs.argmax(1), probs.max(1)


@pytest.fixture
def reported(targets):  # noqa: F811 - the fixture
    """What a run says, its JSON report, its page; and its folder."""
    result = targets.runpytest_inprocess(
        "--harness-report-json=r.json", "--harness-report-html=r.html"
    )
    report = json.loads((targets.path / "r.json").read_text())
    return result, report, (targets.path / "r.html").read_text(), targets.path


def test_they_are_the_least_sure_ones(reported):
    result, report, _, folder = reported
    _, answers, sure = toy_answers(folder, 8.0, 80, 300, 30)
    order = np.argsort(sure)[:12]

    found = report["sections"]["doubts"]["doubted"]
    assert [(one["dataset"], one["model"]) for one in found] == [
        ("cam", "sharp"),
        ("cam", "soft"),
        ("far", "sharp"),
        ("far", "soft"),
    ]
    assert [one["image"] for one in found[0]["answers"]] == [
        f"image {i}" for i in order
    ]
    assert [one["answer"] for one in found[0]["answers"]] == [
        "abc"[answers[i]] for i in order
    ]
    assert [one["confidence"] for one in found[0]["answers"]] == pytest.approx(
        sure[order], abs=1e-4
    )
    first = (
        f"image {order[0]} ({'abc'[answers[order[0]]]}, {100 * sure[order[0]]:.0f} %)"
    )
    result.stdout.fnmatch_lines(["answers most in doubt", f"sharp on cam: {first}, *"])


def test_the_page_has_their_pictures(reported):
    """Some of each target, then what each model is least sure of."""
    _, report, text, folder = reported
    pixels, _, sure = toy_answers(folder, 8.0, 80, 300, 30)
    strips = report["sections"]["doubts"]["strips"]

    assert [one["name"] for one in strips] == [
        "cam",
        "sharp on cam",
        "soft on cam",
        "far",
        "sharp on far",
        "soft on far",
    ]
    assert strips[0]["text"] == "12 of 300 images, drawn at random"
    png = base64.urlsafe_b64decode(strips[1]["pictures"][0]["png"])
    shown = np.asarray(Image.open(io.BytesIO(png)))
    assert np.array_equal(shown[..., None], pixels[sure.argmin()])
    assert text.count("data:image/png;base64,") == 6 * 12
    parts = re.findall(r'<section id="([\w-]+)"', text)
    assert parts[:2] == ["predictions", "doubts"]


def test_a_sample_has_the_names_of_its_own_images(targets):  # noqa: F811
    """Of a hundred of three hundred; what is stored tells the same again."""
    options = ("--harness-max-images=100", "--harness-report-json=r.json")
    _, answers, sure = toy_answers(targets.path, 8.0, 80, 300, 30)
    from harness.sampling import sampled_rows

    rows = sampled_rows(300, 100)
    least = rows[np.argsort(sure[rows])[0]]
    for _ in range(2):
        targets.runpytest_inprocess(*options)
        report = json.loads((targets.path / "r.json").read_text())
        found = report["sections"]["doubts"]["doubted"][0]["answers"][0]
        assert found["image"] == f"image {least}"
        assert found["answer"] == "abc"[answers[least]]


def test_a_run_that_asks_for_no_file_decodes_no_picture(targets, monkeypatch):  # noqa: F811
    """The names need none."""
    monkeypatch.setattr("harness.report.gallery.thumbnail", None)
    monkeypatch.setattr("harness.report.sections.doubts.thumbnail", None)

    result = targets.runpytest_inprocess()

    result.stdout.fnmatch_lines(["answers most in doubt", "sharp on cam: image *"])


def test_labelled_sets_have_none(toy):
    result = toy.runpytest_inprocess()

    assert "in doubt" not in result.stdout.str()
