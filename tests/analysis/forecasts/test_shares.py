"""Forecasts where class shares are others than the source's."""

from dataclasses import replace

import numpy as np
import pytest

from harness import Labelled, predict_accuracy
from harness.analysis.correlation import correlate
from harness.analysis.forecasts.direct import direct
from harness.analysis.forecasts.forecaster import fit_forecaster
from harness.analysis.targets import predict_targets
from harness.measurement import Domain, Measurement

K = 4
# Classes that are told apart unlike well.
CLARITY = np.array([6.0, 4.0, 3.0, 2.0])
UNEVEN = [0.05, 0.05, 0.1, 0.8]


def answers(seed, *, shares=(0.25,) * K, noise=1.0, images=300):
    rng = np.random.default_rng(seed)
    labels = rng.choice(K, images, p=shares)
    logits = CLARITY[labels, None] * np.eye(K)[labels]
    return logits + rng.normal(0, noise, (images, K)), labels


def right(logits, labels):
    return float(np.mean(logits.argmax(axis=1) == labels))


SOURCE = answers(0)
INTERIOR = [
    Labelled(logits=logits, labels=labels, kinds=(f"k{i % 3}",))
    for i in range(6)
    for logits, labels in [answers(10 + i, noise=1.2 + 0.2 * i)]
]


@pytest.mark.parametrize("interior", [(), INTERIOR])
def test_other_shares_alone_are_forecast_for_themselves(interior):
    """Estimates that assume the source's shares are far off, the forecast is not."""
    target, truth = answers(1, shares=UNEVEN)
    found = predict_accuracy(target, *SOURCE, interior=interior)

    known = right(target, truth)
    assert abs(found.raw["cott"] - known) > 0.15
    assert found.accuracy == pytest.approx(known, abs=0.04)
    assert found.low <= known <= found.high
    assert found.inside in (True, None)
    assert "class shares alone seem to be others" in found.reason
    # That the images have changed instead cannot be ruled out.
    assert found.low < found.raw["cott"] + 0.1


@pytest.mark.parametrize("interior", [(), INTERIOR])
def test_images_surely_taken_for_one_class_lie_in_the_interval(interior):
    """As sure as ever and wrong: nothing in the answers tells it from other shares."""
    rng = np.random.default_rng(5)
    target, said = answers(1, shares=UNEVEN)
    truth = np.where(rng.random(len(said)) < 0.5, rng.integers(0, K, len(said)), said)
    found = predict_accuracy(target, *SOURCE, interior=interior)

    known = right(target, truth)
    assert found.accuracy - known > 0.2
    assert found.low <= known <= found.high


def test_images_that_changed_too_are_not_forecast_for_other_shares():
    target, _ = answers(1, shares=UNEVEN)
    found = predict_accuracy(target / 2, *SOURCE)
    assert found.reason == ""
    assert found.accuracy == found.raw["cott"]


NAMES = ("cott", "atc_mc")
KNOWN = {"moved": 0.4, "accuracy": 0.7, "images": 300.0}
UNDER = {"cott": (0.72, 0.65), "atc_mc": (0.7, 0.6)}  # of the source, and of the target


def rows(datasets):
    rng = np.random.default_rng(0)
    for i in range(datasets):
        fall = 0.05 * i
        traits = {"corruption": f"k{i % 5}"} if i else {"split": "test"}
        for name in NAMES:
            yield Measurement(
                metric=name,
                model="m",
                dataset=f"in/{i}",
                family="in",
                domain=Domain.INTERIOR,
                value=0.95 - fall + (rng.normal(0, 0.02) if i else 0.0),
                accuracy=0.95 - fall,
                images=500,
                seconds=0.0,
                key="",
                estimate=True,
                traits=traits,
            )


def target(name):
    facts = {f"shares_{k}": repr(v) for k, v in KNOWN.items()}
    source, value = UNDER[name]
    facts |= {"shares_source": repr(source), "shares_value": repr(value)}
    facts |= {"resample_mean": repr(source), "resample_error": "0.01"}
    return Measurement(
        metric=name,
        model="m",
        dataset="t",
        family="t",
        domain=Domain.TARGET,
        value=0.3,
        accuracy=None,
        images=500,
        seconds=0.0,
        key="",
        estimate=True,
        facts=facts,
    )


def forecast_of(measurements):
    found = predict_targets(correlate(measurements))
    (one,) = (p for p in found if p.predictor.is_combined)
    return one.prediction


def test_a_run_makes_the_same_of_its_facts():
    inside = list(rows(12))
    found = forecast_of([*inside, *map(target, NAMES)])

    by = {name: [r for r in inside if r.metric == name] for name in NAMES}
    table = np.array([[r.value for r in by[n]] for n in sorted(NAMES)]).T
    y = np.array([r.accuracy for r in by["cott"]])
    fit = fit_forecaster(
        table[1:],
        y[1:],
        np.full(len(y) - 1, 500),
        [r.traits for r in by["cott"]][1:],
        source=table[0],
        source_accuracy=y[0],
        source_images=500,
    )
    source = [UNDER[n][0] for n in sorted(NAMES)]
    moved = fit.of_shares(source, KNOWN["accuracy"], KNOWN["images"])
    (said,) = moved.predictions([[UNDER[n][1] for n in sorted(NAMES)]], images=[500])
    healthy = [UNDER[n][0] for n in sorted(NAMES)]  # the mean of resamples
    (plain,) = fit.predictions([[0.3, 0.3]], images=[500], healthy=healthy)
    assert plain.low < said.low
    assert (found.accuracy, found.low, found.high) == pytest.approx(
        (said.accuracy, plain.low, said.high)
    )
    assert said.accuracy < KNOWN["accuracy"]
    assert found.reason.startswith("class shares alone seem to be others (by 0.40), ")
    assert f"changed instead, {int(100 * plain.low)} to" in found.reason
    # As it is the value lies far below all that was seen.
    assert found.inside
    plain = [replace(target(n), facts={}) for n in NAMES]
    assert not forecast_of([*inside, *plain]).inside


def test_without_an_interior_the_estimate_is_of_those_shares():
    found = forecast_of([*rows(1), *map(target, NAMES)])
    made = direct("cott", source_accuracy=0.7, source_images=300)
    (said,) = made.predictions([[0.65]], images=[500])
    (plain,) = replace(made, source_accuracy=0.95, source_images=500).predictions(
        [[0.3]], images=[500]
    )
    assert (found.accuracy, found.low, found.high) == (
        said.accuracy,
        plain.low,
        said.high,
    )
    assert found.reason


def test_a_source_of_such_shares_starts_the_forecast():
    inside = list(rows(12))
    fit = next(
        p.predictor.plane
        for p in predict_targets(correlate([*inside, *map(target, NAMES)]))
        if p.predictor.is_combined
    )
    moved = fit.of_shares([0.6, 0.6], 0.5, 100.0)
    (said,) = moved.predictions([[0.6, 0.6]], images=[500])
    assert said.accuracy == pytest.approx(0.5)
    (there,) = fit.predictions([[0.95, 0.95]], images=[500])
    assert said.high - said.low > there.high - there.low  # of fewer images, less sure
