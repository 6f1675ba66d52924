"""Bases of small images: files in their layouts, whole, broken, absent and fetched."""

import bz2
import gzip
import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest
import scipy.io

from harness.datasets.bases import small
from harness.datasets.bases.small import SMALL_BASES
from harness.errors import BadData, MissingData
from harness.measurement import Domain
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

RNG = np.random.default_rng(0)
LABELS = np.array([0, 3, 9, 9])
GREY = RNG.integers(0, 256, (4, 28, 28), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
SCANS = RNG.integers(0, 256, (4, 16, 16), dtype=np.uint8)
IDX = {"mnist": "MNIST", "kmnist": "KMNIST", "fashionmnist": "FashionMNIST"}
NAMES = [base.name for base in SMALL_BASES]


def idx(array):
    """The bytes of an idx file."""
    head = struct.pack(">HBB", 0, 8, array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def save_idx(folder, prefix, pixels=GREY, labels=LABELS):
    """A pair of idx files, the second one packed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx(pixels))
    packed = gzip.compress(idx(labels.astype(np.uint8)))
    (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(packed)


def save_svhn(path, pixels=COLOUR, labels=LABELS):
    """A file as SVHN's: images last, a column of labels, 10 for the digit 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    truth = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
    content = {"X": pixels.transpose(1, 2, 3, 0), "y": truth}
    scipy.io.savemat(path, content, do_compression=True)


def usps_line(pixels, label):
    values = pixels.ravel() / 127.5 - 1
    cells = " ".join(f"{i}:{value:.6g}" for i, value in enumerate(values, 1))
    return f"{label + 1} {cells}"


def save_usps(path, lines=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    if lines is None:
        lines = [usps_line(p, y) for p, y in zip(SCANS, LABELS, strict=True)]
    path.write_bytes(bz2.compress("\n".join(lines).encode()))


def save(name, root):
    """Both parts of a base where torchvision puts them."""
    if name in IDX:
        for prefix in ("train", "t10k"):
            save_idx(root / IDX[name] / "raw", prefix)
    elif name == "svhn":
        for part in ("train", "test"):
            save_svhn(root / "SVHN" / f"{part}_32x32.mat")
    else:
        for file in ("usps.bz2", "usps.t.bz2"):
            save_usps(root / "USPS" / file)


PIXELS = {
    **dict.fromkeys(IDX, GREY[..., None]),
    "svhn": COLOUR,
    "usps": SCANS[..., None],
}


@pytest.fixture
def settings(tmp_path):
    """Empty data and cache folders."""
    (tmp_path / "data").mkdir()
    return Settings(
        data_root=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )


def base(name):
    return Registry().bases[name]


# --- what is there --------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_both_parts_are_read_as_they_were_published(name, settings):
    save(name, settings.data_root)
    found = base(name)

    for images in (found.train(settings), found.test(settings)):
        assert images.pixels.dtype == np.uint8
        assert (images.pixels == PIXELS[name]).all()
        assert images.pixels.shape[1:] == found.size
        assert images.labels.tolist() == LABELS.tolist()
    assert str(settings.data_root) in found.locate(settings)
    assert found.test(settings).pixels is found.test(settings).pixels
    assert len(found.classes) == 10


@pytest.mark.parametrize(
    ("name", "place"),
    [("svhn", "."), ("svhn", "svhn"), ("usps", "."), ("usps", "usps")],
)
def test_single_files_may_lie_loose(name, place, settings):
    folder = settings.cache_dir / place
    if name == "svhn":
        save_svhn(folder / "test_32x32.mat")
    else:
        save_usps(folder / "usps.t.bz2")

    assert len(base(name).test(settings).pixels) == 4
    with pytest.raises(MissingData, match=rf"base {name} \(train part\) not found"):
        base(name).train(settings)


# --- what is broken -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pixels", "labels", "message"),
    [
        (GREY[:, :27], LABELS, "images-idx3-ubyte must be 28x28x1, got 27x28x1"),
        (GREY[0], LABELS, r"must have shape \(n, height, width, 1 or 3\)"),
        (GREY, LABELS[:3], "holds 4 images but 3 labels"),
        (GREY, LABELS + 1, r"must be in 0\.\.9, got 1\.\.10"),
    ],
)
def test_wrong_idx_files_are_refused(settings, pixels, labels, message):
    save_idx(settings.data_root / "KMNIST" / "raw", "t10k", pixels, labels)

    with pytest.raises(BadData, match=message):
        base("kmnist").test(settings).block(0, 1)


def test_a_truncated_idx_file_is_refused_by_name(settings):
    save("fashionmnist", settings.data_root)
    folder = settings.data_root / "FashionMNIST" / "raw"
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadData, match=r"t10k-images-idx3-ubyte should hold 3136 bytes"):
        base("fashionmnist").test(settings).block(0, 1)

    path = folder / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadData, match=r"train-labels-idx1-ubyte\.gz cannot be read"):
        base("fashionmnist").train(settings).block(0, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"X": COLOUR.transpose(1, 2, 3, 0)}, "arrays X and y: KeyError: 'y'"),
        ({"X": COLOUR[0], "y": LABELS[:, None]}, r"X of shape \(32, 32, 3, n\)"),
        (
            {"X": COLOUR.transpose(1, 2, 3, 0), "y": np.zeros((4, 1), np.uint8)},
            r"must be in 1\.\.10, got 0\.\.0",
        ),
        (
            {"X": COLOUR.transpose(1, 2, 3, 0), "y": np.ones((3, 1), np.uint8)},
            "holds 4 images but 3 labels",
        ),
        (
            {"X": COLOUR.transpose(1, 2, 3, 0) / 255, "y": np.ones((4, 1))},
            "must be uint8, from 0 to 255, got float64",
        ),
        (
            {"X": COLOUR[:, :28].transpose(1, 2, 3, 0), "y": np.ones((4, 1))},
            "must be 32x32x3, got 28x32x3",
        ),
    ],
)
def test_a_wrong_svhn_file_is_refused(settings, content, message):
    path = settings.data_root / "test_32x32.mat"
    scipy.io.savemat(path, content)

    with pytest.raises(BadData, match=message) as caught:
        base("svhn").test(settings).block(0, 1)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "kept",
    [slice(0, -40), slice(0, 0), slice(128, None)],
    ids=["cut short", "empty", "without a head"],
)
def test_a_damaged_svhn_file_is_refused_by_name(settings, kept):
    path = settings.data_root / "SVHN" / "test_32x32.mat"
    save_svhn(path)
    path.write_bytes(path.read_bytes()[kept])

    with pytest.raises(BadData, match=r"test_32x32\.mat must be a MATLAB file"):
        base("svhn").test(settings).block(0, 1)


