"""How right each model is: on the test split, and from where to where elsewhere.

It is made of the measurements, which the JSON report holds, and has no key of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harness.report.section import Shown
from harness.report.table import Column, Range, Table, Value

if TYPE_CHECKING:
    from harness.measurement import Measurement

NAME = "accuracies"
# When a column goes for want of room.
_PLACES = {"test": 0, "interior": 2, "exterior": 1}
_OF_TEST = "test"


def accuracies(rows: Iterable[Measurement]) -> Shown:
    """A row for each model that was measured with labels; nothing without any."""
    models: dict[str, dict[str, dict[str, float]]] = {}
    for m in rows:
        if m.accuracy is not None:
            place = _OF_TEST if m.of_test_split else str(m.domain)
            of_model = models.setdefault(m.model, {})
            of_model.setdefault(place, {})[m.dataset] = m.accuracy
    return Shown(name=NAME, title="accuracy", parts=(_table(models),) if models else ())


def _table(models: dict[str, dict[str, dict[str, float]]]) -> Table:
    found = {
        place: [
            _over(list(of_model.get(place, {}).values()))
            for of_model in models.values()
        ]
        for place in _PLACES
    }
    return Table(
        columns=(
            Column(name="model", widest=16, cut=True),
            *(
                Column(
                    name=place,
                    form=".1f" if any(isinstance(v, Range) for v in values) else ".2f",
                    scale=100.0,
                    goes=_PLACES[place],
                )
                for place, values in found.items()
            ),
        ),
        rows=tuple(zip(models, *found.values(), strict=True)),
    )


def _over(shares: Sequence[float]) -> Value:
    if len(shares) > 1:
        return Range(low=min(shares), high=max(shares))
    return shares[0] if shares else None
