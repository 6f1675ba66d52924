"""The wheel carries the suites, and they run without a clone."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from sysconfig import get_path

import numpy as np
import numpy.fft  # nested runs in this process cannot import it twice
import pytest
import torch  # noqa: F401 - as numpy.fft

import harness
from tests.plugin.test_suite_folder import write_suite
from tests.test_readme import BLOCKS as README_FILES
from tests.test_readme import COMMANDS as README_COMMANDS

pytestmark = pytest.mark.slow  # a wheel is built and unpacked
ROOT = Path(__file__).parent.parent
RUN = [
    *(
        "-k",
        "jigsaw_invariance or top_mass",
        "-p",
        "no:cacheprovider",
        "--harness-models=linear",
    ),
    *("--harness-families=interior", "--harness-interior=1", "--harness-max-images=20"),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel holds, built from a copy of the sources.

    With the suite of docs/suites.md among the others.
    """
    pytest.importorskip("setuptools", "77")
    sources, built = (
        tmp_path_factory.mktemp("sources"),
        tmp_path_factory.mktemp("wheel"),
    )
    for name in ("harness", "suites"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, sources / name, ignore=ignored)
    write_suite(sources / "suites")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources / name)
    build = f"from setuptools import build_meta as b; b.build_wheel({str(built)!r})"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=sources, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def started(folder: Path, *arguments: str, path: Path) -> subprocess.CompletedProcess:
    """Python in a fresh folder, with a harness on its path and no trace of this run."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HARNESS_")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={
            **clean,
            "PYTHONPATH": str(path),
            "HARNESS_CACHE_DIR": str(folder / "cache"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "-p harness",
        },
        capture_output=True,
        text=True,
    )


def test_every_module_of_a_checkout_is_in_the_wheel(installed):
    """Packages are listed by what is there, so none is forgotten."""
    modules = {path.relative_to(ROOT) for path in (ROOT / "harness").rglob("*.py")}
    modules |= {
        Path("harness") / path.relative_to(ROOT)
        for path in (ROOT / "suites").rglob("*.py")
    }

    found = {p.relative_to(installed) for p in installed.rglob("*.py")}
    assert {path for path in found if "top_mass" not in path.parts} == modules


def test_suites_run_by_name_and_a_clone_finds_their_cells(
    installed, pytester, monkeypatch
):
    """Without a clone, in any folder; a cell is the same wherever its suite lies.

    A suite that was put among them is heard, with its section of the report.
    """
    first = started(
        pytester.path, "pytest", "--pyargs", "harness.suites", *RUN, path=installed
    )
    assert "cells: 3 measured" in first.stdout, first.stdout + first.stderr
    assert "probability of the likeliest classes" in first.stdout

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p harness")
    store = f"--harness-store={pytester.path / '.harness'}"
    again = pytester.runpytest_inprocess(str(ROOT / "suites"), *RUN, store)

    again.stdout.fnmatch_lines(["cells: 1 found in the store"])


def test_options_of_a_suite_that_is_named_as_a_module_are_known(installed, tmp_path):
    """And the conftest of the current folder is heard all the same."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--of-this-folder')\n"
    )
    done = started(
        tmp_path,
        *("pytest", "--pyargs", "harness.suites.clustering", "--collect-only", "-q"),
        *("--harness-models=linear", "--harness-families=test", "-k=ami"),
        *("--clustering-by=head", "--of-this-folder=x"),
        path=installed,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_ami[head-10-linear-test]" in done.stdout
    assert "kmeans" not in done.stdout


def test_predict_runs_in_any_folder(installed, tmp_path):
    """Its tests come along too, and it knows the base's weights.

    A conftest of that folder is heard: what it registers is known by name.
    """
    (tmp_path / "photos").mkdir()
    images = np.random.default_rng(0).integers(256, size=(20, 8, 8, 1), dtype=np.uint8)
    np.save(tmp_path / "photos" / "data.npy", images)
    (tmp_path / "conftest.py").write_text(dict(README_FILES)["conftest.py"])
    result = started(
        tmp_path,
        *("harness", "predict", "--model=linear", "--model=stripes", "--interior=3"),
        "--data=photos",
        *("--metrics=nuclear_norm", "--harness-max-images=100"),
        path=installed,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "12 passed" in result.stdout


def test_the_readmes_first_answer(installed, tmp_path):
    """Its commands, of fewer images: a folder of pictures, a headline, and a page."""
    block = README_COMMANDS[0]
    lines = [line.split() for line in block.replace("\\\n", "").splitlines()]
    commands = [words[1:] for words in lines if words[0].endswith("bin/harness")]
    assert [words[0] for words in commands] == ["sample", "predict"]
    for words in commands:
        fewer = ["--interior=4", "--harness-max-images=100"]
        more = fewer if words[0] == "predict" else []
        result = started(tmp_path, "harness", *words, *more, path=installed)
        assert result.returncode == 0, result.stdout + result.stderr

    assert re.search(
        r"^resnet on photos: digit-\d+\.png \(", result.stdout, re.MULTILINE
    )
    assert re.search(
        r"^resnet on photos: .*about \d+ of 100", result.stdout, re.MULTILINE
    )
    page = (tmp_path / ".harness" / "photos.html").read_text()
    assert page.count("data:image/png;base64,") == 24


def test_a_suite_runs_by_its_name(installed, tmp_path):
    """`harness run`, with pytest's options; it has the suite's conftest and section."""
    result = started(
        tmp_path,
        *("harness", "run", "top_mass", *RUN, "--harness-report=short"),
        path=installed,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "cells: 2 measured" in result.stdout
    assert "probability of the likeliest classes" in result.stdout


def test_a_fresh_environment_hears_it_by_itself(installed, tmp_path):
    """As `pip install` leaves it: nothing names the plugin, and no clone is near."""
    place = tmp_path / "environment"
    venv.create(place)
    packages = Path(get_path("purelib", vars={"base": str(place)}))
    shutil.copytree(installed, packages, dirs_exist_ok=True)
    others = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "others.pth").write_text("\n".join(others))
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HARNESS_", "PYTEST_", "PYTHON"))
    }
    work = tmp_path / "work"
    work.mkdir()

    done = subprocess.run(
        [
            Path(get_path("scripts", vars={"base": str(place)})) / "python",
            *("-m", "pytest", "--pyargs", "harness.suites", *RUN),
            f"--harness-cache-dir={tmp_path / 'cache'}",
        ],
        cwd=work,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "cells: 3 measured" in done.stdout
    assert sorted(path.name for path in work.iterdir()) == [".harness"]


def test_the_readmes_own_metric_and_model_run(installed, tmp_path):
    """Its files, in a folder without a clone."""
    for name, text in README_FILES:
        (tmp_path / name).write_text(text)
    result = started(
        tmp_path,
        *("pytest", "--harness-models=stripes", "--harness-families=my-camera,test"),
        "--harness-max-images=50",
        path=installed,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout


def test_a_checkout_has_them_by_the_same_name():
    """Without anything installed of it; `harness.suites` is the folder at the top."""
    from importlib.util import find_spec

    spec = find_spec("harness.suites")

    assert spec is not None
    assert spec.origin == str(ROOT / "suites" / "__init__.py")
    assert Path(harness.__file__).parent == ROOT / "harness"
