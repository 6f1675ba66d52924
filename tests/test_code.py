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


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    pass\nexcept KeyError:\n    import {}.low",
        "try:\n    pass\nfinally:\n    from {} import low",
        "for x in ():\n    pass\nelse:\n    import {}.low",
        "with open('x') as f:\n    while f:\n        import {}.low",
        "match 1:\n    case 1:\n        import {}.low",
        "class C:\n    async def f(self):\n        from . import low",
        "import importlib\nx = [importlib.import_module('{}.low')]",
        "import pytest\n\n\ndef f():\n    return pytest.importorskip('{}.low').g",
        "x = lambda: (1 and __import__('{}.low'))",
    ],
)
def test_an_import_counts_wherever_it_stands(package, text):
    name, folder = package
    (folder / "top.py").write_text(text.replace("{}", name) + "\n")
    before = digest(name)

    (folder / "low.py").write_text("g = 2\n")

    assert digest(name) != before


def test_what_only_type_checkers_import_does_not_count(package):
    name, folder = package
    text = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import {}.low\n"
    (folder / "top.py").write_text(text.format(name))
    before = digest(name)

    (folder / "low.py").write_text("g = 2\n")

    assert digest(name) == before
