"""torchvision's decoder and PyTorch's resize beside Pillow's, on every kind of file."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as F  # noqa: N812 - as its docs do

from harness.datasets.geometry import Geometry
from harness.datasets.readers import picture_sets, threads
from harness.datasets.readers.picture_sets import PictureImages
from harness.datasets.readers.pictures import decoded_jpeg, read_at, strictly
from harness.errors import BadData

GEOMETRY = Geometry(resize=40, crop=32)
ORIENTATION = 0x0112


def smooth(height=60, width=90):
    """A picture that JPEG keeps: noise would test the encoder alone."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / (5 + c)) + np.cos(columns / (7 - c)) for c in range(3)]
    return (np.stack(waves, axis=-1) * 60 + 128).astype(np.uint8)


def exif(orientation):
    found = Image.Exif()
    found[ORIENTATION] = orientation
    return found


KINDS = {
    "colour": ("RGB", {}),
    "without subsampling": ("RGB", {"subsampling": 0}),
    "progressive": ("RGB", {"progressive": True}),
    "grey": ("L", {}),
    "cmyk": ("CMYK", {}),
}


@pytest.fixture(params=KINDS)
def kind(request, tmp_path):
    mode, options = KINDS[request.param]
    file = tmp_path / "a.JPEG"
    Image.fromarray(smooth()).convert(mode).save(file, quality=85, **options)
    return file


def test_decoded_to_the_bit_as_pillow_does_it(kind):
    found = decoded_jpeg(kind, as_stored=True).permute(1, 2, 0).numpy()

    with Image.open(kind) as image:
        assert np.array_equal(found, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_resized_nearly_as_pillow_does_it(kind, interpolation):
    """Bytes differ by 2 at most, and few of them."""
    geometry = Geometry(resize=40, crop=32, interpolation=interpolation)
    exact, quick = (
        read_at(kind, geometry, channels=3, cropped=False, as_stored=True, quick=q)
        for q in (False, True)
    )

    apart = np.abs(exact.astype(int) - quick)
    assert apart.max() <= 2
    assert (apart > 0).mean() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_as_people_see_it_or_as_it_is_stored(tmp_path, orientation):
    """ImageNet's published accuracies are of pictures as they are stored."""
    file = tmp_path / "a.jpg"
    Image.fromarray(smooth()).save(file, quality=90, exif=exif(orientation))
    stored = np.asarray(Image.open(file))

    for as_stored in (False, True):
        exact, quick = (
            read_at(
                file,
                Geometry(resize=60, crop=60),
                channels=3,
                cropped=True,
                as_stored=as_stored,
                quick=q,
            )
            for q in (False, True)
        )
        assert np.array_equal(exact, quick)
        if as_stored:
            assert np.array_equal(exact, stored[:, 15:75])
    turned = orientation != 1
    assert turned != np.array_equal(
        read_at(file, Geometry(resize=60, crop=60), channels=3, cropped=True),
        stored[:, 15:75],
    )


def odd_files(folder):
    """Of other kinds than JPEG, under whatever name; and what the loaders see."""
    pixels = smooth()
    files = {}
    for name, image in {
        "png.JPEG": Image.fromarray(pixels),
        "palette.png": Image.fromarray(pixels).quantize(64),
        "clear.png": Image.fromarray(pixels).convert("RGBA"),
        "grey.png": Image.fromarray(pixels[..., 0]),
    }.items():
        if name == "clear.png":
            image.putalpha(128)
        image.save(folder / name, format="PNG")
        files[folder / name] = np.asarray(image.convert("RGB"))
    frames = [Image.fromarray(pixels), Image.fromarray(255 - pixels)]
    frames[0].save(folder / "two.gif", save_all=True, append_images=frames[1:])
    with Image.open(folder / "two.gif") as image:
        files[folder / "two.gif"] = np.asarray(image.convert("RGB"))
    return files


def test_files_of_other_kinds_are_pillow_s(tmp_path):
    """As `convert("RGB")` of the field's loaders; people's own folders refuse some."""
    whole = Geometry(resize=60, crop=60)
    for file, expected in odd_files(tmp_path).items():
        found = read_at(
            file, whole, channels=3, cropped=True, as_stored=True, quick=True
        )
        assert np.array_equal(found, expected[:, 15:75]), file.name
    for name, reason in (("clear.png", "opaque"), ("two.gif", "holds 2 frames")):
        with pytest.raises(BadData, match=reason):
            read_at(tmp_path / name, whole, channels=3, cropped=True, quick=True)


def test_sixteen_bits_become_the_upper_eight(tmp_path):
    file = tmp_path / "deep.png"
    deep = smooth()[..., 0].astype(np.uint16) * 256 + 7
    Image.fromarray(deep).save(file)

    found = read_at(
        file, Geometry(resize=60, crop=60), channels=3, cropped=True, as_stored=True
    )

    assert np.array_equal(found[..., 1], smooth()[:, 15:75, 0])


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("as_stored", [False, True])
def test_a_truncated_file_is_refused_by_name(tmp_path, quick, as_stored):
    file = tmp_path / "half.JPEG"
    Image.fromarray(smooth()).save(file, quality=95)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])

    with pytest.raises(BadData, match=r"half.JPEG cannot be read: .*truncated"):
        read_at(
            file,
            GEOMETRY,
            channels=3,
            cropped=False,
            as_stored=as_stored,
            quick=quick,
        )


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (50, 2)])
def test_tiny_pictures_are_enlarged(tmp_path, size):
    file = tmp_path / "tiny.JPEG"
    Image.fromarray(smooth(*size)).save(file)

    exact, quick = (
        read_at(file, GEOMETRY, channels=3, cropped=False, as_stored=True, quick=q)
        for q in (False, True)
    )

    assert exact.shape == quick.shape == (32, 32, 3)
    assert np.abs(exact.astype(int) - quick).max() <= 2


