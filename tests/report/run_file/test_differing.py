"""What two runs do not have alike is named; what one leaves open is no difference."""

from harness.measurement import Domain, Measurement
from harness.report.run_file.differing import Difference, differing


def row(metric="entropy", model="a", dataset="x", **said):
    facts = {name: said.pop(name) for name in ("weights", "data") if name in said}
    return Measurement(
        metric=metric,
        model=model,
        dataset=dataset,
        family="f",
        domain=Domain.INTERIOR,
        value=0.5,
        accuracy=0.5,
        images=9,
        seconds=0.0,
        key="k",
        facts=facts,
        **said,
    )


def of(before, after, first=(), second=()):
    found = differing(before, after, first, second)
    return {one.name: (one.before, one.after) for one in found}


def test_runs_alike_differ_in_nothing():
    run = {
        "base": "digits",
        "models": ["a"],
        "options": {"seed": 1, "families": ["in", "out"]},
        "versions": {"torch": "2.6"},
        "settings": {"code": ["c"]},
        "date": "1",
    }
    rows = [row(weights="w", data="d", version="v")]
    assert differing(run, {**run, "date": "2"}, rows, rows) == ()


def test_each_kind_is_named_with_both_values():
    before = {
        "base": "digits",
        "device": "cpu",
        "models": ["a", "b"],
        "options": {
            "max-images": None,
            "families": ["in", "out"],
            "head-held-out": 0.1,
        },
        "versions": {"torch": "2.6", "numpy": "2.0"},
        "settings": {"code": ["c"]},
    }
    after = {
        "base": "mnist",
        "device": "cuda",
        "models": ["b", "c"],
        "options": {"max-images": 150, "families": [], "head-held-out": 0.25},
        "versions": {"torch": "2.7", "numpy": "2.0"},
        "settings": {"code": ["d"]},
    }
    assert of(before, after) == {
        "base": ("digits", "mnist"),
        "device": ("cpu", "cuda"),
        "models of one run alone": ("a", "c"),
        "--harness-max-images": ("none", "150"),
        "--harness-families": ("in,out", "none"),
        "--harness-head-held-out": ("0.1", "0.25"),
        "torch": ("2.6", "2.7"),
        "harness's code of arrays and facts": ("one", "another"),
    }


def test_what_a_report_does_not_say_is_no_difference():
    before = {"versions": {"torch": "2.6"}, "models": ["a"], "options": {"seed": 0}}
    after = {
        "versions": {"torch": "2.6", "timm": "1"},
        "models": ["a"],
        "base": "digits",
        "settings": {"code": ["c"]},
        "options": {"seed": 0, "new": 1},
    }
    assert of(before, after) == {}
    assert of({"options": "odd", "settings": 3}, after) == {
        "models of one run alone": ("none", "a")
    }


def test_content_behind_a_name_is_told_by_its_digest():
    first = [row(weights="w" * 64, data="d" * 64, version="1")]
    second = [row(weights="x" * 64, data="d" * 64, version="2"), row(model="b")]
    assert of({}, {}, first, second) == {
        "weights of a": ("w" * 12, "x" * 12),
        "code of entropy": ("1", "2"),
    }


def test_much_other_content_is_one_line():
    first = [row(dataset=f"d{i}", data=f"{i}") for i in range(5)]
    second = [row(dataset=f"d{i}", data=f"other {i}") for i in range(5)]
    (found,) = differing({}, {}, first, second)
    assert found == Difference(
        name="data of d0, d1, d2 and 2 more", before="one", after="another"
    )
