"""Pictures of any size at what a network asks for, as torchvision prepares them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F  # noqa: N812 - as its own docs do

from harness.datasets.geometry import Geometry
from harness.errors import HarnessError

SIDES = st.integers(1, 70)


def picture(width, height, mode="RGB"):
    rng = np.random.default_rng(width * 100 + height)
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    return Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))


@given(
    width=SIDES,
    height=SIDES,
    resize=st.integers(1, 40),
    less=st.integers(0, 39),
    interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos"]),
    mode=st.sampled_from(["RGB", "L"]),
)
def test_as_torchvision_does_to_a_picture(
    width, height, resize, less, interpolation, mode
):
    """To the bit, whatever the shape, larger or smaller than what is asked for."""
    crop = max(1, resize - less)
    given_picture = picture(width, height, mode)
    found = Geometry(resize=resize, crop=crop, interpolation=interpolation)(
        given_picture
    )

    resized = F.resize(given_picture, [resize], InterpolationMode(interpolation))
    expected = np.asarray(F.center_crop(resized, [crop])).reshape(crop, crop, -1)
    assert found.dtype == np.uint8
    assert np.array_equal(found, expected)


@given(
    width=SIDES,
    height=SIDES,
    resize=st.integers(1, 40),
    less=st.integers(0, 39),
    interpolation=st.sampled_from(["nearest", "bilinear", "bicubic"]),
)
def test_without_antialiasing_as_torchvision_does_to_a_tensor(
    width, height, resize, less, interpolation
):
    """As networks of TensorFlow's were trained."""
    crop = max(1, resize - less)
    given_picture = picture(width, height)
    geometry = Geometry(
        resize=resize, crop=crop, interpolation=interpolation, antialias=False
    )

    tensor = torch.from_numpy(np.array(given_picture)).permute(2, 0, 1)
    mode = InterpolationMode(interpolation)
    resized = F.resize(tensor, [resize], mode, antialias=False)
    expected = F.center_crop(resized, [crop]).permute(1, 2, 0).numpy()
    assert np.array_equal(geometry(given_picture), expected)


def test_of_cropped_files_the_crop_alone_is_taken():
    """They were resized when they were made; too small ones are not enlarged."""
    made = picture(9, 12)
    geometry = Geometry(resize=40, crop=8)

    found = geometry(made, cropped=True)

    assert np.array_equal(found, np.asarray(made)[2:10, 0:8])  # 0.5 rounds to 0
    images = np.asarray(made)[None]
    assert np.array_equal(geometry.middle(images)[0], found)
    with pytest.raises(ValueError, match=r"at least 8x8 pixels, got 7x12"):
        geometry(picture(7, 12), cropped=True)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"resize": 8, "crop": 9}, r"`crop` must be in 1..`resize`, got 9 of 8"),
        ({"resize": 8, "crop": 0}, r"`crop` must be in 1..`resize`, got 0 of 8"),
        (
            {"resize": 8, "crop": 8, "interpolation": "cubic"},
            r"one of nearest, bilinear, bicubic, lanczos, got 'cubic'",
        ),
        (
            {"resize": 8, "crop": 8, "interpolation": "lanczos", "antialias": False},
            r"one of nearest, bilinear, bicubic without antialiasing, got 'lanczos'",
        ),
    ],
)
def test_what_cannot_be_is_refused(facts, message):
    with pytest.raises(HarnessError, match=message):
        Geometry(**facts)
