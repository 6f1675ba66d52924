"""Digests of code: what makes a stored number someone else's."""

import sys

import pytest

from harness.code import source_digest


@pytest.fixture
def package(tmp_path, monkeypatch):
    """One folder with two modules, and one beside it."""
    name = f"pack_{tmp_path.name}"
    folder = tmp_path / name
    (folder / "sub").mkdir(parents=True)
    for path in (folder / "__init__.py", folder / "sub" / "__init__.py"):
        path.write_text("")
    (folder / "top.py").write_text(f"def f():\n    from {name}.low import g\n")
    (folder / "low.py").write_text(f"import {name}.sub.far\n\ng = 1\n")
    (folder / "sub" / "far.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name, folder
    for module in [m for m in sys.modules if m.startswith(name)]:
        del sys.modules[module]


def digest(name):
    source_digest.cache_clear()
    return source_digest(f"{name}.top:f")


def test_a_neighbour_counts_wherever_it_is_imported(package):
    name, folder = package
    before = digest(name)

    assert digest(name) == before
    (folder / "low.py").write_text("g = 2\n")
    assert digest(name) != before


def test_other_folders_count_too(package):
    """What the user's code imports is followed wherever it lies."""
    name, folder = package
    before = digest(name)

    (folder / "sub" / "far.py").write_text("x = 2\n")
    assert digest(name) != before


def test_a_module_without_a_source_is_refused():
    with pytest.raises(ImportError, match="no source file is known"):
        source_digest("no_such_module_anywhere:f")
