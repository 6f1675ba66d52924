"""Every metric has a suite test, and every suite test a metric."""

import re
from pathlib import Path

from harness.metrics import METRICS

SUITES = Path(__file__).parent.parent / "suites"

# Not in the suites, each for a reason; they are library functions all the same.
LIBRARY_ONLY = {
    "maximum_mean_discrepancy",  # quadratic in the images: seconds for each cell
    "projection_norm",  # trains a head in every cell: half a second on 500 images
    "neighborhood_invariance",  # needs random augmentations, which no fixture makes yet
}


def test_no_metric_is_forgotten():
    """`test_NAME` stands in some suite for every metric that is not library only."""
    text = "".join(path.read_text() for path in sorted(SUITES.glob("test_*.py")))
    tested = set(re.findall(r"^def test_(\w+)\(", text, flags=re.MULTILINE))

    assert {metric.name for metric in METRICS} - LIBRARY_ONLY == tested
