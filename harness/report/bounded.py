"""Numbers in so many letters at most, for columns of a fixed width."""

from __future__ import annotations


def shown_r2(r2: float) -> str:
    """Six letters at most: that of prediction has no lower bound."""
    return f"{r2:.3f}" if r2 > -9.9995 else f"{max(r2, -9999):.0f}"


def points_of_accuracy(error: float) -> str:
    """Five letters at most, in points of accuracy: lines may be wrong by any number."""
    points = 100 * error
    digits = 2 if points < 99.995 else 1 if points < 999.95 else 0
    return f"{min(points, 99999):.{digits}f}"
