r"""Tables of sections in LaTeX, for booktabs; what stands in them is text.

A table is a float; a long one, which breaks between pages, a longtable.
Metrics cite what they are from, by the keys of the BibTeX file beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from harness.analysis.correlation import Undefined
from harness.printable import printable
from harness.report.file_names import file_names
from harness.report.run_file.json import write_report
from harness.report.table import (
    Column,
    Estimate,
    Marked,
    Plotted,
    Range,
    Said,
    Table,
    Value,
)
from harness.report.text import capital
from harness.report.writers.bibtex import bibtex, cited
from harness.report.writers.tables import named_tables

if TYPE_CHECKING:
    from harness.report.summary import Summary

Cites: TypeAlias = Mapping[str, Sequence[str]]  # by metric

_BIBLIOGRAPHY = "metrics"
_PREVIEW = "preview"
_LONG = 40  # rows of a table that a page has room for
_WIDE = 88  # letters that a line has room for
_FOLDS = 60  # letters of a column whose texts are folded beyond
_NEEDS = (
    r"% Needs \usepackage[T1]{fontenc}, and the packages booktabs, graphicx, longtable."
)


def write_tables_latex(folder: Path, summary: Summary) -> None:
    r"""Write a file for every table and curve of a section, to be taken in by \input.

    Beside them `metrics.bib`, what the metrics are from, and `preview.tex`, a document
    of all tables.

    Raises
    ------
    HarnessError
        If a file cannot be written.
    """
    cites = cited(summary)
    tables = [
        (_FILE.sub("-", name), one, top) for name, one, top in named_tables(summary)
    ]
    _, *names = file_names([_PREVIEW, *(name for name, _, _ in tables)])
    for name, (_, table, title) in zip(names, tables, strict=True):
        text = table_latex(table, name=name, title=title, cites=cites)
        write_report(folder / f"{name}.tex", text)
    write_report(folder / f"{_BIBLIOGRAPHY}.bib", bibtex(summary))
    write_report(folder / f"{_PREVIEW}.tex", _preview(names))


_FILE = re.compile(r"[^A-Za-z0-9=.]+")  # letters that no command and no name minds


def _preview(names: Iterable[str]) -> str:
    inputs = "".join(f"\\input{{{name}.tex}}\n\\clearpage\n" for name in names)
    return (
        f"% All tables: pdflatex {_PREVIEW}, bibtex {_PREVIEW}, pdflatex twice more.\n"
        "\\documentclass{article}\n"
        "\\usepackage[T1]{fontenc}\n"
        "\\usepackage[margin=2cm]{geometry}\n"
        "\\usepackage{booktabs,graphicx,longtable}\n"
        "\\begin{document}\n"
        f"{inputs}"
        "\\nocite{*}\n"
        "\\bibliographystyle{plain}\n"
        f"\\bibliography{{{_BIBLIOGRAPHY}}}\n"
        "\\end{document}\n"
    )


def table_latex(table: Table, *, name: str, title: str, cites: Cites) -> str:
    r"""A table with its caption, its label `tab:NAME` and its notes.

    Parameters
    ----------
    table
        Which.
    name
        Of letters that are no command.
    title
        Its caption.
    cites
        Keys of what metrics are from: a column of metrics cites them.
    """
    wide = _letters(table) > _WIDE
    rows = list(_rows(table, cites))
    spec = "".join(
        r"p{0.5\linewidth}" if width > _FOLDS else "r" if column.numeric else "l"
        for column, width in zip(table.columns, _widths(table), strict=True)
    )
    head = "".join(f"{line}\n" for line in _head(table.columns, short=wide))
    body = "".join(f"{line}\n" for line in rows)
    caption = f"\\caption{{{escaped(capital(title))}}}\\label{{tab:{name}}}"
    note = (table.note_short if wide else "") or table.note
    notes = [*table.reasons(), *_units(table) * wide, *filter(None, [note])]
    below = "".join(f"\\par {escaped(text)}\n" for text in notes)
    if table.long or len(table.rows) > _LONG:
        again = f"\\toprule\n{head}\\midrule\n"
        size = "scriptsize" if wide else "footnotesize"
        return (
            f"{_NEEDS}\n{{\\{size}\\setlength{{\\tabcolsep}}{{3pt}}\n"
            f"\\begin{{longtable}}{{{spec}}}\n"
            f"{caption}\\\\\n{again}\\endfirsthead\n{again}\\endhead\n"
            f"{body}\\bottomrule\n\\end{{longtable}}\n{below}}}\n"
        )
    tabular = (
        f"\\begin{{tabular}}{{{spec}}}\n\\toprule\n{head}\\midrule\n{body}"
        "\\bottomrule\n\\end{tabular}"
    )
    if wide:
        tabular = f"\\resizebox{{\\linewidth}}{{!}}{{%\n{tabular}}}"
    if below:
        below = f"\n\n\\smallskip\\raggedright\\footnotesize\n{below}"
    return (
        f"{_NEEDS}\n\\begin{{table}}[htbp]\n\\centering\\small\n{caption}\n"
        f"{tabular}{below or chr(10)}\\end{{table}}\n"
    )


def _letters(table: Table) -> int:
    """How wide it is: its columns, and a gap between each two."""
    return sum(min(width, _FOLDS) + 2 for width in _widths(table))


def _widths(table: Table) -> list[int]:
    """The longest text of each column."""
    return [
        max([len(column.head), *(len(column.shown(row[i])) for row in table.rows)])
        for i, column in enumerate(table.columns)
    ]


def _units(table: Table) -> list[str]:
    """What the units are of columns whose heads are short."""
    units: dict[str, dict[str, None]] = {}
    for column in table.columns:
        if column.short and column.unit not in ("", column.short):
            units.setdefault(column.unit, {})[column.short] = None
    return [f"In {unit}: {', '.join(names)}." for unit, names in units.items()]


def _head(columns: Sequence[Column], *, short: bool) -> Iterator[str]:
    """Groups above their columns, a rule under each; then the columns' own names."""
    runs = [(group, len(list(run))) for group, run in groupby(c.group for c in columns)]
    if any(group for group, _ in runs):
        cells, rules, start = [], [], 1
        for group, count in runs:
            cells.append(
                f"\\multicolumn{{{count}}}{{c}}{{{escaped(group)}}}"
                if group
                else " & " * (count - 1)
            )
            if group:
                rules.append(f"\\cmidrule(lr){{{start}-{start + count - 1}}}")
            start += count
        yield f"{' & '.join(cells)} \\\\"
        yield "".join(rules)
    heads = [
        column.short if short and column.short else column.head for column in columns
    ]
    yield f"{' & '.join(map(escaped, heads))} \\\\"


