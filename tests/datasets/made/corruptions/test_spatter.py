"""Spatter against plain loops: edges, ways to them, relief, water and mud."""

import heapq
import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from harness.datasets.made.corruptions import drops
from harness.datasets.made.corruptions.catalogue import SEVERITIES, corruption
from harness.datasets.made.corruptions.spatter import spatter
from tests.datasets.made.corruptions.arrays import (
    BATCHES,
    array,
    rng,
    tensor,
    truncated,
)


def layer(seed, side):
    """Drops of the second severity's thickness, a few of them."""
    noise = np.random.default_rng(seed).normal(0.65, 0.2, size=(side, side))
    height = scipy.ndimage.gaussian_filter(noise, 0.9, mode="nearest")
    return truncated(np.where(height < 0.7, 0, height))


def canny(image):
    """Edges, pixel by pixel: angles as angles, and a walk along weak pixels."""
    h, w = image.shape
    across = scipy.ndimage.sobel(image.astype(int), 1, mode="nearest")
    down = scipy.ndimage.sobel(image.astype(int), 0, mode="nearest")
    height = np.pad(np.abs(across) + np.abs(down), 1)
    crest = np.zeros((h, w), dtype=bool)
    for y in range(h):
        for x in range(w):
            gx, gy = across[y, x], down[y, x]
            angle = math.degrees(math.atan2(abs(gy), abs(gx)))
            if angle < 22.5:
                dy, dx, tie = 0, 1, True
            elif angle > 67.5:
                dy, dx, tie = 1, 0, True
            else:
                dy, dx, tie = 1, (1 if (gx < 0) == (gy < 0) else -1), False
            here = height[y + 1, x + 1]
            before = height[y + 1 - dy, x + 1 - dx]
            after = height[y + 1 + dy, x + 1 + dx]
            crest[y, x] = here > before and (here > after or (tie and here == after))
    inner = height[1:-1, 1:-1]
    found = crest & (inner > 150)
    weak = crest & (inner > 50)
    stack = list(zip(*np.nonzero(found), strict=True))
    while stack:
        y, x = stack.pop()
        for ny in range(max(y - 1, 0), min(y + 2, h)):
            for nx in range(max(x - 1, 0), min(x + 2, w)):
                if weak[ny, nx] and not found[ny, nx]:
                    found[ny, nx] = True
                    stack.append((ny, nx))
    return found


def ways(marked):
    """Shortest ways by Dijkstra, costs 1, 1.4 and 2.1969, no more than 20."""
    best = np.where(marked, 0.0, 20.0)
    queue = [(0.0, y, x) for y, x in zip(*np.nonzero(marked), strict=True)]
    costs = {1: 1.0, 2: 1.4, 5: 2.1969}  # by squared length of the step
    while queue:
        way, y, x = heapq.heappop(queue)
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                cost = costs.get(dy * dy + dx * dx)
                ny, nx = y + dy, x + dx
                if cost is None or not (
                    0 <= ny < marked.shape[0] and 0 <= nx < marked.shape[1]
                ):
                    continue
                if way + cost < best[ny, nx] - 1e-9:
                    best[ny, nx] = way + cost
                    heapq.heappush(queue, (way + cost, ny, nx))
    return best


LAYERS = [layer(seed, side) for seed, side in enumerate((32, 32, 24, 9, 9))]


@pytest.mark.parametrize("image", LAYERS)
def test_edges_are_cannys(image):
    """Non-maxima suppressed across the edge, weak ones kept beside strong ones."""
    ours = drops.edges(torch.from_numpy(image)[None])[0].numpy()

    assert canny(image).any()
    assert (ours == canny(image)).all()


@pytest.mark.parametrize("image", LAYERS)
def test_distances_are_dijkstras(image):
    """In a world without a marked pixel everything is twenty pixels away."""
    marked = image > np.quantile(image, 0.99)
    ours = drops.distances(torch.from_numpy(marked)[None])[0].numpy() / 65536

    # Costs are whole numbers of 1/65536, so a long way adds up some roundings.
    assert ours == pytest.approx(ways(marked), abs=2e-4)
    nothing = drops.distances(torch.zeros(1, 9, 9, dtype=torch.bool))
    assert (nothing == 20 * 65536).all()


