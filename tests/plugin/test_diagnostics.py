"""Signs of failing assumptions travel from the cells to the reports."""

import json


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
