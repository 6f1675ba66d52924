"""Where settings stand: the ini file, the environment, the command line, TOML."""

from pathlib import Path

import pytest

from harness.cli import main
from harness.given import check_environment, read_settings
from harness.options import OPTIONS

STRICT = [option for option in OPTIONS if option.strict]
# What any option takes of its own, for a value of TOML that is a list.
TEXTS = {
    "base": "toy",
    "models": "sharp",
    "families": "in*",
    "interior": "3",
    "head_milestones": "2",
    "detail": "entropy",
    "device": "cpu",
    "decoder": "pil",
    "decoded_cache": "20GB",
    "keep": "logits",
    "precision": "float32",
    "jigsaw_set": "all",
    "jigsaw_fit": "crop",
    "calibrate": "none",
    "report": "short",
    "resample": "kind",
    "download": "true",
    "recalculate": "true",
    "shard": "1/2",
    "engine": "processes",
    "group_timeout": "9",
    "time_limit": "9m",
    "plan": "true",
    "gates": "entropy: interior n >= 1",
    "fail_on": "r2 drops 1",
    "model": "torchvision:resnet18",
    "data": "photos",
    "outputs": "saved.npz",
    "head_learning_rate": "0.5",
    "head_momentum": "0.5",
    "head_weight_decay": "0.5",
    "head_held_out": "0.5",
}


@pytest.fixture
def read(toy):
    """The settings that pytest would run with."""

    def read(*arguments):
        return read_settings(toy.parseconfig(*arguments))

    return read


@pytest.mark.parametrize("field", ["gates", "fail_on"])
def test_what_decides_the_exit_status_adds_up(toy, read, monkeypatch, field):
    """From the ini file, the environment and the command line, each text once."""
    toy.makeini(f"[pytest]\nharness_{field} =\n    one\n    two\n")
    monkeypatch.setenv(f"HARNESS_{field.upper()}", "three\n  two  \n\nfour")
    name = "gate" if field == "gates" else "fail-on"

    settings = read(f"--harness-{name}=five", f"--harness-{name}=one")

    assert getattr(settings, field) == ("one", "two", "three", "four", "five")


def test_gates_of_every_place_are_judged(toy, monkeypatch):
    """The strictest stands in the ini file, and a lax one beside it saves nothing."""
    toy.makeini(
        "[pytest]\nharness_base = toy\nharness_families = in*,out*\n"
        "harness_gates = nuclear_norm: exterior n >= 99\n"
    )
    monkeypatch.setenv("HARNESS_GATES", "nuclear_norm: exterior n >= 2")

    result = toy.runpytest_inprocess("--harness-gate=nuclear_norm: exterior n >= 1")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    for word, limit in (("FAILED", 99), ("passed", 2), ("passed", 1)):
        result.stdout.fnmatch_lines([f"*{word} nuclear_norm exterior n >= {limit} *"])


@pytest.mark.parametrize("blank", ["", " \n "])
@pytest.mark.parametrize("option", STRICT, ids=lambda option: option.field)
def test_nothing_where_a_gate_is_meant_is_refused(
    toy, read, monkeypatch, option, blank
):
    """As "$UNSET" is in CI: on the command line, in the environment, the ini file."""
    with pytest.raises(pytest.UsageError, match=rf"--harness-{option.name} must"):
        read(f"--harness-{option.name}={blank}")
    with pytest.raises(pytest.UsageError, match=rf"option {option.ini} must hold a"):
        read("-o", f"{option.ini}={blank}")
    monkeypatch.setenv(option.ini.upper(), blank)
    with pytest.raises(pytest.UsageError, match=rf"\${option.ini.upper()} must hold a"):
        read()


def test_an_empty_text_is_never_taken_for_no_text_on_the_command_line():
    """Every option refuses it."""
    for option in OPTIONS:
        if not option.flag:
            with pytest.raises(ValueError, match="must"):
                option.parse("")


def test_an_empty_variable_of_another_option_counts_as_not_set(read, monkeypatch):
    """CI cannot always unset one."""
    for option in OPTIONS:
        if not option.strict and option.field != "cache_dir":
            monkeypatch.setenv(option.ini.upper(), "")

    assert read().families == ("in*", "out*")


@pytest.mark.parametrize("native", [True, False], ids=["native", "ini_options"])
@pytest.mark.parametrize("kind", ["text", "list", "native"])
def test_toml_may_hold_texts_lists_numbers_and_truth_values(toy, read, native, kind):
    """The same settings of all of them, whatever type pytest would ask for."""
    texts = {"models": "'sharp,soft'", "interior": "'3'", "gates": "'a'"}
    lists = {"models": "['sharp', 'soft']", "interior": "['3']", "gates": "['a', 'b']"}
    values = {
        "text": {**texts, "recalculate": "'true'", "head_momentum": "'0.5'"},
        "list": {**lists, "recalculate": "['true']", "head_momentum": "[0.5]"},
        "native": {**lists, "interior": "3"}
        | {"recalculate": "true", "head_momentum": "0.5"},
    }[kind]
    table = "tool.pytest" if native else "tool.pytest.ini_options"
    (toy.path / "tox.ini").unlink()
    (toy.path / "pyproject.toml").write_text(
        f"[{table}]\n" + "".join(f"harness_{k} = {v}\n" for k, v in values.items())
    )

    settings = read()

    assert settings.models == ("sharp", "soft")
    assert settings.interior == 3
    assert settings.gates == (("a",) if kind == "text" else ("a", "b"))
    assert settings.recalculate is True
    assert settings.head_momentum == 0.5


