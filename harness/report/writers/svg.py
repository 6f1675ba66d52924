"""A curve as a picture inside the page: no script, no library, nothing to load."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.report.table import Curve, Estimate, Series
from harness.report.templates import filled

if TYPE_CHECKING:
    from markupsafe import Markup

# Of Okabe and Ito, "Color Universal Design", 2008: told apart by most eyes and in grey.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
_DASHES = ("", "6 3", "2 3")  # of the second and third seven lines
_WIDTH, _HEIGHT = 560, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 10, 44
_HUGE = 1e300
_LABELS = 12  # places with a label


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where numbers lie in the picture."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = _share(x, self.x) * (_WIDTH - _LEFT - _RIGHT)
        up = _share(y, self.y) * (_HEIGHT - _TOP - _BOTTOM)
        return round(_LEFT + across, 1), round(_HEIGHT - _BOTTOM - up, 1)


def _share(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return (value - low) / (high - low)


def curve_svg(curve: Curve, title: str) -> Markup | str:
    """The curve with its axes and a legend; nothing where it has no value.

    Parameters
    ----------
    curve
        A gap in a series is a gap in its line.
    title
        What a screen reader calls it.
    """
    points = [list(points_of(curve, series)) for series in curve.series]
    every = [value for line in points for run in line for value in run]
    if not every:
        return ""
    frame = _Frame(
        _ends([x for x, *_ in every]), _ends([y for _, *ys in every for y in ys])
    )
    lines = [
        _line(series.name, runs, frame, i)
        for i, (series, runs) in enumerate(zip(curve.series, points, strict=True))
    ]
    return filled(
        "curve.html",
        title=title,
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        rules=[frame.at(frame.x[0], value)[1] for value in ticks(*frame.y)],
        words=list(_words(curve, frame)),
        lines=lines,
    )


def points_of(
    curve: Curve, series: Series
) -> Iterator[list[tuple[float, float, float, float]]]:
    """Runs of neighbours that have values: place, value, and the ends of its interval.

    As they are shown: scaled. What no picture has room for is a gap.
    """
    run: list[tuple[float, float, float, float]] = []
    for x, value in zip(curve.sizes(), series.values, strict=True):
        if isinstance(value, Estimate):
            numbers = (value.value, value.low, value.high)
        elif isinstance(value, float | int):
            numbers = (value, value, value)
        else:
            numbers = (math.nan,) * 3
        y, low, high = (curve.scale * number for number in numbers)
        if all(abs(number) < _HUGE for number in (y, low, high)):
            run.append((x, y, low, high))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Least and greatest, a little apart where they are one."""
    low, high = min(values), max(values)
    pad = (high - low) / 20 or abs(low) / 20 or 1.0
    return low - pad, high + pad


def _line(
    name: str,
    runs: Iterable[list[tuple[float, float, float, float]]],
    frame: _Frame,
    index: int,
) -> dict[str, Any]:
    """A series as the template draws it: its look, and its runs of points."""
    colour, dash = _look(index)
    return {
        "name": name,
        "colour": colour,
        "dash": dash or "none",
        "runs": [_run(run, frame) for run in runs],
    }


def _run(
    run: Sequence[tuple[float, float, float, float]], frame: _Frame
) -> dict[str, Any]:
    spots = [frame.at(x, y) for x, y, *_ in run]
    return {
        "points": " ".join(f"{x},{y}" for x, y in spots),
        "marks": [
            {
                "x": across,
                "y": down,
                "said": f"{y:.4g}",
                "interval": (frame.at(x, low)[1], frame.at(x, high)[1])
                if low < high
                else None,
            }
            for (x, y, low, high), (across, down) in zip(run, spots, strict=True)
        ],
    }


def _look(index: int) -> tuple[str, str]:
    """Colour and dashes of a line; after 21 they come again."""
    turn, place = divmod(index, len(PALETTE))
    return PALETTE[place], _DASHES[turn % len(_DASHES)]


def _words(curve: Curve, frame: _Frame) -> Iterator[dict[str, str]]:
    """What stands at the axes."""
    bottom = _HEIGHT - _BOTTOM
    low, high = frame.y
    for value in ticks(low, high):
        down = frame.at(frame.x[0], value)[1]
        yield _word(f"{value:.3g}", _LEFT - 6, down + 4, "end")
    sizes = curve.sizes()
    step = math.ceil(len(sizes) / _LABELS)
    for place, x in list(zip(curve.at, sizes, strict=True))[::step]:
        yield _word(place, frame.at(x, low)[0], bottom + 16, "middle")
    yield _word(curve.axis, (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, "middle")
    turned = f"rotate(-90 12 {(_TOP + bottom) / 2})"
    yield _word(curve.head, 12, (_TOP + bottom) / 2, "middle", turned)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two ends, some five of them.

    Examples
    --------
    >>> ticks(-0.08, 1.02), ticks(7.7, 104)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [20.0, 40.0, 60.0, 80.0, 100.0])
    """
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((power * n for n in (1, 2, 5, 10)), key=lambda one: abs(one - rough))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def _word(
    text: str, x: float, y: float, anchor: str, turned: str = ""
) -> dict[str, str]:
    return {
        "text": text,
        "x": f"{x:g}",
        "y": f"{y:g}",
        "anchor": anchor,
        "turned": turned,
    }
