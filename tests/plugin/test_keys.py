"""Keys: whatever a value depends on has it measured again, and nothing else does."""

import json
import shutil
import sys

import pytest

from harness.store import Store

SUITE = """
import pytest
from harness.metrics.label_free.agreement import agreement
from rule import margin

def test_margin(predictions, record, scale):
    record("margin", scale * margin(predictions.probs()))

def test_agreement(measure, peers):
    measure(agreement)
"""
RULE = """
import numpy as np
from deep import half

def margin(p):
    import late
    return half(p.max(axis=1).mean()) + late.ZERO
"""
LOCAL = """

import pytest
from pathlib import Path

@pytest.fixture
def scale(far):
    return FACTOR

@pytest.fixture
def far():
    from aside import ONE
    return ONE

FACTOR = float(Path("factor.txt").read_text())
"""


@pytest.fixture
def project(toy, monkeypatch):
    """The toy grid with a test whose helpers and fixtures lie in other files."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = toy.path / "conftest.py"
    path.write_text(path.read_text().replace("CONFTEST", "") + LOCAL)
    (toy.path / "factor.txt").write_text("0.5")
    toy.makepyfile(
        test_suite=SUITE,
        rule=RULE,
        deep="def half(x):\n    return x / 2\n",
        late="ZERO = 0.0\n",
        aside="ONE = 1.0\n",
    )
    return toy


def counts(toy, *options):
    """How many cells were measured, found and otherwise ended."""
    path = toy.path / "report.json"
    path.unlink(missing_ok=True)
    result = toy.runpytest_inprocess(
        "--harness-families=in0", f"--harness-report-json={path}", *options
    )
    assert path.exists(), result.stdout.str() + result.stderr.str()
    found = json.loads(path.read_text())["counts"]
    return {state: n for state, n in found.items() if n}


def edit(toy, file, old, new):
    path = toy.path / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("rule.py", "p.max", "p.min", id="a module the test imports"),
        pytest.param("deep.py", "x / 2", "x / 4", id="what that imports"),
        pytest.param("late.py", "0.0", "0.1", id="what a function imports"),
        pytest.param("aside.py", "1.0", "2.0", id="what a fixture imports"),
        pytest.param("conftest.py", "return FACTOR", "return 0.25", id="a fixture"),
        pytest.param("factor.txt", "0.5", "0.75", id="a value that a fixture reads"),
    ],
)
def test_code_beyond_the_test_s_file_counts(project, file, old, new):
    """B04, F5: modules, fixtures, and values that lie in a module."""
    only = "-k", "test_margin", "--harness-models=sharp"
    assert counts(project, *only) == {"measured": 1}
    assert counts(project, *only) == {"stored": 1}

    edit(project, file, old, new)

    assert counts(project, *only) == {"measured": 1}


def test_a_conftest_that_only_registers_counts_by_what_comes_of_it(toy):
    """A hook that acts on tests counts whole; a registration by its content alone."""
    assert counts(toy) == {"measured": 4}
    edit(toy, "conftest.py", "import torch\n", "import torch\n# nothing new\n")
    assert counts(toy) == {"stored": 4}

    with (toy.path / "conftest.py").open("a") as file:
        file.write("\ndef pytest_runtest_setup(item):\n    np.seterr(all='ignore')\n")

    assert counts(toy) == {"measured": 4}


def third(toy, sharpness):
    """Another model, or the same one with other weights."""
    path = toy.path / "conftest.py"
    text = path.read_text()
    for old in ('("soft", 2.0))', '("third", 4.0))', '("third", 5.0))'):
        first, separator, rest = text.partition(old)
        if separator:
            name = f'("third", {sharpness}))'
            first += '("soft", 2.0), ' if "soft" in old else ""
            path.write_text(first + name + rest)
            return
    raise AssertionError(text)


DYNAMIC = """
def test_asked(predictions, record, request):
    peers = request.getfixturevalue("peers")
    record("asked", (peers == predictions.predicted()).mean())
"""
WRAPPED = """
import pytest
from harness.metrics.label_free.agreement import agreement

@pytest.fixture
def say(measure):
    return lambda: measure(agreement)

def test_said(say, record):
    say()
"""


ASKING = """
import pytest
from harness.metrics.label_free.average_confidence import AVERAGE_CONFIDENCE

def test_late(predictions, record, request):
    scale = request.getfixturevalue("scale")
    record("late", scale * predictions.probs().max(axis=1).mean())

def test_calibrated(request, predictions, record):
    request.getfixturevalue("measure")(AVERAGE_CONFIDENCE)
