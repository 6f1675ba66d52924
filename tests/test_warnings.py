"""Warnings are errors in the project's own tests, and in nobody else's."""

import ast
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness import plugin

ROOT = Path(__file__).parent.parent


def test_a_warning_in_our_own_tests_is_an_error():
    """Also one that Python itself would not show."""
    for kind in (UserWarning, DeprecationWarning):
        with pytest.raises(kind):
            warnings.warn("this is experimental", kind, stacklevel=1)


def test_a_warning_of_a_users_network_is_a_warning(tmp_path):
    """In a clone too, where `pytest suites` reads the project's own ini file."""
    test = tmp_path / "test_theirs.py"
    test.write_text("import warnings\ndef test_warns(): warnings.warn('by the way')\n")
    command = sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider"

    done = subprocess.run(
        [*command, "-c", "pyproject.toml", "--rootdir=.", str(test)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "UserWarning: by the way" in done.stdout


def test_doctests_of_the_package_have_the_same_filter(request):
    """Of those that are collected with this test."""
    for item in request.session.items:
        if ROOT / "harness" in item.path.parents:
            assert item.get_closest_marker("filterwarnings").args == ("error",)


def test_modules_of_fixtures_are_pytests_to_import():
    """Of one that is imported before, every run of an editable install would warn."""
    code = (
        "import sys, harness.plugin as p; "
        "print([m for m in p.FIXTURES if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
    for module in plugin.FIXTURES:
        tree = ast.parse(Path(find_spec(module).origin).read_text())
        for node in tree.body:  # what it imports at its top
            if isinstance(node, ast.ImportFrom):
                assert node.module not in plugin.FIXTURES, (module, node.module)
