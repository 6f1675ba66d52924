"""Transfer between families: a line fitted on one, judged on another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from harness.analysis.correlation import Point, Undefined, or_reason, xy
from harness.analysis.fits.fits import Judgement, LineFit, fit_line, judge
from harness.analysis.fits.outcome import TOP_1, FittedOutcome
from harness.analysis.resampling.units import Unit, by_family, grouped


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyTransfer:
    """One family: its own line, everyone else's, and what its line is worth elsewhere.

    Attributes
    ----------
    family, n
        The family and its number of labelled datasets.
    own
        The line fitted on the family itself.
    judged_by
        By family: this family judged with the line of that one. Its own line is among
        them, so that a matrix has its diagonal.
    left_out
        This family judged with the line of all the others together.
    """

    family: str
    n: int
    own: LineFit | Undefined
    judged_by: dict[str, Judgement | Undefined]
    left_out: Judgement | Undefined


def family_transfer(
    points: Iterable[Point],
    *,
    unit: Unit = by_family,
    outcome: FittedOutcome = TOP_1,
) -> tuple[FamilyTransfer, ...]:
    """Return the matrix of judgements between families of one metric's points.

    Parameters
    ----------
    points
        Labelled points, of one model or of several.
    unit : function of a point
        What a family is; `harness.analysis.resampling.units` has the choices.

    Returns
    -------
    tuple of FamilyTransfer
        A row for each family that is judged, in the order of names. R² of prediction
        stays negative where a foreign line is worse than the family's mean accuracy.
        What cannot be fitted or judged says why.
    """
    families = grouped((p for p in points if p.y is not None), unit)
    lines = {
        name: or_reason(partial(fit_line, *xy(members), outcome=outcome))
        for name, members in families.items()
    }
    rows = []
    for name, members in families.items():
        others = [p for other in families if other != name for p in families[other]]
        rest = or_reason(partial(fit_line, *xy(others), outcome=outcome))
        rows.append(
            FamilyTransfer(
                family=name,
                n=len(members),
                own=lines[name],
                judged_by={
                    other: _judged(line, members, outcome)
                    for other, line in lines.items()
                },
                left_out=_judged(rest, members, outcome),
            )
        )
    return tuple(rows)


def _judged(
    line: LineFit | Undefined, members: Sequence[Point], outcome: FittedOutcome
) -> Judgement | Undefined:
    if isinstance(line, Undefined):
        return Undefined(f"there is no line to judge by: {line.reason}")
    return or_reason(partial(judge, line, *xy(members), outcome=outcome))
