"""Against a stored run: saved, compared, and failed where it got worse."""

import json

import pytest

from harness.cli import main


def save(toy, name, *arguments):
    return toy.runpytest_inprocess(f"--harness-save-run={name}", *arguments)


def worsen(toy):
    """Make the metric say less: the same name, a noisier value."""
    toy.makepyfile(
        test_suite="""
        from harness.metrics.label_free.average_confidence import average_confidence

        def test_average_confidence(predictions, record):
            record(average_confidence, predictions.logits())

        def test_nuclear_norm(predictions, dataset, record):
            values = {"in0": 0.3, "in1": 0.9, "in2": 0.2, "in3": 0.4}
            record("nuclear_norm", values.get(dataset.name, 0.5))
        """
    )


def test_the_same_run_compares_as_the_same(toy):
    save(toy, "main")

    result = toy.runpytest_inprocess(
        "--harness-compare=main", "--harness-fail-on=r2 drops 0.01"
    )

    assert result.ret == 0
    result.stdout.fnmatch_lines(["compared with main", "*: 0 moved*"])


def test_settings_that_differ_are_named(toy):
    save(toy, "main")

    result = toy.runpytest_inprocess(
        "--harness-compare=main",
        "--harness-max-images=30",
        "--harness-report-json=r.json",
    )

    result.stdout.re_match_lines(
        ["what differs", "setting +before +after", "--harness-max-images +none +30"]
    )
    assert json.loads((toy.path / "r.json").read_text())["differing"] == [
        {"name": "--harness-max-images", "before": "none", "after": "30"}
    ]


def test_a_worse_run_fails_by_name(toy):
    save(toy, "main")
    worsen(toy)

    result = toy.runpytest_inprocess(
        "--harness-compare=main",
        "--harness-fail-on=nuclear_norm: interior r2 drops 0.05",
        "--junitxml=junit.xml",
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["FAILED fail-on::nuclear_norm interior r2 drops 0.05 [[]sharp[]]*"]
    )
    assert "nuclear_norm interior r2 drops 0.05" in (toy.path / "junit.xml").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--harness-compare=mian"], "*saved run 'mian' not found*did you mean main*"),
        (["--harness-fail-on=r2 drops 0.1"], "*needs a run to compare with*"),
        (["--harness-compare=main", "--harness-fail-on=r2 drop 1"], "*verb must be*"),
        (["--harness-save-run=a/b"], "*fit for a file, got 'a/b'*"),
        (["--harness-save-run=a\nb"], "*fit for a file, got *"),
        (["--harness-save-run=a\u202eb"], "*fit for a file, got *"),
        (
            ["--harness-compare=notes.txt"],
            "*called [*].json, got the file 'notes.txt'*",
        ),
        (["--harness-compare=bad"], "*bad.json cannot be read*"),
        (["--harness-compare=other"], "*has schema 99*"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(toy, arguments, message):
    save(toy, "main")
    runs = toy.path / ".harness" / "runs"
    (runs / "bad.json").write_text('{"schema": 1, "measurements": [')
    (runs / "other.json").write_text('{"schema": 99}')
    (toy.path / "notes.txt").write_text("no report")

    result = toy.runpytest_inprocess(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_the_command_prints_both_and_judges_rules(toy, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    save(toy, "before")
    worsen(toy)
    save(toy, "after")
    capsys.readouterr()
    runs = ["compare", "before", "after", "--store", str(toy.path / ".harness")]

    assert main([*runs, "--all"]) == 0
    printed = capsys.readouterr().out
    assert "no setting, version, weights or data are known to differ" in printed
    assert "compared with before" in printed
    assert max(map(len, printed.splitlines())) <= 80
    assert main([*runs, "--fail-on", "nuclear_norm: interior r2 drops 0.05"]) == 1
    assert "FAILED nuclear_norm interior r2" in capsys.readouterr().out
    assert main(["compare", "before", "nowhere", "--store", "x"]) == 2
    assert "saved run 'before' not found" in capsys.readouterr().err


def test_a_dataset_that_only_one_run_has_is_named_once(toy, capsys):
    """Not again for all models together; that of a model that is gone is."""
    save(toy, "before", "-knuclear")
    save(toy, "without", "-knuclear", "--harness-families=in0,in1,in2,out*")
    save(toy, "soft", "-knuclear", "--harness-models=soft")
    capsys.readouterr()
    store = ["--store", str(toy.path / ".harness")]

    assert main(["compare", "before", "without", *store]) == 0
    assert "1 dataset was measured only before: in3\n" in capsys.readouterr().out
    assert main(["compare", "before", "soft", *store]) == 0
    printed = capsys.readouterr().out
    assert "7 datasets were measured only before: in0 of sharp, in1 of" in printed


def test_a_report_file_is_as_good_as_a_name(toy):
    toy.runpytest_inprocess("--harness-report-json=r.json")

    result = toy.runpytest_inprocess("--harness-compare=r.json")

    assert result.ret == 0
    result.stdout.fnmatch_lines(["compared with r"])


def test_an_interrupted_run_is_not_saved(toy):
    """Half a run must not become what others are compared with."""
    toy.makepyfile(
        test_stop="""
        def test_stop(predictions, dataset, record):
            if dataset.name == "in1":
                raise KeyboardInterrupt
            record("stop", 1.0)
        """
    )
    toy.runpytest_subprocess("test_stop.py", "--harness-save-run=half")

    assert not (toy.path / ".harness" / "runs" / "half.json").exists()
