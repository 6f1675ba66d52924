"""The engine ray: a cluster of two machines, both on this one, of which one is lost."""

import subprocess
import sys
import time

import pytest

from harness.cli import main
from harness.store import Store

pytest.importorskip("ray", reason="ray, an extra of its own, is not installed")

pytestmark = pytest.mark.slow

# On the machine that is to be lost it waits until that happens.
DOOMED = """
import pathlib, time
def test_doomed(record):
    doomed = pathlib.Path("doomed")
    if doomed.exists():
        import ray
        if ray.get_runtime_context().get_node_id() == doomed.read_text():
            pathlib.Path("waiting").touch()
            time.sleep(600)
    record("doomed", 1.0)
"""


@pytest.fixture
def cluster(monkeypatch):
    """Two raylets of one CPU each; and the one that has no head."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False},
    )
    yield made, made.add_node(num_cpus=1)
    made.shutdown()


@pytest.mark.filterwarnings("default")  # Ray's own
def test_a_lost_machine_costs_nothing_but_time(toy, cluster):
    """Its group goes to the other; measurements are those of one process to the bit."""
    made, lost = cluster
    toy.makepyfile(test_doomed=DOOMED)
    toy.runpytest_inprocess("--harness-store=one").assert_outcomes(passed=42)
    (toy.path / "doomed").write_text(lost.node_id)
    engine = f"--harness-engine=ray?address={made.address}"
    command = [sys.executable, "-m", "pytest", "--harness-store=two", engine]
    with open(toy.path / "output", "w") as output:
        process = subprocess.Popen(
            command, cwd=toy.path, stdout=output, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 300
        while not (toy.path / "waiting").exists():
            assert time.monotonic() < deadline, "the machine got no group"
            assert process.poll() is None, (toy.path / "output").read_text()
            time.sleep(0.2)
        made.remove_node(lost, allow_graceful=False)
        process.wait(timeout=300)

    text = (toy.path / "output").read_text()
    assert process.returncode == pytest.ExitCode.OK, text
    assert "cells: 42 measured" in text
    assert text.count("its worker was lost") == 1
    stores = [str(toy.path / name) for name in ("one", "two")]
    assert main(["merge", *stores, "--into", str(toy.path / "all")]) == 0
    assert len(Store(toy.path / "all").read()[0]) == 42
