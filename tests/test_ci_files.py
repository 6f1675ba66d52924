"""Workflow files and the Dockerfile: of their services' shape, and of our options.

No test runs a workflow or builds an image: every command in them is held to the options
that there are, what they install and copy to what there is, and caches to the folders
that the commands use.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from harness.analysis.gates import parse, parse_rule
from harness.cli import COMMANDS
from harness.options import OPTIONS
from harness.settings import Shard

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GITHUB = [
    ROOT / "docs/ci/github.yml",
    *sorted((ROOT / ".github/workflows").glob("*.yml")),
]
GITLAB = [ROOT / "docs/ci/gitlab.yml"]
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
IN_PAGES = {
    f"{page.name} {i}": text
    for page in sorted((ROOT / "docs").glob("*.md"))
    for i, text in enumerate(BLOCK.findall(page.read_text()))
}
WHOLE = {path.relative_to(ROOT).as_posix(): path.read_text() for path in GITHUB}
WHOLE |= {path.relative_to(ROOT).as_posix(): path.read_text() for path in GITLAB}
EVERY = {**WHOLE, **IN_PAGES}
# What a service puts in before a shell sees it, and what a shell does.
VALUES = {"matrix.shard": "1", "CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "4"}


def commands(node, key=""):
    """Every line that a shell is given, however deep."""
    if isinstance(node, str):
        if key in ("run", "script", "before_script", "after_script"):
            yield from node.replace("\\\n", " ").splitlines()
    elif isinstance(node, list):
        for part in node:
            yield from commands(part, key)
    elif isinstance(node, dict):
        for name, part in node.items():
            yield from commands(part, name)


def calls(text):
    """(program, arguments) of each call of ours in a line of a shell."""
    text = re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda m: VALUES[m[1]], text)
    text = re.sub(r"\$(\w+)", lambda m: VALUES.get(m[1], "x"), text)
    words: list[str] = []
    for word in [*shlex.split(text, comments=True), "&&"]:
        if word in ("&&", "||", ";", "|", ">", ">>", "!"):
            if words and Path(words[0]).name in ("pytest", "harness", "pip"):
                yield Path(words[0]).name, words[1:]
            words = []
        else:
            words.append(word)


@pytest.fixture
def known(pytestconfig):
    """Options of pytest, our plugin and xdist; its help does not list them all."""
    return set(pytestconfig._parser.optparser._option_string_actions)


def check_pytest(arguments, known):
    """Each option exists, and each of ours takes the value that it is given."""
    ours = {f"--harness-{one.name}": one for one in OPTIONS}
    waiting: list[str] = []
    for one in arguments:
        name, equals, value = one.partition("=")
        waiting += [name, value] if one.startswith("--") and equals else [one]
    for word, following in zip(waiting, [*waiting[1:], ""], strict=True):
        if not re.match(r"--?[a-zA-Z]", word):
            continue
        assert word in known, word
        if word in ours and not ours[word].flag:
            value = ours[word].parse(following)
            if word == "--harness-gate":
                parse(value)
            if word == "--harness-fail-on":
                parse_rule(value)
            if word == "--harness-shard":
                assert isinstance(value, Shard)


def check_harness(arguments, known):
    """The command exists and can read its arguments; the rest are pytest's."""
    name, *rest = arguments
    if name.startswith("--"):
        assert name in ("--help", "--version")
        return
    assert name in COMMANDS
    command = import_module(f"harness.commands.{name}")
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    _, left = parser.parse_known_args(rest)
    if left:
        assert getattr(command, "PASSES_ON", False), left
        check_pytest(left, known)


def check_pip(arguments):
    """Extras of ours are there, and so is what is installed from a checkout."""
    for word in arguments:
        found = re.fullmatch(r"(\.|/src|pytest-unlabelled)\[([\w,]+)\]", word)
        if found:
            extras = set(found[2].split(","))
            assert extras <= set(PROJECT["optional-dependencies"]), word


def check_line(line, known):
    """All calls in a line of a shell; returns how many there were."""
    found = list(calls(line))
    for program, arguments in found:
        if program == "pytest":
            check_pytest(arguments, known)
        elif program == "harness":
            check_harness(arguments, known)
        else:
            check_pip(arguments)
    return len(found)


@pytest.mark.parametrize("name", EVERY)
def test_every_command_in_a_workflow_has_options_that_there_are(name, known):
    document = yaml.safe_load(EVERY[name])
    lines = list(commands(document))
    assert lines
    scripts = [line for line in lines if line.startswith(".ci/")]
    for script in scripts:
        (job,) = document["jobs"].values()
        for what in job["strategy"]["matrix"].get("what", [""]):
            path = ROOT / script.replace("${{ matrix.what }}", what)
            assert os.access(path, os.X_OK), path
    found = sum(check_line(line, known) for line in lines if line not in scripts)
    assert found or scripts


