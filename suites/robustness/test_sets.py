"""Each set by itself: what is right, how far below the clean images, how sure.

Accuracy is of a set's own truth: masked to 200 classes of ImageNet-A and -R, with the
full one beside it, and any of several labels of ReaL. Interiors are no sets, frames of
sequences are no independent images, and images of no class have no accuracy.
"""

import pytest

from harness.analysis.differences import unpaired
from harness.errors import UndefinedMetricError
from harness.metrics.outcomes.aurra import aurra
from harness.metrics.outcomes.calibration_error import calibration_error_equal_width
from harness.metrics.outcomes.rms_calibration import (
    rms_calibration_error,
    rms_calibration_error_official,
)
from harness.metrics.outcomes.top_k import top_5

from .answers import is_clean_right, is_right, top1_of

NO_SETS = ("pool", "perturbation", "outside")
pytestmark = pytest.mark.harness_on_request(folder=True)
every_set = pytest.mark.harness_datasets(lacking=NO_SETS)
whole_sets = pytest.mark.harness_datasets(lacking=(*NO_SETS, "corruption"))


@every_set
@pytest.mark.harness_aggregate(
    "mean_over_severities",
    "mean_over_corruptions",
    "unnormalised_mce",
    "corruption_error",
    "relative_corruption_error",
    "mce",
    "relative_mce",
    "mce_of_the_extra_four",
)
def test_accuracy(record, model, dataset, predictions):
    predictions.predicted()  # of an encoder there are none, as the reason then says
    record("accuracy", top1_of(model, dataset))


@whole_sets
def test_top_5(measure):
    measure(top_5)


@whole_sets
def test_top1_diff(record, model, dataset, source):
    """Top-1 less that on the clean images of the same classes under the same mask."""
    if dataset.traits.get("source", "") == model.run.base.name or (
        dataset.traits.get("split") == "test" and "source" not in dataset.traits
    ):
        raise UndefinedMetricError("its images are the clean ones themselves")
    here, clean = is_right(model, dataset), is_clean_right(dataset, source)
    counts = (int(here.sum()), len(here), int(clean.sum()), len(clean))
    record("top1_diff", unpaired(*counts))


@whole_sets
def test_calibration_error_equal_width(measure):
    measure(calibration_error_equal_width)


@whole_sets
def test_rms_calibration_error(measure):
    measure(rms_calibration_error)


@whole_sets
def test_rms_calibration_error_official(measure):
    measure(rms_calibration_error_official)


@whole_sets
def test_aurra(measure):
    measure(aurra)
