"""Pretext prediction: does a head on the features still tell what was done?"""

from harness.metrics.label_free.pretext_prediction import (
    jigsaw_prediction,
    rotation_prediction,
)


def test_rotation_prediction(predictions, rotation_head, record):
    record(rotation_prediction, rotation_head.logits(predictions))


def test_jigsaw_prediction(predictions, jigsaw_head, record):
    record(jigsaw_prediction, jigsaw_head.logits(predictions))
