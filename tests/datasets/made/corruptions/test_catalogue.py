"""The table of corruptions: names, strengths, and what holds for every row."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from harness.code import resolve
from harness.datasets.made.corruptions.catalogue import (
    CATALOGUE,
    EXTRA,
    SEVERITIES,
    STANDARD,
    corruption,
)
from harness.datasets.made.corruptions.photographs import CATALOGUE_224
from harness.errors import UnknownName
from tests.datasets.made.corruptions.arrays import BATCHES, GREY, SMOOTH, rng, tensor

NAMES = pytest.mark.parametrize("name", CATALOGUE)
COLOURS_ONLY = {"saturate"}


def test_names_are_unknown_with_close_matches():
    """A slip of the keyboard is met with what was meant."""
    with pytest.raises(UnknownName, match="did you mean gaussian_noise"):
        corruption("gausian_noise", 1)


@pytest.mark.parametrize("severity", [0, 6, 1.5])
def test_severity_is_one_of_five(severity):
    """Others have no strength."""
    with pytest.raises(ValueError, match="`severity` must be 1, 2, 3, 4 or 5, got"):
        corruption("gaussian_noise", severity)


def test_the_published_fifteen_and_the_four_beside_them():
    """In the order of the published files."""
    assert STANDARD == (
        "gaussian_noise",
        "shot_noise",
        "impulse_noise",
        "defocus_blur",
        "glass_blur",
        "motion_blur",
        "zoom_blur",
        "snow",
        "frost",
        "fog",
        "brightness",
        "contrast",
        "elastic_transform",
        "pixelate",
        "jpeg_compression",
    )
    assert EXTRA == ("speckle_noise", "gaussian_blur", "spatter", "saturate")


@NAMES
@pytest.mark.parametrize("table", [CATALOGUE, CATALOGUE_224], ids=["32", "224"])
def test_strengths_are_the_functions_own_parameters(name, table):
    """Five of them, all different, no parameter missing or foreign."""
    assert list(table) == [*STANDARD, *EXTRA]
    transformations = [corruption(name, severity, table) for severity in SEVERITIES]
    signature = inspect.signature(resolve(transformations[0].target))
    own = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    asked = {p.name for p in own if p.default is p.empty}

    assert all(
        asked <= set(t.parameters) <= {p.name for p in own} for t in transformations
    )
    assert len({str(t.parameters) for t in transformations}) == 5
    assert [t.name for t in transformations] == [f"{name}-{s}" for s in SEVERITIES]


@NAMES
@pytest.mark.parametrize("images", BATCHES.values(), ids=BATCHES)
def test_every_corruption_keeps_shape_and_depends_on_its_draws_alone(name, images):
    """uint8 to uint8 at any size; the same generator gives the same images."""
    if images.shape[-1] == 1 and name in COLOURS_ONLY:
        pytest.skip("grey images have no colour")
    before = images.copy()
    for severity in SEVERITIES:
        transformation = corruption(name, severity)
        once = transformation(tensor(images), rng())
        again = transformation(tensor(images), rng())

        assert (once == again).all()
        assert (images == before).all(), "the input must stay as it is"
        assert (once != tensor(images)).any()


@NAMES
def test_severities_differ(name):
    """No two give the same images from the same draws, but for one pair.

    Levels 3 and 4 of motion blur differ in radius alone, six and eight sigmas.
    """
    results = {
        corruption(name, s)(tensor(SMOOTH), rng()).numpy().tobytes() for s in SEVERITIES
    }

    assert len(results) == (4 if name == "motion_blur" else 5)


@NAMES
@given(
    images=nps.arrays(
        np.uint8,
        st.tuples(
            st.integers(1, 3), st.integers(8, 12), st.integers(8, 12), st.just(3)
        ),
    ),
    severity=st.sampled_from(SEVERITIES),
    seed=st.integers(0, 2**31),
)
def test_any_small_image_can_be_corrupted(name, images, severity, seed):
    """Black, white and single-coloured ones among them; no warning, no wrong shape."""
    result = corruption(name, severity)(tensor(images), np.random.default_rng(seed))

    assert result.shape == tensor(images).shape


@pytest.mark.parametrize("name", [n for n in CATALOGUE if n not in COLOURS_ONLY])
def test_grey_images_stay_grey(name):
    """One channel in, one channel out."""
    result = corruption(name, 3)(tensor(GREY), rng())

    assert result.shape == tensor(GREY).shape
