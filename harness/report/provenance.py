"""What a run was made with: versions, device, precision and date, on one line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.measurement import Measurement


def places(measurements: Iterable[Measurement]) -> dict[str, str]:
    """The devices and precisions of measurements: those found in the store had theirs.

    Returns
    -------
    dict
        "device" and "precision", several joined by commas; none where none is known.
    """
    rows = tuple(measurements)
    found = {
        name: sorted({m.facts[name] for m in rows if name in m.facts})
        for name in ("device", "precision")
    }
    return {name: ", ".join(values) for name, values in found.items() if values}


def provenance(run: Mapping[str, Any]) -> str:
    """What the run says of this, or nothing.

    Examples
    --------
    >>> provenance({"versions": {"harness": "0.1.0"}, "device": "cpu", "date": "today"})
    'harness 0.1.0; cpu; today'
    """
    versions = run.get("versions", {})
    parts = [
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        ", ".join(str(run[name]) for name in ("device", "precision") if name in run),
        str(run.get("date", "")),
    ]
    return "; ".join(part for part in parts if part)
