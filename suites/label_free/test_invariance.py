"""Effective invariance: does the model say the same of a changed image?"""

from harness.metrics.label_free.effective_invariance import pretext_invariance
from harness.metrics.label_free.neighborhood_invariance import neighborhood_invariance


def test_pretext_invariance(measure, pretext_task):
    measure(pretext_invariance, views=pretext_task.moving)


def test_neighborhood_invariance(copies, record):
    record(neighborhood_invariance, copies)
