"""What the classes of a dataset are called: in labels, and in answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset
    from harness.run import Run


def class_names(run: Run, dataset: Dataset) -> tuple[str, ...]:
    """What labels of a dataset may be called: classes of the base, or its own."""
    classes = dataset.classes
    if classes is not None and classes.renumbered:
        return classes.names
    return run.base.classes


def answer_name(run: Run, dataset: Dataset, answer: int) -> str:
    """What an answer is called; of some of the base's classes, by theirs."""
    classes = dataset.classes
    return run.base.classes[answer] if classes is None else classes.names[answer]
