"""In units of AlexNet: mCE and mFR against tables; undefined if a part is missing."""

import csv
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis import alexnet
from harness.analysis.aggregates import AGGREGATES, mt5d
from harness.analysis.aggregating import aggregated
from harness.analysis.correlation import Undefined
from harness.measurement import Domain, Measurement

BY_NAME = {aggregate.name: aggregate for aggregate in AGGREGATES}
FIFTEEN, EXTRA = alexnet.CORRUPTION_ERRORS, alexnet.EXTRA_CORRUPTION_ERRORS
TEN = alexnet.FLIP_PROBABILITIES


def sets(corruptions, **traits):
    cells = itertools.product(corruptions, alexnet.SEVERITIES)
    return {f"c/{c}-{s}": {"corruption": c, "severity": s, **traits} for c, s in cells}


IMAGENET_C = sets([*FIFTEEN, *EXTRA], source="imagenet-c")
IMAGENET_P = {
    f"c/{name}": {"perturbation": name, "source": "imagenet-p", "difficulty": 1}
    for name in TEN
}


def row(dataset, value, metric="accuracy", **facts):
    return Measurement(
        metric=metric,
        model="net",
        dataset=dataset,
        value=value,
        accuracy=value,
        images=10,
        seconds=0.0,
        key="k",
        label_free=False,
        **({"family": "c", "domain": Domain.EXTERIOR} | facts),
    )


def clean(value, name="test"):
    facts = {"family": "test", "domain": Domain.INTERIOR, "traits": {"split": "test"}}
    return row(name, value, **facts)


def made(name, rows, members=IMAGENET_C):
    found = aggregated(BY_NAME[name], rows, {"c": members})
    return {one.label: one.value for one in found if one.family == "c"}


def accuracies(seed=0):
    return np.random.default_rng(seed).uniform(0.1, 0.7, (19, 5))


def rows_of(table, members=IMAGENET_C):
    return [row(n, v) for n, v in zip(members, table.ravel().tolist(), strict=True)]


@given(st.integers(0, 99), st.randoms())
def test_all_numbers_are_those_of_a_table(seed, random):
    """Of 15 corruptions and the 4 apart; of relative ones with the clean accuracy."""
    table = accuracies(seed)
    rows = [*rows_of(table), clean(0.75)]
    random.shuffle(rows)
    errors = 1 - table.mean(axis=1)
    alex = np.array([*FIFTEEN.values(), *EXTRA.values()])
    ce = errors / alex
    relative = (errors - 0.25) / (alex - 0.43478)

    expected = {
        "unnormalised_mce": errors[:15].mean(),
        "mce": ce[:15].mean(),
        "relative_mce": relative[:15].mean(),
        "mce_of_the_extra_four": ce[15:].mean(),
    }
    assert {name: made(name, rows)["accuracy"] for name in expected} == pytest.approx(
        expected
    )
    for name, values in (
        ("corruption_error", ce),
        ("relative_corruption_error", relative),
    ):
        labels = [f"accuracy[corruption={c}]" for c in (*FIFTEEN, *EXTRA)]
        assert made(name, rows) == pytest.approx(dict(zip(labels, values, strict=True)))


def test_all_nineteen_are_another_number():
    """As one published script averages them; and so is a mean of all 75 ratios."""
    table = accuracies()
    errors, alex = 1 - table, np.array([*FIFTEEN.values(), *EXTRA.values()])
    found = made("mce", rows_of(table))["accuracy"]

    assert found != pytest.approx((errors.mean(axis=1) / alex).mean(), abs=1e-3)
    assert found == pytest.approx((errors[:15].mean(axis=1) / alex[:15]).mean())


