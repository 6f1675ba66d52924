"""`harness run`: pytest on one of the package's suites."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.commands import run as running
from harness.commands.running import run_pytest

SUITES = Path(__file__).parent.parent.parent / "suites"


@pytest.fixture
def started(monkeypatch):
    """Command lines that pytest was given."""
    lines = []
    monkeypatch.setattr(running, "run_pytest", lambda *a: lines.append(a) or 0)
    return lines


def test_every_folder_of_suites_is_one():
    """Also one that was put there: nobody lists them."""
    folders = {path.parent.name for path in SUITES.glob("*/__init__.py")}

    assert set(running.suites()) == folders


def test_what_follows_the_name_is_pytests(started):
    assert main(["run", "learning-order", "-k", "jigsaw", "-x"]) == 0

    assert started == [
        ("--pyargs", "harness.suites.learning_order", "-k", "jigsaw", "-x")
    ]


@pytest.mark.parametrize(
    ("of_pytest", "ours"), [(0, 0), (1, 1), (4, 2), (5, 5), (75, 75)]
)
def test_the_status_is_pytests_and_2_for_bad_input(monkeypatch, of_pytest, ours):
    popen = subprocess.Popen
    ends = [sys.executable, "-I", "-S", "-c", f"raise SystemExit({of_pytest})"]
    monkeypatch.setattr(subprocess, "Popen", lambda _command: popen(ends))

    assert run_pytest() == ours


def test_an_unknown_suite_is_refused_with_those_that_there_are(started, capsys):
    assert main(["run", "robustnes"]) == 2

    said = capsys.readouterr().err
    assert "unknown suite 'robustnes'; did you mean robustness?" in said
    assert started == []
