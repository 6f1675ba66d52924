"""The pages of docs/ as a site."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site import OUTSIDE, as_page, slug

ROOT = Path(__file__).parent.parent
SITE = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_links_stay_within_the_site():
    text = (
        "[a](docs/data.md#x) [b](CHANGELOG.md) [c](harness/cli.py) [d](https://d.org) "
        "[e](#here) [f](docs/nowhere.md)"
    )

    assert as_page(text, "index.md") == (
        "[a](data.md#x) [b](CHANGELOG.md) c [d](https://d.org) [e](#here) "
        "[f](nowhere.md)"
    )
    assert as_page("[a](../README.md#x) [b](data.md)", "models.md") == (
        "[a](index.md#x) [b](data.md)"
    )


def test_formulas_are_mathml_and_code_stays_code():
    pytest.importorskip("latex2mathml")
    code = "```python\nx = a[0](docs/data.md)  # [a](harness/cli.py)\n```\n"

    page = as_page(code + "so $`\\hat y`$:\n\n```math\n\\frac{1}{n}\n```\n", "data.md")

    assert page.startswith(code)
    assert len(re.findall(r"<math [^>]*display=\"inline\"", page)) == 1
    assert len(re.findall(r"<math [^>]*display=\"block\"", page)) == 1
    assert "<mfrac>" in page
    assert "```math" not in page


def test_anchors_are_those_of_the_repository():
    assert slug("Gates: what `harness_gates` takes", "-") == (
        "gates-what-harness_gates-takes"
    )


def test_every_page_has_its_place():
    """The build refuses one that has none, and comes with the slow tests."""
    listed = re.findall(r"^ +- (?:[^:\n]+: )?(\S+\.md)$", SITE, flags=re.MULTILINE)
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} | set(OUTSIDE)

    assert sorted(listed) == sorted(pages)


@pytest.mark.slow
def test_it_builds_and_every_link_holds(tmp_path):
    """Pages, anchors, and nothing that is loaded from elsewhere."""
    pytest.importorskip("mkdocs")
    pytest.importorskip("latex2mathml")

    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    docs = [path.stem for path in (ROOT / "docs").glob("*.md")]
    assert len(pages) == len(docs) + len(OUTSIDE) + 2  # search and 404
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "$`" not in text
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?:", text)
