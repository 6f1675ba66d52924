"""The learning order suite: agreement by epoch, statistics of images, pictures."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.metrics.learning_order.agreement import agreements
from harness.models.record import read_record
from suites.learning_order.orders import AtEpoch, Order, Related
from suites.learning_order.tables import NO_KAPPA, NO_PAIR, by_epoch, shift_curve
from suites.learning_order.test_images import shifts
from tests.plugin.test_populations import POPULATION

#: Slower, so that there is an order to see.
SLOW = POPULATION.replace("learning_rate=1e-1", "learning_rate=2e-2")

SUITE = Path(__file__).parents[2] / "suites" / "learning_order"
SMALL = ("--learning-order-statistics", "luminance,window_entropy")


@pytest.fixture
def order(toy: pytest.Pytester) -> pytest.Pytester:
    """The toy grid with a population and the suite in a folder of its own."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(conftest.read_text() + SLOW)
    (toy.path / "test_suite.py").unlink()
    shutil.copytree(SUITE, toy.path / "order", ignore=lambda *_: ["__pycache__"])
    return toy


def run(toy, *arguments):
    """The result, and the JSON report."""
    result = toy.runpytest_inprocess(
        "order", "-q", "--harness-report-json=r.json", *SMALL, *arguments
    )
    return result, json.loads((toy.path / "r.json").read_text())


def test_agreement_by_epoch_statistics_and_pictures(order):
    """Three linear networks, three epochs; a stored number is found again."""
    arguments = ("--harness-families", "in0,in1,in2,in3", "--harness-plots", "plots")
    result, report = run(order, *arguments)

    # A window has no room in 4x4, nobody asked people, there is no table and one kind.
    assert result.parseoutcomes()["skipped"] == 2 + 1 + 1 + 3
    assert "failed" not in result.parseoutcomes()
    found = report["sections"]["learning-order"]
    test = next(one for one in found["of"] if one["split"] == "test")
    records = [*order.path.rglob("*.record.npz")]
    right = np.stack([read_record(path).right("test") for path in records])
    assert not right.all()
    expected = agreements(right)
    assert [one["agreement"] for one in test["epochs"]] == [a.value for a in expected]
    assert [one["expected"] for one in test["epochs"]] == pytest.approx(
        [a.expected for a in expected]
    )
    assert [one["lower_bound"] for one in test["epochs"]] == [
        a.lower_bound for a in expected
    ]
    assert (test["networks"], len(test["epochs"])) == (3, 3)
    assert [one["statistic"] for one in test["related"]] == ["luminance"]
    pictures = found["pictured"][0]
    assert (len(pictures["most"]), len(pictures["least"])) == (12, 12)
    assert pictures["epochs"] == [1, 2, 3]
    names = {path.name for path in (order.path / "plots").iterdir()}
    assert {"images-of-test-lines.png", "lines-on-test-3-networks.svg"} <= names
    # Nothing of it is said twice.
    assert {"along-axes", "values"}.isdisjoint(report["sections"])
    result.stdout.fnmatch_lines(["*agreement of lines on test*"])
    rows = {row["metric"] for row in report["measurements"] if not row["label_free"]}
    assert {"order_agreement", "split_half_r", "never_learned"} <= rows
    free = {row["metric"] for row in report["measurements"] if row["label_free"]}
    assert free == {"population_agreement"}

    again, second = run(order, *arguments)
    assert again.parseoutcomes() == result.parseoutcomes()
    assert second["sections"]["learning-order"] == found
    again.stdout.no_fnmatch_line("*harness: training*")


def test_gates_on_a_number_at_its_epoch_and_on_the_end_of_an_interval(order):
    gates = (
        "order_accuracy[split=test,epoch=3]: value > 0.01",
        "learning-order.low of luminance on test of lines > -1",
        "learning-order.high of luminance on test of lines < -0.99",
    )
    asked = [part for gate in gates for part in ("--harness-gate", gate)]
    result, report = run(order, "-k", "order_agreement or order_corr", *asked)

    assert [one["passed"] for one in report["verdicts"]] == [True, True, False]
    assert result.ret == 1


def test_answers_of_people_have_to_prove_that_they_belong(order):
    """In the order of the images they correlate; in that of folders none is taken."""
    labels = np.arange(60) % 3
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(3), size=60)
    probs[np.arange(60), labels] += 2
    probs /= probs.sum(axis=1, keepdims=True)
    np.save(order.path / "people.npy", probs)
    people = ("-k", "human_entropy", "--learning-order-soft-labels", "people.npy")
    result, report = run(order, *people)

    result.assert_outcomes(passed=1)
    (one,) = report["sections"]["learning-order"]["of"]
    assert one["related"][0]["statistic"] == "human_entropy"
    assert one["split"] == "test"

    missing = order.runpytest_inprocess("order", *people[:-1], "none.npy")
    missing.stdout.fnmatch_lines(["*must be a file, and none.npy is none*"])