@pytest.mark.parametrize("name", ["mce", "relative_mce", "unnormalised_mce"])
def test_a_missing_corruption_is_named(name):
    """Nobody measured it, or no dataset has it: there is no mean of the other 14."""
    table = accuracies()
    rows = [*rows_of(table), clean(0.75)]
    left = [one for one in rows if one.dataset != "c/fog-3"]
    without = {n: t for n, t in IMAGENET_C.items() if t["corruption"] != "fog"}

    assert made(name, left)["accuracy"] == Undefined("nothing measured on c/fog-3")
    assert made(name, rows, without)["accuracy"] == Undefined(
        "no dataset of corruption fog"
    )
    del without["c/snow-2"]
    assert made(name, rows, without)["accuracy"] == Undefined(
        "no dataset of corruption snow, severity 2; no dataset of corruption fog"
    )
    assert made("corruption_error", left)["accuracy[corruption=fog]"] == Undefined(
        "nothing measured on c/fog-3"
    )


def test_only_published_files_are_divided_by_the_published_table():
    """Corruptions that are made, or those of CIFAR-10, have the plain mean alone."""
    members = sets(FIFTEEN, split="test")
    rows = rows_of(accuracies()[:15], members)

    assert made("mce", rows, members) == {}
    assert made("corruption_error", rows, members) == {}
    assert made("unnormalised_mce", rows, members)["accuracy"] == pytest.approx(
        1 - accuracies()[:15].mean()
    )


def test_errors_are_made_of_accuracy_alone():
    """A test that records errors itself would have its accuracies taken from 1."""
    rows = [row(name, 0.5, metric="error") for name in IMAGENET_C]

    assert made("mce", rows)["error"] == Undefined(
        "mce is made of accuracy alone, and not of error"
    )


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "nothing measured on the test split"),
        ([clean(0.7), clean(0.8)], "two tests differ on the test split"),
        ([clean(0.7), clean(0.7, "b")], "several test splits (test and b)"),
    ],
)
def test_relative_errors_need_the_clean_one(rows, reason):
    found = made("relative_mce", [*rows_of(accuracies()), *rows])
    assert found["accuracy"] == Undefined(reason)


def test_of_several_sets_that_were_corrupted_the_clean_one_is_not_known():
    members = {n: {**t, "member": "b"} for n, t in IMAGENET_C.items()}
    found = made("relative_mce", [*rows_of(accuracies()), clean(0.7)], members)

    assert found["accuracy[member=b]"] == Undefined(
        "which images b was made of is not known"
    )


# --- perturbations --------------------------------------------------------------------


def test_flip_rates_are_those_of_a_table():
    """Of each perturbation, and their mean; the mean distance is not divided."""
    table = np.random.default_rng(0).uniform(0, 0.3, 10)
    flips = [
        row(name, value, metric="flip_probability")
        for name, value in zip(IMAGENET_P, table.tolist(), strict=True)
    ]
    distances = [row(name, 2.0, metric="top_5_distance") for name in IMAGENET_P]
    rates = table / np.array(list(TEN.values()))

    assert made("mfr", flips, IMAGENET_P)["flip_probability"] == pytest.approx(
        rates.mean()
    )
    labels = [f"flip_probability[perturbation={name}]" for name in TEN]
    assert made("flip_rate", flips, IMAGENET_P) == pytest.approx(
        dict(zip(labels, rates, strict=True))
    )
    assert made("mean_top_5_distance", distances, IMAGENET_P) == {"top_5_distance": 2.0}
    assert made("mean_flip_probability", flips, IMAGENET_P) == {}
    (found,) = aggregated(
        mt5d({name: i + 1.0 for i, name in enumerate(TEN)}),
        distances,
        {"c": IMAGENET_P},
    )
    assert found.value == pytest.approx(np.mean(2 / np.arange(1, 11)))


def test_a_missing_perturbation_is_named():
    """CIFAR-10-P has spatter in place of snow, and is not divided by this table."""
    rows = [row(name, 0.1, metric="flip_probability") for name in IMAGENET_P]
    without = {n: t for n, t in IMAGENET_P.items() if t["perturbation"] != "snow"}
    tilt = IMAGENET_P["c/tilt"]
    spatter = {"c/spatter": {**tilt, "perturbation": "spatter"}}
    harder = {"c/harder": {**tilt, "difficulty": 2}}

    members = without | spatter | harder
    assert made("mfr", rows, members)["flip_probability"] == Undefined(
        "no dataset of perturbation snow"
    )
    assert made("mfr", rows, harder) == {}
    assert made("mfr", rows, IMAGENET_P | harder)["flip_probability"] > 0


