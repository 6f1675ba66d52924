"""How large logits and features are: energies, and norms as plain controls."""

from harness.metrics.label_free.energy import average_energy, meta_distribution_energy
from harness.metrics.label_free.norms import (
    mean_feature_norm,
    mean_logit_norm,
    mean_max_logit,
)


def test_meta_distribution_energy(measure):
    measure(meta_distribution_energy)


def test_average_energy(measure):
    measure(average_energy)


def test_mean_max_logit(measure):
    measure(mean_max_logit)


def test_mean_logit_norm(measure):
    measure(mean_logit_norm)


def test_mean_feature_norm(measure):
    measure(mean_feature_norm)