def test_distances_by_hand():
    """One marked pixel: straight, diagonal, knight's move, and their sums."""
    marked = torch.zeros(1, 1, 30, dtype=torch.bool)
    marked[0, 0, 0] = True
    corner = torch.zeros(1, 4, 4, dtype=torch.bool)
    corner[0, 0, 0] = True

    line = drops.distances(marked)[0, 0] / 65536
    square = drops.distances(corner)[0] / 65536

    assert line.tolist() == [*range(21), *[20] * 9]
    assert square[1, 1].item() == pytest.approx(1.4, abs=1e-4)
    assert square[1, 2].item() == pytest.approx(2.1969, abs=1e-4)
    assert square[1, 3].item() == pytest.approx(3.1969, abs=1e-4)
    assert square[3, 3].item() == pytest.approx(4.2, abs=1e-4)


def test_equalized_levels_by_hand():
    """The lowest becomes 0, the highest 255, in between by how many are below."""
    layers = torch.tensor([[[3.0, 3.0], [5.0, 9.0]], [[7.0, 7.0], [7.0, 7.0]]])

    spread = drops.equalized(layers)

    # 255 * 1 / 2 = 127.5, half to even
    assert spread.tolist() == [[[0.0, 0.0], [128.0, 255.0]], [[7.0, 7.0], [7.0, 7.0]]]


@pytest.mark.parametrize("image", LAYERS)
def test_relief_is_scipys_filters(image):
    """From the same edges on: mean, spread, emboss, mean."""
    ours = drops.relief(torch.from_numpy(image)[None])[0].numpy()

    box = {"weights": np.ones((3, 3)), "mode": "mirror"}
    mean = scipy.ndimage.correlate(ways(canny(image)), **box) / 9
    near = np.floor(mean + 2e-4).astype(int)
    counts = np.bincount(near.ravel(), minlength=256)
    below = counts.cumsum() - counts[near.min()]
    table = np.round(below * (255 / max(below[-1], 1)))
    spread = table[near] if below[-1] else near
    emboss = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
    lit = scipy.ndimage.correlate(spread, emboss, mode="mirror").clip(0, 255)
    expected = np.round(scipy.ndimage.correlate(lit, **box) / 9)
    assert np.abs(expected - ours).max() <= 1
    assert (expected == ours).mean() > 0.97


@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_spatter_is_its_recipe(images, severity):
    """Water adds turquoise light by height times relief; mud covers."""
    transformation = corruption("spatter", severity)
    ours = array(transformation(tensor(images), rng()))
    p = transformation.parameters
    b, h, w, c = images.shape
    heights = rng().standard_normal((b, h, w)) * p["spread"] + p["mean"]
    colour = np.array((175, 238, 238) if p["liquid"] == "water" else (63, 42, 20)) / 255
    if c == 1:
        colour = colour @ np.array([[0.299], [0.587], [0.114]])

    for one, noise, result in zip(images / 255, heights, ours, strict=True):
        height = scipy.ndimage.gaussian_filter(noise, p["sigma"], mode="nearest")
        if p["liquid"] == "water":
            bytes_ = truncated(np.where(height < p["threshold"], 0, height))
            light = bytes_ * drops.relief(torch.from_numpy(bytes_)[None])[0].numpy()
            light = light / max(light.max(), 1)
            expected = one + p["amount"] * light[:, :, None] * colour
        else:
            wet = (height > p["threshold"]).astype(float)
            cover = scipy.ndimage.gaussian_filter(wet, p["amount"], mode="nearest")
            cover = np.where(cover < 0.8, 0, cover)[:, :, None]
            expected = one * (1 - cover) + colour * cover
        apart = np.abs(truncated(expected).astype(int) - result)
        assert apart.max() <= 1
        assert (apart == 0).mean() > 0.99


def test_dry_images_stay_as_they_are():
    """Where no noise is high there is neither water nor mud."""
    images = tensor(BATCHES["rgb"])
    heights = {"mean": 0.1, "spread": 0.01, "sigma": 0.7, "threshold": 0.7}

    for liquid in ("water", "mud"):
        result = spatter(images, rng(), liquid=liquid, amount=0.5, **heights)
        # Bytes to shares and back costs a level here and there.
        assert (result.int() - images.int()).abs().max() <= 1
    with pytest.raises(ValueError, match="`liquid` must be 'water' or 'mud', got 'oil"):
        spatter(images, rng(), liquid="oil", amount=0.5, **heights)