def test_denominators_that_are_no_table_are_refused():
    some = dict.fromkeys(TEN, 4.0)
    with pytest.raises(ValueError, match=r"of the perturbations .* have spatter"):
        mt5d(some | {"spatter": 1.0})
    del some["tilt"]
    with pytest.raises(ValueError, match=r"of the perturbations .* lack tilt"):
        mt5d(some)
    with pytest.raises(ValueError, match=r"in \(0, 18\], got 0.0 for tilt"):
        mt5d(some | {"tilt": 0.0})


# --- the tables -----------------------------------------------------------------------


@pytest.fixture
def published(data_root):
    """The folder of published tables."""
    folder = data_root / "published-results"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    return folder


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_mean_error_of_alexnet():
    """.78899 over the fifteen, as RobustBench has it too."""
    assert np.mean(list(FIFTEEN.values())) == pytest.approx(0.78899, abs=5e-6)


@pytest.mark.real
def test_errors_are_the_means_over_severities_of_the_published_table(published):
    """To the last digit; and no severity need be harder than the one before."""
    rows = read(published / "imagenet_c_alexnet_errors.csv")
    each = {
        r["corruption"]: [float(r[f"err_s{s}"]) for s in alexnet.SEVERITIES]
        for r in rows
        if r["err_s1"]
    }

    assert {name: float(np.mean(some)) for name, some in each.items()} == pytest.approx(
        FIFTEEN, abs=1e-12
    )
    assert {r["corruption"]: float(r["err_mean_table"]) for r in rows} == {
        **FIFTEEN,
        **EXTRA,
    }
    falling = [name for name, some in each.items() if sorted(some) != some]
    assert falling == ["snow", "elastic_transform"]


@pytest.mark.real
def test_flip_probabilities_are_those_of_the_published_table(published):
    rows = read(published / "imagenet_p_alexnet_flip_probability.csv")
    assert {
        r["perturbation"]: float(r["alexnet_flip_prob"])
        for r in rows
        if r["role"] == "test"
    } == TEN


def test_flips_of_cifar10_p_are_not_divided():
    """With spatter in place of snow; one that is missing is named."""
    names = ["spatter" if name == "snow" else name for name in TEN]
    sets_of = {
        f"c/{name}": {"perturbation": name, "source": "cifar10-p", "difficulty": 1}
        for name in names
    }
    flips = [
        row(name, 0.01 * i, metric="flip_probability") for i, name in enumerate(sets_of)
    ]
    found = made("mean_flip_probability", flips, sets_of)["flip_probability"]
    assert found == pytest.approx(0.045)
    assert made("mfr", flips, sets_of) == {}

    lacking = made("mean_flip_probability", flips[:-1], sets_of)["flip_probability"]
    assert lacking == Undefined("nothing measured on c/scale")


def test_flips_of_made_sequences_are_their_own_numbers():
    """Of all that the family has, and never by AlexNet's, which are of the videos."""
    sets_of = {
        f"imagenet-p/{name}": {"perturbation": name, "made": "harness", "difficulty": 1}
        for name in TEN
    }
    flips = [
        row(name, 0.01 * i, metric="flip_probability") for i, name in enumerate(sets_of)
    ]
    moves = [row(name, 2.0, metric="top_5_distance") for name in sets_of]

    found = made("mean_made_flip_probability", flips, sets_of)["flip_probability"]
    assert found == pytest.approx(0.045)
    assert made("mean_made_top_5_distance", moves, sets_of) == {"top_5_distance": 2.0}
    for name in ("mfr", "flip_rate", "mean_flip_probability"):
        assert made(name, flips, sets_of) == {}
    assert made("mean_top_5_distance", moves, sets_of) == {}
    lacking = made("mean_made_flip_probability", flips[:-1], sets_of)
    assert lacking["flip_probability"] == Undefined(
        "nothing measured on imagenet-p/scale"
    )
