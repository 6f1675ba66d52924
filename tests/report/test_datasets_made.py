"""What datasets are made of, as reports and listings have it."""

from types import SimpleNamespace

import pytest

from harness.datasets.dataset import Dataset, Transformation
from harness.measurement import Domain
from harness.report.section import Context, shown_sections
from harness.report.sections.datasets import DatasetsSection, made_of, steps_text
from harness.report.writers.html import section_html
from tests.report.pages import measurements

FOG = Transformation(name="fog", target="a.b:fog", parameters={"density": [0.4, 0.9]})
FLIP = Transformation(name="flip", target="a.b:flip", seed=(3, 1))


def dataset(name, *transformations, seed=(0,)):
    """One without images."""
    return Dataset(
        name=name,
        family="in",
        domain=Domain.INTERIOR,
        load=lambda: None,
        transformations=transformations,
        seed=seed,
    )


@pytest.fixture
def context():
    """Of a run with two sets that are made and one that is not."""
    sets = [
        dataset("in0", FOG, FLIP, seed=(7, 0)),
        dataset("in1", FLIP),
        dataset("in2"),
    ]
    return Context(
        described={},
        run=SimpleNamespace(
            datasets={one.name: one for one in sets},
            registry=SimpleNamespace(sections=()),
        ),
    )


def test_json_has_every_step_with_its_parameters(context):
    """And the seeds, of the dataset and of a step's own generator."""
    rows = [m for m in measurements() if m.dataset in ("in0", "in2")]
    found, _ = shown_sections((DatasetsSection(),), rows, context)

    place = {"family": "in", "domain": "interior"}
    assert found["datasets"]["datasets"] == [
        {
            "dataset": "in0",
            **place,
            "steps": [
                {"name": "fog", "parameters": {"density": [0.4, 0.9]}, "seed": []},
                {"name": "flip", "parameters": {}, "seed": [3, 1]},
            ],
            "seed": [7, 0],
        },
        {"dataset": "in2", **place, "steps": [], "seed": []},
    ]


def test_the_page_says_it_in_words(context):
    """Folded, in the order that images go through them."""
    _, (shown,) = shown_sections((DatasetsSection(),), measurements(), context)

    text = str(section_html(shown))
    assert "what 3 datasets are made of" in text
    assert "fog(density=[0.4, 0.9]), then flip" in text
    assert "as it is" in text


def test_where_all_images_are_as_they_are_there_is_nothing_to_say(context):
    """Nor of a table of measurements, which knows no dataset."""
    section, rows = DatasetsSection(), measurements()
    plain = [m for m in rows if m.dataset == "in2"]

    assert section.find(plain, context) is None
    assert section.find(rows, Context(described={})) is None


def test_an_interior_is_told_as_it_is_drawn(tmp_path):
    """The names that its trait has, with the parameters of the pool."""
    from harness.registry import Registry
    from harness.settings import Settings

    families = Registry().families_of("digits")
    sets = families["interior"].datasets(
        Settings(base="digits", interior=3, cache_dir=tmp_path, store=tmp_path)
    )

    assert len(sets) == 3
    for one in sets:
        made = made_of(one)
        assert ", ".join(s.name for s in made.steps) == one.traits["transformations"]
        for step, transformation in zip(made.steps, one.transformations, strict=True):
            assert step.parameters == transformation.parameters
        assert all(step.name in steps_text(made.steps) for step in made.steps)
