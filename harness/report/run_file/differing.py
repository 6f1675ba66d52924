"""What two runs were told, made of and measured with, where it is not the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.report.text import some

if TYPE_CHECKING:
    from harness.measurement import Measurement

_NOTHING = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two runs do not have alike.

    Attributes
    ----------
    name
        An option, a library, or what was measured: "--harness-max-images", "torch".
    before, after
        What the runs say, in words.
    """

    name: str
    before: str
    after: str


def differing(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    first: Sequence[Measurement] = (),
    second: Sequence[Measurement] = (),
) -> tuple[Difference, ...]:
    """What may have moved numbers besides chance.

    Parameters
    ----------
    before, after
        What each run says of itself: the object `run` of a JSON report.
    first, second
        Its measurements: weights, data and code of metrics are told by their digests,
        of what both runs measured by one name.

    Returns
    -------
    tuple of Difference
        What a report of an earlier version does not say is no difference.
    """
    found = [
        *_of("", before, after, ("base", "device", "precision")),
        *_models(before, after),
        *_of("--harness-", before.get("options"), after.get("options")),
        *_of("", before.get("versions"), after.get("versions")),
        *_code(before, after),
        *_digests("weights of", first, second, "model", "weights"),
        *_digests("data of", first, second, "dataset", "data"),
        *_digests("code of", first, second, "metric", ""),
    ]
    return tuple(found)


def _of(
    prefix: str, before: Any, after: Any, names: Iterable[str] | None = None
) -> Iterator[Difference]:
    """Of two objects, what both of them say and not alike."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in before if names is None else names:
        if name in before and name in after and before[name] != after[name]:
            old, new = _words(before[name]), _words(after[name])
            yield Difference(name=f"{prefix}{name}", before=old, after=new)


def _words(value: Any) -> str:
    """A value of JSON as somebody would have written it."""
    if value is None or value == []:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _models(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Difference]:
    old, new = (list(map(str, run.get("models") or ())) for run in (before, after))
    gone, come = [m for m in old if m not in new], [m for m in new if m not in old]
    if gone or come:
        yield Difference(
            name="models of one run alone",
            before=some(gone) or _NOTHING,
            after=some(come) or _NOTHING,
        )


def _code(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    """The harness's own, which versions do not tell between releases."""
    old, new = (
        settings.get("code") if isinstance(settings, Mapping) else None
        for settings in (before.get("settings"), after.get("settings"))
    )
    if old and new and old != new:
        yield Difference(
            name="harness's code of arrays and facts", before="one", after="another"
        )


def _digests(
    what: str,
    first: Sequence[Measurement],
    second: Sequence[Measurement],
    field: str,
    fact: str,
) -> Iterator[Difference]:
    """Names that stand for other content; one line for all of them."""
    old, new = (_by_name(rows, field, fact) for rows in (first, second))
    names = [n for n in old if n in new and old[n] != new[n]]
    if len(names) == 1:
        (name,) = names
        before, after = (
            ", ".join(sorted(digest[:12] for digest in found[name]))
            for found in (old, new)
        )
        yield Difference(name=f"{what} {name}", before=before, after=after)
    elif names:
        yield Difference(name=f"{what} {some(names)}", before="one", after="another")


def _by_name(
    rows: Iterable[Measurement], field: str, fact: str
) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        digest = row.facts.get(fact, "") if fact else row.version
        if digest and (name := getattr(row, field)):
            found.setdefault(name, set()).add(digest)
    return {name: frozenset(digests) for name, digests in sorted(found.items())}
