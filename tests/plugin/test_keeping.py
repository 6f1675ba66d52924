"""Answers kept from run to run: a metric added later costs no forward pass."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from harness.store import Store

# Networks that note each set of images that they are shown, outside of any key. Before
# a run each is shown a few images, to see that it is a network.
COUNTING = """
class Counting(torch.nn.Module):
    def __init__(self, sharpness):
        super().__init__()
        self.inner = network(sharpness)

    def forward(self, images):
        with open("asked", "a") as file:
            file.write("x" * (len(images) == 60))
        # Of the environment no key knows; a global would be part of the network.
        dies_at = int(os.environ.get("DIE_AT", 10**9))
        if os.path.getsize("asked") >= dies_at:
            os.kill(os.getpid(), 9)
        return self.inner(images)

import os
"""
NEW = """
import numpy as np

def test_spread(predictions, record):
    record("spread", float(predictions.logits().std()))

def test_surest(measure):
    measure("mano")
"""
SETS = 7 * 2  # of two models


@pytest.fixture
def grid(toy):
    """The toy grid, whose networks count."""
    text = (toy.path / "conftest.py").read_text()
    text = text.replace("def content(", COUNTING + "\ndef content(", 1)
    text = text.replace("build=lambda s=sharpness: network(s)", "build=BUILD")
    text = text.replace("BUILD", "lambda s=sharpness: Counting(s)")
    text = text.replace('head="1"', 'head="inner.1"')
    assert "Counting(s)" in text
    assert "inner.1" in text
    (toy.path / "conftest.py").write_text(text)
    return toy


def asked(grid):
    """How often a network was shown a set of images since the last time."""
    path = grid.path / "asked"
    found = path.stat().st_size if path.exists() else 0
    path.unlink(missing_ok=True)
    return found


def values(grid, store=".harness"):
    """What was measured, by test and place; `seconds` are never the same."""
    found, _ = Store(grid.path / store).read()
    return {
        (row.metric, row.model, row.dataset): (
            row.value,
            row.accuracy,
            row.facts,
            row.images,
        )
        for rows in found.values()
        for row in rows
    }


def kept(result):
    """What the report's section says: passes made and spared."""
    made, spared = re.search(
        r"(\d+) forward pass\w* made, (\d+) spared", result.stdout.str()
    ).groups()
    return int(made), int(spared)


def test_a_metric_added_tomorrow_costs_no_forward_pass(grid):
    """And numbers are those of a run that keeps none."""
    first = grid.runpytest_inprocess("--harness-keep=logits")
    assert kept(first)[1] == 0
    assert asked(grid) >= SETS
    grid.makepyfile(test_new=NEW)

    second = grid.runpytest_inprocess(
        "--harness-keep=logits", "--harness-gate=kept.passes <= 0"
    )

    assert second.ret == 0
    second.stdout.fnmatch_lines(["cells: 28 measured, 28 found in the store"])
    assert asked(grid) == 0
    assert kept(second) == (0, SETS)
    third = grid.runpytest_inprocess(  # all of it is in the store
        "--harness-keep=logits", "--harness-gate=kept.passes <= 0"
    )
    assert (third.ret, kept(third)) == (0, (0, 0))

    grid.runpytest_inprocess("--harness-store=plain", "--harness-cache-dir=other")
    assert asked(grid) > 0
    assert values(grid) == values(grid, "plain")


def test_nothing_is_kept_unless_it_is_asked_for(grid):
    grid.runpytest_inprocess()
    assert not (grid.path / "cache" / "answers").exists()

    grid.runpytest_inprocess("--harness-keep=logits", "--harness-store=a")
    assert asked(grid) > 0
    result = grid.runpytest_inprocess("--harness-store=b")
    assert asked(grid) > 0
    result.stdout.no_fnmatch_line("answers kept")


def test_predictions_serve_classes_and_logits_take_a_pass_that_is_told(grid):
    """Accuracies and a metric of classes cost nothing; one of logits says what."""
    grid.makepyfile(
        test_suite="""
        def test_first_class(predictions, record):
            record("first", float((predictions.predicted() == 0).mean()))
        """
    )
    grid.runpytest_inprocess("--harness-keep=predictions")
    assert asked(grid) > 0

    grid.makepyfile(
        test_suite="""
        def test_second_class(predictions, record):
            record("second", float((predictions.predicted() == 1).mean()))
        """
    )
    result = grid.runpytest_inprocess("--harness-keep=predictions")
    assert asked(grid) == 0
    assert kept(result) == (0, SETS)

    grid.makepyfile(test_new=NEW)
    result = grid.runpytest_inprocess(
        "--harness-keep=predictions", "--harness-report-json=r.json"
    )
    assert asked(grid) > 0
    why = "for logits, where predictions alone are kept"
    result.stdout.fnmatch_lines([f"made: {SETS}, {why}"])
    found = json.loads((grid.path / "r.json").read_text())["sections"]["kept"]
    assert found["made"] == {why: SETS}


