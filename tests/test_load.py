"""The benchmark of large grids, on a small one."""

import sys

import pytest

from benchmarks import load


@pytest.mark.slow
def test_cells_of_shards_are_merged_found_and_reported(monkeypatch, capsys, tmp_path):
    """Every step sees all of them, and says what it took."""
    sizes = ["--models", "3", "--datasets", "10", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["load", *sizes])

    load.main()

    out = capsys.readouterr().out
    lines = {line.partition(" ")[0]: line for line in out.splitlines()}
    assert {"3", *load.STEPS} < lines.keys()
    assert "30 cells added to merged" in lines["merge"]
    assert "30 found in the store" in lines["report"]
    assert (tmp_path / "report.csv").read_text().count("\n") == 31
    for step in load.STEPS:
        seconds, processor, each, memory = map(float, lines[step].split()[1:5])
        assert min(seconds, processor, memory) > 0
        # The seconds are printed to a tenth: a twentieth is 1.7 ms a cell of 30.
        assert each == pytest.approx(1000 * processor / 30, rel=0.1, abs=1.7)
