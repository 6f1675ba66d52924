"""What a report is called: after the suites that it is of."""

from types import SimpleNamespace

import pytest

from harness.measurement import Domain, Measurement
from harness.report.summary import WITHOUT_LABELS, _title


def row(test, **more):
    fields = {
        "metric": "m",
        "model": "net",
        "dataset": "d",
        "family": "d",
        "domain": Domain.EXTERIOR,
        "value": 0.5,
        "accuracy": 0.5,
        "images": 10,
        "seconds": 0.0,
        "key": "k",
        "test": test,
    }
    return Measurement(**{**fields, **more})


def section(module, name, title):
    kind = type("Section", (), {"__module__": module, "name": name, "title": title})
    return kind()


ROBUST = section("suites.robustness.section", "robustness", "robustness")
CLUSTERS = section(
    "harness.suites.clustering.section", "clustering", "clusters: of what"
)
TOLD = section("harness.suites.clustering.told", "told", "can you tell?")
MINE = section("conftest", "mine", "my own")
OF_ROBUST = row("suites/robustness/test_sets.py::test_a", label_free=False)
OF_CLUSTERS = row("site-packages/harness/suites/clustering/test_clusters.py::test_a")
ACCURACY = row("suites/label_free/test_accuracy.py::test_a", metric="accuracy")
LABEL_FREE = row("suites/label_free/test_confidence.py::test_a")


@pytest.mark.parametrize(
    ("sections", "rows", "title"),
    [
        ((), (LABEL_FREE,), WITHOUT_LABELS),
        ((ROBUST,), (OF_ROBUST,), "robustness"),
        ((ROBUST,), (OF_ROBUST, LABEL_FREE), WITHOUT_LABELS),
        ((CLUSTERS, TOLD), (OF_CLUSTERS,), "clusters"),
        ((ROBUST, CLUSTERS), (OF_ROBUST, OF_CLUSTERS), "robustness, clusters"),
        ((MINE,), (row("test_mine.py::test_a"),), WITHOUT_LABELS),
        ((MINE, ROBUST), (OF_ROBUST,), "robustness"),
        (
            (ROBUST,),
            (OF_ROBUST, row("a/b/test_x.py::t", metric="accuracy")),
            "robustness",
        ),
    ],
)
def test_a_suite_alone_gives_its_title(sections, rows, title):
    found = {one.name: {} for one in sections}

    assert _title(sections, found, rows) == title


def test_a_suite_that_found_nothing_gives_none():
    assert _title((ROBUST,), {}, (OF_ROBUST,)) == WITHOUT_LABELS


def test_sections_of_suites_lie_in_their_folders():
    """As their conftests register them."""
    from harness.suites.robustness.section import RobustnessSection

    registered = SimpleNamespace(sections=(RobustnessSection(),))
    assert _title(registered.sections, {"robustness": {}}, (OF_ROBUST,)) == "robustness"
