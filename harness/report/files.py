"""Files: which setting asks for which report, and what writes it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.target import resolve

if TYPE_CHECKING:
    from harness.report.summary import Summary
    from harness.settings import Settings

# Setting: a function of (path, summary), and the packages that it needs besides.
WRITERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "report_json": ("harness.report.json:write_json", ()),
    "report_csv": ("harness.report.table_files:write_csv", ()),
    "report_parquet": ("harness.report.table_files:write_parquet", ("pyarrow",)),
    "report_md": ("harness.report.markdown:write_markdown", ()),
    "report_html": ("harness.report.html:write_html", ()),
    "plots": ("harness.report.plots:write_plots", ("matplotlib",)),
}


def check_files(settings: Settings) -> None:
    """Refuse files that could not be written at the end of a long run.

    Raises
    ------
    HarnessError
        If a package is missing, or a folder cannot be made.
    """
    for field, (_, packages) in WRITERS.items():
        path: Path | None = getattr(settings, field)
        if path is None:
            continue
        option = f"--harness-{field.replace('_', '-')}"
        for package in packages:
            if importlib.util.find_spec(package) is None:
                raise HarnessError(
                    f"{option} needs {package}, which is not installed: "
                    f"pip install {package}"
                )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HarnessError(f"{option} {path} cannot be made: {error}") from error


def write_files(settings: Settings, summary: Summary) -> None:
    """Write every report that was asked for.

    Raises
    ------
    HarnessError
        If one cannot be written; the others are.
    """
    failures = []
    for field, (target, _) in WRITERS.items():
        path: Path | None = getattr(settings, field)
        if path is not None:
            try:
                resolve(target)(path, summary)
            except HarnessError as error:
                failures.append(str(error))
    if failures:
        raise HarnessError("; ".join(failures))
