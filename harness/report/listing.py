"""Listings: what a run can choose from, and what was published of its kind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, MissingData
from harness.report.columns import Block, Columns, Names, Number

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.run import Run
    from harness.settings import Settings

KINDS = ("bases", "models", "families", "datasets", "metrics", "published")


def listing(kind: str, run: Run) -> Iterable[RenderableType]:
    """The table of one kind, for the run's base where that matters."""
    makers = {
        "bases": _bases,
        "models": _models,
        "families": _families,
        "datasets": _datasets,
        "metrics": _metrics,
        "published": _published,
    }
    yield from makers[kind](run)


def _bases(run: Run) -> Iterable[RenderableType]:
    table = _table(
        "bases",
        _left("classes", 1),
        _left("images", 2),
        _left("here", 3),
        what="what",
    )
    for base in run.registry.bases.values():
        height, width, channels = base.size
        table.add(
            (base.name, base.description),
            (str(len(base.classes)),),
            (f"{height}x{width} {'grey' if channels == 1 else 'RGB'}",),
            (_here(lambda base=base: base.locate(run.settings)),),
        )
    yield table


def _models(run: Run) -> Iterable[RenderableType]:
    table = _table(
        f"models of {run.base.name}",
        Number(name="parameters", goes=3),
        Number(name="accuracy", goes=1),
        _left("here", 2),
        what="source, licence",
    )
    for name, entry in run.registry.models_of(run.base.name).items():
        parameters = getattr(entry, "parameters", None)
        accuracy = getattr(entry, "accuracy", None)
        licence = getattr(entry, "licence", "")
        source = str(getattr(entry, "source", "")).removeprefix("https://github.com/")
        table.add(
            (name, f"{source}, {licence}" if licence else source),
            ("-" if parameters is None else f"{parameters:,}",),
            ("-" if accuracy is None else f"{100 * accuracy:.2f}",),
            (_here(lambda entry=entry: entry.locate(run.settings)),),
        )
    yield table
    yield "Accuracy as published, in percent; here: whether the weights are at hand."


def _families(run: Run) -> Iterable[RenderableType]:
    from rich.console import Group
    from rich.text import Text

    table = _table(
        f"families of {run.base.name}",
        _left("domain", 2),
        Number(name="datasets", goes=1),
        what="what",
    )
    notes = []
    for name, family in run.registry.families_of(run.base.name).items():
        try:
            count = str(len(family.datasets(run.settings)))
        except MissingData as error:
            count = "absent"
            notes.append(f"  {name}: {_missing(error, run.settings)}")
        except HarnessError as error:
            count = "broken"
            notes.append(f"  {name}: {error}")
        table.add((name, family.description), (str(family.domain),), (count,))
    yield table
    if notes:
        lines = (Text(note, no_wrap=True, overflow="ellipsis") for note in notes)
        yield Group(*lines)
        yield (
            "Ask for one by its name, --harness-families NAME, to be told where it was "
            "looked for and where it comes from."
        )


def _datasets(run: Run) -> Iterable[RenderableType]:
    from harness.report.sections.datasets import made_of, steps_text

    table = _table(f"datasets of {run.base.name}", _left("domain", 1), what="made of")
    for dataset in run.datasets.values():
        steps = steps_text(made_of(dataset).steps)
        table.add((dataset.name, steps), (str(dataset.domain),))
    yield table
    yield (
        "Those that the families here have; --harness-families chooses, and "
        "--harness-interior says how many. Of a range in brackets each image draws its "
        "own number."
    )


def _missing(error: MissingData, settings: Settings) -> str:
    """What was looked for first, in few words."""
    first = Path(str(error.looked_at[0])) if error.looked_at else Path()
    for root in (settings.data_root, settings.cache_dir):
        if root is not None and first.is_relative_to(root):
            first = first.relative_to(root)
    fetched = "; --harness-download fetches it" * ("--harness-download" in error.cure)
    return f"no {first} here{fetched}"


def _metrics(run: Run) -> Iterable[RenderableType]:
    from harness.metrics.spec import Kind

    known = run.registry.metrics.values()
    trends = {1: ", rises", -1: ", falls", 0: ""}
    for title, label_free in (("metrics", True), ("outcomes", False)):
        table = _table(title, _left("kind", 1), what="what")
        for metric in sorted(known, key=lambda metric: metric.name):
            if metric.label_free is label_free:
                kind = "score" if label_free else "outcome"
                if metric.kind is Kind.ESTIMATE and label_free:
                    kind = "estimate"
                else:
                    kind += trends[metric.trend.value]
                what = metric.summary.removeprefix("Return ").removesuffix(".")
                table.add((metric.name, what), (kind,))
        yield table
    yield (
        "An estimate is an accuracy itself; a score rises or falls with accuracy and "
        "is fitted against it. An outcome uses the labels, and is never a predictor."
    )


def _published(run: Run) -> Iterable[RenderableType]:
    """What the suite of representations has on its page, beside one's own."""
    from harness.analysis.published_layers import PUBLISHED

    for one in PUBLISHED:
        table = Columns(
            title=one.title,
            names=(Names(head="pre-training", widest=60, whole=True),),
            blocks=(Block(numbers=tuple(Number(name=name) for name in one.layers)),),
        )
        for name, values in one.rows.items():
            table.add((name,), tuple(f"{value:.1f}" for value in values))
        yield table
        yield f"In percent. {one.source}."


def _here(locate: Any) -> str:
    try:
        locate()
    except HarnessError:
        return "no"
    return "yes"


def _left(name: str, goes: int) -> Number:
    return Number(name=name, width=-1, goes=goes)


def _table(title: str, *columns: Number, what: str) -> Columns:
    """Names, columns that go for want of room, and a text about each."""
    return Columns(
        title=title,
        names=(
            Names(head="name", widest=60, whole=True),
            Names(head=what, widest=1000, last=True),
        ),
        blocks=tuple(Block(numbers=(number,)) for number in columns),
    )
