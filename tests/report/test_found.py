"""What folders hold, in few lines however many they are."""

from harness.datasets.dataset import Found
from harness.report.found import found_lines


def test_few_datasets_have_a_line_each():
    found = {"a": Found(images=1), "b": Found(images=7, notes=("no dogs", "odd"))}

    assert list(found_lines(found)) == [
        "data a: 1 image",
        "data b: 7 images; no dogs; odd",
    ]


def test_many_datasets_are_counted_and_those_with_notes_named():
    found = {f"d{i:04}": Found(images=i + 1) for i in range(2000)}
    found["d0007"] = Found(images=8, notes=("no dogs",))

    assert list(found_lines(found)) == [
        "data d0007: 8 images; no dogs",
        "data: 1999 more datasets with 1 to 2000 images",
    ]
    noted = {name: Found(images=2, notes=("odd",)) for name in found}
    assert list(found_lines(noted))[-1] == (
        "data: 1992 more datasets with 2 images; 1992 of them with notes, in the JSON "
        "report"
    )
