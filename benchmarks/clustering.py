"""All measures of clusters against labels, with their levels of chance and intervals.

    python -m benchmarks.clustering
    python -m benchmarks.clustering --images 10000 --clusters 100 --classes 100

Classes are of one size; every second image is in the cluster of its class, the others
are in any. A line is the time of one measure; what several share (the table of counts,
the mean information by chance) is in the first of them. The last line is all together.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from harness.metrics import OUTCOMES


def main() -> None:
    """Print a line for each measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument("--classes", type=int, default=1000)
    arguments = parser.parse_args()
    n = arguments.images
    rng = np.random.default_rng(0)
    labels = np.arange(n) % arguments.classes
    drawn = rng.integers(0, arguments.clusters, n)
    predicted = np.where(rng.random(n) < 0.5, labels % arguments.clusters, drawn)
    print(f"{n} images, {arguments.clusters} clusters, {arguments.classes} classes")
    print(
        f"{'':16}{'value':>8}{'chance':>8}{'interval':>16}  seconds: each of the three"
    )
    together = 0.0
    for metric in OUTCOMES:
        if not metric.fn.__module__.startswith("harness.metrics.clustering."):
            continue
        assert metric.chance is not None
        assert metric.interval is not None
        times = [time.process_time()]
        value = metric(predicted, labels)
        times.append(time.process_time())
        chance = metric.chance(predicted, labels)
        times.append(time.process_time())
        low, high = metric.interval(predicted, labels)
        times.append(time.process_time())
        took = "".join(f"{seconds:8.3f}" for seconds in np.diff(times))
        ends = f"{low:.3f}..{high:.3f}"
        print(f"{metric.name:16}{value:8.3f}{chance:8.3f}{ends:>16}{took}")
        together += times[-1] - times[0]
    print(f"all together {together:.2f} s of one processor")


if __name__ == "__main__":
    main()
