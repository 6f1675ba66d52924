"""Traits: facts of datasets as data, of every family that comes along."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.accuracy_lines import on_the_line
from harness.analysis.correlation import Point
from harness.analysis.resampling.units import by_kind
from harness.datasets.made.corruptions.families import suffixed
from harness.errors import HarnessError
from harness.measurement import Domain, Measurement, with_split
from harness.options import _own
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings
from harness.traits import checked_traits, kinds, read_trait


def settings():
    """As of a run that asks for nothing."""
    return Settings(cache_dir=Path("cache"), store=Path("store"))


def unit(dataset):
    """What it is drawn together with."""
    return by_kind(
        Point(
            model="m",
            dataset=dataset.name,
            family=dataset.family,
            domain=dataset.domain,
            x=0.0,
            y=0.5,
            images=10,
            traits=dataset.traits,
        )
    )


def test_units_of_the_default_run_are_what_they_were():
    """Read from names before: the same units in the same order, so the same draws."""
    datasets = Run(settings(), Registry(), tell=print).datasets

    assert len(datasets) >= 61
    for name, dataset in datasets.items():
        assert unit(dataset) == re.sub(r"-\d+$", "", name)
        assert ("severity" in dataset.traits) == bool(re.search(r"-\d+$", name))


@pytest.mark.parametrize("family", ["digits-c", "writers-c-extra", "writers-c-c"])
def test_corrupted_families_say_what_they_are(family):
    """Corruption and severity, what was corrupted, and what that was before."""
    registry = Registry()
    known = registry.families_of("digits")

    found = suffixed(family, known, registry.bases["digits"])

    for member in found.datasets(settings()):
        name, _, severity = member.name.rpartition("-")
        assert name.endswith(f"/{member.traits['corruption']}")
        assert int(severity) == member.traits["severity"]
        assert member.traits["split"] in ("test", "writers")
        assert unit(member) == name
        assert ("member" in member.traits) == (family == "writers-c-c")


@pytest.mark.parametrize("family", ["interior", "interior-a", "interior-b"])
def test_sets_of_an_interior_say_how_they_were_made(family):
    """Whatever is left out by kind is left out of what was really done."""
    settings = Settings(cache_dir=Path("cache"), store=Path("store"), interior=5)
    for dataset in Registry().families_of("digits")[family].datasets(settings):
        made = tuple(one.name for one in dataset.transformations)
        assert len(made) == 3
        assert kinds(dataset.traits) == made


def test_a_measurement_keeps_its_traits_as_text():
    """Texts, whole and broken numbers survive; a line without traits has none."""
    row = Measurement(
        metric="m",
        model="a",
        dataset="d",
        family="d",
        domain="target",
        value=1.0,
        accuracy=None,
        images=1,
        seconds=0.0,
        key="k",
        traits={"weather": "fog", "severity": 3, "angle": 0.5},
    )
    fields = json.loads(row.to_json())
    assert Measurement.from_dict(fields) == row
    assert fields.pop("traits") == {"weather": "fog", "severity": 3, "angle": 0.5}
    assert Measurement.from_dict(fields).traits == {}


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ({"a b": 1}, r"must be a word of letters, digits, _ and -, got 'a b'"),
        ({"": 1}, r"must be a word"),
        ({"a": True}, r"trait a of cam must be a text or a finite number, got True"),
        ({"a": float("nan")}, r"finite number, got nan"),
        ({"a": [1]}, r"got \[1\]; write it as a text"),
    ],
)
def test_what_no_report_could_carry_is_refused(traits, message):
    """By name, with the rule."""
    with pytest.raises(HarnessError, match=message):
        checked_traits("cam", traits)


def test_a_folder_is_given_traits_after_its_path():
    """Numbers where they are written, else text; any number of them."""
    own = _own("target")("cams?trait.weather=fog&trait.severity=3&role=target")

    assert dict(own.traits) == {"weather": "fog", "severity": 3}
    assert read_trait("1e400") == "1e400"
    with pytest.raises(ValueError, match="a word of letters, digits, _ and -, got ''"):
        _own("target")("cams?trait.=fog")
    with pytest.raises(ValueError, match="a word of letters"):
        _own("target")("cams?trait.1=fog")


def row(family, domain, traits):
    """A measurement of a model on a dataset, 90 of 100 images right."""
    return Measurement(
        metric="m",
        model="a",
        dataset=family,
        family=family,
        domain=domain,
        value=1.0,
        accuracy=0.9,
        images=100,
        seconds=0.0,
        key="k",
        traits=traits,
    )


@pytest.mark.parametrize(
    ("domain", "traits", "is_it"),
    [
        ("interior", {"split": "test"}, True),
        ("interior", {"split": "test", "source": "cam"}, True),
        ("interior", {"split": "test", "pool": "a"}, False),
        ("interior", {"split": "train"}, False),
        ("interior", {}, False),
        ("exterior", {"split": "test"}, False),
        ("exterior", {"split": "test", "corruption": "fog", "severity": 1}, False),
    ],
)
def test_the_test_split_is_known_by_its_traits(domain, traits, is_it):
    """Whatever family and dataset are called: of another source, or made, it is not."""
    for name in ("test", "anything"):
        assert row(name, Domain(domain), traits).of_test_split == is_it


def test_every_built_in_test_split_says_so():
    """And no other set of the default run does."""
    datasets = Run(settings(), Registry(), tell=print).datasets
    said = [
        name
        for name, one in datasets.items()
        if row(one.family, one.domain, one.traits).of_test_split
    ]
    assert said == ["test"]


def test_lines_of_accuracy_are_against_what_says_that_it_is_the_test_split():
    """A family that is only called so is none; of several that of most models is."""
    rows = [
        replace(row(name, domain, traits), model=f"m{i}", accuracy=(i + 1) / 10)
        for i in range(8)
        for name, domain, traits in [
            ("val", Domain.INTERIOR, {"split": "test"}),
            ("test", Domain.EXTERIOR, {"weather": "fog"}),
        ]
    ]
    few = replace(row("a", Domain.INTERIOR, {"split": "test"}), model="m0")
    for order in ([*rows, few], [few, *rows]):
        (line,) = on_the_line(order)
        assert (line.dataset, len(line.models)) == ("test", 8)
        assert line.x == tuple((i + 1) / 10 for i in range(8))
    assert on_the_line(r for r in rows if r.family == "test") == ()


def test_what_earlier_versions_kept_of_the_test_split_is_known_as_it():
    """Saved outputs said it by the family's name; other rows are left alone."""
    kept = row("test", Domain.INTERIOR, {})
    assert with_split(kept).of_test_split
    for other in (
        row("tests", Domain.INTERIOR, {}),
        row("test", Domain.EXTERIOR, {}),
        row("test", Domain.INTERIOR, {"split": "val"}),
    ):
        assert with_split(other) == other
