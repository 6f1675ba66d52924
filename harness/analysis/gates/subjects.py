"""Subjects: the rows that a gate, a rule or an option means, before its colon.

The grammar::

    subject = METRIC [ "[" PART { "," PART } "]" ]
    METRIC  = a metric's name, or a pattern with * and ?
    PART    = MODEL | AXIS "=" VALUE
    MODEL   = a model's name, or a pattern; "all" is the fit over all models together
    VALUE   = a value along the axis, or a pattern; numbers may be written in any way

Without a model, every model is meant, each by itself; without an axis, every value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol, Self

from harness.analysis.gates.texts import hint
from harness.measurement import NO_AXES, Axes, in_order, label_of, number_of

_NONE: Mapping[str, str] = {}
ALL = "all"  # the model that stands for all of them together
_SUBJECT = re.compile(r"(?P<metric>[^\s\[\]:]+)(\[(?P<inside>[^\[\]]+)\])?")
_AXIS = re.compile(r"(?P<name>[^\W\d]\w*)\s*=\s*(?P<value>.*)")


class Row(Protocol):
    """What can be meant: it belongs to a metric, axes and a model."""

    @property
    def metric(self) -> str:
        """Its metric."""

    @property
    def axes(self) -> Axes:
        """What that was varied along."""

    @property
    def model(self) -> str | None:
        """Its model; None over all together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Patterns of a metric, a model, and values along axes.

    Attributes
    ----------
    metric, model
        Patterns of names; model "all" is the fit over all models together.
    axes
        Patterns of values by axis, in the order they are written.
    """

    metric: str
    model: str = "*"
    axes: Axes = NO_AXES

    @classmethod
    def parse(cls, text: str) -> Self:
        """The subject that a text describes.

        Raises
        ------
        ValueError
            If it describes none: what is wrong with it.

        Examples
        --------
        >>> str(Subject.parse("knn[resnet*, k=5]"))
        'knn[resnet*,k=5]'
        """
        match = _SUBJECT.fullmatch(text)
        if match is None:
            raise ValueError(
                "before the ':' must stand METRIC, METRIC[MODEL] or "
                f"METRIC[AXIS=VALUE], got {text!r}"
            )
        inside = match["inside"] or "*"
        parts = [part.strip() for part in inside.split(",")]
        found = [_AXIS.fullmatch(part) for part in parts]
        if not any(found):  # a comma may be in the model's name
            return cls(metric=match["metric"], model=inside)
        models = [p for p, axis in zip(parts, found, strict=True) if axis is None]
        if len(models) > 1 or "" in models:
            raise ValueError(
                f"in the brackets must stand one MODEL at most, besides AXIS=VALUE, "
                f"got {text!r}"
            )
        axes = Axes((axis["name"], axis["value"]) for axis in found if axis)
        if len(dict(axes)) < len(axes):
            raise ValueError(f"each axis must stand once in the brackets, got {text!r}")
        return cls(metric=match["metric"], model=(models or ["*"])[0], axes=axes)

    def __str__(self) -> str:
        """The subject as it can be parsed again."""
        return f"{self.metric}[{self.inside}]" if self.inside else self.metric

    @property
    def inside(self) -> str:
        """What stands in the brackets: nothing where it means everything."""
        model = "" if self.model == "*" else self.model
        return ",".join(part for part in (model, str(self.axes)) if part)

    def selects(self, row: Row) -> bool:
        """Whether the row is one that is meant."""
        if not fnmatchcase(row.metric, self.metric):
            return False
        if self.axes and not dict(row.axes).keys() & dict(self.axes).keys():
            # Not an axis here; but a model may be called "lr=0.1".
            return row.model is not None and fnmatchcase(row.model, self.inside)
        if not self.fits(row.axes):
            return False
        if row.model is None:
            return self.model == ALL
        return self.model != ALL and fnmatchcase(row.model, self.model)

    def could_select(self, metric: str | None, axes: Axes, model: str) -> bool:
        """Whether rows would be meant that are not there; of any metric if None."""
        if metric is not None and not (
            fnmatchcase(metric, self.metric) and self.fits(axes)
        ):
            return False
        return self.model == ALL or fnmatchcase(model, self.model)

    def fits(self, axes: Axes) -> bool:
        """Whether axes have a value that is meant along each that is named."""
        values = dict(axes)
        return all(
            name in values and _is_meant(values[name], pattern)
            for name, pattern in self.axes
        )


def _is_meant(value: str, pattern: str) -> bool:
    if fnmatchcase(value, pattern):
        return True
    number = number_of(pattern)
    return number is not None and number == number_of(value)


def unmatched(
    subject: Subject, rows: Iterable[Row], failed: Mapping[str, str] = _NONE
) -> str:
    """Say why a subject selects no row: its metric, axes or model; empty if it could.

    Parameters
    ----------
    subject
        What was meant.
    rows
        What was measured.
    failed
        Why metrics have no value anywhere, by name.
    """
    measured = list(rows)
    metrics = sorted({row.metric for row in measured})
    also = "".join(f"; {name} failed: {why}" for name, why in sorted(failed.items()))
    if not metrics:
        return f"nothing to judge: no metric was measured{also}"
    if not any(fnmatchcase(metric, subject.metric) for metric in metrics):
        did_fail = any(fnmatchcase(name, subject.metric) for name in failed)
        question = "" if did_fail else hint(subject.metric, [*metrics, *failed])
        return (
            f"no measured metric matches {subject.metric!r}{question}; "
            f"measured: {', '.join(metrics)}{also}"
        )
    found = [row for row in measured if fnmatchcase(row.metric, subject.metric)]
    meant = [row for row in found if subject.fits(row.axes)]
    if not meant:
        series = in_order({(row.metric, row.axes) for row in found})
        known = [label_of(*one) for one in series]
        wanted = label_of(subject.metric, subject.axes)
        return (
            f"no measured metric matches {wanted!r}{hint(wanted, known)}; "
            f"measured: {', '.join(known)}"
        )
    models = sorted({row.model for row in meant if row.model is not None})
    if any(subject.selects(row) for row in meant):
        return ""
    return (
        f"no measured model matches {subject.model!r}{hint(subject.model, models)}; "
        f"measured: {', '.join(models)}"
    )
