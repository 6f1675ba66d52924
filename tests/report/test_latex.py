"""Tables in LaTeX: every table, its numbers as people read them, its metrics cited."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.correlation import Undefined
from harness.report.files import write_files
from harness.report.section import Shown
from harness.report.table import (
    Column,
    Curve,
    Estimate,
    Marked,
    Plotted,
    Range,
    Said,
    Series,
    Table,
)
from harness.report.writers.latex import escaped, table_latex
from tests.report.pages import measurements, sample, summary

TABLE = Table(
    columns=(
        Column(name="model"),
        Column(name="top-1", unit="%", form=".1f", scale=100, group="test_set"),
        Column(name="R²", form="+.2f", group="test_set"),
        Column(name="range", form=".1f"),
    ),
    rows=(
        ("a_b", Estimate(value=0.9375, low=0.925, high=0.95), -0.5, None),
        ("c&d", Marked(value=0.875, mark="="), Undefined("50 % are missing"), 1.0),
        ("[e]", 0.5, 0.25, Range(low=-1.0, high=float("inf"))),
    ),
    note="Of 100 % of #1.",
)


def test_numbers_in_words_have_the_signs_of_mathematics():
    """As all others have; dashes between letters or digits are none of these."""
    said = Said(text="-0.19 (+16.7, -2.5) on a-1, 10-12", number=-0.19)
    table = Table(columns=(Column(name="R² (MAE)"),), rows=((said,),))

    text = table_latex(table, name="t", title="t", cites={})
    assert r"$-$0.19 ($+$16.7, $-$2.5) on a-1, 10-12" in text


def test_a_table_as_it_is_typeset():
    """Groups over their columns, rules, a dash where there is nothing, and why."""
    text = table_latex(TABLE, name="scores", title="scores of a_b", cites={})

    assert text.splitlines()[1:] == [
        r"\begin{table}[htbp]",
        r"\centering\small",
        r"\caption{Scores of a\_b}\label{tab:scores}",
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r" & \multicolumn{2}{c}{test\_set} &  \\",
        r"\cmidrule(lr){2-3}",
        r"model & top-1 (\%) & R² & range \\",
        r"\midrule",
        r"a\_b & 93.8 {[}92.5, 95.0{]} & $-$0.50 & -- \\",
        r"c\&d & 87.5\textsuperscript{=} & -- & 1.0 \\",
        r"{[}e{]} & 50.0 & $+$0.25 & {[}$-$1.0, $\infty${]} \\",
        r"\bottomrule",
        r"\end{tabular}",
        "",
        r"\smallskip\raggedright\footnotesize",
        r"\par no test\_set R² of c\&d: 50 \% are missing",
        r"\par Of 100 \% of \#1.",
        r"\end{table}",
    ]


def test_metrics_cite_what_they_are_from():
    """Along their axes too; what nothing is known of cites nothing."""
    table = Table(
        columns=(Column(name="metric"), Column(name="model")),
        rows=tuple(
            (Plotted(label=label), "net") for label in ("cot", "knn[k=5]", "own")
        ),
    )
    text = table_latex(
        table, name="t", title="t", cites={"cot": ("lu2023",), "knn": ("wu", "cover")}
    )

    assert r"cot~\cite{lu2023} & net \\" in text
    assert r"knn{[}k=5{]}~\cite{wu,cover} & net \\" in text
    assert r"own & net \\" in text


def test_a_long_table_breaks_between_pages_and_says_a_name_once():
    """The heads are on every page; a gap stands before the next name."""
    rows = tuple((f"m{i // 30}", f"net{i % 30}", float(i)) for i in range(60))
    columns = (
        Column(name="metric"),
        Column(name="model"),
        Column(name="n", form=".0f"),
    )
    text = table_latex(Table(columns=columns, rows=rows), name="t", title="t", cites={})

    assert text.count(r"metric & model & n \\") == 2
    assert r"\endhead" in text
    assert text.count("m0 &") == text.count("m1 &") == 1
    assert text.count(r"\addlinespace") == 1
    assert r" & net29 & 59 \\" in text
    assert r"\begin{table}" not in text


def test_a_wide_table_has_short_heads_and_says_its_units():
    """It is scaled to the line."""
    columns = tuple(
        Column(name=f"a long name of column {i}", short=f"c{i}", unit="ms", form=".0f")
        for i in range(6)
    )
    table = Table(columns=columns, rows=((1.0,) * 6,))
    text = table_latex(table, name="t", title="t", cites={})

    assert r"c0 & c1 & c2 & c3 & c4 & c5 \\" in text
    assert r"\par In ms: c0, c1, c2, c3, c4, c5." in text
    assert text.count(r"\resizebox{\linewidth}{!}{%") == 1


def test_a_column_of_long_texts_is_folded():
    """And is no reason to scale the rest."""
    columns = (Column(name="dataset"), Column(name="made of"))
    rows = (("in0", "blur, then " * 12), ("in1", "as it is"))
    text = table_latex(Table(columns=columns, rows=rows), name="t", title="t", cites={})

    assert r"\begin{tabular}{lp{0.5\linewidth}}" in text
    assert r"\resizebox" not in text
    assert r"\addlinespace" not in text


def test_every_table_and_curve_has_a_file(tmp_path):
    """As CSV has; beside them the entries, and a document that takes all of them in."""
    curve = Curve(axis="k", at=("1",), series=(Series(name="net", values=(0.5,)),))
    shown = (
        Shown(
            name="scores", title="", parts=(TABLE, replace(TABLE, title="in 50% $x"))
        ),
        Shown(name="preview", title="", parts=(curve,)),
    )
    made = replace(sample(), shown=shown)
    write_files({"tables_latex": tmp_path / "l", "tables_csv": tmp_path / "c"}, made)

    names = {path.stem for path in (tmp_path / "l").glob("*.tex")}
    assert {"scores", "scores-in-50-x", "preview", "preview-2"} < names
    assert len(names) == len(list((tmp_path / "c").iterdir())) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9=.-]+", name) for name in names)
    document = (tmp_path / "l" / "preview.tex").read_text()
    assert set(re.findall(r"\\input\{(.+)\.tex\}", document)) == names - {"preview"}
    assert (tmp_path / "l" / "metrics.bib").exists()


ALONE = re.compile(
    r"\\(?:text[a-z]+\{\}|ldots\{\}|[&%$#_{}])|\$\\?[A-Za-z-]+\$|\{\\char34\}"
    r"|\{[\[\]*]\}|\{\}|[^\\{}$&%#_^~<>|\"`*\[\]]"
)


@given(st.text(max_size=30))
def test_no_letter_is_a_command(text):
    """What is written is letters, and the commands of this list alone."""
    found = escaped(text)

    assert re.fullmatch(rf"(?:{ALONE.pattern})*", found)
    assert "\n" not in found
    assert (
        not re.search(r"--(?!-)|''|,,", found.replace("---", ""))
        or "–" in text
        or ("—" in text or "”" in text)
    )


@pytest.mark.parametrize("letter", ["猫", "Ħ", "☃", "𝔘"])
def test_letters_without_a_sign_are_numbers(letter):
    """They would stop pdflatex."""
    assert escaped(letter) == f"{{[}}U+{ord(letter):04X}{{]}}"


def test_real_metrics_are_cited_in_the_tables(tmp_path):
    """By keys that the file beside them has."""
    made = summary(measurements(("cot", "nuclear_norm", "rising"), models=2))
    write_files({"tables_latex": tmp_path}, made)

    ranks = (tmp_path / "ranks.tex").read_text()
    keys = set(re.findall(r"\\cite\{([^}]+)\}", ranks))
    assert keys == {"lu2023characterizing", "deng2023confidence"}
    entries = (tmp_path / "metrics.bib").read_text()
    assert all(f"{{{key}," in entries for key in keys)
    assert "rising: it names no source" in entries


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_all_tables_are_typeset(tmp_path):
    """Whatever is in a name: every letter of Latin, and some that TeX lacks."""
    letters = "".join(map(chr, range(0x20, 0x250))) + "αλρ−≤≥±×→猫☃"
    made = summary(measurements(("cot", "nuclear_norm", "rising"), models=2))
    write_files({"tables_latex": tmp_path}, made)
    table = Table(
        columns=(Column(name="one letter"), Column(name="all of #%&")),
        rows=tuple((letter, f"{letter}{letter} x") for letter in letters),
        long=True,
        note=letters,
    )
    (tmp_path / "letters.tex").write_text(
        table_latex(table, name="letters", title="letters", cites={})
    )
    preview = tmp_path / "preview.tex"
    text = preview.read_text()
    preview.write_text(
        text.replace("\\begin{document}\n", "\\begin{document}\n\\input{letters.tex}\n")
    )

    for command in ("pdflatex", "bibtex", "pdflatex", "pdflatex"):
        options = ["-interaction=nonstopmode", "-halt-on-error"]
        ran = subprocess.run(
            [command, *(options if command == "pdflatex" else []), "preview"],
            cwd=tmp_path,
            capture_output=True,
            encoding="latin-1",
            check=False,
        )
        assert ran.returncode == 0, ran.stdout[-2000:]
    log = (tmp_path / "preview.log").read_text("latin-1")
    assert not re.findall("undefined|Missing character.*", log)
    assert (tmp_path / "preview.pdf").stat().st_size > 10_000