WHOLE = usps_line(SCANS[0], 3)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (WHOLE.rpartition(" ")[0], "line 2 of .* values 1: to 256: in order"),
        (WHOLE.replace(" 7:", " 8:"), "values 1: to 256: in order"),
        (WHOLE.replace("4 1:", "0 1:", 1), r"label in 1\.\.10 .*, got 0 and"),
        (WHOLE.replace("4 1:", "2.5 1:", 1), r"label in 1\.\.10 .*, got 2\.5 and"),
        (WHOLE.rpartition(":")[0] + ":1.5", r"values in -1\.\.1, got .*\.\.1\.5"),
        (WHOLE.rpartition(":")[0] + ":nan", r"values in -1\.\.1, got 4 and nan"),
        (WHOLE.rpartition(":")[0] + ":ink", "line 2 of .*could not convert"),
    ],
)
def test_a_wrong_line_of_usps_is_refused_with_its_number(settings, line, message):
    save_usps(settings.data_root / "usps.t.bz2", [WHOLE, line])

    with pytest.raises(BadData, match=message) as caught:
        base("usps").test(settings).block(0, 1)
    assert "usps.t.bz2" in str(caught.value)


def test_a_damaged_usps_file_is_refused_by_name(settings):
    path = settings.data_root / "usps.t.bz2"
    save_usps(path)
    whole = path.read_bytes()
    for damaged in (whole[:-10], whole[4:], whole[:60] + b"\0\0" + whole[62:]):
        path.write_bytes(damaged)
        with pytest.raises(BadData, match=r"usps\.t\.bz2 cannot be unpacked"):
            base("usps").test(settings).block(0, 1)
    save_usps(path, [])
    with pytest.raises(BadData, match=r"usps\.t\.bz2 must be at least one, got none"):
        base("usps").test(settings).block(0, 1)


# --- each other's exteriors -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("mnist", {"svhn", "usps"}),
        ("svhn", {"mnist", "usps"}),
        ("usps", {"mnist", "svhn"}),
        ("kmnist", set()),
        ("fashionmnist", set()),
    ],
)
def test_bases_of_digits_are_exteriors_of_each_other(name, others, settings):
    """In the base's size, with their labels."""
    for other in NAMES:
        save(other, settings.data_root)
    run = Run(replace(settings, base=name, interior=2), Registry(), print)

    assert set(run.datasets) == {"test", "interior/0000", "interior/0001"} | others
    for other in others:
        dataset = run.datasets[other]
        assert dataset.domain is Domain.EXTERIOR
        assert dataset.load().pixels.shape == (4, *base(name).size)
        assert dataset.labels().tolist() == LABELS.tolist()
        assert dataset.load().pixels is dataset.load().pixels
        assert dataset.load().digest != base(other).test(settings).digest


