"""Pictures of a dataset's images, for galleries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.sampling import sampled_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.datasets.dataset import Dataset
    from harness.run import Run


def pictures_asked(run: Run | None) -> bool:
    """Whether a page, plots or JSON will hold pictures."""
    if run is None:
        return False
    asked = run.settings
    return bool(asked.report_html or asked.plots or asked.report_json)


def pixels_of(
    dataset: Dataset, most: int | None
) -> Callable[[int], NDArray[np.uint8]] | None:
    """What gives the (h, w, c) pixels of an image by its number in the sample.

    None where there is nothing to see, as of saved outputs.

    Parameters
    ----------
    dataset
        Its images are at the base's size, or as they are.
    most
        Images of the sample, as `Settings.max_images`.
    """
    images = dataset.load()
    if not len(images) or not images.block(0, 1).size:
        return None
    chosen = sampled_rows(len(images), most)
    return lambda i: images.block(int(chosen[i]), int(chosen[i]) + 1)[0]
