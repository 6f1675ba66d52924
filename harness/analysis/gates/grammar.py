"""Grammar: every text that can be a gate, read once.

The grammar::

    gate       = SUBJECT ":" DOMAIN STATISTIC limit                  of a fit
               | SUBJECT [ on ] ":" ( "value" | "outcome" ) limit    of rows
               | SUBJECT [ on ] ":" ( AGGREGATE | "aggregate" ) limit
               | SECTION "." QUANTITY limit                          of the report
               | "predicted accuracy" on [ "by" METRIC ] [ "for" MODEL ]
                 [ "at" BOUND ] limit
    rule       = [ SUBJECT ":" ] [ PART ] STATISTIC VERB [ "by" ] NUMBER
                 [ "beyond chance" ]
    SUBJECT    = METRIC, METRIC[MODEL], METRIC[AXIS=VALUE], ...; see `subjects`
    on         = "on" DATASETS
    DATASETS   = a pattern of datasets or families, or a domain
    limit      = OPERATOR NUMBER
    OPERATOR   = ">=" | ">" | "<=" | "<"

The rest is said where it is read: `fits`, `rows`, `aggregates`, `sections`,
`predictions`, and `changes` for rules.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from harness.analysis.gates import changes, fits, predictions, sections
from harness.analysis.gates.aggregates import OfFamily
from harness.analysis.gates.changes import Change
from harness.analysis.gates.fits import Fit
from harness.analysis.gates.gate import EVERYTHING, Gate, Quantity
from harness.analysis.gates.rows import OfRows
from harness.analysis.gates.subjects import ALL, Subject
from harness.analysis.gates.texts import CONDITION, SPACED, Words, refuse

Condition: TypeAlias = tuple[Quantity, str, float]
Reader: TypeAlias = Callable[[Words], Condition]

# What may stand after the colon, and how it is read; the first that is meant.
_CONDITIONS: tuple[tuple[Callable[[Words], bool], Reader], ...] = (
    (OfRows.is_meant, OfRows.read),
    (Fit.is_meant, Fit.read),
    (OfFamily.is_meant, OfFamily.read),
    (lambda _: True, Fit.read),
)
_COLON = re.compile(r"\[[^\[\]]*\]|:")
_ON = re.compile(r"(?<=\s)on(?=\s)")


@cache
def parse(text: str) -> Gate:
    """Return the gate that `text` describes.

    Raises
    ------
    GateSyntaxError
        If it describes none. The message names the part that is wrong, where it is,
        what was expected there, and an example.

    Examples
    --------
    >>> str(parse("jigsaw_invariance:interior r2>=.5"))
    'jigsaw_invariance: interior r2 >= 0.5'
    >>> str(parse("*invariance[resnet*]: transfer spearman > -0.2"))
    '*invariance[resnet*]: transfer rho > -0.2'
    >>> parse("nuclear_norm[all]: exterior rmse <= 5").model
    'all'
    >>> str(parse("knn[linear, k=5] on fog*:value>60%"))
    'knn[linear,k=5] on fog*: value > 0.6'
    >>> parse("nuclear_norm: interor r2 >= 0.5")
    Traceback (most recent call last):
    ...
    harness.analysis.gates.texts.GateSyntaxError: \
gate 'nuclear_norm: interor r2 >= 0.5': \
the domain must be one of interior, exterior, transfer, got 'interor'; did you mean \
'interior'? At character 15: 'interor r2 >= 0.5'. \
Example: 'jigsaw_invariance: interior r2 >= 0.5'
    """
    if predictions.is_meant(text):
        return predictions.read(text)
    colon = _colon(text)
    if colon is None and sections.is_meant(text):
        return sections.read(text)
    if colon is None:
        first = re.match(r"\s*\S*", text)
        assert first is not None
        refuse(
            text,
            "a ':' must follow the metric",
            at=first.end(),
            example=fits.EXAMPLE,
        )
    words = Words(text, start=colon + 1, words=CONDITION, example=fits.EXAMPLE)
    read = next(read for is_meant, read in _CONDITIONS if is_meant(words))
    return _gate(text, colon, words, read)


@cache
def parse_rule(text: str) -> Gate:
    """Return the gate on changes that `text` describes.

    Raises
    ------
    GateSyntaxError
        As `parse`.

    Examples
    --------
    >>> str(parse_rule("r2 drops 0.05"))
    'r2 drops 0.05'
    >>> str(parse_rule("jigsaw*[resnet*]: transfer rmse rises by 1 beyond chance"))
    'jigsaw*[resnet*]: transfer rmse rises 1 beyond chance'
    """
    colon = _colon(text)
    words = Words(
        text,
        start=0 if colon is None else colon + 1,
        words=SPACED,
        kind="rule",
        example=changes.EXAMPLE,
    )
    return _gate(text, colon, words, Change.read)


def _colon(text: str) -> int | None:
    """Where the subject ends: at the last colon outside of brackets."""
    places = [m.start() for m in _COLON.finditer(text) if m.group() == ":"]
    return places[-1] if places else None


def _gate(text: str, colon: int | None, words: Words, read: Reader) -> Gate:
    head = EVERYTHING if colon is None else text[:colon]
    subject, datasets, on = _head(head, words)
    quantity, operator, threshold = read(words)
    if on and not quantity.of_places:
        words.refuse(
            "a fit is of a whole domain and no datasets can be named; of values they "
            f"can: {subject} on {datasets}: value > 0",
            at=on,
        )
    if subject.model == ALL and quantity.of_places:
        words.refuse(
            f"{ALL!r} means one fit over all models, and this is no fit; name a model, "
            "or leave it out",
            at=text.index("["),
        )
    return Gate(
        metric=subject.metric,
        model=subject.model,
        axes=subject.axes,
        datasets=datasets,
        quantity=quantity,
        operator=operator,
        threshold=threshold,
        text=text,
    )


def _head(head: str, words: Words) -> tuple[Subject, str, int]:
    """What stands before the colon: the subject, the datasets, where "on" is, or 0."""
    datasets, at = EVERYTHING, 0
    if (on := _ON.search(head)) and head[: on.start()].strip():
        head, datasets, at = head[: on.start()], head[on.end() :].strip(), on.start()
        if not datasets:
            words.refuse("datasets are missing after 'on'", at=on.end())
    try:
        return Subject.parse(head.strip()), datasets, at
    except ValueError as error:
        patterns = "; patterns use * and ?" if words.kind == "gate" else ""
        words.refuse(f"{error}{patterns}", at=0)