def test_colour_becomes_grey_and_frames_are_stretched(settings):
    """A flat colour is its brightness; a half-lit scan stays half lit."""
    red = np.zeros((4, 32, 32, 3), np.uint8)
    red[..., 0] = 200
    save_svhn(settings.data_root / "test_32x32.mat", red)
    half = np.zeros((16, 16), np.uint8)
    half[:8] = 255
    save_usps(settings.data_root / "usps.t.bz2", [usps_line(half, 5)])
    families = Registry().families_of("mnist")
    (house,) = families["svhn"].datasets(settings)
    (scan,) = families["usps"].datasets(settings)

    assert np.unique(house.load().pixels).tolist() == [60]  # 0.299 * 200
    wide = scan.load().pixels[0, :, :, 0]
    assert (wide[:12] == 255).all()
    assert (wide[-12:] == 0).all()
    assert wide.mean() == pytest.approx(127.5, abs=1)

    (back,) = Registry().families_of("svhn")["usps"].datasets(settings)
    pixels = back.load().pixels
    assert (pixels == pixels[..., :1]).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_fifteen_corruptions_work_on_each_base(name, settings):
    """By the base's name with -c: nothing is refused for size or want of colour."""
    save(name, settings.data_root)
    asked = replace(settings, base=name, families=(f"{name}-c",))
    found = Run(asked, Registry(), print).datasets

    assert len(found) == 75
    for dataset in found.values():
        (block,) = dataset.blocks()
        height, width, channels = base(name).size
        assert block.shape == (4, channels, height, width)


# --- what is absent, and downloads ----------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_absent_base_is_named_with_places_and_a_cure(name, settings):
    with pytest.raises(MissingData, match=rf"base {name} \(test part\)") as caught:
        base(name).locate(settings)

    text = str(caught.value)
    folder = f"{IDX[name]}/raw" if name in IDX else name.upper()
    assert str(settings.data_root / folder) in text
    assert str(settings.cache_dir / folder) in text
    assert "--harness-data-root" in text
    assert "--harness-download" in text
    for part in (base(name).test, base(name).train):
        with pytest.raises(MissingData, match=f"base {name}"):
            part(settings)


@pytest.fixture
def published(monkeypatch, tmp_path):
    """USPS's files at an address of our own, with their sums."""
    folder = tmp_path / "server"
    save_usps(folder / "usps.bz2")
    save_usps(folder / "usps.t.bz2")
    layout = small.LAYOUTS["usps"]
    parts = {
        part: {
            name: hashlib.md5(
                (folder / name).read_bytes(), usedforsecurity=False
            ).hexdigest()
            for name in files
        }
        for part, files in layout.parts.items()
    }
    here = replace(layout, url=f"{folder.as_uri()}/", parts=parts)
    monkeypatch.setitem(small.LAYOUTS, "usps", here)
    return folder


def test_a_base_is_fetched_when_its_images_are_asked_for(settings, published):
    """Locating fetches nothing, so a listing is quick; a part comes by itself."""
    allowed = replace(settings, download=True)
    assert base("usps").locate(allowed).startswith("file:")
    assert not settings.cache_dir.exists()

    assert base("usps").test(allowed).labels.tolist() == LABELS.tolist()
    names = {p.name for p in (settings.cache_dir / "USPS").glob("*.bz2")}
    assert names == {"usps.t.bz2"}
    assert base("usps").test(settings).labels.tolist() == LABELS.tolist()


def test_another_base_is_fetched_only_when_it_is_named(settings, published):
    family = Registry().families_of("mnist")["usps"]
    allowed = replace(settings, download=True)

    with pytest.raises(MissingData, match=r"--harness-families usps"):
        family.datasets(allowed)
    (found,) = family.datasets(replace(allowed, families=("usps-c",)))
    assert found.load().pixels.shape == (4, 28, 28, 1)


def test_a_download_that_is_not_the_published_file_is_refused(settings, published):
    save_usps(published / "usps.t.bz2", [WHOLE])

    with pytest.raises(BadData, match="whose md5 must begin with"):
        base("usps").test(replace(settings, download=True))
