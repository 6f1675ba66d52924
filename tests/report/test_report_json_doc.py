"""docs/report-json.md says what the JSON report holds: no key less, none more."""

import dataclasses
import re
import typing
from pathlib import Path

import pytest

from harness.analysis.gates import Verdict
from harness.report.run_file.reopening import contents
from harness.report.run_file.saved import SCHEMA
from harness.report.run_file.verdicts import FORMS
from harness.report.sections.found import KEPT
from harness.report.summary import Summary
from tests.report.pages import sample

DOC = (Path(__file__).parents[2] / "docs" / "report-json.md").read_text()
SECTIONS = dict(
    re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", DOC, flags=re.MULTILINE | re.DOTALL)
)
# Their keys are names of other things.
OPEN = {"absent", "found", "judged_by", "options", "parameters", "sources"}


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
    """The dataclasses that a type is made of; verdicts have forms of their own."""
    if kind is Verdict:
        return found
    if dataclasses.is_dataclass(kind):
        if kind in found:
            return found
        found.add(kind)
        for part in typing.get_type_hints(kind).values():
            classes(part, found)
    for part in typing.get_args(kind):
        classes(part, found)
    return found


# What the harness' own sections find stands among the keys of the whole.
KINDS = [one.kind for one in KEPT]
NAMES = {
    kind: [field.name for field in dataclasses.fields(kind)]
    for kind in set().union(*(classes(one, set()) for one in (Summary, *KINDS)))
}
OBJECTS = {
    **{kind.__name__: names for kind, names in NAMES.items() if kind not in KINDS},
    "Summary": [
        name for kind in (Summary, *KINDS) for name in NAMES[kind] if name != "kept"
    ],
    **{form.name: [form.key, *form.verdict] for form in FORMS},
    **{form.gate_name: list(form.gate) for form in FORMS},
}


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_each_object_is_described_key_by_key(name):
    """Its table has its keys, each once, in some order."""
    rows = re.findall(r"^\| (`.*?) \|", SECTIONS[name], flags=re.MULTILINE)
    keys = [key for row in rows for key in re.findall(r"`(\w+)`", row)]

    assert sorted(keys) == sorted(OBJECTS[name])


def test_nothing_is_described_that_is_not_there():
    assert SECTIONS.keys() == OBJECTS.keys() | {"run"}


def test_every_key_of_a_report_with_everything_is_described():
    keys = keys_of(contents(sample()))

    assert {"plane", "changes"} <= keys
    assert undescribed(keys) == set()


def test_the_version_is_the_one_that_is_written():
    assert f"`schema` is the version of what is described here, now {SCHEMA}." in DOC
