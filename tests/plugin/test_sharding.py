"""Shards: parts of a run, joined by their stores, report what one process reports."""

import json
import subprocess
import sys

import pytest

from harness.cli import main
from harness.measurement import Domain, Measurement
from harness.merging import merge
from harness.options import OPTIONS
from harness.settings import Shard
from harness.store import Recorded, Skipped, Store

parse = next(option for option in OPTIONS if option.field == "shard").parse


def measurements(toy, *arguments):
    """All of a run's JSON report, but for when and how long."""
    path = toy.path / "report.json"
    result = toy.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    report = json.loads(path.read_text())
    rows = report.pop("measurements")
    for row in rows:
        row.pop("seconds")
    return result, sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)), report


def test_three_shards_merged_are_one_run(toy, capsys):
    """Measurements equal to the bit, gates judged, every fit the same."""
    gate = "--harness-gate=nuclear_norm: interior n >= 4"
    passed = 0
    for number in (1, 2, 3):
        part = toy.runpytest_inprocess(
            f"--harness-shard={number}/3", f"--harness-store=s{number}", gate
        )
        assert part.ret == pytest.ExitCode.OK
        passed += part.parseoutcomes()["passed"]
        part.stdout.fnmatch_lines([f"harness: shard {number}/3: cells: * measured.*"])
        assert "nuclear_norm" not in part.stdout.str().partition("shard")[2]
    assert passed == 28

    stores = [str(toy.path / f"s{number}") for number in (1, 2, 3)]
    assert main(["merge", *stores, "--into", str(toy.path / "all")]) == 0

    assert "28 cells added to" in capsys.readouterr().out
    joined, rows, report = measurements(toy, "--harness-store=all", gate)
    _, alone, whole = measurements(toy, "--harness-store=one", gate)
    joined.stdout.fnmatch_lines(["cells: 28 found in the store", "gates"])
    assert rows == alone
    assert report["correlations"] == whole["correlations"]
    assert report["verdicts"] == whole["verdicts"]


def test_a_shard_is_one_of_pairs_and_of_whole_pairs(toy):
    """Both tests of a pair are in one shard, and a test that is no cell in one, too."""
    toy.makepyfile(test_plain="def test_plain(): pass")
    seen = []
    for number in (1, 2):
        part = toy.runpytest_inprocess(
            f"--harness-shard={number}/2", "--collect-only", "-q"
        )
        lines = [line for line in part.outlines if "::" in line]
        seen.append({line.partition("::test_")[2] for line in lines})
    one, other = seen

    assert len(one) + len(other) == 29
    assert not one & other
    pairs = [{n.partition("[")[2] for n in names if "[" in n} for names in seen]
    assert not pairs[0] & pairs[1]


def test_a_shard_without_a_test_is_no_failure(toy):
    """It leaves an empty store, so that what collects stores finds one."""
    runs = [
        toy.runpytest_inprocess(
            *(f"--harness-shard={i}/2", f"--harness-store=s{i}", "-k", "in0-sharp"),
            *("--harness-families=in0", "--harness-models=sharp"),
        )
        for i in (1, 2)
    ]

    # Nothing is called so: that is what pytest fails for, in a shard too.
    assert {run.ret for run in runs} == {pytest.ExitCode.NO_TESTS_COLLECTED}
    runs = [
        toy.runpytest_inprocess(
            *(f"--harness-shard={i}/2", f"--harness-store=s{i}"),
            *("--harness-families=in0", "--harness-models=sharp"),
        )
        for i in (1, 2)
    ]
    assert {run.ret for run in runs} == {pytest.ExitCode.OK}
    assert sorted(run.parseoutcomes().get("passed", 0) for run in runs) == [0, 2]
    assert merge([toy.path / "s1", toy.path / "s2"], toy.path / "all").new == 2


def test_a_shard_may_have_workers(toy):
    """Workers leave out what others measure, and an empty shard is no failure."""
    runs = [
        toy.runpytest_subprocess(
            *("-n2", f"--harness-shard={i}/2", f"--harness-store=s{i}"),
            *("--harness-families=in0", "--harness-models=sharp"),
        )
        for i in (1, 2)
    ]

    assert {run.ret for run in runs} == {pytest.ExitCode.OK}
    assert sorted(run.parseoutcomes().get("passed", 0) for run in runs) == [0, 2]


