"""What metrics are from: entries of BibTeX, found by what a source says.

A metric's `source` is a sentence, "Deng et al. 2023, arXiv:2302.01094, section 3". The
entries in `references.bib` beside this module are cited by their arXiv number, or by
the names and the year that their field `cited` has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One entry.

    Attributes
    ----------
    key
        By which a paper cites it.
    entry
        In BibTeX.
    cited
        What a source says that means it.
    """

    key: str
    entry: str
    cited: tuple[str, ...]


def references_of(source: str) -> tuple[Reference, ...]:
    """The entries that a source names, in its order.

    Parameters
    ----------
    source
        As of a `Metric`.

    Examples
    --------
    >>> [one.key for one in references_of("Shannon 1948; Garg 2022, arXiv:2201.04234")]
    ['shannon1948mathematical', 'garg2022leveraging']
    >>> references_of("control")
    ()
    """
    places = {
        one: min(source.find(name) for name in one.cited if name in source)
        for one in references()
        if any(name in source for name in one.cited)
    }
    return tuple(sorted(places, key=lambda one: places[one]))


@cache
def references() -> tuple[Reference, ...]:
    """All entries, by their keys."""
    text = (files(__package__) / "references.bib").read_text(encoding="utf-8")
    return tuple(_read(*found.groups()) for found in _ENTRY.finditer(text))


_ENTRY = re.compile(r"^(@\w+\{([^,\s]+),\n(?:  .*\n)+\}\n)", re.MULTILINE)
_FIELD = re.compile(r"^  (\w+) = \{(.*)\},\n", re.MULTILINE)
_CITED = re.compile(r"^  cited = .*\n", re.MULTILINE)


def _read(entry: str, key: str) -> Reference:
    fields = dict(_FIELD.findall(entry))
    cited = fields["cited"].split("; ") if "cited" in fields else []
    if "eprint" in fields:
        cited.append(f"arXiv:{fields['eprint']}")
    return Reference(key=key, entry=_CITED.sub("", entry), cited=tuple(cited))
