"""Which predictions have a row of the table."""

import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.coverage import Prediction
from harness.analysis.forecasts.direct import direct
from harness.analysis.predictors import Predictor
from harness.analysis.targets import TargetPrediction
from harness.report.sections.predictions import (
    Predictions,
    PredictionsSection,
    shown_predictions,
)
from harness.report.table import Table

NO_FIT = Undefined("a fit needs at least 3 datasets, got 1")
SAID = Prediction(accuracy=0.8, low=0.7, high=0.9, level=0.95, inside=True)
DIRECT = direct("cott", source_accuracy=0.9, source_images=500)


def made(plane, metrics, prediction):
    return TargetPrediction(
        dataset="photos",
        family="photos",
        images=100,
        predictor=Predictor(
            model="net", metrics=metrics, plane=plane, exterior=Undefined("none")
        ),
        prediction=prediction,
    )


ALONE = made(NO_FIT, ("entropy",), NO_FIT)


def test_where_an_estimate_is_taken_as_it_is_nothing_is_said_of_fits():
    """With the test split alone there is none, as was asked for."""
    as_it_is = made(DIRECT, ("cott",), SAID)

    assert shown_predictions([ALONE, as_it_is]) == (as_it_is,)
    (table,) = (
        part
        for part in PredictionsSection().tables(
            Predictions(predictions=(ALONE, as_it_is))
        )
        if isinstance(part, Table)
    )
    assert table.without == ()


@pytest.mark.parametrize("combined", [(), (made(NO_FIT, ("a", "b"), NO_FIT),)])
def test_else_why_there_is_no_fit_is_said(combined):
    assert ALONE in shown_predictions([ALONE, *combined])
