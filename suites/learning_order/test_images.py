"""Statistics of images, and answers of people, against what networks got right.

Over all images, and within each class, which is the one to set a gate on; intervals are
over images and networks.
"""

from pathlib import Path

import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.difficulty import difficulty
from harness.digests import file_digest
from harness.errors import HarnessError, UndefinedMetricError, UnknownName
from harness.fixtures.on_request import is_left_out
from harness.metrics.image_statistics import STATISTICS
from harness.metrics.image_statistics.soft_labels import soft_label_entropy
from harness.metrics.learning_order.agreement import agreed, agreements

from .records import SPLITS, images_of, right_on, soft_labels

pytestmark = pytest.mark.harness_on_request(folder=True)
FIRST_SHOWN, LEAST_AGREED = 5, 0.2


def pytest_generate_tests(metafunc):
    """A test for each split and statistic."""
    if is_left_out(metafunc.definition):
        return
    option = metafunc.config.getoption
    if "statistic" in metafunc.fixturenames:
        asked = option("learning_order_statistics", "")
        names = [name.strip() for name in asked.split(",")] if asked else [*STATISTICS]
        for name in names:
            if name not in STATISTICS:
                error = UnknownName("statistic of images", name, STATISTICS)
                raise pytest.Collector.CollectError(str(error))
        metafunc.parametrize("split", SPLITS)
        metafunc.parametrize("statistic", names)
    if "_answers" in metafunc.fixturenames:
        file = option("learning_order_soft_labels", "")
        metafunc.parametrize("_answers", [_answers(file)], ids=["human_entropy"])


def _answers(file):
    """The path and what the file holds, which enters the key; or a mark to skip."""
    if not file:
        reason = "no answers of people; name a file: --learning-order-soft-labels FILE"
        return pytest.param(None, marks=pytest.mark.skip(reason=reason))
    path = Path(file).expanduser()
    if not path.is_file():
        raise pytest.Collector.CollectError(
            f"--learning-order-soft-labels must be a file, and {path} is none"
        )
    return str(path), file_digest(path)


def shifts(values, right):
    """Epochs at which the published picture shows the agreed images, and how far off.

    Mean of the statistic over the images that all networks get right, less that over
    all images, in standard deviations of these. Shown, as published, from epoch 5 on
    and where a fifth of what any network gets right is agreed on.
    """
    for epoch, one in enumerate(agreements(right), 1):
        if epoch >= FIRST_SHOWN and one.value >= LEAST_AGREED:
            inside = values[agreed(right[:, epoch - 1])]
            yield epoch, float((inside.mean() - values.mean()) / values.std())


def relate(record, values, records, on, **axes):
    """Record the correlations of a statistic that are defined, one at least."""
    labels = records[0].labels[on]
    found = difficulty(values, right_on(records, on), labels, over_networks=True)
    if isinstance(found.overall, Undefined):
        raise UndefinedMetricError(found.overall.reason)
    record("order_correlation", found.overall, **axes)
    for epoch, shift in shifts(values, right_on(records, on)):
        record("order_agreed_shift", shift, epoch=epoch, **axes)
    if not isinstance(found.within, Undefined):
        record("order_correlation_within", found.within, **axes)


def test_order_correlation(record, population, split, statistic):
    """An axis says the statistic."""
    records = population.records
    images = images_of(population.run, population.name, records, split)
    try:
        values = STATISTICS[statistic](images.pixels)
    except HarnessError as error:  # scikit-image is not there
        pytest.skip(str(error))
    relate(record, values, records, split)


def test_human_entropy(record, population, _answers):  # noqa: PT019
    """As one more statistic, of the test split."""
    records = population.records
    probs = soft_labels(Path(_answers[0]), records[0].labels["test"])
    values = soft_label_entropy(probs)
    axes = {"split": "test", "statistic": "human_entropy"}
    relate(record, values, records, "test", **axes)
