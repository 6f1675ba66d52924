"""A summary with something in every part of the page, and names that are markup."""

from collections import Counter
from dataclasses import replace

import numpy as np

from harness.analysis.comparison import compare
from harness.analysis.correlation import correlate
from harness.analysis.gates import Evidence, judge, parse
from harness.analysis.headlines import headlines
from harness.analysis.labelling import labelled_interval
from harness.analysis.targets import predict_targets
from harness.datasets.dataset import Found
from harness.measurement import Domain, Measurement
from harness.report.section import Context
from harness.report.sections.comparison import Comparison
from harness.report.sections.found import KEPT
from harness.report.sections.gates import Gates
from harness.report.sections.losses import Loss, Losses
from harness.report.sections.predictions import Predictions
from harness.report.summary import Summary
from harness.traits import TRANSFORMATIONS

ODD = '<b>&"odd'  # a name that must stay text
GATES = (
    "rising: interior r2 >= 0.1",
    "rising[net0]: interior rho > 1",
    "predicted accuracy on night >= 0.99",
    "rising[net0] on in: value >= -1",
    "section.* >= 0.6",
    f"falling[net1] on {ODD}: outcome >= 101%",
)


def measurements(metrics=("falling", "rising"), models=8, datasets=12):
    """A grid; "rising" goes with accuracy, all others against it, with noise."""
    rng = np.random.default_rng(0)
    sets = [("test", "test", Domain.INTERIOR)]
    sets += [(f"in{i}", "in", Domain.INTERIOR) for i in range(datasets - 1)]
    sets += [(f"out{i}", "out", Domain.EXTERIOR) for i in range(datasets - 1)]
    sets += [(ODD, "out", Domain.EXTERIOR), ("night", "night", Domain.TARGET)]
    found = []
    for model in range(models):
        for dataset, family, domain in sets:
            accuracy = float(rng.uniform(0.3 + model / 50, 0.8))
            for metric in metrics:
                sign = 1 if metric == "rising" else -1
                value = sign * accuracy + float(rng.normal(0, 0.05))
                found.append(
                    Measurement(
                        metric=metric,
                        model=f"net{model}",
                        dataset=dataset,
                        family=family,
                        domain=domain,
                        value=value,
                        accuracy=None if domain is Domain.TARGET else accuracy,
                        images=1000,
                        seconds=0.002,
                        key="k",
                        facts={"device": "cpu"},
                        traits=_traits(dataset, family),
                    )
                )
    return found


def _traits(dataset, family):
    if family == "test":
        return {"split": "test"}
    return {TRANSFORMATIONS: f"k{int(dataset[2:]) % 5}"} if family == "in" else {}


def kept_of(rows, *instead, **context):
    """What the harness' own sections find in these measurements, or some instead."""
    known = Context(described={}, correlations=correlate(rows), **context)
    given = {type(one): one for one in instead}
    return tuple(given.get(one.kind) or one.find(rows, known) for one in KEPT)


def summary(rows, *instead, **more):
    """A summary of these measurements and no others."""
    fields = {
        "run": {"base": "toy", "models": sorted({m.model for m in rows})},
        "kept": kept_of(rows, *instead),
        "counts": Counter(measured=len(rows)),
        "measurements": tuple(rows),
    }
    return Summary(**{**fields, **more})


def sample():
    """A summary in which every part of the page has something to say."""
    found = measurements()
    correlations = correlate(found)
    predictions = predict_targets(correlations)
    turned = [m.model == "net1" and m.metric == "rising" for m in found]
    earlier = correlate(
        [
            replace(m, value=-m.value) if turn else m
            for m, turn in zip(found, turned, strict=True)
        ]
    )
    return summary(
        found,
        Predictions(
            predictions=predictions,
            headlines=headlines(
                predictions,
                labelled={
                    (one.model, one.dataset): labelled_interval(
                        [True, False], None, None, one.images
                    )
                    for one in predictions
                },
            ),
        ),
        Comparison(compared_with="before", changes=compare(earlier, correlations)),
        Gates(
            verdicts=judge(
                map(parse, GATES),
                Evidence(
                    correlations=correlations,
                    predictions=predictions,
                    measurements=found,
                    quantities={"section": {ODD: 0.5}},
                ),
            )
        ),
        Losses(
            failed=(Loss(test="t.py::test_a", reason=ODD, cells=("net0-in0",)),),
            skipped=(
                Loss(test="t.py::test_b", reason="no head", cells=tuple("abcde")),
            ),
            absent={"far": "not found"},
        ),
        run={
            "base": "toy",
            "models": sorted({m.model for m in found}),
            "datasets": 25,
            "settings": {"precision": "float32", "images": None},
        },
        found={"night": Found(images=1000, notes=(f"passed over: 1 .txt ({ODD})",))},
    )
