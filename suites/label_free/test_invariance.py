"""Effective invariance: does the model say the same of a changed image?"""

from harness.metrics.label_free.effective_invariance import (
    jigsaw_invariance,
    rotation_invariance,
)
from harness.metrics.label_free.neighborhood_invariance import neighborhood_invariance
from harness.views import ROTATIONS


def test_rotation_invariance(measure):
    measure(rotation_invariance, views=ROTATIONS)


def test_jigsaw_invariance(measure, jigsaws):
    measure(jigsaw_invariance, views=[view for view in jigsaws if view.moves])


def test_neighborhood_invariance(copies, record):
    record(neighborhood_invariance, copies)
