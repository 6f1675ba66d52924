"""The name on a package index: no text tells anyone to install somebody else's."""

import re
import tomllib
from pathlib import Path

import pytest

import harness
from harness.cli import main
from harness.extras import DISTRIBUTION, install

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
TEXTS = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "harness").rglob("*.py"),
    *(ROOT / "suites").rglob("*.py"),
]


def test_the_distribution_has_the_name_that_messages_say():
    assert PROJECT["name"] == DISTRIBUTION
    assert harness.__version__ == PROJECT["version"]


def test_what_is_cited_is_this_version_under_this_licence():
    said = dict(re.findall(r"^([a-z]+): (.+)$", CITATION, flags=re.MULTILINE))

    assert (said["version"], said["license"]) == (
        PROJECT["version"],
        PROJECT["license"],
    )


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_to_be_installed_is_ours(path):
    text = path.read_text(encoding="utf-8")

    assert not re.findall(r"\bharness\[[a-z,]+\]", text)
    assert not re.findall(r"pip install '?harness\b", text)
    extras = re.findall(rf"{DISTRIBUTION}\[([a-z,]+)\]", text)
    extras += re.findall(r"""\binstall\(["']([a-z]+)["']\)""", text)
    for extra in ",".join(extras).split(","):
        assert not extra or extra in PROJECT["optional-dependencies"]


def test_an_extra_is_quoted_for_a_shell():
    assert install("onnx") == "pip install 'pytest-unlabelled[onnx]'"


def test_the_command_tells_its_version(capsys):
    with pytest.raises(SystemExit) as status:
        main(["--version"])

    assert status.value.code == 0
    assert capsys.readouterr().out == f"harness {harness.__version__}\n"
