"""What pretext trainings show: geometry, tiles and patches, defences, colours."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.models.pretext import colours
from harness.models.pretext.cutting import (
    NEIGHBOURS,
    brought,
    colour_dropped,
    cut_patches,
    cut_tiles,
    hidden_squares,
    in_square,
    resampled,
    standardised,
)
from harness.models.pretext.geometry import patches, tiles
from harness.models.pretext.options import (
    PRETEXTS,
    Colorization,
    Context,
    Inpainting,
    Jigsaw,
    Rotation,
)


def images(n=4, channels=3, side=32, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((n, channels, side, side))
    return torch.from_numpy(drawn.astype(np.float32))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# --- geometry -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "layout"),
    [(8, (2, 1, 0)), (28, (6, 4, 1)), (32, (8, 3, 1)), (224, (52, 26, 8))],
)
def test_patches_fill_the_image(side, layout):
    found = patches(side)

    assert (found.patch, found.gap, found.jitter) == layout
    assert found.span == side


@pytest.mark.parametrize(
    ("side", "grid", "cell"),
    [(8, 2, 4), (28, 2, 14), (28, 3, 9), (32, 2, 16), (32, 3, 10), (224, 3, 74)],
)
def test_cells_of_the_grid(side, grid, cell):
    assert tiles(side, grid).cell == cell


@given(side=st.integers(8, 300))
def test_every_size_can_be_cut(side):
    layout = patches(side)

    assert side - 3 < layout.span <= side
    assert tiles(side).grid * tiles(side).cell <= side


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: tiles(8, 4), "`grid` must be 2 or 3, got 4"),
        (lambda: tiles(8, 2, gap=4), "`gap` must leave a pixel of a cell of 4, got 4"),
        (lambda: patches(8, gap=3), "`gap` and `jitter` must leave patches"),
        (lambda: Jigsaw(grid=4), "`grid` must be 2 or 3"),
        (lambda: Jigsaw(permutations=1), "`permutations` must be at least 2"),
        (lambda: Context(resample=1.5), r"`resample` must be in \[0, 1\]"),
        (lambda: Inpainting(adversarial=1.0), r"`adversarial` must be in \[0, 1\)"),
        (lambda: Inpainting(overlap_weight=0), "`overlap_weight` must be positive"),
        (lambda: Inpainting(side=8).check((8, 8, 1)), "`side` must be below"),
        (lambda: Colorization().check((8, 8, 1)), "must have images in colour"),
        (lambda: Colorization(cells=9).check((8, 8, 3)), "`cells` must be at most"),
        (lambda: Rotation().check((8, 9, 1)), "rotation must have square images"),
        (
            lambda: Jigsaw(channel_shift=3).check((8, 8, 3)),
            "`channel_shift` must be at most the gap, 1, got 3",
        ),
    ],
)
def test_what_cannot_be_cut_is_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_defences_are_on_unless_they_are_told_otherwise():
    assert Rotation().all_turns
    assert Jigsaw().jitter
    assert Jigsaw().standardise
    assert Jigsaw().shift((32, 32, 3)) == 1
    assert Jigsaw().shift((224, 224, 3)) == 2
    assert Jigsaw().shift((28, 28, 1)) == 0  # nothing to move apart
    assert Context().drop_colour
    assert Context().resample == 0.33
    assert Colorization().rebalance
    assert Inpainting().ring(224) == 7
    assert set(PRETEXTS) == {
        *("rotation", "jigsaw", "context", "inpainting", "colorization"),
    }


@pytest.mark.parametrize(
    ("side", "options", "count"),
    [(32, {}, 24), (28, {"grid": 3}, 64), (32, {"permutations": 4}, 4)],
)
def test_orders_begin_with_the_image_as_it_is(side, options, count):
    orders = Jigsaw(**options).orders(side)

    assert len(set(orders)) == count
    assert orders[0] == tuple(range(len(orders[0])))


# --- cutting --------------------------------------------------------------------------


def test_tiles_in_the_middle_of_their_cells():
    x = images()
    found = cut_tiles(
        x, tiles(32), jitter=False, channel_shift=0, generator=generator()
    )

    assert found.shape == (4, 4, 3, 12, 12)
    assert torch.equal(found[:, 1], x[:, :, 2:14, 18:30])
    assert torch.equal(found[:, 2], x[:, :, 18:30, 2:14])


def test_tiles_that_are_moved_stay_in_their_cells():
    """Pixels that know where they are."""
    rows = torch.arange(28.0).view(1, 1, 28, 1).expand(500, 3, 28, 28)
    layout = tiles(28, 3)
    found = cut_tiles(rows, layout, jitter=True, channel_shift=1, generator=generator())
    tops = found[:, :, :, 0, 0] - torch.arange(3).repeat_interleave(3).view(1, 9, 1) * 9

    assert float(tops.min()) == 0
    assert float(tops.max()) == layout.cell - layout.tile == 2
    apart = tops.amax(2) - tops.amin(2)
    assert set(apart.unique().tolist()) == {0.0, 1.0}  # channels, by themselves


def test_patches_are_where_the_layout_says():
    x = images(side=224, n=2)
    layout = patches(224, jitter=0)
    found = cut_patches(x, layout, generator=generator())

    step = layout.patch + layout.gap
    for place, (row, column) in enumerate(NEIGHBOURS):
        at = place + (place >= 4)
        top, left = row * step + 0, column * step + 0
        offset = (224 - layout.span) // 2
        window = x[:, :, offset + top :, offset + left :]
        assert torch.equal(found[:, at], window[:, :, : layout.patch, : layout.patch])


def test_each_patch_is_moved_by_itself():
    rows = torch.arange(32.0).view(1, 1, 32, 1).expand(400, 1, 32, 32)
    found = cut_patches(rows, patches(32), generator=generator())[:, :, 0, 0, 0]

    moved = found - torch.tensor([1.0, 12.0, 23.0]).repeat_interleave(3)
    assert set(moved.unique().tolist()) == {-1.0, 0.0, 1.0}
    assert float((moved[:, :1] == moved).float().mean()) < 0.5


def test_standardised_tiles_tell_nothing_of_brightness():
    pieces = images()[:, None] * 7 + 3
    found = standardised(pieces)

    assert float(found.mean(dim=(-2, -1)).abs().max()) < 1e-5
    assert torch.allclose(
        found.std(dim=(-2, -1), correction=0), torch.ones(4, 1, 3), atol=1e-4
    )
    assert not standardised(torch.full((1, 1, 1, 4, 4), 0.3)).any()
    assert torch.allclose(found, standardised(pieces * 2 - 5), atol=1e-4)


def test_one_channel_is_kept_of_each_patch():
    pieces = images(64)[:, None].expand(-1, 9, -1, -1, -1)
    found = colour_dropped(pieces, generator=generator())

    centred = pieces - pieces.mean(dim=(-2, -1), keepdim=True)
    kept = (found == centred).all(-1).all(-1)
    assert kept.sum(2).eq(1).all()
    assert kept.float().mean(dim=(0, 1)).min() > 0.25
    others = found[~kept]
    assert float(others.abs().max()) <= 0.5
    grey = images(channels=1)[:, None]
    assert torch.equal(colour_dropped(grey, generator=generator()), grey)


def test_a_share_of_the_patches_is_made_smaller():
    pieces = images(300, channels=1, side=8)[:, None]
    found = resampled(pieces, 0.33, generator=generator())

    changed = (found != pieces).flatten(1).any(1).float().mean()
    assert 0.2 < float(changed) < 0.4
    assert torch.equal(resampled(pieces, 0.0, generator=generator()), pieces)
    ones = torch.ones(5, 2, 1, 8, 8)
    assert torch.allclose(resampled(ones, 1.0, generator=generator()), ones)


def test_pieces_are_brought_to_size():
    x = images(side=4)

    assert torch.equal(brought(x, 4), x)
    assert torch.equal(brought(x, 8)[:, :, ::2, 1::2], x)  # pixels are repeated
    assert brought(x, 6).shape == (4, 3, 6, 6)  # bilinear
    assert torch.allclose(brought(torch.ones(1, 1, 4, 4), 6), torch.ones(1, 1, 6, 6))


@pytest.mark.parametrize("anywhere", [False, True])
def test_squares_lie_in_the_image(anywhere):
    top, left = hidden_squares(200, 8, 4, anywhere=anywhere, generator=generator())
    inside = in_square(top, left, 8, 4)

    assert inside.shape == (200, 1, 8, 8)
    assert inside.sum(dim=(1, 2, 3)).eq(16).all()
    assert len(set(top.tolist())) == (5 if anywhere else 1)
    assert inside[0, 0].nonzero()[0].tolist() == [int(top[0]), int(left[0])]


# --- colours --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        # Lindbloom's values for D65; grey has no colour, black and white are the ends.
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
        ((1.0, 1.0, 1.0), (100.0, 0.0, 0.0)),
        ((0.0, 1.0, 0.0), (87.7347, -86.1827, 83.1793)),
        ((0.0, 0.0, 1.0), (32.2970, 79.1875, -107.8602)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    found = colours.lab(torch.tensor(rgb, dtype=torch.float64))

    assert found.tolist() == pytest.approx(lab, abs=2e-2)


@given(grey=st.floats(0, 1))
def test_grey_lies_in_the_middle_bin(grey):
    ab = colours.lab(torch.full((3,), grey, dtype=torch.float64))[1:]

    assert colours.bins_of(ab).item() == colours.BINS // 2
    assert colours.points()[colours.BINS // 2].tolist() == [0.0, 0.0]


def test_every_bin_holds_its_own_point():
    found = colours.bins_of(colours.points())

    assert found.tolist() == list(range(colours.BINS))


@pytest.mark.slow
def test_there_are_261_colours_of_a_screen():
    along = torch.arange(256, dtype=torch.float64) / 255
    seen = torch.zeros(colours.BINS, dtype=torch.bool)
    low, high = torch.full((2,), torch.inf), torch.full((2,), -torch.inf)
    for red in along:
        plane = torch.stack(
            [
                red.expand(65536),
                along.repeat_interleave(256),
                along.repeat(256),
            ],
            dim=1,
        )
        ab = colours.lab(plane)[:, 1:]
        seen[colours.bins_of(ab)] = True
        low, high = torch.minimum(low, ab.amin(0)), torch.maximum(high, ab.amax(0))

    assert int(seen.sum()) == 261
    assert low.tolist() == pytest.approx([-86.18, -107.86], abs=0.01)
    assert high.tolist() == pytest.approx([98.23, 94.48], abs=0.01)


@pytest.mark.real
def test_colours_of_photographs(data_root):
    """The first 2,000 test images of CIFAR-10 saved as JPEG of quality 75."""
    from harness.datasets.bases import CIFAR10
    from harness.settings import Settings

    settings = Settings(data_root=data_root, cache_dir=data_root, store=data_root)
    pixels = torch.from_numpy(np.array(CIFAR10.test(settings).pixels[:2000]))
    counts = torch.bincount(
        colours.bins_of(colours.lab(pixels.double() / 255)[..., 1:]).flatten(),
        minlength=colours.BINS,
    ).double()
    shares = counts / counts.sum()

    assert int((counts > 0).sum()) == 198
    assert float(shares[colours.BINS // 2]) == pytest.approx(0.2678, abs=5e-5)
    largest = shares.sort(descending=True).values.cumsum(0)
    assert int((largest < 0.99).sum()) + 1 == 71
    own = shares[shares > 0]
    assert float(-(own * own.log2()).sum()) == pytest.approx(4.3008, abs=5e-5)


def test_histograms_of_cells():
    bins = torch.tensor([[[1, 1, 2, 3], [1, 1, 2, 3], [5, 5, 7, 7], [5, 6, 7, 7]]])
    found = colours.histograms(bins, 2)[0]

    assert found.shape == (4, colours.BINS)
    assert found[0, 1] == 1
    assert found[1, 2:4].tolist() == [0.5, 0.5]
    assert found[2, 5:7].tolist() == [0.75, 0.25]
    assert torch.allclose(found.sum(1), torch.ones(4))


def test_weights_are_even_where_shares_are_and_larger_for_rare_colours():
    shares = torch.zeros(colours.BINS, dtype=torch.float64)
    far = [0, colours.SIDE - 1, colours.BINS - 1]  # too far apart to be smoothed
    shares[far] = 1 / 3
    even = colours.weights(shares)
    assert even[far].tolist() == pytest.approx([1, 1, 1])
    assert float(even.sum()) == pytest.approx(3)

    shares[far] = torch.tensor([0.8, 0.1, 0.1], dtype=torch.float64)
    # 1 / (p / 2 + 1 / 6): 1.764706, 4.615385, 4.615385; their mean under p is 2.334842.
    found = colours.weights(shares)[far].tolist()
    assert found == pytest.approx([0.755814, 1.976744, 1.976744], abs=1e-5)


def test_colours_that_were_not_there_count_as_the_nearest():
    occupied = torch.zeros(colours.BINS, dtype=torch.bool)
    middle = colours.BINS // 2
    occupied[[middle, middle + 3]] = True
    found = colours.nearest(occupied)

    assert found[middle + 1] == middle
    assert found[middle + 2] == middle + 3
    assert found[0] == middle