"""


def test_a_fixture_that_is_asked_for_while_the_test_runs_counts(project):
    """By ``request.getfixturevalue``: it, its helpers, and what enters `measure`."""
    project.makepyfile(test_suite=ASKING)
    assert counts(project, "--harness-models=sharp") == {"measured": 2}
    assert counts(project, "--harness-models=sharp") == {"stored": 2}

    edit(project, "aside.py", "1.0", "2.0")
    assert counts(project, "--harness-models=sharp") == {"measured": 2}
    calibrated = "--harness-calibrate=temperature"
    only = "--harness-models=sharp", "-k", "test_calibrated"

    assert counts(project, *only, calibrated) == {"measured": 1}


SET_UP = """
import collections
import functools
import types
from pathlib import Path

FACTOR = float(Path("factor.txt").read_text())

def setup_module(module):
    module.doubled = 2 * FACTOR

class Level(float):
    pass

class Slotted:
    __slots__ = ("factor",)

SLOTTED = Slotted()
SLOTTED.factor = Level(FACTOR)
SPACE = types.SimpleNamespace(factor=collections.deque([FACTOR]))

def test_objects(predictions, record):
    record("of_slots", SLOTTED.factor * predictions.probs().max())

def test_standard(predictions, record):
    record("of_standard", SPACE.factor[0] * predictions.probs().max())

def scaled(factor):
    def decorated(function):
        @functools.wraps(function)
        def wrapper(predictions, record):
            function(predictions, lambda name, value: record(name, factor * value))
        return wrapper
    return decorated

def test_module(predictions, record):
    record("of_module", doubled * predictions.probs().max())

@scaled(FACTOR)
def test_decorated(predictions, record):
    record("of_decorator", predictions.probs().max())

@functools.cache
def memorised():
    return FACTOR

KEPT = {}

def test_memorised(predictions, record, dataset):
    KEPT[dataset.name] = memorised()
    record("memorised", KEPT[dataset.name] * predictions.probs().max())

class TestClass:
    FACTOR = FACTOR

    def test_class(self, predictions, record):
        record("of_class", self.FACTOR * predictions.probs().max())

class TestMethod:
    def setup_method(self):
        self.scale = FACTOR

    def test_method(self, predictions, record):
        record("of_method", self.scale * predictions.probs().max())
"""


def test_what_a_test_s_module_class_and_decorators_read_counts(project):
    """As collection left it: what tests memorise while they run counts for nothing."""
    project.makepyfile(test_suite=SET_UP)
    assert counts(project, "--harness-models=sharp") == {"measured": 7}
    assert counts(project, "--harness-models=sharp") == {"stored": 7}

    edit(project, "factor.txt", "0.5", "0.75")

    assert counts(project, "--harness-models=sharp") == {"measured": 7}


@pytest.mark.parametrize(
    "suite",
    [
        pytest.param(None, id="asked for by name"),
        pytest.param(
            "from harness.metrics.label_free.agreement import agreement\n"
            "def test_late(measure): measure(agreement)\n",
            id="by the metric's inputs",
        ),
        pytest.param(
            "import pytest\n"
            "from harness.metrics.label_free.agreement import AGREEMENT\n"
            "@pytest.mark.parametrize('metric', [AGREEMENT])\n"
            "def test_late(measure, metric): measure(metric)\n",
            id="by a parameter",
        ),
        pytest.param(DYNAMIC, id="while it runs"),
        pytest.param(WRAPPED, id="through a fixture"),
    ],
)
def test_other_companions_are_another_measurement(toy, suite):
    """B01: who is compared with, and what became of them, is in the key."""
    toy.makepyfile(
        test_suite=suite
        or "from harness.metrics.label_free.agreement import agreement\n"
        "def test_agreement(measure, peers): measure(agreement)\n"
    )
    third(toy, 4.0)
    assert counts(toy, "--harness-models=sharp,soft") == {"measured": 2}
    assert counts(toy, "--harness-models=soft,sharp") == {"stored": 2}
    assert counts(toy, "--harness-models=sharp,third") == {"measured": 2}
    assert counts(toy, "--harness-models=sharp,soft") == {"stored": 2}

    third(toy, 5.0)

    assert counts(toy, "--harness-models=sharp,third") == {"measured": 2}
    assert counts(toy, "--harness-models=sharp,soft") == {"stored": 2}


def test_companions_are_nothing_to_a_test_of_one_model(toy):
    """Another choice of models leaves the cells of each where they are."""
    assert counts(toy, "--harness-models=sharp") == {"measured": 2}
    assert counts(toy) == {"measured": 2, "stored": 2}


OWN_METRIC = """
import numpy as np
from harness.metrics.spec import Input, Metric, Trend

def spread(probs):
    return float(probs.max(axis=1).mean())

SPREAD = Metric(fn=spread, inputs=(Input.PROBS,), bounds=(0, 2), trend=Trend.NONE,
                source="here")
