"""Every metric has a suite test, and every suite test a metric."""

import re
from pathlib import Path

from harness.metrics import METRICS

SUITES = Path(__file__).parent.parent / "suites"


def test_no_metric_is_forgotten():
    """`test_NAME` stands in some suite for every metric."""
    text = "".join(path.read_text() for path in sorted(SUITES.rglob("test_*.py")))
    tested = set(re.findall(r"^def test_(\w+)\(", text, flags=re.MULTILINE))

    assert {metric.name for metric in METRICS} == tested
