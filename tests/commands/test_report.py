"""`harness report`: accuracy on the line over tables of accuracies."""

import json

import numpy as np
import pytest

from harness.cli import main

RNG = np.random.default_rng(0)
VAL = np.round(RNG.uniform(0.5, 0.9, 12), 4)


def table(path, **columns):
    names = ["model", *columns]
    rows = zip(*columns.values(), strict=True)
    lines = [f"m{i}," + ",".join(map(str, row)) for i, row in enumerate(rows)]
    path.write_text("\n".join([",".join(names), *lines]) + "\n")
    return path


def lines_of(tmp_path, *arguments):
    out = tmp_path / "lines.json"
    assert main(["report", *map(str, arguments), "--json", str(out)]) == 0
    return {row["dataset"]: row for row in json.loads(out.read_text())["lines"]}


def test_a_line_over_models_is_found(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = table(tmp_path / "t.csv", val=VAL, v2=VAL - 0.1, v3=1 - VAL)

    found = lines_of(tmp_path, path)

    assert found["v2"]["lines"]["linear"]["line"]["slope"] == pytest.approx(1)
    assert found["v3"]["lines"]["linear"]["line"]["slope"] == pytest.approx(-1)
    assert found["v3"]["lines"]["probit"]["spearman"] == pytest.approx(-1)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "accuracy on val" in printed


def test_columns_of_several_files_are_datasets_named_after_them(tmp_path):
    one = table(tmp_path / "val.csv", top1=100 * VAL, size=VAL)
    two = table(tmp_path / "v2.csv", top1=100 * VAL - 10, size=VAL)

    found = lines_of(tmp_path, one, two, "--column", "top1", "--percent")

    assert list(found) == ["v2"]
    assert found["v2"]["x"] == pytest.approx(VAL.tolist())


def test_zeros_go_where_they_are_unwelcome(tmp_path, capsys):
    other = VAL - 0.1
    other[3] = 0
    path = table(tmp_path / "t.csv", val=VAL, v2=other)

    kept = lines_of(tmp_path, path)["v2"]["lines"]
    dropped = lines_of(tmp_path, path, "--drop-zeros")["v2"]["lines"]

    assert "0" in kept["probit"]["reason"]
    assert kept["linear"]["n"] == 12
    assert dropped["probit"]["n"] == 11


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.csv"], "table not found; looked at"),
        (["t.csv", "--against", "vall"], "did you mean val?"),
        (["t.csv", "--on", "w*"], "unknown dataset 'w*'"),
        (["t.csv", "--key", "name"], "no column named 'name'"),
        (["p.csv"], "is it percent?"),
        (["one.csv"], "no dataset but val"),
        (["t.csv", "t.csv"], "in more than one table; name one --column a file"),
    ],
)
def test_bad_input_is_named_and_ends_with_2(tmp_path, capsys, arguments, message):
    table(tmp_path / "t.csv", val=VAL, v2=VAL)
    table(tmp_path / "p.csv", val=100 * VAL, v2=VAL)
    table(tmp_path / "one.csv", val=VAL)
    places = [str(tmp_path / a) if a.endswith(".csv") else a for a in arguments]

    assert main(["report", *places]) == 2
    assert message in capsys.readouterr().err


# Of the tables, computed by other code: n, probit slope and bias, R² on each scale.
TESTBED = {
    "imagenetv2-matched-frequency": (335, 0.915, -0.284, 0.9994, 0.9994, 0.9958),
    "imagenet-r": (329, None, None, 0.9214, 0.9365, None),
    "imagenet-sketch": (335, None, None, 0.9587, 0.9704, None),
    "imagenet-a": (334, None, None, None, 0.4576, None),
}


@pytest.mark.real
def test_the_imagenet_testbed(data_root, tmp_path):
    path = data_root / "published-results" / "imagenet_testbed_robustness_top1s.csv"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    chosen = [part for name in TESTBED for part in ("--on", name)]

    found = lines_of(
        tmp_path, path, "--percent", "--against", "val", "--drop-zeros", *chosen
    )

    for name, (n, slope, bias, *shares) in TESTBED.items():
        probit, logit, linear = (
            found[name]["lines"][scale] for scale in ("probit", "logit", "linear")
        )
        assert probit["n"] == n
        for line, share in zip((probit, logit, linear), shares, strict=True):
            assert share is None or line["r2"] == pytest.approx(share, abs=1e-4)
        if slope is not None:
            where = probit["line"]
            assert where["slope"] == pytest.approx(slope, abs=1e-3)
            intercept = where["y_mean"] - where["slope"] * where["x_mean"]
            assert intercept == pytest.approx(bias, abs=1e-3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: what was to be written there was not"),
        (b"words\n", "needs a column of accuracies besides 'words'"),
        (b"{}\n", "it has no `schema`; write one with --harness-report-json"),
        (b"PK\x03\x04\xdb\xff", "must be a report or a CSV table, but is no text"),
    ],
)
def test_files_of_another_kind_are_named(tmp_path, content, message, capsys):
    path = tmp_path / "file"
    path.write_bytes(content)

    assert main(["report", str(path)]) == 2
    said = capsys.readouterr().err
    assert str(path) in said
    assert message in said


def test_a_folder_is_no_report(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert f"{tmp_path} is a folder" in capsys.readouterr().err


def test_an_index_that_pandas_wrote_is_named_in_the_error(tmp_path, capsys):
    """Its column has no name, and the models' names are then read as accuracies."""
    path = tmp_path / "i.csv"
    path.write_text(",model,val,v2\n0,m0,0.5,0.4\n1,m1,0.6,0.5\n2,m2,0.8,0.7\n")

    assert main(["report", str(path)]) != 0
    assert "has no name, was taken for the names of the models" in (
        " ".join(capsys.readouterr().err.split())
    )
    assert lines_of(tmp_path, path, "--key", "model")["v2"]["x"] == [0.5, 0.6, 0.8]
