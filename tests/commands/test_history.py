"""`harness history`: several runs in turn, as a table, as pictures, as files."""

import csv
import json

import numpy as np
import pytest

from harness.cli import main
from harness.measurement import Domain, Measurement

ACCURACIES = np.array([0.9, 0.8, 0.65, 0.5, 0.45])


def rows(values, model="lenet", metric="entropy", weights="w"):
    """The first is of the test split."""
    for i, (value, accuracy) in enumerate(zip(values, ACCURACIES, strict=True)):
        yield Measurement(
            metric=metric,
            model=model,
            dataset=f"in{i}",
            family="in",
            domain=Domain.INTERIOR,
            value=float(value),
            accuracy=float(accuracy),
            images=100,
            seconds=0.0,
            key=f"{model}{metric}{i}",
            facts={"weights": weights},
            traits={} if i else {"split": "test"},
        )


def save(store, name, *some, date="2026-01-01", **said):
    path = store / "runs" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    measurements = [json.loads(row.to_json()) for one in some for row in one]
    run = {"date": date, "models": ["lenet"], **said}
    path.write_text(json.dumps({"schema": 2, "run": run, "measurements": measurements}))
    return path


def noisy(noise, seed=0):
    return ACCURACIES + np.random.default_rng(seed).normal(0, noise, 5)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Three runs, whose names are not in the order of their dates."""
    monkeypatch.setenv("COLUMNS", "80")
    store = tmp_path / "store"
    versions = {"torch": "2.6"}
    save(store, "v9", rows(noisy(0.01)), date="2026-01-01", versions=versions)
    save(
        *(store, "v10", rows(noisy(0.05)), rows(noisy(0.1, 1), metric="atc")),
        date="2026-01-02",
        versions={"torch": "2.7"},
        options={"max-images": 7},
    )
    save(
        *(store, "a", rows(noisy(0.2), weights="x"), rows(noisy(0.1), model="vgg")),
        date="2026-01-03",
        versions={"torch": "2.7"},
        options={"max-images": None},
    )
    return store


def history(capsys, store, *arguments):
    status = main(["history", "--store", str(store), *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def r2(values):
    """Of a straight line, by its definition."""
    return np.corrcoef(values, ACCURACIES)[0, 1] ** 2


def test_all_runs_of_a_store_stand_in_the_order_of_their_dates(store, capsys):
    status, out, _ = history(capsys, store, "--statistic", "interior r2")

    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    lines = [line.split() for line in out.splitlines()]
    assert ["model", "v9", "v10", "a"] in lines
    _, _, found = out.partition("entropy, interior R²")
    (lenet,) = (line for line in found.splitlines() if line.startswith("lenet"))
    wanted = [f"{r2(noisy(noise)):.3f}" for noise in (0.01, 0.05, 0.2)]
    assert lenet.split() == ["lenet", *wanted]


def test_a_statistic_that_no_run_has_is_named(store, capsys):
    """As the usual one of runs without an exterior, beside the accuracies."""
    status, out, _ = history(
        *(capsys, store, "--statistic", "exterior rho", "--statistic", "interior r2")
    )

    assert status == 0
    assert "none of these runs has exterior ρ of a metric; choose another" in out
    assert "interior R²" in out
    assert (
        "none of these" not in history(capsys, store, "--statistic", "interior r2")[1]
    )


def test_what_only_some_runs_measured_has_gaps(store, capsys):
    _, out, _ = history(capsys, store, "--statistic", "interior r2")

    _, _, found = out.partition("atc, interior R²")
    (lenet,) = (line for line in found.splitlines()[:5] if line.startswith("lenet"))
    assert lenet.split() == ["lenet", "-", f"{r2(noisy(0.1, 1)):.3f}", "-"]
    accuracy, _, _ = out.partition("entropy, interior")
    assert [line.split() for line in accuracy.splitlines() if "vgg" in line] == [
        ["vgg", "-", "-", "90.00"]
    ]


def test_what_differed_from_the_run_before_is_named(store, capsys):
    _, out, _ = history(capsys, store, "--statistic", "interior r2")

    _, _, found = out.partition("what differs from the run before")
    lines = [line.split() for line in found.splitlines()]
    assert ["v10", "torch", "2.6", "2.7"] in lines
    assert ["a", "--harness-max-images", "7", "none"] in lines
    assert ["a", "weights", "of", "lenet", "w", "x"] in lines
    assert not any(line[:2] == ["a", "torch"] for line in lines)


def test_runs_metrics_and_models_can_be_chosen(store, capsys):
    path = str(store / "runs" / "v9.json")
    chosen = ["--statistic", "interior rho", "--statistic", "interior rmse"]
    chosen += ["--metrics", "ent*", "--models", "lenet"]
    _, out, _ = history(capsys, store, "a", path, *chosen)

    lines = [line.split() for line in out.splitlines()]
    assert ["model", "a", "v9"] in lines
    assert "entropy, interior ρ" in out
    assert "entropy, interior RMSE" in out
    assert not {"atc", "vgg", "all"} & {
        word.strip(",") for one in lines for word in one
    }


@pytest.mark.parametrize(
    ("option", "names", "message"),
    [
        ("--metrics", "entropi", "unknown metric 'entropi'; did you mean entropy?"),
        ("--metrics", "entropy,nuclear*", "unknown metric 'nuclear*'; known: atc, "),
        ("--models", "lenet,vg", "unknown model 'vg'; did you mean vgg? known: all, "),
    ],
)
def test_a_mistyped_name_is_refused_beside_others_too(
    store, capsys, option, names, message
):
    """Else accuracy alone, or the other name's, would be all there seems to be."""
    status, out, err = history(capsys, store, option, names)

    assert status == 2
    assert message in err
    assert f"choose with {option}" in err
    assert out == ""


