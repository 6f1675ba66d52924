"""Commands that end early: read by `head`, interrupted, or on a full disk."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main

MAIN = "import sys; from harness.cli import main; sys.exit(main())"


@pytest.fixture
def runs(tmp_path):
    """Two saved runs, as a command takes them."""
    report = {"schema": 2, "run": {"models": []}, "measurements": []}
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(json.dumps(report))
    return [str(tmp_path / name) for name in ("one.json", "two.json")]


def command(*words, **to):
    return subprocess.run(
        [sys.executable, "-c", MAIN, *words], stderr=subprocess.PIPE, text=True, **to
    )


def test_a_reader_that_has_enough_sees_no_traceback(runs):
    """And the status is that of what a pipe ends, not that of a missed rule."""
    reader, writer = os.pipe()
    os.close(reader)
    found = command("compare", *runs, stdout=writer)
    os.close(writer)

    assert found.stderr == ""
    assert found.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_is_told_in_a_line(runs):
    with open("/dev/full", "w") as full:
        found = command("compare", *runs, stdout=full)

    assert found.stderr == "harness compare: [Errno 28] No space left on device\n"
    assert found.returncode == 2


def test_an_interrupted_command_says_so_in_a_line(runs, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.commands.compare.run", interrupted)

    assert main(["compare", *runs]) == 130
    assert capsys.readouterr().err == "harness compare: interrupted\n"


def test_ctrl_c_before_a_command_is_known_is_told_in_a_line(monkeypatch, capsys):
    """Modules are imported then, which takes the first moments."""

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.cli.import_module", interrupted)

    assert main(["list", "models"]) == 130
    assert capsys.readouterr().err == "harness: interrupted\n"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder with no ini file, whose modules pytest can be told to import."""
    for name in list(os.environ):
        if name.startswith(("HARNESS_", "PYTEST_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("moment", ["import", "end"])
def test_ctrl_c_that_pytest_does_not_hear_is_told_in_a_line(elsewhere, moment):
    """It hears it in a session alone, not before plugins are imported nor after."""
    code = {
        "import": "raise KeyboardInterrupt",
        "end": "def pytest_unconfigure():\n    raise KeyboardInterrupt",
    }
    (elsewhere / "interrupts.py").write_text(code[moment])
    found = command(
        *("list", "bases", "-p", "harness", "-p", "interrupts"),
        stdout=subprocess.DEVNULL,
    )

    assert found.stderr == "harness list: interrupted\n"
    assert found.returncode == 130


def test_a_reader_of_pytest_that_has_enough_sees_no_traceback(elsewhere):
    """Status 1, which pytest has for it, is that of a missed gate."""
    reader, writer = os.pipe()
    os.close(reader)
    found = command("list", "bases", "-p", "harness", stdout=writer)
    os.close(writer)

    assert found.stderr == ""
    assert found.returncode == 141