def _rows(table: Table, cites: Cites) -> Iterator[str]:
    """Cells joined; what a name of many rows is called is said once."""
    names = [table.columns[0].shown(row[0]) for row in table.rows]
    blocks = [name for name, _ in groupby(names)]
    several = len(blocks) == len(set(names)) < len(names)
    before = None
    for row, first in zip(table.rows, names, strict=True):
        again = several and first == before
        if several and before is not None and not again:
            yield r"\addlinespace"
        before = first
        cells = [_cell(c, v, cites) for c, v in zip(table.columns, row, strict=True)]
        yield f"{' & '.join(['', *cells[1:]] if again else cells)} \\\\"


def _cell(column: Column, value: Value, cites: Cites) -> str:
    if value is None or isinstance(value, Undefined):
        return "--"
    if isinstance(value, Estimate):
        ends = f"{{[}}{_number(column, value.low)}, {_number(column, value.high)}{{]}}"
        return f"{_number(column, value.value)} {ends}"
    if isinstance(value, Range):
        return f"{{[}}{_number(column, value.low)}, {_number(column, value.high)}{{]}}"
    if isinstance(value, Marked):
        mark = f"\\textsuperscript{{{escaped(value.mark)}}}"
        return f"{_number(column, value.value)}{mark}"
    if isinstance(value, Plotted):
        keys = cites.get(value.label.partition("[")[0], ())
        cite = f"~\\cite{{{','.join(keys)}}}" if keys else ""
        return f"{escaped(column.shown(value))}{cite}"
    if isinstance(value, float | int):
        return _number(column, value)
    text = escaped(column.shown(value))
    if isinstance(value, Said):  # numbers too, as 0.36 (-0.10, 0.71)
        return re.sub(r"(?<![\w.$-])[+-](?=\d)", r"$\g<0>$", text)
    return text


def _number(column: Column, value: float) -> str:
    """A number with the signs of mathematics."""
    digits = format(column.scale * value, column.form)
    signs = re.sub(r"[+-]", r"$\g<0>$", digits).replace("inf", r"$\infty$")
    return signs + escaped(column.suffix)


def escaped(text: str) -> str:
    r"""On one line, with what TeX would take for its own written out.

    A letter that pdflatex has no sign for stands as its number in Unicode.

    Examples
    --------
    >>> print(escaped(r"50% of \input{a_b} & R²"))
    50\% of \textbackslash{}input\{a\_b\} \& R²
    >>> print(escaped("ρ -- 猫"))
    $\rho$ -{}- {[}U+732B{]}
    """
    line = printable(" ".join(text.split()))
    parts = _TWICE.sub("\n", line).split("\n")  # of which the line has none
    return "{}".join("".join(_MARKS.get(c) or _letter(c) for c in one) for one in parts)


_TWICE = re.compile(r"(?<=([-',]))(?=\1)")  # two of them would be one sign


def _letter(letter: str) -> str:
    if letter.isascii() or ("\xa1" <= letter < "\u0180" and letter not in _UNKNOWN):
        return letter
    return f"{{[}}U+{ord(letter):04X}{{]}}"


_UNKNOWN = frozenset("ĦħĸĿŀŉŦŧſ")  # to LaTeX, of the Latin letters
_GREEK = re.findall(
    r"(.)([A-Za-z]+)",
    "αalpha βbeta γgamma δdelta εepsilon ζzeta ηeta θtheta ιiota κkappa λlambda μmu "
    "νnu ξxi πpi ρrho σsigma τtau υupsilon φphi χchi ψpsi ωomega ΓGamma ΔDelta ΘTheta "
    "ΛLambda ΞXi ΠPi ΣSigma ΦPhi ΨPsi ΩOmega",
)
_MARKS = {
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",  # which babel makes a command of in some languages
    "`": r"\textasciigrave{}",
    # At the start of a row they would be an argument of the end of that before.
    **{mark: f"{{{mark}}}" for mark in "[]*"},
    **{letter: f"$\\{name}$" for letter, name in _GREEK},
    "−": "$-$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "‘": "`",
    "’": "'{}",
    "“": "``",
    "”": "''",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "→": r"$\to$",
}
