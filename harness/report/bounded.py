"""Numbers in so many letters at most, for columns of a fixed width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.analysis.fits.outcome import FittedOutcome


def shown_r2(r2: float) -> str:
    """Six letters at most: that of prediction has no lower bound."""
    return f"{r2:.3f}" if r2 > -9.9995 else f"{max(r2, -9999):.0f}"


def shown_error(error: float, outcome: FittedOutcome) -> str:
    """Five letters at most, in points of a share: lines may be wrong by any number."""
    points = outcome.scale * error
    if not outcome.is_share and points < 9.9995:
        return f"{points:.3f}"
    digits = 2 if points < 99.995 else 1 if points < 999.95 else 0
    return f"{min(points, 99999):.{digits}f}"