def test_files_of_one_name_are_told_apart(store, capsys, tmp_path):
    other = tmp_path / "other"
    path = save(other, "v9", rows(noisy(0.3)))
    _, out, _ = history(capsys, store, "v9", str(path), "--statistic", "interior r2")

    assert ["model", "v9", "v9-2"] in [line.split() for line in out.splitlines()]


def test_tables_and_pictures_are_written(store, capsys, tmp_path):
    status, _, err = history(
        capsys,
        store,
        *("--statistic", "interior r2", "--metrics", "entropy"),
        *("--plots", str(tmp_path / "plots"), "--tables-csv", str(tmp_path / "csv")),
    )

    assert (status, err) == (0, "")
    drawn = {(p.stem, p.suffix) for p in (tmp_path / "plots").iterdir()}
    plots = {"accuracy-on-the-test-split", "entropy-interior-R²"}
    assert {name for name, _ in drawn} == plots
    assert {kind for _, kind in drawn} >= {".png", ".svg"}
    assert (tmp_path / "plots" / "entropy-interior-R².png").read_bytes()[1:4] == b"PNG"
    (path,) = (tmp_path / "csv").glob("*entropy*")
    table = list(csv.DictReader(path.read_text().splitlines()))
    (lenet,) = (row for row in table if row["model"] == "lenet")
    assert float(lenet["run v10"]) == pytest.approx(r2(noisy(0.05)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["v9"], "a history must be of two runs or more, got 1"),
        (["v9", "v8"], "saved run 'v8' not found"),
        (["v9", "a", "--models", "all"], "has transfer r2 in any"),
        (["v9", "other"], "must be fitted against one outcome"),
    ],
)
def test_what_cannot_be_is_refused_in_words(store, capsys, arguments, message):
    save(store, "other", rows(noisy(0.1)), outcome="brier_score")
    status, _, err = history(capsys, store, *arguments)
    assert status == 2
    assert message in err


@pytest.mark.parametrize("text", ["r2", "transfer", "interior p", "all r2", ""])
def test_a_statistic_that_is_none_is_refused(store, capsys, text):
    with pytest.raises(SystemExit):
        history(capsys, store, "--statistic", text)
    assert "must be one of interior, exterior, transfer" in capsys.readouterr().err


def test_a_store_without_runs_has_no_history(tmp_path, capsys):
    status, _, err = history(capsys, tmp_path)
    assert status == 2
    assert "--harness-save-run" in err


def test_a_run_of_the_store_that_cannot_be_read_is_named_and_left_out(store, capsys):
    """Of others nothing is lost; who names it is told that it cannot be had."""
    _, whole, _ = history(capsys, store)
    (store / "runs" / "torn.json").write_text('{"schema": 2, "run"')
    (store / "runs" / "old.json").write_text('{"schema": 1}')
    status, out, err = history(capsys, store)

    assert (status, out) == (2, whole)
    old, torn = err.splitlines()
    assert old.startswith("harness history: left out: report ")
    assert "has schema 1" in old
    assert torn.startswith("harness history: left out: report ")
    assert "torn.json cannot be read" in torn

    status, out, err = history(capsys, store, "v9", "v10", "torn")
    assert (status, out) == (2, "")
    assert "torn.json cannot be read" in err
