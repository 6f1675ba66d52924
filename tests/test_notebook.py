"""The notebook of docs/ runs, and shows what it showed when it was written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).parent.parent / "docs" / "library.ipynb"

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")


def shown(cell):
    """The forms that a cell's outputs have, in order."""
    return [
        output.output_type if "data" not in output else sorted(output.data)
        for output in cell.outputs
    ]


def of_code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_a_notebook_that_was_run_in_order():
    notebook = nbformat.read(PATH, as_version=4)

    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in of_code(notebook)]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.slow
def test_it_runs(tmp_path, monkeypatch):
    """In a folder that holds nothing; each cell shows what it showed, or as much."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    for name in list(os.environ):
        if name.startswith(("HARNESS_", "PYTEST_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    notebook = nbformat.read(PATH, as_version=4)
    before = [shown(cell) for cell in of_code(notebook)]

    client = nbclient.NotebookClient(
        notebook, timeout=500, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()

    cells = of_code(notebook)
    assert [shown(cell) for cell in cells] == before
    texts = [str(output) for cell in cells for output in cell.outputs]
    assert any("29 passed" in text for text in texts)
    assert sum("text/html" in text for text in texts) == 5
