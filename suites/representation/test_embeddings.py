"""Measures of embeddings, without labels and without classes, on each chosen layer."""

import pytest

from harness.metrics.embeddings.alignment import alignment
from harness.metrics.embeddings.alpha_req import alpha_req
from harness.metrics.embeddings.clid import cluster_learnability
from harness.metrics.embeddings.coherence import coherence
from harness.metrics.embeddings.effective_rank import effective_rank
from harness.metrics.embeddings.intrinsic_dimension import intrinsic_dimension
from harness.metrics.embeddings.lidar import lidar
from harness.metrics.embeddings.nesum import nesum
from harness.metrics.embeddings.participation_ratio import participation_ratio
from harness.metrics.embeddings.rankme import rankme
from harness.metrics.embeddings.self_clustering import self_clustering
from harness.metrics.embeddings.stable_rank import stable_rank
from harness.metrics.embeddings.uniformity import uniformity

from .constants import WHOLE_SETS

pytestmark = [pytest.mark.harness_on_request(folder=True), WHOLE_SETS]
SAMPLE = 5000  # images of what takes time in their square


def test_rankme(measure, layer):
    measure(rankme)


def test_effective_rank(measure, layer):
    measure(effective_rank)


def test_participation_ratio(measure, layer):
    measure(participation_ratio)


def test_nesum(measure, layer):
    measure(nesum)


def test_stable_rank(measure, layer):
    measure(stable_rank)


def test_alpha_req(measure, layer):
    measure(alpha_req)


def test_coherence(measure, layer):
    measure(coherence)


def test_self_clustering(measure, layer):
    measure(self_clustering)


def test_uniformity(measure, layer):
    measure(uniformity, images=SAMPLE)


def test_cluster_learnability(measure, layer):
    measure(cluster_learnability, images=SAMPLE)


def test_intrinsic_dimension(measure, layer):
    measure(intrinsic_dimension, images=SAMPLE)


def test_alignment(measure, layer):
    measure(alignment)


def test_lidar(measure, layer):
    measure(lidar, images=1000)  # as published
