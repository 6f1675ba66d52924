"""Signs of failing assumptions travel from the cells to the reports."""

import json

import pytest


def test_signs_are_recorded_without_labels_and_found_again(toy):
    """A target without labels has them too; the store keeps them."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
    registry.add_dataset(
        "in-night", base="toy", domain="target",
        load=lambda: (images(1, n=600)[0][::3], None),
    )
"""
    )
    path = toy.path / "report.json"
    option = f"--harness-report-json={path}"
    first = toy.runpytest_inprocess(option)
    report = json.loads(path.read_text())
    again = toy.runpytest_inprocess(option)

    for run in (first, again):
        run.stdout.fnmatch_lines(["assumptions*", "*unlike the source's: *in-night*"])
    assert json.loads(path.read_text())["assumptions"] == report["assumptions"]
    night = [m for m in report["measurements"] if m["dataset"] == "in-night"]
    # Images of one class, where the source has a third of each of three.
    assert {m["facts"]["marginal_gap"] for m in night} == {repr(2 / 3)}
    found = {(f["doubt"], f["model"]) for f in report["assumptions"]}
    assert ("images with a confidence of exactly 1", "sharp") in found


def test_resamples_are_drawn_where_an_accuracy_is_predicted(toy):
    """Of metrics that `measure` knows the inputs of; shared by sets of one size."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
    for i in range(2):
        registry.add_dataset(
            f"in-night{i}", base="toy", domain="target",
            load=lambda i=i: (images(1, n=40, seed=i)[0], None),
        )
    registry.add_dataset(
        "in-one", base="toy", domain="target",
        load=lambda: (images(5, n=120, seed=7)[0][::3], None),
    )
"""
    )
    toy.makepyfile(
        test_suite="""
        def test_average_confidence(measure):
            measure("average_confidence")

        def test_atc_mc(measure):
            measure("atc_mc")

        def test_other(record, predictions):
            record("other", float(predictions.logits().max()))
        """
    )
    path = toy.path / "report.json"
    toy.runpytest_inprocess(f"--harness-report-json={path}", "--harness-models=sharp")

    rows = json.loads(path.read_text())["measurements"]
    # Images of one class alone, as they always were: the source brought to that.
    (one,) = (
        r["facts"]
        for r in rows
        if (r["dataset"], r["metric"]) == ("in-one", "average_confidence")
    )
    assert float(one["shares_moved"]) == pytest.approx(2 / 3)
    assert float(one["shares_accuracy"]) == 1
    assert float(one["shares_images"]) == pytest.approx(20)
    assert not any(
        "shares_value" in r["facts"] for r in rows if r["dataset"] != "in-one"
    )
    rows = [row for row in rows if row["dataset"] != "in-one"]
    drawn = {}
    for row in rows:
        if "resample_error" in row["facts"]:
            assert row["dataset"].startswith("in-night")
            error = float(row["facts"]["resample_error"])
            drawn.setdefault(row["metric"], []).append(error)
    assert drawn.keys() == {"average_confidence", "atc_mc"}
    assert all(one == other for one, other in drawn.values())
    # A share of 40 images, of which nearly all are surely right.
    assert 0 <= drawn["atc_mc"][0] < 0.1
