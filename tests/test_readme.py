"""What the README shows is what happens."""

import os
import re
from pathlib import Path

import pytest
import torch  # noqa: F401 - nested runs in this process cannot import it twice

README = (Path(__file__).parent.parent / "README.md").read_text()
COMMANDS = re.findall(r"^```sh\n(.*?)```", README, flags=re.MULTILINE | re.DOTALL)
BLOCKS = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """A user's directory that holds the README's files, and a small digits run."""
    for name in list(os.environ):
        if name.startswith("HARNESS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makeini("[pytest]")
    for name, text in BLOCKS:
        (pytester.path / name).write_text(text)
    return pytester


def test_it_shows_a_metric_a_model_and_a_dataset():
    """The two files that the next test runs."""
    assert {name for name, _ in BLOCKS} == {"test_margin.py", "conftest.py"}


def test_its_own_metric_model_and_dataset_work(project):
    """The model is measured on bundled digits and on the unlabelled target."""
    result = project.runpytest_inprocess(
        "--harness-models=stripes",
        "--harness-families=interior,my-camera",
        "--harness-interior=5",
        "--harness-max-images=100",
    )

    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["margin*", "stripes * 5 *"])
    result.stdout.fnmatch_lines(["*datasets interior 5, my-camera 1"])


@pytest.mark.slow
def test_its_tables_are_of_the_weights_that_come_along(project, monkeypatch):
    """Accuracies, and fits of a metric that trains nothing: every newcomer's numbers.

    Nothing is trained or fetched for them. The last digit differs with the processor.
    """
    monkeypatch.setenv("COLUMNS", "80")
    project.makeini("[pytest]\nharness_base = digits\n")
    suites = Path(__file__).parent.parent / "suites"
    result = project.runpytest_inprocess(
        str(suites / "label_free"), "-k", "nuclear_norm", "-q"
    )
    shown = [line.split() for line in result.outlines]

    assert result.ret == 0
    assert "training" not in result.stdout.str()
    for title in ("accuracy", "nuclear_norm"):
        table = re.search(rf"^{title}\n.*?─\n(.*?)\n\n", README, re.M | re.S)[1]
        for row in map(str.split, table.splitlines()):
            assert any(_close(row, other) for other in shown), row


def _close(row, other):
    """Whether two lines of a table differ in last digits alone."""
    return len(row) == len(other) and all(
        one == two
        or (
            (_NUMBER.fullmatch(one) and _NUMBER.fullmatch(two))
            and abs(float(one) - float(two)) <= 2.1 * 10 ** -len(one.partition(".")[2])
        )
        for one, two in zip(row, other, strict=True)
    )


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def test_its_commands_name_options_that_exist(project):
    """Every --harness option, ini name and variable is in --help."""
    shown = set(re.findall(r"--harness-[a-z-]+", README))
    result = project.runpytest_inprocess("--help")
    text = result.stdout.str()

    assert shown
    assert [name for name in shown if name not in text] == []


def test_its_first_commands_are_an_answer_and_the_main_suite():
    """In the block that installs; the second one runs the project's own tests."""
    first, second = COMMANDS

    lines = first.replace("\\\n", "").splitlines()
    run = [line.removeprefix(".venv/bin/").split() for line in lines]
    assert [words[:2] for words in run[2:]] == [
        ["harness", "sample"],
        ["harness", "predict"],
        ["pytest", "suites"],
    ]
    assert run[2][2] == run[3][run[3].index("--data") + 1]
    assert second.splitlines()[-1].split()[0] == ".venv/bin/pytest"


def test_its_gates_can_be_parsed():
    """Every gate in quotes."""
    from harness.analysis.gates import parse

    gates = re.findall(r"--harness-gate '([^']+)'", README)

    assert len(gates) == 2
    for gate in gates:
        parse(gate)