def test_answers_of_people_that_do_not_belong_are_refused_before_training(order):
    """One line each, and no network is trained for them."""
    file = order.path / "people.npy"
    people = ("-k", "human_entropy", "--learning-order-soft-labels", "people.npy")
    right = np.eye(3)[np.arange(60) % 3]
    for probs, words in (
        (None, "must be an .npy file of shares (n, classes): "),
        (right * 2, "rows of `soft labels` must sum to 1"),
        (right[:59], "must have a row for each of 60 test images, got 59"),
        (right[np.argsort(np.arange(60) % 3)], "must be in the order of the test"),
    ):
        if probs is None:
            np.save(file, right)
            file.write_bytes(file.read_bytes()[:200])
        else:
            np.save(file, probs)
        result = order.runpytest_inprocess("order", "-q", *people)

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        text = result.stderr.str()
        assert "--learning-order-soft-labels: " in text
        assert words in text
        assert "Traceback" not in text
        assert not list(order.path.rglob("*.record.npz"))


def test_an_unknown_statistic_is_refused(order):
    result = order.runpytest_inprocess(
        "order", "--learning-order-statistics", "lumnance"
    )

    result.stdout.fnmatch_lines(["*'lumnance'; did you mean luminance*"])


def test_the_published_picture_begins_at_epoch_5_and_a_fifth():
    """Values 0, 1, 2, 3 have mean 1.5 and deviation 1.118; 2 and 3 are agreed on."""
    right = np.zeros((2, 7, 4), dtype=bool)
    right[:, :, 2:] = True
    right[0, 5] = [True, True, True, False]  # the other gets none of these
    right[1, 5] = [False, False, False, True]
    found = dict(shifts(np.arange(4.0), right))

    assert found == pytest.approx({5: 1 / np.sqrt(1.25), 7: 1 / np.sqrt(1.25)})


def at(epoch, consistency, agreement=0.5):
    return AtEpoch(
        epoch=epoch, agreement=agreement, low=0.4, high=0.6, expected=0.3,
        corrected=0.2, accuracy=0.9, spread=0.1, lower_bound=0.1,
        consistency=consistency,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("networks", "kappas", "shown"),
    [
        (3, (0.25, None), [0.25, NO_KAPPA]),
        (1, (None, None), [NO_PAIR, NO_PAIR]),
        (3, (None, None), [None, None]),  # nobody asked
    ],
)
def test_an_epoch_without_kappa_says_why(networks, kappas, shown):
    epochs = tuple(at(i, kappa) for i, kappa in enumerate(kappas, 1))
    order = Order(
        population="p", split="train", networks=networks, epochs=epochs, alone={},
        related=(),
    )  # fmt: skip

    assert [row[-1] for row in by_epoch(order).rows] == shown


def test_the_published_picture_says_which_epochs_it_leaves_out():
    """The early ones for being early, and not for their agreement."""
    related = Related(
        statistic="s", overall=(0, 0, 0), within=None, agreed_shift={"5": 0.1, "6": 0.2}
    )
    order = Order(
        population="p", split="test", networks=3, epochs=(), alone={},
        related=(related,),
    )  # fmt: skip
    (curve,) = shift_curve(order)

    assert curve.note.startswith(
        "As published, epochs before 5 are left out whatever their agreement, and "
        "later ones where it is below 20 %."
    )


def test_one_network_is_compared_with_no_other(order):
    """What compares is skipped with the reason; the rest is measured."""
    conftest = order.path / "conftest.py"
    several, one = "seeds=(0, 1, 4)", "seeds=(0,)"
    assert several in conftest.read_text()
    conftest.write_text(conftest.read_text().replace(several, one))
    result, report = run(order, "--harness-families", "in0", "-k", "not correlation")

    # Halves, kappa, subsets and kinds of each time, what is said alike; and nobody
    # asked people or made a table.
    assert result.parseoutcomes()["skipped"] == 4 * 3 + 1 + 1 + 1
    assert "failed" not in result.parseoutcomes()
    measured = {row["metric"] for row in report["measurements"]}
    assert {"order_agreement", "never_learned"} <= measured
    text = " ".join(result.stdout.str().split())
    assert "which has one alone; train more of them" in text
    assert "networks are right on all images" not in text
    assert "on test, 1 network " in text
