"""Reports that came from elsewhere, or were damaged: printed, or refused in a line."""

import json
import random

import pytest

from harness.cli import main
from harness.report.run_file.reopening import write_json
from tests.report.pages import sample

ODD = [
    *(None, True, 3, -1, 0, 0.5, "", "x", "3", "nan", "inf", [], {}, [1], ["a"]),
    *([[]], {"a": 1}, 10**400, -(10**400), float("nan"), 1e308, "\ud800\x1b\0"),
]


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A report with something in every part, as text."""
    path = tmp_path_factory.mktemp("whole") / "r.json"
    write_json(path, sample())
    return path.read_text()


def shapes(value, path=()):
    """Paths to every part of a value, of each list the first item's."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for key, part in parts:
        if isinstance(part, dict | list):
            yield from shapes(part, (*path, key))
        else:
            yield (*path, key)


def changed(text, path, value, *, gone=False):
    """The report with another value in a place."""
    content = json.loads(text)
    place = content
    for key in path[:-1]:
        place = place[key]
    if gone:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(content)


def refused_or_printed(text, tmp_path, capsys):
    """Whether a report is printed in every form; else one line says what is wrong."""
    path = tmp_path / "r.json"
    path.write_text(text)
    for command in (
        ["report", str(path), "--html", f"{path}.html", "--md", f"{path}.md"],
        ["compare", str(path), str(path)],
    ):
        status = main(command)
        said = capsys.readouterr().err
        assert status in (0, 2)
        assert said.count("\n") == (status == 2)
        assert "Traceback" not in said
    return status


@pytest.mark.parametrize("command", ["compare", "history"])
def test_what_a_report_lacks_is_named(content, command, tmp_path, capsys):
    path = tmp_path / "r.json"
    path.write_text(changed(content, ("measurements",), None, gone=True))

    assert main([command, str(path), str(path)]) == 2
    assert "is damaged: it has no 'measurements'\n" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(8))
def test_a_changed_report_is_printed_or_refused(content, seed, tmp_path, capsys):
    """Whatever stands where, or is gone: never a traceback."""
    rng = random.Random(seed)
    path = rng.choice(list(shapes(json.loads(content))))
    text = changed(content, path, rng.choice(ODD), gone=rng.random() < 0.1)

    refused_or_printed(text, tmp_path, capsys)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("measurements", 0, "facts"), "a text"),
        (("measurements", 0), [1, 2]),
        (("measurements", 0), 0.5),
        (("measurements", 0, "accuracy"), {}),
        (("measurements", 0, "accuracy"), 1.5),
        (("measurements", 0, "value"), 10**400),
        (("measurements", 0, "value"), "nan"),
        (("run", "base"), 3),
        (("run", "models"), [None]),
        (("run", "models"), None),
        (("run", "versions"), None),
        (("run", "versions"), ["numpy"]),
        (("run",), []),
        (("ranks", 0, "seconds"), -(10**400)),
        (("counts", "measured"), 1e308),
        (("run", "settings"), json.loads("[" * 60 + "]" * 60)),
    ],
)
def test_what_no_run_writes_is_refused(content, path, value, tmp_path, capsys):
    """With the place, by each command that needs it."""
    path_, text = tmp_path / "r.json", changed(content, path, value)
    path_.write_text(text)

    assert main(["report", str(path_)]) == 2

    said = capsys.readouterr().err
    assert said.startswith(f"harness report: report {path_} is damaged: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("start", ["", '{"schema": 1, "run": '], ids=["list", "report"])
def test_nesting_without_end_is_refused(start, tmp_path, capsys):
    """Python's own reader gives up."""
    assert refused_or_printed(start + "[" * 200_000, tmp_path, capsys) == 2
