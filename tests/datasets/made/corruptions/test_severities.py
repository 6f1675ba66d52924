"""A higher severity changes more, but for the corruptions known not to."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.datasets.made.corruptions.catalogue import (
    CATALOGUE,
    SEVERITIES,
    corruption,
)
from tests.datasets.made.corruptions.arrays import tensor

# Published strengths whose mean change falls from some level to the next: saturation is
# taken away at the first two levels, panes of frost get lighter, glass blur and spatter
# begin anew at level 4, elastic displacements get shorter as they get rougher.
UNEVEN = {"saturate", "frost", "glass_blur", "spatter", "elastic_transform"}


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """(24, 32, 32, 3) uint8: noise smoothed at two scales, for edges and surfaces."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 24, 32, 32, 3))
    layers = [
        strength * gaussian_filter(layer, (0, width, width, 0)) * width
        for strength, width, layer in zip((100, 60), (4, 1.5), noise, strict=True)
    ]
    return (120 + np.sum(layers, axis=0)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", [n for n in CATALOGUE if n not in UNEVEN])
def test_the_mean_change_rises_with_severity(name, pictures):
    """The same draws at every level; levels 3 and 4 of motion blur may be equal."""
    images = tensor(pictures)
    changes = []
    for severity in SEVERITIES:
        made = corruption(name, severity)(images, np.random.default_rng(0))
        changes.append((made.int() - images.int()).abs().double().mean().item())

    assert all(np.diff(changes) >= -0.01 * np.array(changes[:-1])), changes
    assert changes[-1] > 1.3 * changes[0]


def test_saturation_is_first_taken_away(pictures):
    """At levels 1 and 2 colours are paler than they were, at 3 and above stronger."""
    images = tensor(pictures)

    def colour(batch) -> float:
        values = batch.double()
        return (values.amax(dim=1) - values.amin(dim=1)).mean().item()

    before = colour(images)
    after = [
        colour(corruption("saturate", s)(images, np.random.default_rng(0)))
        for s in SEVERITIES
    ]
    assert max(after[:2]) < before < min(after[2:])