def test_groups_are_the_same_on_every_machine():
    """Whatever seed Python hashes texts with."""
    code = (
        "from harness.settings import Shard\n"
        "print([next(i for i in range(1, 6) if Shard(number=i, of=5).holds(str(n)))"
        " for n in range(40)])"
    )
    said = {
        subprocess.check_output(
            [sys.executable, "-c", code],
            env={
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": ":".join(filter(None, sys.path)),
            },
        )
        for seed in ("1", "2")
    }

    (numbers,) = map(json.loads, said)
    assert {numbers.count(i) > 2 for i in range(1, 6)} == {True}


@pytest.mark.parametrize(
    "text", ["", "3", "0/2", "3/2", "-1/2", "a/b", "1/0", "1/9999999"]
)
def test_a_shard_that_cannot_be_is_refused(text):
    with pytest.raises(ValueError, match="must be"):
        parse(text)


def test_a_shard_is_read():
    assert parse("2/8") == Shard(number=2, of=8)


def stored(folder, key="k", value=0.5, **more):
    """A store of one cell."""
    row = Measurement(
        **{
            "metric": "m",
            "model": "a",
            "dataset": "d",
            "family": "f",
            "domain": Domain.INTERIOR,
            "value": value,
            "accuracy": 0.25,
            "images": 3,
            "seconds": 0.0,
            "key": key,
            **more,
        }
    )
    store = Store(folder)
    store.append(Recorded(rows=(row,)))
    store.close()
    return folder


def without_value(folder, reason="flat", model="a"):
    """A store that says of the same cell that it has no value."""
    names = {"model": model, "dataset": "d", "family": "f", "domain": "interior"}
    skipped = Skipped(key="k", reason=reason, names=names, code="c")
    store = Store(folder)
    store.append(Recorded(skipped=skipped))
    store.close()
    return folder


@pytest.mark.parametrize("turn", [1, -1])
def test_a_value_and_that_there_is_none_are_a_conflict(tmp_path, capsys, turn):
    """In either order; both are shown."""
    both = [stored(tmp_path / "one"), without_value(tmp_path / "two")][::turn]

    assert main(["merge", *map(str, both), "--into", str(tmp_path / "into")]) == 1

    said = " ".join(capsys.readouterr().out.split())
    assert "CONFLICT m of a on d: " in said
    assert "value 0.5 in" in said
    assert "skipped: flat in" in said
    assert not (tmp_path / "into").exists()


def test_that_there_is_no_value_may_be_for_a_name(tmp_path):
    """The same content under another one may have a value; two reasons may differ."""
    one = stored(tmp_path / "one")
    two = without_value(tmp_path / "two", model="b")
    three = without_value(tmp_path / "three", reason="model b is flat")

    assert merge([one, two], tmp_path / "some").conflicts == ()
    assert merge([two, three], tmp_path / "into").new == 1
    (found,) = Store(tmp_path / "into").read()[0].values()
    assert found.reason == "flat"


def test_stores_that_disagree_are_shown_and_not_merged(tmp_path, capsys):
    """The cell, both values, and exit status 1; what is there already stays."""
    one, two = stored(tmp_path / "one"), stored(tmp_path / "two", value=0.75)
    into = stored(tmp_path / "into", key="other")
    before = (into / "results.jsonl").read_bytes()

    assert main(["merge", str(one), str(two), "--into", str(into)]) == 1

    said = " ".join(capsys.readouterr().out.split())
    assert "CONFLICT m of a on d: value 0.5 in" in said
    assert "value 0.75 in" in said
    assert "disagree about 1 cell" in said
    assert (into / "results.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "changed",
    [{"accuracy": 0.5}, {"images": 4}, {"version": "x"}, {"label_free": False}],
)
def test_all_that_a_key_decides_must_agree(tmp_path, changed):
    one, two = stored(tmp_path / "one"), stored(tmp_path / "two", **changed)

    (conflict,) = merge([one, two], tmp_path / "into").conflicts
    (name,) = changed
    assert all(f"{name} " in text for text in conflict.said.values())


