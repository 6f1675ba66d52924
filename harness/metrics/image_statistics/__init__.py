"""Statistics of images: what can be said of each from its pixels alone.

Each takes a whole batch, (n, h, w, 1 or 3) uint8, and gives (n,) float64.
"""

from collections.abc import Callable

from harness.arrays import Array
from harness.metrics.image_statistics.colour import colourfulness, saturation
from harness.metrics.image_statistics.edges import edge_sobel_sum
from harness.metrics.image_statistics.entropy import window_entropy, window_entropy_u8
from harness.metrics.image_statistics.frequency import (
    dct_largest,
    dct_share,
    dct_share_energy,
)
from harness.metrics.image_statistics.light import luminance, rms_contrast
from harness.metrics.image_statistics.pixels import Pixels
from harness.metrics.image_statistics.segments import segments

__all__ = ["STATISTICS"]

STATISTICS: dict[str, Callable[[Pixels], Array]] = {
    fn.__name__: fn
    for fn in (
        window_entropy,
        window_entropy_u8,
        dct_share,
        dct_share_energy,
        dct_largest,
        segments,
        edge_sobel_sum,
        rms_contrast,
        luminance,
        colourfulness,
        saturation,
    )
}
