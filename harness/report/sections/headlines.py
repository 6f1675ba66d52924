"""Headlines of predictions in words: what people read first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.analysis.coverage import outwards
from harness.analysis.headlines import Headline, Trust
from harness.printable import counted
from harness.report.table import Text, Writer

LIST = "--harness-label-next FILE draws them"
_MANY = 8  # headlines; of more, a terminal and Markdown leave most reasons out
_DOUBTED = 12  # of those, how many that are not to be trusted keep their reasons
_PAGE: tuple[Writer, ...] = ("page",)
_OTHERS: tuple[Writer, ...] = ("terminal", "markdown")
_ELSEWHERE = (
    "What to label next, and the reasons that are not shown here, are on the page "
    "(--harness-report-html FILE) and in the JSON report (--harness-report-json FILE)."
)


def headline_texts(headlines: Sequence[Headline]) -> Iterator[Text]:
    """For each how right, whether to trust it, what to do next.

    Of many, a terminal and Markdown have reasons for the first that are not to be
    trusted, and then a sentence on where the others are.
    """
    many = len(headlines) > _MANY
    doubted = 0
    for one in headlines:
        reasons = not many
        if many and one.trust is Trust.NO:
            doubted += 1
            reasons = doubted <= _DOUBTED
        yield Text(text=first_sentence(one), hang=2, strong=True)
        yield Text(
            text=f"  {trust_sentence(one)}", hang=4, where=() if reasons else _PAGE
        )
        yield Text(
            text=f"  Next: {next_sentence(one)}", hang=4, where=_PAGE if many else ()
        )
    if many:
        yield Text(text=_ELSEWHERE, where=_OTHERS)


def first_sentence(one: Headline) -> str:
    """About how many of 100 are right, and how sure that is.

    Examples
    --------
    >>> first_sentence(
    ...     Headline(
    ...         model="resnet", dataset="photos", images=150, accuracy=0.948, low=0.911,
    ...         high=0.993, level=0.95, by="8 estimates", trust=Trust.YES,
    ...     )
    ... )
    'resnet on photos: about 95 of 100 right, between 91 and 100 (95 %)'
    """
    start = f"{one.model} on {one.dataset}: "
    if one.accuracy is None or one.low is None or one.high is None:
        return f"{start}not known{_raw(one)}"
    low, high = outwards(one.low, one.high)
    about = f"about {100 * one.accuracy:.0f} of 100 right"
    if one.low == one.high:
        return f"{start}{100 * one.accuracy:.1f} of 100 right: all images have a label"
    if one.trust is Trust.NO:
        return f"{start}not known; {about}, {low} to {high}, is not to be trusted" + (
            _raw(one)
        )
    by = f", by {one.by}" if one.labels_used else ""
    care = ", with care" if one.trust is Trust.CARE else ""
    sure = f"between {low} and {high} ({one.level:.0%}{care})".replace("%", " %", 1)
    return f"{start}{about}, {sure}{by}{_raw(one)}"


def _raw(one: Headline) -> str:
    if one.raw is None or one.raw_by == one.by.removesuffix(" as it is"):
        return ""
    return f"; {one.raw_by} as it is says {100 * one.raw:.0f}"


def trust_sentence(one: Headline) -> str:
    """Whether to trust it, and why or why not.

    Examples
    --------
    >>> trust_sentence(
    ...     Headline(
    ...         model="m", dataset="d", images=9, level=0.95, by="cott",
    ...         trust=Trust.NO, reasons=("a is out", "b is odd"),
    ...     )
    ... )
    'Do not trust it: a is out; b is odd.'
    """
    word = str(one.trust)
    return f"{word[0].upper()}{word[1:]}: {'; '.join(one.reasons)}."


def next_sentence(one: Headline) -> str:
    """What to do: how many images to label, and what that gives.

    Examples
    --------
    >>> from harness.analysis.headlines import Advice
    >>> told = next_sentence(
    ...     Headline(
    ...         model="m", dataset="d", images=90, level=0.95, by="cott",
    ...         trust=Trust.NO, advice=Advice(label=46, low=0.4, high=0.6, sure=False),
    ...     )
    ... )
    >>> told.partition(", for ")[2]
    'an interval of at most 20 points, whatever is true.'
    """
    if one.advice is None:
        return "nothing; no image is without a label."
    told = one.advice
    low, high = outwards(told.low, told.high)
    have = one.labelled.labelled if one.labelled and one.labelled.drawn else 0
    what = f"label {told.label} of its {counted(one.images, 'image')}"
    if have:
        what = f"label {told.label - have} more of its {counted(one.images, 'image')}"
    if told.label == one.images:
        return f"{what} ({LIST}): only all of them give more."
    if told.sure:
        gives = f"for an interval half as wide, about {low} to {high} of 100"
    else:
        points = f"{100 * (told.high - told.low):.0f} points"
        gives = f"for an interval of at most {points}, whatever is true"
    return f"{what} ({LIST}), {gives}."
