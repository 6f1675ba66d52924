"""Files: which setting asks for which report, and what writes it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.artifacts import irreplaceable
from harness.code import resolve
from harness.errors import HarnessError
from harness.report.portable import portable

if TYPE_CHECKING:
    from harness.report.summary import Summary
    from harness.settings import Settings

# Setting: a function of (path, summary), and the packages that it needs besides.
WRITERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "report_json": ("harness.report.run_file.reopening:write_json", ()),
    "report_csv": ("harness.report.run_file.table_files:write_csv", ()),
    "report_parquet": (
        "harness.report.run_file.table_files:write_parquet",
        ("pyarrow",),
    ),
    "report_md": ("harness.report.markdown:write_markdown", ()),
    "report_html": ("harness.report.html:write_html", ()),
    "tables_csv": ("harness.report.writers.tables:write_tables_csv", ()),
    "tables_parquet": (
        "harness.report.writers.tables:write_tables_parquet",
        ("pyarrow",),
    ),
    "tables_latex": ("harness.report.writers.latex:write_tables_latex", ()),
    "report_bib": ("harness.report.writers.bibtex:write_bibtex", ()),
    "plots": ("harness.report.plots:write_plots", ("matplotlib",)),
}


_FOLDERS = frozenset({"tables_csv", "tables_parquet", "tables_latex", "plots"})


def paths_of(settings: Settings) -> dict[str, Path]:
    """The files that were asked for, by setting."""
    paths = {field: getattr(settings, field) for field in WRITERS}
    return {field: path for field, path in paths.items() if path is not None}


def option_of(field: str) -> str:
    """What a setting is called on pytest's command line."""
    return f"--harness-{field.replace('_', '-')}"


def check_files(
    paths: Mapping[str, Path], *, option: Callable[[str], str] = option_of
) -> None:
    """Refuse files that could not be written at the end of a long run.

    Parameters
    ----------
    paths
        By setting.
    option
        Name of a setting for messages.

    Raises
    ------
    HarnessError
        If a package is missing, a folder cannot be made or written to, or a file is
        where a folder must be, or the other way round; if what lies there is no file
        that may be replaced, or two reports would be one file.
    """
    taken: dict[Path, str] = {}
    for field, path in paths.items():
        name = option(field)
        for package in WRITERS.get(field, ("", ()))[1]:
            need(package, of=name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            place = path.resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise HarnessError(f"{name} {path} cannot be made: {error}") from error
        if place in taken:
            raise HarnessError(
                f"{name} must name a path of its own, got {path}, which is "
                f"{option(taken[place])}'s too"
            )
        taken[place] = field
        folder = field in _FOLDERS
        if folder and path.exists() and not path.is_dir():
            raise HarnessError(f"{name} must name a folder, but {path} is a file")
        if not folder and (why := irreplaceable(path)):
            raise HarnessError(f"{name} must name a file, but {path} {why}")
        if not os.access(path.parent, os.W_OK):
            raise HarnessError(f"{name} {path} cannot be made: no right to write there")


def need(package: str, *, of: str) -> None:
    """Refuse what a package that is not installed is needed for.

    Raises
    ------
    HarnessError
        With what to install.
    """
    if importlib.util.find_spec(package) is None:
        raise HarnessError(
            f"{of} needs {package}, which is not installed: pip install {package}"
        )


def write_files(paths: Mapping[str, Path], summary: Summary) -> None:
    """Write every report that was asked for, without the machine's paths.

    Raises
    ------
    HarnessError
        If one cannot be written; the others are.
    """
    failures = []
    summary = portable(summary)
    for field, path in paths.items():
        try:
            # A saved run is a JSON report at a place of its own.
            writer = WRITERS["report_json" if field == "save_run" else field][0]
            resolve(writer)(path, summary)
        except HarnessError as error:
            failures.append(str(error))
    if failures:
        raise HarnessError("; ".join(failures))
