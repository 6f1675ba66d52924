"""Effective invariance: does the model say the same of a changed image?"""

from harness.metrics.effective_invariance import jigsaw_invariance, rotation_invariance
from harness.views import IDENTITY, ROTATIONS


def test_rotation_invariance(predictions, record):
    record(rotation_invariance, predictions.probs(), predictions.view_probs(ROTATIONS))


def test_jigsaw_invariance(predictions, jigsaws, record):
    views = [view for view in jigsaws if view != IDENTITY]
    record(jigsaw_invariance, predictions.probs(), predictions.view_probs(views))
