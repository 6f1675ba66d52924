"""Plans: what a run would take is said before it, and nothing but a sample is run."""

import re
import sys
from types import SimpleNamespace

import pytest

from harness.engines import foresee, worker
from harness.report.foreseen import _memory
from harness.store import Store

# Tells how many forward passes a run has made in the end.
COUNTS = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    from harness.fixtures.cells import made_run
    run = made_run(config)
    if run is not None and not hasattr(config, "workerinput"):
        print("passes of this process:", run.passes, run.passed_images)
"""


def said(result, head):
    """What a line of the plan says."""
    for line in result.outlines:
        if line.startswith(head + " "):
            return line.removeprefix(head).strip()
    raise AssertionError(f"no line {head} in {result.stdout}")


@pytest.fixture
def counted(toy, monkeypatch):
    """The toy grid, which tells its passes, and is sampled however busy the machine."""
    monkeypatch.setattr(foresee, "SECONDS", 1e6)
    conftest = toy.path / "conftest.py"
    conftest.write_text(conftest.read_text() + COUNTS)
    return toy


@pytest.mark.slow
def test_a_plan_says_what_the_run_then_takes(counted):
    """Cells, passes and images are those of the run; nothing is measured before."""
    plan = counted.runpytest_inprocess("--harness-plan")

    assert plan.ret == pytest.ExitCode.OK
    assert not (counted.path / ".harness").exists()
    assert not (counted.path / "cache" / "heads").exists()
    assert "passes of this process: 0 0" in plan.stdout.str()
    assert said(plan, "cells") == "28 to be measured, 0 in the store"
    assert said(plan, "groups") == "14 of 2 models, a model on a dataset each"
    assert re.match(r"about \d+ MiB a process; .* on 60 images", said(plan, "memory"))
    assert said(plan, "images") == "840 read or made, 0 MiB decoded"
    assert re.match(r"6 groups of 2 models, .* 32 and 60 images", said(plan, "sampled"))
    assert "by an engine" in said(plan, "  8")

    run = counted.runpytest_inprocess()

    passes, images = re.search(r"process: (\d+) (\d+)", run.stdout.str()).groups()
    assert int(passes) >= 14
    assert said(plan, "forward passes") == f"{passes}, {images} images in all"
    again = counted.runpytest_inprocess("--harness-plan")
    assert said(again, "cells") == "0 to be measured, 28 in the store"
    assert not any(line.startswith("sampled") for line in again.outlines)


@pytest.mark.slow
def test_a_plan_is_of_what_is_left_and_names_what_fails(toy):
    """One model is measured; a test fails on the other."""
    toy.makepyfile(test_other="def test_bad(model, record): assert model.name == 'a'")
    toy.runpytest_inprocess("--harness-models=sharp", "test_suite.py")
    store = (toy.path / ".harness" / "results.jsonl").read_bytes()

    plan = toy.runpytest_inprocess("--harness-plan")

    assert plan.ret == pytest.ExitCode.OK
    assert said(plan, "cells") == "16 to be measured, 14 in the store"
    assert re.match(r"\d cells of the sample failed: .*", said(plan, "ATTENTION"))
    assert (toy.path / ".harness" / "results.jsonl").read_bytes() == store
    assert len(Store(toy.path / ".harness").read()[0]) == 14


def test_a_plan_needs_no_workers(toy):
    result = toy.runpytest_inprocess("--harness-plan", "-n2")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*leave -n out: the plan says how the run divides*"])


def test_a_plan_of_weights_that_are_not_made_says_so(toy, monkeypatch):
    """Training is no sample; no worker is started."""
    monkeypatch.setattr(foresee, "_is_to_be_made", lambda *_: True)
    result = toy.runpytest_inprocess("--harness-plan")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*these are not made yet: sharp, soft;*"])


def test_a_system_that_does_not_tell_of_memory_is_no_end_of_a_plan(monkeypatch):
    """As Windows, which has neither of the two that are asked."""

    def missing(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(worker, "open", missing, raising=False)
    monkeypatch.setitem(sys.modules, "resource", None)
    most = worker.most_memory()

    (line,) = _memory(SimpleNamespace(memory=((32, most), (60, most)), works=()))
    assert line.split(maxsplit=1) == ["memory", "not known: this system does not say"]