"""


@pytest.mark.parametrize("name", ["spread", "entropy"])
def test_a_metric_of_one_s_own_is_found_until_its_code_changes(toy, name):
    """Wherever it lies, and also where the harness has one of that name."""
    toy.makepyfile(
        own=OWN_METRIC.replace("spread", name),
        test_suite="from own import SPREAD\ndef test_own(measure): measure(SPREAD)\n",
    )
    assert counts(toy) == {"measured": 2}
    assert counts(toy) == {"stored": 2}

    edit(toy, "own.py", "probs.max", "probs.min")

    assert counts(toy) == {"measured": 2}


def test_a_parameter_counts_by_its_content(toy):
    """Functions, arrays and objects have no address in the key, but what they are."""
    suite = """
import numpy as np
import pytest
from own import SPREAD

def top(p):
    return p.max(axis=1).mean()

@pytest.mark.parametrize("what", [top, SPREAD, np.arange(3), object()])
def test_what(predictions, record, what):
    record("what", 1.0)
"""
    toy.makepyfile(own=OWN_METRIC, test_suite=suite)
    assert counts(toy, "--harness-models=soft") == {"measured": 4}
    assert counts(toy, "--harness-models=soft") == {"stored": 4}

    edit(toy, "test_suite.py", "np.arange(3)", "np.arange(4)")
    assert counts(toy, "--harness-models=soft")["measured"] > 0


@pytest.mark.slow
def test_what_changes_no_number_changes_no_key(project, monkeypatch):
    """Batch size, order, workers, where things lie and from where pytest is called."""
    first = counts(project)
    assert set(first) == {"measured"}
    found = {"stored": first["measured"]}
    for options in (
        ["--harness-batch-size=7"],
        ["--harness-models=soft,sharp"],
        [
            "--harness-device=cpu",
            "--harness-resample=dataset",
            "-p",
            "no:cacheprovider",
        ],
        ["--harness-save-run=one", "--harness-gate=margin: interior r2 >= -9"],
        ["-n", "2"],
    ):
        assert counts(project, *options) == found, options

    place = project.path / "some where" / "else"
    place.mkdir(parents=True)
    for path in [*project.path.glob("*.py"), *project.path.glob("*.[it][nx][it]")]:
        shutil.copy(path, place)
    shutil.copytree(project.path / ".harness", place / "kept")
    monkeypatch.chdir(place)
    path = place / "report.json"
    for where, target in ((place, []), (place.parent, [f"--rootdir={place}", "else"])):
        monkeypatch.chdir(where)
        project.runpytest_inprocess(
            *("--harness-families=in0", f"--harness-store={place / 'kept'}"),
            *(f"--harness-report-json={path}", *target, f"-c{place / 'tox.ini'}"),
        )
        report = json.loads(path.read_text())
        assert {s: n for s, n in report["counts"].items() if n} == found


@pytest.mark.parametrize("scope", ["function", "session"])
@pytest.mark.parametrize(
    ("name", "taken"), [("model", "measure"), ("model", "source"), ("dataset", "peers")]
)
def test_a_model_or_dataset_of_one_s_own_is_no_stand_in(toy, name, taken, scope):
    """B45: our other fixtures need ours, which is said before anything runs."""
    toy.makepyfile(
        test_suite=f"""
        import pytest

        @pytest.fixture(scope="{scope}")
        def {name}():
            return "mine"

        def test_one({taken}):
            pass
        """,
        test_other="""
        def test_four():
            pass
        """,
    )
    result = toy.runpytest_inprocess("--harness-families=in0")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines_random(
        [f"*`{name}` of test_suite.py::test_one must be the harness's, which its*"]
    )


def test_a_model_of_one_s_own_is_nobody_s_business(toy):
    """A project that takes none of our fixtures with it, or its own, is left alone."""
    toy.makepyfile(
        test_suite="""
        import pytest

        @pytest.fixture
        def model():
            return "mine"

        @pytest.fixture
        def predictions(model):
            return [model]

        def test_one(model, predictions):
            assert predictions == [model]

        @pytest.mark.parametrize("dataset", ["a"])
        def test_two(dataset):
            assert dataset == "a"
        """
    )

    toy.runpytest_inprocess().assert_outcomes(passed=2)


def test_what_tests_do_to_their_modules_is_not_taken_for_a_change(toy):
    """Code and its values are noted before the first test runs."""
    toy.makepyfile(
        test_suite="""
        import pytest

        seen = []

        @pytest.fixture
        def k():
            seen.append(1)

        def test_one(record, k):
            record("one", float(len(seen) > 0))

        def test_two(record):
            seen.append(2)
            record("two", 1.0)
        """
    )
    assert counts(toy) == {"measured": 4}
    assert counts(toy) == {"stored": 4}


IMPORTS = """
import numpy as np
import pytest
from harness.metrics.label_free.average_confidence import average_confidence
"""
MEASURE = "def test_sure(measure):\n    measure(average_confidence)\n"
ALIKE = (
    MEASURE,
    'def test_other(measure):\n    """Why."""\n    measure("average_confidence")',
    '@pytest.mark.parametrize("metric", ["average_confidence"])\n'
    "def test_metric(measure, metric):\n    measure(metric)",
    '@pytest.mark.harness_gate("average_confidence: interior n >= 0")\n'
    f"{MEASURE}\ndef test_more(predictions, record):\n    record('more', 1.0)",
)
MORE = (
    "def test_sure(measure):\n    np.seterr()\n    measure(average_confidence)",
    "def test_sure(measure):\n    measure(average_confidence, temperature=2.0)",
    "def test_sure(measure):\n    assert measure(average_confidence)",
    "def test_sure(measure, accuracy):\n    measure(average_confidence)",
    "def test_sure(measure, request):\n    measure(average_confidence)",
    f'@pytest.mark.usefixtures("accuracy")\n{MEASURE}',
    f"np.seterr()\n{MEASURE}",
    f"def setup_module():\n    pass\n\n{MEASURE}",
    "class TestSure:\n    def test_sure(self, measure):\n"
    "        measure(average_confidence)",
    f"def other(function):\n    return function\n\n@other\n{MEASURE}",
    f"@pytest.fixture(autouse=True)\ndef first():\n    np.seterr()\n\n{MEASURE}",
    *(
        f"@pytest.fixture\ndef {name}({name}):\n    return {name}\n\n{MEASURE}"
        for name in ("measure", "predictions", "source")
    ),
    '@pytest.mark.parametrize("k", [1])\n'
    "def test_sure(measure, k):\n    measure(average_confidence)",
)


def test_a_declared_metric_is_one_cell_whoever_asks_for_it(toy):
    """`harness predict` and `pytest suites` find what the other has measured.

    A test that may do more is known by its own code.
    """
    (toy.path / "test_suite.py").unlink()
    for i, text in enumerate((*ALIKE, *MORE)):
        (toy.path / f"test_{i:02}.py").write_text(IMPORTS + text)
    toy.runpytest_inprocess("--harness-families=in0", "--harness-models=sharp")

    rows = [row for one in Store(toy.path / ".harness").lines() for row in one.rows]
    keys = {row.test[:7]: row.key for row in rows if row.metric != "more"}
    assert len(keys) == len(ALIKE) + len(MORE)
    found = [keys[f"test_{i:02}"] for i in range(len(keys))]
    assert len(set(found[: len(ALIKE)])) == 1
    assert len(set(found)) == 1 + len(MORE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("probs.max", "probs.min", id="its function"),
        pytest.param("interval=wide", "interval=narrow", id="its interval"),
        pytest.param("- 1, 1", "- 1, 2", id="what its interval calls"),
        pytest.param("Input.PROBS", "Input.LOGITS", id="what it is given"),
        pytest.param("bounds=(-99, 99)", "bounds=(-98, 99)", id="its bounds"),
    ],
)
def test_all_that_is_declared_of_a_metric_counts(toy, old, new):
    """Of one that a conftest has registered, which no file of a test imports."""
    toy.makepyfile(
        own="""
        from harness.metrics.spec import Input, Metric, Trend

        def spread(probs):
            return float(probs.max(axis=1).mean())

        def ends():
            return - 1, 1

        def wide(probs):
            return ends()

        def narrow(probs):
            return 0, 1

        SPREAD = Metric(fn=spread, inputs=(Input.PROBS,), bounds=(-99, 99),
                        trend=Trend.NONE, source="here", interval=wide)
        """,
        test_suite="def test_spread(measure):\n    measure('spread')\n",
    )
    path = toy.path / "conftest.py"
    hook = "def pytest_harness_register(registry):\n"
    path.write_text(
        path.read_text().replace(
            hook, f"from own import SPREAD\n{hook}    registry.add_metric(SPREAD)\n"
        )
    )
    only = "--harness-models=sharp"
    assert counts(toy, only) == {"measured": 1}
    assert counts(toy, only) == {"stored": 1}

    edit(toy, "own.py", old, new)

    assert counts(toy, only) == {"measured": 1}


def test_a_source_set_of_one_s_own_counts_where_measure_takes_it(toy):
    """A conftest's fixture that `measure` asks for while the test runs."""
    toy.makepyfile(test_suite="def test_atc_ne(measure): measure('atc_ne')")
    path = toy.path / "conftest.py"
    path.write_text(
        path.read_text() + "\nimport pytest\n\n@pytest.fixture\ndef source(source):\n"
        "    return source  # as it is\n"
    )
    only = "--harness-models=sharp"
    assert counts(toy, only) == {"measured": 1}
    assert counts(toy, only) == {"stored": 1}

    edit(toy, "conftest.py", "return source  # as it is", "return [source][0]")

    assert counts(toy, only) == {"measured": 1}