class Toml:
    """A config whose ini file holds one value, of a type that pytest refuses."""

    rootpath = Path()

    def __init__(self, path, name, value):
        self.inipath = path / "pyproject.toml"
        self.inipath.write_text(f"[tool.pytest]\n{name} = {value}\n")
        self._name = name

    def getoption(self, dest):
        assert dest

    def getini(self, name):
        if name == self._name:
            raise TypeError("expects a string")


@pytest.mark.parametrize("value", ["['{0}']", "['{0}', '{1}']", "{{a = 1}}", "[[1]]"])
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_every_option_reads_a_list_of_toml_or_refuses_it_by_name(
    tmp_path, option, value
):
    """No other error, whatever TOML can hold."""
    text = TEXTS.get(option.field, "7" if option.metavar in "NGK" else ".")
    more = "9" if option.field == "head_milestones" else text
    config = Toml(tmp_path, option.ini, value.format(text, more))
    several = "{1}" in value

    if "{0}" in value and (option.many or option.commas or not several):
        assert getattr(read_settings(config), option.field)
    else:
        with pytest.raises(pytest.UsageError, match=f"ini option {option.ini} must be"):
            read_settings(config)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--at-least", ""],
        ["--at-least", "much"],
        ["--at-least", "0.5 0.6"],
        ["--metrics", " "],
        ["--model", ""],
        ["--data", ""],
    ],
)
def test_predict_refuses_empty_texts_too(capsys, arguments):
    """By name, with what was expected."""
    name = arguments[0]

    assert main(["predict", "--model", "linear", "--data", "x", *arguments]) == 2

    assert f"harness predict: {name} must" in capsys.readouterr().err


def test_an_option_s_value_does_not_cost_the_ini_file_and_its_gates(toy, tmp_path):
    """pytest takes a folder that stands by itself for a place of tests: refused."""
    toy.makeini("[pytest]\nharness_gates = entropy: exterior n >= 99\n")
    (store := tmp_path / "elsewhere").mkdir()

    refused = toy.runpytest_inprocess("--harness-store", str(store))
    judged = toy.runpytest_inprocess(f"--harness-store={store}")

    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines([f"*must be written --harness-store={store} here*"])
    assert judged.ret == pytest.ExitCode.TESTS_FAILED


def test_the_store_is_where_the_command_was_given_whatever_its_values(
    toy, tmp_path_factory
):
    """A killed run is found again, and nothing is written beside somebody's data."""
    (toy.path / "pytest.ini").unlink(missing_ok=True)
    (toy.path / "tox.ini").unlink(missing_ok=True)
    toy.makepyfile(test_one="def test_m(predictions, record):\n    record('m', 1.0)\n")
    far = tmp_path_factory.mktemp("far")
    few = "--harness-base=toy", "--harness-models=sharp", "--harness-families=in0"

    toy.runpytest_subprocess("test_one.py", *few).assert_outcomes(passed=1)
    again = toy.runpytest_subprocess(
        "test_one.py", *few, "--harness-data-root", str(far)
    )

    again.stdout.fnmatch_lines(["cells: 1 found in the store"])
    assert (toy.path / ".harness" / "results.jsonl").is_file()
    assert not (toy.path.parent / ".harness").exists()


@pytest.mark.parametrize(
    ("name", "meant"),
    [("GATE", "GATES"), ("MODLES", "MODELS"), ("DATAROOT", "DATA_ROOT")],
)
def test_a_variable_that_is_nearly_an_option_is_refused(monkeypatch, name, meant):
    """A gate in it would be judged by nobody."""
    monkeypatch.setenv(f"HARNESS_{name}", "x")

    with pytest.raises(pytest.UsageError, match=rf"_{name} .* mean HARNESS_{meant}\?"):
        check_environment()


def test_variables_of_others_are_left_alone(monkeypatch):
    """A platform for CI has such names, and so have our own options."""
    theirs = ("ACCOUNT_ID", "BUILD_ID", "EXECUTION_ID", "NODE_INDEX", "ORG_ID")
    theirs += ("PIPELINE_ID", "PROJECT_ID", "STAGE_ID", "STEP_ID", "WORKSPACE")
    for name in (*theirs, *(o.ini.upper().removeprefix("HARNESS_") for o in OPTIONS)):
        monkeypatch.setenv(f"HARNESS_{name}", "x")

    check_environment()
