"""docs/glossary.md: the words of the reports, which know them.

    python -m docs.glossary

writes the page anew.
"""

from __future__ import annotations

from pathlib import Path

from harness.report.words import WORDS

PATH = Path(__file__).parent / "glossary.md"


def page() -> str:
    """All of them in a table."""
    rows = "".join(f"| {word} | {meaning} |\n" for word, meaning in WORDS.items())
    return f"# Words\n\n| word | what it means here |\n|---|---|\n{rows}"


if __name__ == "__main__":
    PATH.write_text(page())
