"""docs/report-json.md says what the JSON report holds: no key less, none more."""

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from harness.report.run_file.json import plain
from harness.report.run_file.saved import SCHEMA
from harness.report.summary import Summary
from tests.report.pages import sample

DOC = (Path(__file__).parents[2] / "docs" / "report-json.md").read_text()
SECTIONS = dict(
    re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOC, flags=re.MULTILINE | re.DOTALL)
)
# Their keys are names of other things.
OPEN = {"absent", "found", "judged_by", "parameters"}


def keys_of(value, name=""):
    """Every key of a report, however deep."""
    if isinstance(value, list):
        return set().union(*(keys_of(part, name) for part in value))
    if not isinstance(value, dict):
        return set()
    own = set() if name in OPEN else set(value)
    return own.union(*(keys_of(part, key) for key, part in value.items()))


def undescribed(keys):
    """Those that the page does not name."""
    return {key for key in keys if f"`{key}`" not in DOC}


def classes(kind, found):
    """The dataclasses that a type is made of."""
    if dataclasses.is_dataclass(kind):
        if kind in found:
            return found
        found.add(kind)
        for part in typing.get_type_hints(kind).values():
            classes(part, found)
    for part in typing.get_args(kind):
        classes(part, found)
    return found


OBJECTS = sorted(classes(Summary, set()), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda kind: kind.__name__)
def test_each_object_is_described_key_by_key(kind):
    """Its table has its keys, each once, in some order."""
    rows = re.findall(r"^\| (`.*?) \|", SECTIONS[kind.__name__], flags=re.MULTILINE)
    keys = [key for row in rows for key in re.findall(r"`(\w+)`", row)]

    assert sorted(keys) == sorted(field.name for field in dataclasses.fields(kind))


def test_nothing_is_described_that_is_not_there():
    assert SECTIONS.keys() == {kind.__name__ for kind in OBJECTS} | {"run"}


def test_every_key_of_a_report_with_everything_is_described():
    keys = keys_of(plain(sample()))

    assert {"plane", "changes"} <= keys
    assert undescribed(keys) == set()


def test_the_version_is_the_one_that_is_written():
    assert f"`schema` is the version of what is described here, now {SCHEMA}." in DOC