@pytest.mark.parametrize("changed", [{"seconds": 9.0}, {"dataset": "called otherwise"}])
def test_names_and_times_need_not_agree(tmp_path, changed):
    one, two = stored(tmp_path / "one"), stored(tmp_path / "two", **changed)

    assert merge([one, two], tmp_path / "into").new == 1


def test_of_one_store_the_last_line_counts(tmp_path):
    """And it is what is written; merging once more adds nothing."""
    one = stored(stored(tmp_path / "one"), value=0.75)
    two = stored(tmp_path / "two", value=0.75)

    assert merge([one, two], tmp_path / "into").new == 1
    assert merge([one, two], tmp_path / "into").new == 0
    ((row,),) = Store(tmp_path / "into").read()[0].values()
    assert row.value == 0.75


def test_lines_are_merged_as_they_stand(tmp_path):
    """With their sums; those of earlier versions without, as nobody checked them."""
    one, two = stored(tmp_path / "one"), stored(tmp_path / "two", key="j")
    old = (two / "results.jsonl").read_text().rpartition(', "crc32 ')[0] + "]\n"
    (two / "results.jsonl").write_text(old)

    assert merge([one, two], tmp_path / "into").new == 2

    written = (tmp_path / "into" / "results.jsonl").read_text()
    assert written == (one / "results.jsonl").read_text() + old


def test_a_changed_digit_is_no_conflict_and_no_number(tmp_path):
    """Its line is passed over, and another store's taken."""
    one, two = stored(stored(tmp_path / "one"), key="j"), stored(tmp_path / "two")
    whole = (two / "results.jsonl").read_text()
    torn = (one / "results.jsonl").read_text().replace("0.5", "0.7", 1)
    (one / "results.jsonl").write_text(torn)

    merged = merge([one, two], tmp_path / "into")

    assert (merged.conflicts, merged.new, merged.passed_over[one]) == ((), 2, 1)
    assert whole in (tmp_path / "into" / "results.jsonl").read_text()


def test_lines_that_cannot_be_read_are_counted(tmp_path, capsys):
    one = stored(tmp_path / "one")
    with (one / "results.jsonl").open("a") as file:
        file.write("[torn\n")

    assert main(["merge", str(one), "--into", str(tmp_path / "into")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "1 cell, 1 line passed over that cannot be read" in said


def test_a_store_of_which_nothing_can_be_read_is_refused(tmp_path, capsys):
    """Its cells would be missed in silence; one torn at its first line has none."""
    one, odd = stored(tmp_path / "one"), tmp_path / "odd"
    odd.mkdir()
    (odd / "results.jsonl").write_text('{"a": 1}\n[2]\n')
    merging = ["merge", str(one), str(odd), "--into", str(tmp_path / "in")]

    assert main(merging) == 2
    said = capsys.readouterr().err
    assert f"store {odd} holds no cell: none of the 2 lines" in said
    assert not (tmp_path / "in").exists()

    (odd / "results.jsonl").write_text('[{"metric": "nucl')
    assert main(merging) == 0


def test_names_of_cells_that_disagree_cannot_forge_a_line(tmp_path, capsys):
    odd = "a\n1 cell added to x\x1b[2J"
    one = stored(tmp_path / "one", dataset=odd)
    two = stored(tmp_path / "two", dataset=odd, value=0.75)

    assert main(["merge", str(one), str(two), "--into", str(tmp_path / "in")]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "a\\n1 cell" in " ".join(said.split())


def test_a_folder_without_a_store_is_refused(tmp_path, capsys):
    """By name, and before anything is written."""
    one = stored(tmp_path / "one")
    assert (
        main(["merge", str(one), str(tmp_path / "no"), "--into", str(tmp_path / "in")])
        == 2
    )
    assert f"{tmp_path / 'no'}" in capsys.readouterr().err
    assert not (tmp_path / "in").exists()
