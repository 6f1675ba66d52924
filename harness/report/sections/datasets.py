"""What the datasets are made of: transformations with their parameters, in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.report.section import Quantity
from harness.report.table import Column, Table

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset, Transformation
    from harness.measurement import Measurement
    from harness.report.section import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transformation.

    Attributes
    ----------
    name
        Of it.
    parameters
        Of its function. Two numbers in a list are a range that each image draws from.
    seed
        Of its own generator; empty where it shares the dataset's.
    """

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A dataset.

    Attributes
    ----------
    dataset, family, domain
        Which.
    steps
        What its images went through, in order; empty of images as they are.
    seed
        Of the generator of its transformations.
    """

    dataset: str
    family: str
    domain: str
    steps: tuple[Step, ...] = ()
    seed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetsMade:
    """All of a run."""

    datasets: tuple[Made, ...] = ()


class DatasetsSection:
    """A row for each dataset that was measured."""

    name = "datasets"
    title = "datasets"

    def find(
        self, rows: Sequence[Measurement], context: Context, /
    ) -> DatasetsMade | None:
        """Nothing without a run, or of one whose images are all as they are."""
        if context.run is None:
            return None
        measured = {row.dataset for row in rows}
        known = context.run.datasets
        found = tuple(made_of(known[n]) for n in known if n in measured)
        return DatasetsMade(datasets=found) if any(m.steps for m in found) else None

    def tables(self, found: DatasetsMade, /) -> Iterator[Table]:
        """For the page and for files: of hundreds of sets no terminal has room."""
        count = len(found.datasets)
        yield Table(
            columns=(
                Column(name="dataset"),
                Column(name="family"),
                Column(name="domain"),
                Column(name="made of"),
            ),
            rows=tuple(
                (one.dataset, one.family, one.domain, steps_text(one.steps))
                for one in found.datasets
            ),
            note="Transformations in the order that images go through them. Of a range "
            "in brackets each image draws its own number.",
            long=True,
            folded=f"what {count} datasets are made of",
            where=("page",),
        )

    def quantities(self, found: DatasetsMade, /) -> Mapping[str, Quantity]:
        """None."""
        return {}


def made_of(dataset: Dataset) -> Made:
    """What a dataset's images went through."""
    steps = tuple(map(_step, dataset.transformations))
    return Made(
        dataset=dataset.name,
        family=dataset.family,
        domain=str(dataset.domain),
        steps=steps,
        seed=tuple(dataset.seed) if steps else (),
    )


def _step(one: Transformation) -> Step:
    return Step(name=one.name, parameters=dict(one.parameters), seed=one.seed or ())


def steps_text(steps: Sequence[Step]) -> str:
    """In words, as a call of each.

    Examples
    --------
    >>> steps_text([Step(name="fog", parameters={"density": [0.4, 0.9]})])
    'fog(density=[0.4, 0.9])'
    >>> steps_text([]), steps_text([Step(name="equalize"), Step(name="invert")])
    ('as it is', 'equalize, then invert')
    """
    return ", then ".join(map(_call, steps)) or "as it is"


def _call(step: Step) -> str:
    given = ", ".join(f"{name}={value}" for name, value in step.parameters.items())
    return f"{step.name}({given})" if given else step.name
