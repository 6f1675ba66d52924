"""How much a run will keep of what networks answer, told before it starts."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.answers.keeping import FOLDER, bytes_of
from harness.answers.outputs import BASE
from harness.errors import HarnessError
from harness.fixtures.copies import COPIES
from harness.printable import shown_bytes
from harness.views import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from harness.answers.keeping import Kind
    from harness.metrics.ask import Ask
    from harness.plan import PlannedCell, Variant
    from harness.run import Run

TARGET, SOURCE, TRAIN = "target", "source", "train"
#: Whose images, and what tells one pass over them from another.
Shown = tuple[str, "Hashable"]


def size_line(run: Run, cells: Iterable[PlannedCell]) -> str:
    """What is kept, how many answers and bytes that are at most, and where.

    Answers that earlier runs have kept are counted too, and views that a test chooses
    itself are not: what it will be can only be known by its passes.
    """
    kind, folder = run.settings.keep, run.settings.cache_dir / FOLDER
    assert kind != "none"
    if run.base.name == BASE:
        return "harness: nothing is kept: outputs were saved, and no network is run"
    passes, size = expected(run, cells, kind)
    free = shutil.disk_usage(_existing(folder)).free
    short = " of free disk, which may not be enough" if size > free else " are free"
    return (
        f"harness: keeps {kind} in {folder}: at most {passes:,} "
        f"answers to a set of images, {shown_bytes(size)}; {shown_bytes(free)}{short}"
    )


def expected(run: Run, cells: Iterable[PlannedCell], kind: Kind) -> tuple[int, int]:
    """Answers of a network to a dataset under a view, and their bytes, at most."""
    variants: dict[tuple[str, str], set[Variant]] = defaultdict(set)
    for cell in cells:
        if cell.dataset and cell.model not in run.encoders:
            variants[cell.model, cell.dataset].add(cell.variant)
    shown = {one: _shown(run, one) for found in variants.values() for one in found}
    sizes: dict[str, int] = {}
    passes: dict[str, int] = defaultdict(int)  # by whose images
    of_base: set[tuple[str, Shown]] = set()
    populations = run.registry.populations_of(run.base.name)
    for (subject, dataset), found in variants.items():
        networks = populations[subject].names if subject in populations else (subject,)
        every = {(TARGET, IDENTITY)}.union(*(shown[one] for one in found))
        passes[dataset] += len(networks) * sum(whose == TARGET for whose, _ in every)
        of_base |= {(n, one) for n in networks for one in every if one[0] != TARGET}
    for _, (whose, _view) in of_base:
        passes[whose] += 1
    classes = len(run.base.classes)
    for name in passes:
        sizes[name] = bytes_of(kind, _images(run, name), classes)
    return sum(passes.values()), sum(n * sizes[name] for name, n in passes.items())


def _shown(run: Run, variant: Variant) -> set[Shown]:
    """The passes that one test takes of a model on a dataset."""
    metric = run.registry.metrics.get(variant.metric)
    if metric is None:
        return set()
    task = dict(metric.stands_for[1]).get("task", "") if metric.stands_for else ""
    task = task or dict(variant.axes).get("task", "")
    return {one for ask in metric.inputs for one in _of_ask(run, ask, task)}


def _of_ask(run: Run, ask: Ask, task: str) -> Iterable[Shown]:
    if ask.what in ("labels", "record"):
        return ()
    if ask.view == "copies":
        return [(TARGET, f"copy {number}") for number in range(COPIES)]
    if not ask.view:
        return [(ask.of, IDENTITY)]
    try:
        chosen = run.task(task)
    except HarnessError:  # of a test's own
        return ()
    views = chosen.views if ask.view == "task" else chosen.moving
    return [(ask.of, view) for view in views]


def _images(run: Run, name: str) -> int:
    """How many of a dataset are looked at; 0 where that is found out later."""
    splits = {SOURCE: lambda: run.source, TRAIN: lambda: run.train}
    try:
        dataset = splits[name]() if name in splits else run.datasets[name]
        return dataset.size(run.limit_of(dataset))
    except HarnessError:
        return 0


def _existing(path: Path) -> Path:
    """The folder, or the next above it that is there."""
    return next(one for one in (path, *path.absolute().parents) if one.is_dir())
