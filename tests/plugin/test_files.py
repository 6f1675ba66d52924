"""Report files: what they hold, and that they can be written before hours are spent."""

import csv
import json
import platform
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pytest

import harness
from harness.cli import main
from harness.report.run_file.table_files import COLUMNS
from tests.report.test_report_json_doc import keys_of, undescribed


def test_csv_holds_every_measurement_exactly(toy):
    result = toy.runpytest_inprocess("--harness-report-csv=out/m.csv", "-v")

    assert result.ret == 0
    with (toy.path / "out" / "m.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 28
    assert tuple(rows[0]) == COLUMNS
    assert {r["domain"] for r in rows} == {"interior", "exterior"}
    assert all(0 <= float(r["accuracy"]) <= 1 for r in rows)
    row = next(r for r in rows if r["metric"] == "nuclear_norm")
    result.stdout.fnmatch_lines([f"*{float(row['value']):.4f}*"])


def test_the_json_report_prints_again_what_the_run_printed(toy, capsys):
    result = toy.runpytest_inprocess(
        "--harness-report-json=r.json",
        "--harness-gate=nuclear_norm: interior r2 >= 0.1",
        "--harness-detail=nuclear*",
    )
    capsys.readouterr()

    assert main(["report", str(toy.path / "r.json")]) == 0

    opening, start, rest = capsys.readouterr().out.partition("cells: ")
    assert "base toy\nmodels sharp, soft\nharness 0." in opening
    again = start + rest
    assert "passed nuclear_norm interior r2 >= 0.1 [soft]" in again
    assert "noise floor" in again
    assert again.strip() in result.stdout.str()


def test_a_run_says_what_it_was_made_with(toy):
    """Versions, device, precision and date, in each form that people keep."""
    toy.runpytest_inprocess(
        "--harness-report-json=r.json",
        "--harness-report-md=r.md",
        "--harness-report-html=r.html",
    )

    texts = {n: (toy.path / f"r.{n}").read_text() for n in ("json", "md", "html")}
    run = json.loads(texts["json"])["run"]
    assert run["versions"] == {
        "harness": harness.__version__,
        "torch": version("torch"),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    assert (run["device"], run["precision"]) == ("cpu", "float32")
    age = datetime.now(UTC) - datetime.fromisoformat(run["date"])
    assert 0 <= age.total_seconds() < 600
    made = f"numpy {np.__version__}, python {platform.python_version()}; cpu, float32; "
    assert f"{made}{run['date']}." in texts["md"]
    assert f"{made}{run['date']}<" in texts["html"]
    assert "versions.torch" in texts["html"]


def test_details_are_in_the_json_with_their_intervals(toy):
    """Of the metric asked for alone: each statistic, and where it may lie."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(
            """
    for i in range(8):
        for name, domain in (("in-more", "interior"), ("out-more", "exterior")):
            registry.add_dataset(
                f"{name}{i}", base="toy", domain=domain,
                load=lambda noise=40 + 15 * i, i=i: images(noise, seed=20 + i),
            )
"""
        )
    toy.runpytest_inprocess(
        "--harness-report-json=r.json",
        "--harness-detail=nuclear*",
        "--harness-resample=dataset",
    )

    content = json.loads((toy.path / "r.json").read_text())
    assert undescribed(keys_of(content)) == set()
    details = content["details"]
    assert [(d["metric"], d["model"]) for d in details] == [
        ("nuclear_norm", "sharp"),
        ("nuclear_norm", "soft"),
        ("nuclear_norm", None),
    ]
    over_all = details[2]
    for part, groups in (("interior", 12), ("exterior", 11), ("transfer", 11)):
        for name in ("r2", "rmse", "mae"):
            interval = over_all["intervals"][part][name]
            assert interval["low"] <= interval["high"]
            assert (interval["level"], interval["groups"]) == (0.95, groups)
    for part in ("interior", "exterior"):
        for name, value in over_all["values"][part].items():
            interval = over_all["intervals"][part][name]
            assert interval["low"] <= value <= interval["high"]


def test_markdown_starts_with_the_verdict(toy):
    result = toy.runpytest_inprocess(
        "--harness-report-md=summary.md",
        "--harness-gate=nuclear_norm[sharp]: interior rho > 1",
        "--harness-gate=nuclear_norm[soft]: interior r2 >= 0",
    )

    assert result.ret == 1
    text = (toy.path / "summary.md").read_text()
    lines = text.splitlines()
    assert lines[0] == "## Accuracy without labels: 1 gate FAILED"
    table = [line for line in lines if line.startswith("| ")]
    assert table[1].startswith("| **FAILED** | nuclear\\_norm interior rho > 1")
    assert table[2].startswith("| passed |")
    assert "### Metrics compared" in text


def test_markdown_escapes_what_is_markup(toy):
    toy.makepyfile(
        test_odd="""
        import pytest

        def test_odd(predictions, record):
            pytest.skip("a | b <script> [x](y)")
        """
    )
    toy.runpytest_inprocess("--harness-report-md=summary.md")

    text = (toy.path / "summary.md").read_text()
    assert "a \\| b \\<script> \\[x\\](y)" in text


def test_the_page_shows_gates_and_metrics(toy):
    result = toy.runpytest_inprocess(
        "--harness-report-html=out/report.html",
        "--harness-gate=nuclear_norm[sharp]: interior rho > 1",
    )

    assert result.ret == 1
    text = (toy.path / "out" / "report.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert "1 of 1 gate FAILED" in text
    assert "average_confidence" in text


def test_plots_are_pictures_with_the_numbers_in_them(toy):
    pytest.importorskip("matplotlib")
    result = toy.runpytest_subprocess("--harness-plots=pictures", "-k", "nuclear")

    assert result.ret == 0
    pictures = toy.path / "pictures"
    assert {p.name for p in pictures.iterdir()} == {
        f"{stem}.{kind}"
        for stem in ("nuclear_norm", "all-metrics")
        for kind in ("png", "svg", "pdf")
    }
    assert (pictures / "nuclear_norm.png").read_bytes().startswith(b"\x89PNG")
    drawn = " ".join(
        text for text in ET.parse(pictures / "nuclear_norm.svg").getroot().itertext()
    )
    for word in ("accuracy (%)", "nuclear norm", "sharp", "soft", "interior, R² 0."):
        assert word in drawn


def test_parquet_reads_back(toy):
    parquet = pytest.importorskip("pyarrow.parquet")
    toy.runpytest_subprocess("--harness-report-parquet=m.parquet")

    rows = parquet.read_table(toy.path / "m.parquet").to_pylist()
    assert len(rows) == 28
    assert tuple(rows[0]) == COLUMNS


@pytest.mark.parametrize(
    ("option", "package"), [("plots", "matplotlib"), ("report-parquet", "pyarrow")]
)
def test_a_missing_package_is_said_at_once(toy, monkeypatch, option, package):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == package else real(name, *rest),
    )
    result = toy.runpytest_inprocess(f"--harness-{option}=x")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--harness-{option} needs {package}*pip install*"])


def test_a_place_that_cannot_be_is_said_at_once(toy):
    (toy.path / "file").write_text("")

    result = toy.runpytest_inprocess("--harness-report-csv=file/m.csv")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--harness-report-csv file/m.csv cannot be made*"])


def test_a_folder_in_the_place_of_a_file_is_said_at_once(toy):
    """And a file in the place of a folder."""
    (toy.path / "file").write_text("")
    (toy.path / "folder").mkdir()

    result = toy.runpytest_inprocess("--harness-report-html=folder")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--harness-report-html must name a file, but*"])

    pytest.importorskip("matplotlib")
    result = toy.runpytest_inprocess("--harness-plots=file")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--harness-plots must name a folder, but*"])


@pytest.mark.parametrize("terminal", [True, False])
def test_a_file_that_fails_at_the_end_does_not_cost_the_report(toy, terminal):
    """The folder goes while tests run: told, with a bad status, below the report."""
    toy.makepyfile(
        test_gone="""
        import pathlib
        import shutil

        def test_gone():
            shutil.rmtree("out")
            pathlib.Path("out").write_text("")
        """
    )
    quiet = () if terminal else ("-p", "no:terminal")
    result = toy.runpytest_inprocess("--harness-report-json=out/r.json", *quiet)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    if terminal:
        result.stdout.fnmatch_lines(["metrics compared", "ERROR: report * cannot be*"])
    else:
        result.stderr.fnmatch_lines(["*ERROR: report * cannot be written*"])


def test_a_detail_of_nothing_is_said(toy):
    result = toy.runpytest_inprocess("--harness-detail=nuclear_norm,typo*")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["left out: detail of 'typo?': no measured metric*"])
    assert "detail of 'nuclear_norm'" not in result.stdout.str()