def test_a_damaged_file_is_named_in_the_report_and_gated_on(grid):
    grid.runpytest_inprocess("--harness-keep=logits")
    path = sorted((grid.path / "cache").rglob("*.safetensors"))[0]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    result = grid.runpytest_inprocess(
        "--harness-keep=logits", "--harness-store=other", "--harness-gate",
        "kept.damaged <= 0", "--harness-gate", "kept.passes <= 1",
    )  # fmt: skip

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["made: 1, what was kept is damaged", f"damaged, and made anew: {path.name}*"]
    )
    assert kept(result) == (1, SETS - 1)
    assert path.read_bytes() == content
    result.stdout.re_match_lines([r".*1 gate passed.*"])


def test_the_size_is_told_before_the_run(grid):
    """Of both models, the seven sets and three classes, and the head of each file."""
    grid.makepyfile(test_turned="def test_rotation_invariance(measure): measure("
                    "'rotation_invariance')")  # fmt: skip
    result = grid.runpytest_inprocess("--harness-keep=logits")

    of_each = 60 * 3 * 4 + 3000
    answers = SETS * 4  # as they are, and turned thrice
    said = re.search(
        r"keeps logits in (\S+): at most (\d+) answers to a set of images, ([\d.]+) kB",
        result.stdout.str(),
    )
    assert said[1] == str(grid.path / "cache" / "answers")
    assert int(said[2]) == answers
    assert float(said[3]) == pytest.approx(answers * of_each / 1000, rel=0.005)
    files = list((grid.path / "cache" / "answers").rglob("*.safetensors"))
    assert len(files) == answers
    size = sum(path.stat().st_size for path in files)
    assert 0.5 * answers * of_each < size <= answers * of_each


def test_a_full_disk_loses_nothing_that_was_measured(grid, monkeypatch):
    """The run ends well, says what was not kept, and why."""
    monkeypatch.setenv("FULL", "1")
    conftest = grid.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
import errno
from pathlib import Path
import pytest

write = Path.write_bytes

def full(self, content):
    if "answers" in self.parts:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
    return write(self, content)

@pytest.fixture(autouse=True, scope="session")
def no_room():
    Path.write_bytes = full
    yield
    Path.write_bytes = write
"""
    )
    result = grid.runpytest_inprocess("--harness-keep=logits")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "harness: answers are not kept any more: *No space left on device*",
            "cells: 28 measured",
            "not kept: kept answers *",
            "*cannot be written: *No space left on device*",
        ]
    )
    assert len(values(grid)) == 28


@pytest.mark.parametrize(
    "how", [["-n2"], ["--harness-engine=processes?workers=2"]], ids=["n2", "processes"]
)
@pytest.mark.slow
def test_workers_keep_for_each_other(grid, how, monkeypatch):
    """What one process keeps spares workers passes, and the other way about."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    first = grid.runpytest_subprocess("--harness-keep=logits", *how)
    first.assert_outcomes(passed=28)
    assert kept(first)[1] == 0
    assert asked(grid) > 0
    assert not list((grid.path / "cache" / "answers").rglob("*.tmp"))
    grid.makepyfile(test_new=NEW)

    second = grid.runpytest_subprocess("--harness-keep=logits", *how)
    second.stdout.fnmatch_lines(["*cells: 28 measured, 28 found in the store"])
    assert asked(grid) == 0
    assert kept(second)[0] == 0

    alone = grid.runpytest_subprocess("--harness-keep=logits", "--harness-store=alone")
    alone.stdout.fnmatch_lines(["*cells: 56 measured"])
    assert asked(grid) == 0
    assert values(grid) == values(grid, "alone")


@pytest.mark.slow
def test_shards_at_once_keep_in_one_cache(grid, monkeypatch):
    """Each its part; afterwards the whole run needs no network."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command = [sys.executable, "-m", "pytest", "-q", "--harness-keep=logits"]
    shards = [
        subprocess.Popen(
            [*command, f"--harness-shard={i}/2", f"--harness-store=s{i}"],
            cwd=grid.path,
            stdout=subprocess.DEVNULL,
        )
        for i in (1, 2)
    ]
    assert [shard.wait() for shard in shards] == [0, 0]
    assert asked(grid) > 0

    whole = grid.runpytest_subprocess("--harness-keep=logits", "--harness-store=whole")
    whole.stdout.fnmatch_lines(["*cells: 28 measured"])
    assert asked(grid) == 0


@pytest.mark.slow
def test_after_a_kill_no_finished_pass_is_made_again(grid, monkeypatch):
    """Killed in a pass: the next run makes the others, and a new metric none."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command = [sys.executable, "-m", "pytest", "-q", "--harness-keep=logits"]
    grid.runpytest_subprocess("--harness-keep=logits", "--harness-cache-dir=trial")
    usual = asked(grid)
    assert usual >= SETS
    (grid.path / ".harness" / "results.jsonl").unlink()

    ran = subprocess.run(
        command,
        cwd=grid.path,
        env={**os.environ, "DIE_AT": str(usual - 3)},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == -signal.SIGKILL
    done = len(list((grid.path / "cache" / "answers").rglob("*.safetensors")))
    assert 0 < done < SETS
    asked(grid)

    # As if the store had been lost with the machine.
    (grid.path / ".harness" / "results.jsonl").unlink()
    second = grid.runpytest_subprocess("--harness-keep=logits")
    assert kept(second) == (SETS - done, done)
    asked(grid)

    grid.makepyfile(test_new=NEW)
    third = grid.runpytest_subprocess("--harness-keep=logits")
    assert asked(grid) == 0
    assert kept(third) == (0, SETS)
