"""Classes of one's own: a base from a folder or a conftest, through whole runs."""

import json
import os
import sys

import numpy as np
import pytest
import torchvision.io  # noqa: F401 - nested runs in this process cannot import it twice
from PIL import Image

from harness.datasets.bases.digits import DIGITS
from harness.datasets.bases.shared import shared

CODE = """
import torch

def network(width=3):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16 * 16 * 3, width))

def pooled():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.Linear(12, 3)
    )
"""
SUITE = """
from harness.metrics.label_free.average_confidence import average_confidence

def test_average_confidence(measure): measure(average_confidence)
"""
MINE = "--harness-model=my_code.py:network?mean=0.5&std=0.5"
NAMES = ("circle", "square", "stripes")


@pytest.fixture
def shapes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A folder with pictures of three classes, 16x16, and a network for them."""
    for name in list(os.environ):
        if name.startswith(("HARNESS_", "PYTEST_XDIST", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(pytester.path / "cache"))
    monkeypatch.setattr("sys.path", [*sys.path])
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in NAMES:
            folder = pytester.path / "shapes" / part / name
            folder.mkdir(parents=True)
            for i in range(8):
                pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.png")
    pytester.makepyfile(my_code=CODE, test_suite=SUITE)
    return pytester


def report(shapes, *arguments):
    path = shapes.path / "report.json"
    path.unlink(missing_ok=True)
    result = shapes.runpytest_inprocess(
        f"--harness-report-json={path}", "--harness-interior=2", *arguments
    )
    return result, json.loads(path.read_text()) if path.exists() else None


def test_a_folder_is_a_base_with_its_families(shapes):
    """Its test split, the interior of it, and these under corruptions by name."""
    result, found = report(
        shapes,
        MINE,
        "--harness-base=shapes",
        "--harness-families=test,interior*,shapes-c",
    )

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["harness: base shapes (shapes)", "harness: data shapes (test split): 24 imag*"]
    )
    sizes = {}
    for row in found["measurements"]:
        sizes.setdefault(row["dataset"].partition("/")[0], []).append(row["accuracy"])
    pools = {f.name for f in shared(DIGITS)} - {"test"}
    assert {name: len(rows) for name, rows in sizes.items()} == {
        **{"test": 1, "shapes-c": 75},
        **dict.fromkeys(pools, 2),
    }
    assert found["run"]["base"] == "shapes"


def test_its_cells_are_found_again_wherever_the_folder_lies(shapes):
    """They are known by content: the base's name is nothing to them."""
    report(shapes, MINE, "--harness-base=shapes")
    (shapes.path / "shapes").rename(shapes.path / "moved")

    result, found = report(shapes, MINE, "--harness-base=./moved?name=mine")

    assert result.ret == 0
    assert (found["counts"]["stored"], found["counts"].get("measured", 0)) == (3, 0)


def test_a_name_that_is_known_is_no_folder(shapes):
    """A folder of the same name needs another, and is meant by a path."""
    (shapes.path / "shapes").rename(shapes.path / "usps")

    result, _ = report(shapes, MINE, "--harness-base=./usps")
    renamed, _ = report(shapes, MINE, "--harness-base=./usps?name=mine")

    assert result.ret == 4
    result.stderr.fnmatch_lines(["*base usps is known already; *'./usps?name=NAME'*"])
    assert renamed.ret == 0


def test_an_ini_file_names_a_folder_beside_it(shapes):
    shapes.makeini("[pytest]\nharness_base = ./shapes?name=mine\n")
    below = shapes.path / "below"
    below.mkdir()
    (below / "test_it.py").write_text(SUITE)

    os.chdir(below)
    result = shapes.runpytest_inprocess(
        MINE.replace("my_code", "../my_code"), "--harness-families=test"
    )

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["harness: base mine (*shapes)"])


