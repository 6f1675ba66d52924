"""Clusters against labels, and how they are used and shaped, for each assignment.

An assignment is an axis, `clusters`, and so is the number of clusters asked for, `k`.
"""

import pytest

from harness.errors import HarnessError
from harness.fixtures.cells import run_of
from harness.fixtures.on_request import is_left_out
from harness.metrics.clustering.acc import (
    acc_hybrid,
    acc_majority,
    acc_one_to_one,
    inverse_purity,
    purity,
)
from harness.metrics.clustering.adjusted import ami, ari
from harness.metrics.clustering.assignment import (
    assignment_entropy,
    clusters_used,
    largest_cluster,
)
from harness.metrics.clustering.homogeneity import completeness, homogeneity, v_measure
from harness.metrics.clustering.nmi import (
    nmi_arithmetic,
    nmi_geometric,
    nmi_max,
    nmi_min,
)
from harness.metrics.clustering.shape import (
    calinski_harabasz,
    davies_bouldin,
    silhouette,
)
from harness.metrics.clustering.stability import stability
from harness.metrics.clustering.superclass import (
    superclass_accuracy,
    superclass_accuracy_reclustered,
    superclass_answers,
)
from harness.metrics.numerics.matching import recall_by_class as recalls

from .assignments import Assignment, Partition
from .kinds import chosen_kinds

pytestmark = pytest.mark.harness_on_request(folder=True)
BY = "head,kmeans-l2-init10,pixels-raw-init10"


def pytest_generate_tests(metafunc):
    """A test for each assignment, number of clusters and grouping of classes."""
    if is_left_out(metafunc.definition):
        return
    option, run = metafunc.config.getoption, run_of(metafunc.config)
    classes = len(run.base.classes)
    if "clusters" in metafunc.fixturenames:
        texts = option("clustering_by", BY).split(",")
        counts = option("clustering_k", "") or str(classes)
        metafunc.parametrize(
            ("clusters", "k"),
            [
                (str(found), k)
                for found in (Assignment.parse(text.strip()).check() for text in texts)
                for k in ([classes] if str(found) == "head" else whole(counts))
            ],
        )
    if "_grouping" in metafunc.fixturenames:
        groupings = chosen_kinds(metafunc.config, run.base)
        metafunc.parametrize(("kinds", "_grouping"), groupings)


def whole(text):
    """The numbers of clusters that a text lists."""
    found = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) >= 1 for part in found):
        raise HarnessError(
            "`--clustering-k` must be whole numbers from 1, parted by commas, got "
            f"{text!r}; write for instance 10,20,50"
        )
    return [int(part) for part in found]


@pytest.fixture
def partition(clusters, k, model, dataset, predictions):
    """What the assignment makes of the dataset's images."""
    return Partition(Assignment.parse(clusters), k, model, dataset, predictions)


@pytest.fixture
def superclasses(partition, kinds, _grouping):
    """What superclass accuracy is made of: `kinds` is the grouping's name."""
    return superclass_answers(partition.predicted, partition.labels, _grouping.of)


def test_acc_one_to_one(record, partition):
    record(acc_one_to_one, partition.predicted, partition.labels)


def test_acc_hybrid(record, partition):
    record(acc_hybrid, partition.predicted, partition.labels)


def test_acc_majority(record, partition):
    record(acc_majority, partition.predicted, partition.labels)


def test_purity(record, partition):
    record(purity, partition.predicted, partition.labels)


def test_inverse_purity(record, partition):
    record(inverse_purity, partition.predicted, partition.labels)


def test_nmi_arithmetic(record, partition):
    record(nmi_arithmetic, partition.predicted, partition.labels)


def test_nmi_geometric(record, partition):
    record(nmi_geometric, partition.predicted, partition.labels)


def test_nmi_min(record, partition):
    record(nmi_min, partition.predicted, partition.labels)


def test_nmi_max(record, partition):
    record(nmi_max, partition.predicted, partition.labels)


def test_ami(record, partition):
    record(ami, partition.predicted, partition.labels)


def test_ari(record, partition):
    record(ari, partition.predicted, partition.labels)


def test_homogeneity(record, partition):
    record(homogeneity, partition.predicted, partition.labels)


def test_completeness(record, partition):
    record(completeness, partition.predicted, partition.labels)


def test_v_measure(record, partition):
    record(v_measure, partition.predicted, partition.labels)


def test_clusters_used(record, partition):
    record(clusters_used, partition.predicted)


def test_assignment_entropy(record, partition):
    record(assignment_entropy, partition.predicted)


def test_largest_cluster(record, partition):
    record(largest_cluster, partition.predicted)


def test_silhouette(record, partition):
    record(silhouette, partition.features, partition.predicted)


def test_calinski_harabasz(record, partition):
    record(calinski_harabasz, partition.features, partition.predicted)


def test_davies_bouldin(record, partition):
    record(davies_bouldin, partition.features, partition.predicted)


def test_stability(measure, record, partition):
    """Of a head over random copies of the images, of k-means over seeds."""
    if str(partition.assignment) == "head":
        measure(stability)
    else:
        record(stability, partition.predicted, partition.again())


def test_superclass_accuracy(record, superclasses):
    record(superclass_accuracy, superclasses.predicted, superclasses.labels)


def test_superclass_accuracy_reclustered(record, superclasses):
    record(superclass_accuracy_reclustered, superclasses.clusters, superclasses.labels)


@pytest.mark.harness_on_request
def test_recall_by_class(record, partition, model):
    """By the hybrid rule; an axis says the class, of those that occur."""
    labels = partition.labels
    found = recalls(partition.predicted, labels)
    present = sorted(set(labels.tolist()))
    for number, value in zip(present, found, strict=True):
        record("recall_by_class", value, of=model.run.base.classes[number])
