"""docs/data.md, "What is right": every way is run as it is shown."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
SECTION = PAGE.partition("## What is right")[2].partition("## Only the prediction")[0]
SUITE = "def test_accuracy(accuracy, record): record('right', accuracy)\n"
NETWORK = """
    registry.add_model(
        "line", base="digits", build=line, head="1", mean=(0.5,), std=(1.0,)
    )

def line():
    import torch
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    with torch.no_grad():
        network[1].weight.copy_(torch.eye(10, 64))
        network[1].bias.zero_()
    return network
"""
RNG = np.random.default_rng(0)


def block(kind, number=0):
    """One of the section's fenced blocks."""
    return re.findall(rf"```{kind}\n(.*?)```", SECTION, flags=re.DOTALL)[number]


def commands():
    """What follows `pytest suites` in the section."""
    lines = re.findall(r"^    pytest suites (.*)$", SECTION, flags=re.MULTILINE)
    return [shlex.split(line) for line in lines]


def arrays(folder, labels):
    folder.mkdir()
    n = len(labels)
    np.save(folder / "data.npy", RNG.integers(0, 256, (n, 8, 8, 1), dtype=np.uint8))
    np.save(folder / "labels.npy", labels)


@pytest.fixture
def page(pytester, toy):
    """What the page calls by name: files as it shows them, arrays that fit."""
    toy.makeconftest(f"{block('python', 1)}{NETWORK}")
    toy.makeini("[pytest]\nharness_families = drawn\nharness_models = line\n")
    toy.makepyfile(test_suite=SUITE)
    (toy.path / "few.txt").write_text(block("text"))
    (toy.path / "strokes.json").write_text(block("json", 1))
    arrays(toy.path / "cameras", [1, 2, 3, 7])
    arrays(toy.path / "shapes", [0, 1, 1])
    labels = block("json")
    (toy.path / "real").mkdir()
    for name in json.loads(labels):
        image = RNG.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(image).save(toy.path / "real" / name)
    (toy.path / "real" / "labels.json").write_text(labels)
    np.savez(
        toy.path / "camera.npz",
        line=RNG.normal(size=(4, 10)),
        labels=np.array([1, 2, 3, 7]),
    )
    return toy


def test_every_way_is_shown():
    """A folder of each kind, and saved outputs."""
    assert [line[-1].partition("?")[0] for line in commands()] == [
        "real",
        "cameras",
        "shapes",
        "camera.npz",
    ]


def test_folders_have_the_truth_that_the_page_says(page):
    """In one run, with the conftest's dataset."""
    folders = [word for line in commands()[:3] for word in line]

    result = page.runpytest_inprocess(*folders, "--harness-report-json=r.json")

    assert result.ret == 0
    rows = json.loads((page.path / "r.json").read_text())["measurements"]
    assert {m["dataset"]: m["facts"]["truth"] for m in rows} == {
        "real": "any of several labels; 1 of 3 images has none, left out",
        "cameras": "one label; 4 of 10 classes",
        "shapes": "one label; 2 answers of 8 of 10 classes by largest logit",
        "drawn": "one label; 2 answers of 8 of 10 classes by largest logit",
    }


def test_a_test_asks_the_truth(page):
    """Of several labels that hold: a score with labels, and no metric."""
    page.makepyfile(test_suite="", test_exact=block("python", 2))
    (words,) = re.findall(r"^    pytest test_exact.py (.*)$", SECTION, re.MULTILINE)

    result = page.runpytest_inprocess(
        *shlex.split(words), *("--harness-report-json=r.json", "-k", "real")
    )

    assert result.ret == 0
    (row,) = json.loads((page.path / "r.json").read_text())["measurements"]
    assert (row["metric"], row["label_free"]) == ("exact_match", False)
    assert row["facts"]["truth"].startswith("several labels; 1 of 3")


def test_saved_outputs_have_it_too(page):
    """With the same file of classes."""
    page.makeini("[pytest]\n")

    result = page.runpytest_inprocess(*commands()[3], "--harness-report-json=r.json")

    assert result.ret == 0
    (row,) = json.loads((page.path / "r.json").read_text())["measurements"]
    assert row["facts"]["truth"] == "one label; 4 of 10 classes"


def test_the_labels_of_real_go_by_the_files_numbers(tmp_path, monkeypatch):
    """From 1, as ImageNet's validation images are called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "val").mkdir()
    rows = [[i % 1000] for i in range(50_000)]
    (tmp_path / "real.json").write_text(json.dumps(rows))

    exec(block("python"))

    found = json.loads((tmp_path / "val" / "labels.json").read_text())
    assert len(found) == 50_000
    assert found["ILSVRC2012_val_00000001.JPEG"] == [0]
    assert found["ILSVRC2012_val_00050000.JPEG"] == [999]