def test_a_conftest_registers_one_in_one_call(shapes):
    shapes.makeconftest(
        """
        from pathlib import Path
        HERE = Path(__file__).parent / "shapes"

        def pytest_harness_register(registry):
            registry.add_base(
                "mine", ("circle", "square", "stripes"), HERE / "train", HERE / "test"
            )
        """
    )

    result, found = report(shapes, MINE, "--harness-base=mine")

    assert result.ret == 0
    assert {row["dataset"] for row in found["measurements"]} == {
        *("test", "interior/0000", "interior/0001")
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [MINE],
            "model network must take images of base digits, a batch of shape "
            "(n, 1, 8, 8), *--harness-base: a name of *or a folder of your own*",
        ),
        (
            ["--harness-model=my_code.py:pooled?mean=0&std=1", "--harness-base=other"],
            "model pooled must tell the 2 classes of base other apart (0, 1), but "
            "gives 3 logits; choose the base * with --harness-base: *or a folder of "
            "your own*",
        ),
        (
            [MINE, "--harness-base=shapes?size=8"],
            "model network must take images of base shapes, a batch of shape "
            "(n, 3, 8, 8), *--harness-base*",
        ),
        (
            ["--harness-models=resnet20"],
            "unknown model 'resnet20'; *; base cifar10 has it: --harness-base cifar10",
        ),
        (
            ["--harness-models=linear2", "--harness-base=shapes"],
            "unknown model 'linear2'; known: none; a base of your own has the models "
            "that you name: --harness-model FILE.py:FUNCTION, *",
        ),
        (
            ["--harness-base=shapes"],
            "no model of base shapes is known; * that you name: --harness-model *",
        ),
        (
            [MINE, "--harness-base=shaeps"],
            "unknown base 'shaeps'; *a folder of your own with test/ * is a base, too",
        ),
        (
            [MINE, "--harness-base=shapes?siz=8"],
            "--harness-base has an unknown fact 'siz' *did you mean size*",
        ),
        (
            [MINE, "--harness-base=shapes?resize=20"],
            "--harness-base must give resize * and crop * together, got resize alone",
        ),
        (
            [MINE, "--harness-base=shapes?interpolation=bicubic"],
            "--harness-base must give an interpolation beside size, *",
        ),
        (
            [f"{MINE}&resize=20&crop=16", "--harness-base=shapes"],
            "model network is said to get pictures at resize=20 and crop=16, but "
            "images of base shapes all have 16x16 pixels; *",
        ),
    ],
)
def test_what_does_not_fit_names_base_and_model_and_cure(shapes, arguments, message):
    """The model is looked at before the pictures, which no message is about."""
    (shapes.path / "other").mkdir()
    (shapes.path / "other" / "test").mkdir()
    np.save(
        shapes.path / "other" / "test" / "data.npy", np.zeros((2, 16, 16, 3), np.uint8)
    )
    np.save(shapes.path / "other" / "test" / "labels.npy", np.array([0, 1]))
    data = f"--harness-data={shapes.path / 'shapes' / 'test' / 'circle'}"

    result, _ = report(shapes, *arguments, data)

    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: {message}".replace("[", "[[]")])


def test_without_a_training_split_what_learns_is_skipped(shapes):
    """With the reason; all else is measured. It is found, until there is one."""
    train = shapes.path / "shapes" / "train"
    train.rename(shapes.path / "away")
    shapes.makepyfile(
        test_suite=SUITE
        + "from harness.metrics.label_free.pretext_prediction import *\n"
        + "def test_rotation_prediction(measure): measure(rotation_prediction)\n"
    )

    asked = (MINE, "--harness-base=shapes", "--harness-families=test")
    result, _ = report(shapes, *asked)
    again, _ = report(shapes, *asked)
    (shapes.path / "away").rename(train)
    with_train, _ = report(shapes, *asked)

    result.assert_outcomes(passed=1, skipped=1)
    said = " ".join(result.stdout.str().split())
    assert "base shapes has no training split; put labelled images into train/" in said
    again.stdout.fnmatch_lines(
        ["cells: 1 found in the store, 1 skipped (1 found in the store)"]
    )
    with_train.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("models", "base"),
    [
        (["torchvision:resnet18?weights=DEFAULT"], "imagenet"),
        (
            ["torchvision:resnet18?weights=IMAGENET1K_V1", "timm:x?weights=DEFAULT"],
            "imagenet",
        ),
        (["torchvision:resnet18?weights=mine.pt"], "digits"),
        (["torchvision:resnet18?kind=encoder&head=fc&weights=DEFAULT"], "digits"),
        (["torchvision:resnet18?weights=DEFAULT", "my_code.py:network"], "digits"),
    ],
)
def test_published_weights_find_their_base(shapes, models, base):
    """Unless a base is named; encoders and files of one's own may be of any."""
    given = [f"--harness-model={model}" for model in models]

    alone = shapes.runpytest_inprocess("--harness-list=models", *given)
    named = shapes.runpytest_inprocess(
        "--harness-list=models", "--harness-base=usps", *given
    )

    alone.stdout.fnmatch_lines([f"*models of {base}*"])
    named.stdout.fnmatch_lines(["*models of usps*"])


def test_a_broken_picture_of_the_base_shows_before_the_run(shapes):
    """Or is left out and counted, where that is said."""
    broken = shapes.path / "shapes" / "test" / "square" / "3.png"
    broken.write_bytes(broken.read_bytes()[:60])

    refused, _ = report(shapes, MINE, "--harness-base=shapes")
    result, _ = report(shapes, MINE, "--harness-base=shapes?broken=skip")

    assert refused.ret == 4
    refused.stderr.fnmatch_lines(["ERROR: picture *square/3.png cannot be read*"])
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*shapes (test split): 23 images; left out: 1 broken picture (square/3.png)*"]
    )


def test_a_network_says_how_its_pictures_are_prepared(shapes):
    """On a base of any size; without a word it gets the base's geometry."""
    result, found = report(
        shapes,
        f"{MINE}&resize=24&crop=16&interpolation=bicubic",
        f"{MINE}&name=plain",
        "--harness-base=shapes?resize=18&crop=16",
        "--harness-families=test",
    )

    assert result.ret == 0
    values = {row["model"]: row["value"] for row in found["measurements"]}
    assert values["network"] != values["plain"]
