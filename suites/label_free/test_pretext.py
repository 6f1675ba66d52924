"""Pretext prediction: does a head on the features still tell what was done?"""

from harness.metrics.label_free.pretext_prediction import pretext_prediction


def test_pretext_prediction(predictions, pretext_head, record):
    record(pretext_prediction, pretext_head.logits(predictions))