@given(
    width=st.integers(2, 60),
    height=st.integers(2, 60),
    resize=st.integers(2, 40),
    less=st.integers(0, 39),
    interpolation=st.sampled_from(["bilinear", "bicubic"]),
    antialias=st.booleans(),
)
def test_tensors_are_resized_as_torchvision_does(
    width, height, resize, less, interpolation, antialias
):
    crop = max(1, resize - less)
    geometry = Geometry(
        resize=resize, crop=crop, interpolation=interpolation, antialias=antialias
    )
    pixels = np.random.default_rng(width * 100 + height).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    image = torch.from_numpy(pixels).permute(2, 0, 1)

    found = geometry.of_tensor(image)

    if antialias:
        resized = F.resize(image, [resize], InterpolationMode(interpolation))
        expected = F.center_crop(resized, [crop]).permute(1, 2, 0).numpy()
        assert np.abs(found.astype(int) - expected).max() <= 1
    else:
        assert np.array_equal(found, geometry(Image.fromarray(pixels)))


def test_filters_that_pytorch_lacks_are_pillow_s(tmp_path):
    file = tmp_path / "a.JPEG"
    Image.fromarray(smooth()).save(file)
    for interpolation in ("nearest", "lanczos"):
        geometry = Geometry(resize=40, crop=32, interpolation=interpolation)
        assert not geometry.quick
        exact, quick = (
            read_at(file, geometry, channels=3, cropped=False, quick=q)
            for q in (False, True)
        )
        assert np.array_equal(exact, quick)


@pytest.fixture
def several(tmp_path):
    for number in range(7):
        Image.fromarray(smooth(40 + number, 50)).save(tmp_path / f"{number}.JPEG")
    return tmp_path


def images_of(folder, **facts):
    files = sorted(folder.glob("*.JPEG"))
    return PictureImages(
        folder, files, None, classes=2, size=(32, 32, 3), geometry=GEOMETRY, **facts
    )


@pytest.mark.parametrize("quick", [False, True])
def test_threads_decode_the_same(several, monkeypatch, quick):
    """In the order that was asked for; what is wrong is named in that order too."""
    monkeypatch.setattr(picture_sets, "DECODED", picture_sets.Kept(room=0))
    images = images_of(several, quick=quick)
    rows = np.array([5, 0, 6, 3])
    monkeypatch.setattr(threads, "count", lambda: 1)
    expected = images.take(rows)

    monkeypatch.setattr(threads, "count", lambda: 3)
    monkeypatch.setattr(picture_sets, "DECODED", picture_sets.Kept(room=0))
    usual = torch.get_num_threads()
    assert np.array_equal(images.take(rows), expected)
    assert torch.get_num_threads() == usual

    for name in ("2.JPEG", "4.JPEG"):
        (several / name).write_bytes(b"no picture")
    with pytest.raises(BadData, match=r"2.JPEG cannot .*1 other .*4.JPEG cannot"):
        images_of(several, quick=quick).verify(print)


def test_the_resizer_is_part_of_what_a_set_is_known_by(several):
    assert images_of(several, quick=True).digest != images_of(several).digest
    assert images_of(several, as_stored=True).digest != images_of(several).digest
    assert images_of(several, whole=True).digest != images_of(several).digest


def test_strictness_is_undone_by_the_last_that_leaves(monkeypatch):
    """Two threads may overlap in any way."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    filters = list(warnings.filters)
    first, second = strictly(), strictly()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    second.__exit__(None, None, None)

    assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert warnings.filters == filters