@pytest.mark.parametrize(
    "line",
    [
        "pytest suites --harness-gates x",
        "pytest suites --harness-gate 'entropy: interior r2 is 3'",
        "pytest --harness-time-limit soon",
        "cd x && harness merged a --into b",
        "harness merge a --onto b",
        "harness predict --model a --data b --harness-nothing",
        "pip install -e '.[everything]'",
    ],
)
def test_what_would_fail_is_found(line, known):
    with pytest.raises(
        (AssertionError, ValueError, argparse.ArgumentError, SystemExit)
    ):
        check_line(line, known)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_of_the_shape_that_their_service_wants(name):
    """By the services' own schemas, as check-jsonschema brings them along."""
    kind = "gitlab-ci" if ROOT / name in GITLAB else "github-workflows"
    more = ["--data-transform", "gitlab-ci"] if kind == "gitlab-ci" else []
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", f"vendor.{kind}", *more, str(ROOT / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def folders(document):
    """Of variables for the harness's folders, what they are set to."""
    found = {}
    for section in ("env", "variables"):
        found |= document.get(section, {})
    known = {option.ini.upper() for option in OPTIONS}
    ours = {n: v for n, v in found.items() if n.startswith("HARNESS_")}
    assert set(ours) <= known
    return set(ours.values())


def test_github_caches_what_the_commands_use_and_saves_it_whatever_happened():
    document = yaml.safe_load(WHOLE["docs/ci/github.yml"])
    (job,) = document["jobs"].values()
    caches = {
        step["uses"].partition("@")[0]: step
        for step in job["steps"]
        if "cache" in step.get("uses", "")
    }
    assert set(caches) == {"actions/cache/restore", "actions/cache/save"}
    restore, save = (step["with"] for step in caches.values())
    assert set(restore["path"].split()) == folders(document)
    assert (restore["path"], restore["key"]) == (save["path"], save["key"])
    assert caches["actions/cache/save"]["if"] == "always()"
    for prefix in restore["restore-keys"].split()[:1]:
        assert restore["key"].startswith(prefix)


def test_gitlab_caches_what_the_commands_use_and_saves_it_whatever_happened():
    document = yaml.safe_load(WHOLE["docs/ci/gitlab.yml"])
    pip, store = document[".gates"]["cache"]
    variables = document["variables"]
    assert pip["paths"] == [variables["PIP_CACHE_DIR"]]
    assert set(store["paths"]) == folders(document)
    assert store["when"] == "always"


@pytest.mark.parametrize("name", ["docs/ci/github.yml", "docs/ci/gitlab.yml"])
def test_main_and_what_is_to_be_merged_are_measured_alike(name):
    """Or a comparison would compare something else."""
    lines = commands(yaml.safe_load(WHOLE[name]))
    runs = [a for line in lines for program, a in calls(line) if program == "pytest"]
    apart = {"--harness-save-run", "--harness-compare", "--harness-fail-on"}
    alike = []
    for arguments in runs:
        assert apart & set(arguments)
        skipped = {i for i, a in enumerate(arguments) if a in apart}
        skipped |= {i + 1 for i in skipped}
        alike.append([a for i, a in enumerate(arguments) if i not in skipped])
    assert len(alike) == 2
    assert alike[0] == alike[1]
    saved = runs[0][runs[0].index("--harness-save-run") + 1]
    assert runs[1][runs[1].index("--harness-compare") + 1] == saved


# --- the image ------------------------------------------------------------------------


def instructions():
    """(word, rest) of each of the Dockerfile, its comments apart."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [
        tuple(line.split(maxsplit=1)) for line in whole.splitlines() if line.strip()
    ]


def test_the_image_is_made_of_what_there_is(known):
    found = instructions()
    assert found[0][0] == "FROM"
    python = re.fullmatch(r"python:(3\.\d+)-slim", found[0][1])[1]
    least = PROJECT["requires-python"].removeprefix(">=")
    assert tuple(map(int, python.split("."))) >= tuple(map(int, least.split(".")))
    copied = set()
    for word, rest in found:
        if word == "COPY":
            *sources, place = rest.split()
            copied |= set(sources)
            # A folder that is copied gives its content, so that it needs its name.
            if len(sources) == 1 and (ROOT / sources[0]).is_dir():
                assert place == f"/src/{sources[0]}"
        if word == "RUN":
            check_line(rest, known)
    assert all((ROOT / source).exists() for source in copied)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    # What the build reads: its table, and the files that this names.
    assert {"pyproject.toml", "setup.py", "harness", "suites"} <= copied
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= copied


def test_the_image_starts_the_command_and_keeps_what_is_measured(known):
    found = dict(instructions())
    (program,) = json.loads(found["ENTRYPOINT"])
    assert program in PROJECT["scripts"]
    check_harness(json.loads(found["CMD"]), known)
    variables = dict(part.split("=", 1) for part in found["ENV"].split())
    assert set(variables) <= {option.ini.upper() for option in OPTIONS}
    assert all(v.startswith(f"{found['WORKDIR']}/") for v in variables.values())
    assert found["STOPSIGNAL"] == "SIGTERM"


def test_the_image_s_examples_have_options_that_there_are(known):
    comments = [
        line.removeprefix("# ")
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("# docker run")
    ]
    assert comments
    for line in comments:
        _, _, said = line.partition('/work" ')
        said = said.removeprefix("--entrypoint pytest harness ")
        ours = said if said.startswith("harness") else f"pytest {said}"
        assert check_line(ours, known)
