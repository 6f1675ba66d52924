"""Hooks of MkDocs: the pages as they stand, as a site.

The pages are written to be read in the repository. The README is the start page,
formulas become MathML, headings have the anchors that they have in the repository, and
links to sources become plain words: a site has no sources.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
#: Pages that lie beside docs/, by what the site calls them.
OUTSIDE = {
    "index.md": ROOT / "README.md",
    "CONTRIBUTING.md": ROOT / "CONTRIBUTING.md",
    "CHANGELOG.md": ROOT / "CHANGELOG.md",
}
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"\$`(.+?)`\$")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def on_config(config: Any) -> Any:
    """Headings have the anchors that GitHub and GitLab give them."""
    config["mdx_configs"]["toc"] = {"slugify": slug, "permalink": True}
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that lie beside docs/."""
    from mkdocs.structure.files import File

    for name, path in OUTSIDE.items():
        files.append(File.generated(config, name, content=path.read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Formulas and links of one page."""
    return as_page(markdown, page.file.src_uri)


def as_page(markdown: str, name: str) -> str:
    r"""Return a page's Markdown with formulas as MathML, and links within the site.

    Parameters
    ----------
    markdown
        Of the page; what stands in fences other than `math` stays as it is.
    name
        Of the page in the site.

    Examples
    --------
    >>> as_page("[a](docs/data.md#x), [b](harness/cli.py), [c](https://c)", "index.md")
    '[a](data.md#x), b, [c](https://c)'
    """
    parts, end = [], 0
    for fence in _FENCE.finditer(markdown):
        parts.append(_prose(markdown[end : fence.start()], name))
        indent, kind, inner = fence.groups()
        parts.append(indent + mathml(inner, "block") if kind == "math" else fence[0])
        end = fence.end()
    return "".join(parts) + _prose(markdown[end:], name)


def mathml(formula: str, display: str) -> str:
    """A formula of LaTeX as MathML, in one line."""
    from latex2mathml.converter import convert

    return convert(" ".join(formula.split()), display=display)


def slug(text: str, separator: str) -> str:
    """The anchor of a heading: as in the repository, where no two hyphens are joined.

    Examples
    --------
    >>> slug("Gates & rules, `top_5`", "-")
    'gates--rules-top_5'
    """
    kept = re.sub(r"[^\w\s-]", "", unescape(text).strip().lower())
    return kept.replace(" ", separator)


def _prose(text: str, name: str) -> str:
    text = _INLINE.sub(lambda found: mathml(found[1], "inline"), text)
    return _LINK.sub(lambda found: _link(found, name), text)


def _link(found: re.Match[str], name: str) -> str:
    words, target = found.groups()
    path, hash_, anchor = target.partition("#")
    if not path or ":" in path:
        return found[0]
    folder = OUTSIDE[name].parent if name in OUTSIDE else ROOT / "docs"
    place = (folder / path).resolve()
    for called, outside in OUTSIDE.items():
        if place == outside:
            return f"[{words}]({called}{hash_}{anchor})"
    if place.is_relative_to(ROOT / "docs"):
        inside = place.relative_to(ROOT / "docs").as_posix()
        return f"[{words}]({inside}{hash_}{anchor})"
    return words if place.exists() else found[0]
