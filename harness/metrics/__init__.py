"""Metrics: pure functions with their declared facts, and the tuple of all of them.

Axis letters: n images, k classes, d features, v views, s source images, m models.
"""

from harness.metrics.accuracy import ACCURACY
from harness.metrics.average_confidence import AVERAGE_CONFIDENCE
from harness.metrics.effective_invariance import JIGSAW_INVARIANCE, ROTATION_INVARIANCE
from harness.metrics.entropy import ENTROPY
from harness.metrics.nuclear_norm import NUCLEAR_NORM
from harness.metrics.spec import Input, Invariant, Kind, Metric, Trend

__all__ = ["METRICS", "Input", "Invariant", "Kind", "Metric", "Trend"]

METRICS: tuple[Metric, ...] = (
    ACCURACY,
    AVERAGE_CONFIDENCE,
    ENTROPY,
    NUCLEAR_NORM,
    ROTATION_INVARIANCE,
    JIGSAW_INVARIANCE,
)
