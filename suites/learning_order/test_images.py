"""Statistics of images, and answers of people, against what networks got right.

Over all images, and within each class, which is the one to set a gate on; intervals are
over images and networks.
"""

from pathlib import Path

import numpy as np
import pytest

from harness.analysis.correlation import Undefined
from harness.analysis.difficulty import Related, difficulty, shuffled
from harness.datasets.images import facts_of
from harness.datasets.readers.side_tables import read_side_table
from harness.digests import file_digest
from harness.errors import (
    BadData,
    HarnessError,
    UndefinedAsYet,
    UndefinedMetricError,
    UnknownName,
)
from harness.fixtures.cells import run_of
from harness.fixtures.on_request import is_left_out
from harness.metrics.image_statistics import STATISTICS
from harness.metrics.image_statistics.soft_labels import soft_label_entropy
from harness.metrics.learning_order.agreement import agreed, agreements
from harness.metrics.learning_order.correctness import correctness_score
from harness.metrics.numerics.uncertainty import sampling_interval

from .orders import FIRST_SHOWN, LEAST_AGREED
from .records import SPLITS, images_of, names_on, one_each, right_on, soft_labels

pytestmark = pytest.mark.harness_on_request(folder=True)


def pytest_generate_tests(metafunc):
    """A test for each split and statistic."""
    if is_left_out(metafunc.definition):
        return
    option = metafunc.config.getoption
    if "statistic" in metafunc.fixturenames:
        asked = option("learning_order_statistics", "")
        known = [*STATISTICS, *run_of(metafunc.config).base.facts]
        names = [name.strip() for name in asked.split(",")] if asked else known
        for name in names:
            if name not in known:
                raise UnknownName("statistic of images", name, known)
        metafunc.parametrize("split", SPLITS)
        metafunc.parametrize("statistic", names)
    if "_answers" in metafunc.fixturenames:
        file = option("learning_order_soft_labels", "")
        why = "no answers of people; name a file: --learning-order-soft-labels FILE"
        found = _people(file, run_of(metafunc.config)) if file else _skipped(why)
        metafunc.parametrize("_answers", [found], ids=["human_entropy"])
    if "_column" in metafunc.fixturenames:
        files = option("learning_order_table", None) or []
        columns = [column for file in files for column in _columns(file)]
        why = "no table of images; name a CSV file: --learning-order-table FILE"
        metafunc.parametrize("split", SPLITS if columns else SPLITS[:1])
        metafunc.parametrize(
            "_column",
            columns or [_skipped(why)],
            ids=[name for _, _, name in columns] or ["none"],
        )


def _skipped(why):
    return pytest.param(None, marks=pytest.mark.skip(reason=why))


def _file(file, option):
    """The path and what the file holds, which enters the key."""
    path = Path(file).expanduser()
    if not path.is_file():
        raise HarnessError(f"{option} must be a file, and {path} is none")
    return str(path), file_digest(path)


def _people(file, run):
    """As `_file`; refused before networks are trained for rows of other images."""
    option = "--learning-order-soft-labels"
    found = _file(file, option)
    try:
        soft_labels(Path(found[0]), None)
        for name in run.populations:
            try:
                images = run.population(name).images("test", run.settings)
            except HarnessError:  # its test says why
                continue
            soft_labels(Path(found[0]), images.labels)
    except HarnessError as error:
        raise HarnessError(f"{option}: {error}") from None
    return found


def _columns(file):
    """Of a table each column, with the path and the digest."""
    path, digest = _file(file, "--learning-order-table")
    return [(path, digest, name) for name in read_side_table(Path(path)).columns]


def shifts(values, right):
    """Epochs at which the published picture shows the agreed images, and how far off.

    Mean of the statistic over the images that all networks get right, less that over
    all images, in standard deviations of these. Shown, as published, from epoch 5 on
    and where a fifth of what any network gets right is agreed on. Of images that have
    the statistic.
    """
    known = ~np.isnan(values)
    values, right = values[known], right[:, :, known]
    for epoch, one in enumerate(agreements(right), 1):
        if epoch >= FIRST_SHOWN and one.value >= LEAST_AGREED:
            inside = values[agreed(right[:, epoch - 1])]
            yield epoch, float((inside.mean() - values.mean()) / values.std())


def relate(record, values, records, on, **axes):
    """Record the correlations of a statistic that are defined, one at least."""
    right, labels = right_on(records, on), one_each(records[0].labels[on])
    found = difficulty(values, right, labels, over_networks=True)
    if isinstance(found.overall, Undefined):
        raise UndefinedMetricError(found.overall.reason)
    record("order_correlation", found.overall, **axes)
    for epoch, shift in shifts(values, right):
        record("order_agreed_shift", shift, epoch=epoch, **axes)
    if not isinstance(found.within, Undefined):
        record("order_correlation_within", found.within, **axes)
    mixed = shuffled(values, right, labels, within=labels is not None)
    if not isinstance(mixed, Undefined):
        record("order_shuffled_p", mixed.p, **axes)


def test_order_correlation(record, population, split, statistic):
    """An axis says the statistic."""
    records = population.records
    right_on(records, split)  # or there is none of this split
    images = images_of(population.run, population.name, records, split)
    if statistic not in STATISTICS:
        values = facts_of(images)[statistic]
        if values.dtype.kind == "U":
            by_level(record, values, right_on(records, split))
            return
    else:
        try:
            values = STATISTICS[statistic](images.pixels)
        except HarnessError as error:  # scikit-image is not there
            pytest.skip(str(error))
    relate(record, values, records, split)


def by_level(record, levels, right):
    """Record how much of each level all networks get right, after every epoch.

    As published, 100 times agreed with that level by all with that level; and its mean
    share of networks and epochs that are right. There is no correlation with words.
    """
    together, score = agreed(right), correctness_score(right)
    for level in np.unique(levels).tolist():
        inside = levels == level
        n = int(inside.sum())
        record("order_level_images", n, level=level)
        record("order_level_score", float(score[inside].mean()), level=level)
        for epoch, some in enumerate(together[:, inside].mean(axis=1), 1):
            low, high = sampling_interval(float(some), n)
            share = Related(value=float(some), low=float(low), high=float(high))
            record("order_level_agreed", share, level=level, epoch=epoch)


def test_side_table(record, population, split, _column):  # noqa: PT019
    """A column of a CSV file, joined by the names of the images."""
    path, _, name = _column
    records = population.records
    right_on(records, split)
    names = names_on(population.run, population.name, records, split)
    values = read_side_table(Path(path)).of(names, name)
    known = int((~np.isnan(values)).sum())
    if known < 2:
        raise UndefinedAsYet(
            f"{path} must name images of {split} as they are called, {names[0]} say, "
            f"and names {known} of {len(names)}"
        )
    record("order_joined", known, statistic=name)
    relate(record, values, records, split, statistic=name)


def test_human_entropy(record, population, _answers):  # noqa: PT019
    """As one more statistic, of the test split."""
    records = population.records
    right_on(records, "test")
    labels = one_each(records[0].labels["test"])
    if labels is None:
        raise UndefinedMetricError("images of several labels have no one right answer")
    try:
        probs = soft_labels(Path(_answers[0]), labels)
    except BadData as error:  # of records, whose labels are known only now
        pytest.fail(str(error), pytrace=False)
    values = soft_label_entropy(probs)
    axes = {"split": "test", "statistic": "human_entropy"}
    relate(record, values, records, "test", **axes)
