"""Readers of published layouts, on small files made in them, whole and broken."""

import gzip
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest

import harness.datasets.readers.digits as module
from harness.datasets.readers.arrays import read_npy_folder
from harness.datasets.readers.cifar import read_cifar10_batches
from harness.datasets.readers.digits import PARTS, read_digits
from harness.datasets.readers.mnist import (
    idx_files,
    read_idx,
    read_mnist,
    read_mnist_8x8,
)
from harness.errors import BadData

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, size=(6, 32, 32, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 3, 9, 0])


@pytest.fixture
def folder(tmp_path):
    """A folder in the layout of the field's test sets."""
    np.save(tmp_path / "data.npy", PIXELS)
    np.save(tmp_path / "labels.npy", LABELS)
    return tmp_path


def test_a_folder_of_arrays_is_mapped_not_read(folder):
    """Pixels stay on disk; labels become int64; without labels there are none."""
    images = read_npy_folder(folder, classes=10, size=(32, 32, 3))

    assert isinstance(images.pixels, np.memmap)
    assert (images.pixels == PIXELS).all()
    assert images.labels.dtype == np.int64
    (folder / "labels.npy").unlink()
    assert read_npy_folder(folder).labels is None
    assert read_npy_folder(folder).digest != images.digest


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("data.npy", PIXELS / 255, "must be uint8, from 0 to 255, got float64"),
        ("data.npy", PIXELS[:, :, :, :2], r"height, width, 1 or 3\), got"),
        ("data.npy", PIXELS[:, :28], "must be 32x32x3, got 28x32x3"),
        ("data.npy", PIXELS[:0], "at least one, got none"),
        ("labels.npy", LABELS[:-1], "holds 6 images but 5 labels"),
        ("labels.npy", LABELS + 1, r"must be in 0..9, got 1..10; .* count from 1: s"),
        ("labels.npy", LABELS - 1, r"must be in 0..9, got -1..8"),
        ("labels.npy", LABELS / 2, "must be one whole number an image, got float64"),
    ],
)
def test_wrong_arrays_are_refused_with_the_folder(folder, file, content, message):
    """What was expected, and what is there."""
    np.save(folder / file, content)

    with pytest.raises(BadData, match=message) as caught:
        read_npy_folder(folder, classes=10, size=(32, 32, 3))
    assert str(folder) in str(caught.value)


def test_a_truncated_array_is_refused_by_name(folder):
    """As a broken copy leaves it."""
    whole = (folder / "data.npy").read_bytes()
    (folder / "data.npy").write_bytes(whole[:-1000])

    with pytest.raises(BadData, match=r"data\.npy cannot be read as a \.npy array"):
        read_npy_folder(folder)


def test_the_digits_are_cut_at_writers_and_cover_the_file():
    """Each part begins a form: 0..9 three times over. No image is in two parts."""
    parts = {name: read_digits(name) for name in PARTS}

    assert {name: len(p.pixels) for name, p in parts.items()} == {
        "train": 776,
        "test": 511,
        "writers": 510,
    }
    for part in parts.values():
        assert part.labels[:30].tolist() == 3 * list(range(10))
        assert part.pixels.shape[1:] == (8, 8, 1)
        assert part.pixels.min() == 0
        assert part.pixels.max() == 255
    assert len({part.digest for part in parts.values()}) == 3


def test_the_digits_are_those_of_scikit_learn(monkeypatch):
    """Whether its file is read or it is asked; and the first does not import it."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    expected = np.column_stack([digits.data, digits.target])
    rows = module._rows.__wrapped__
    np.testing.assert_array_equal(rows(), expected)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    np.testing.assert_array_equal(rows(), expected)


def test_reading_digits_imports_no_scikit_learn():
    """It takes longer than a first answer from a small network."""
    code = (
        "import sys; from harness.datasets.readers.digits import read_digits; "
        "read_digits('test'); sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def idx(array):
    """The bytes of an idx file."""
    head = struct.pack(">HBB", 0, 8, array.ndim)
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path):
    """Two 28x28 images and their labels, one file plain and one packed."""
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    images[0, 2:26, 4:24] = 255  # ink all over what is kept
    images[1, :2] = 255  # ink only in what is cut away
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(images))
    packed = gzip.compress(idx(np.array([7, 2], dtype=np.uint8)))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(packed)
    return tmp_path


def test_mnist_is_read_plain_or_packed_and_shrunk(mnist):
    """The middle is averaged over areas; the rim falls away."""
    files = idx_files(mnist, "t10k")

    assert read_mnist(*files).pixels.shape == (2, 28, 28, 1)
    small = read_mnist_8x8(*files)
    assert small.pixels.shape == (2, 8, 8, 1)
    assert (small.pixels[0] == 255).all()
    assert (small.pixels[1] == 0).all()
    assert small.labels.tolist() == [7, 2]
    assert idx_files(mnist, "train") is None


def test_shrinking_keeps_the_mean():
    """Area weights are a partition: total ink is kept up to rounding."""
    from harness.datasets.readers.mnist import _shrinking

    for size in (20, 24, 8):
        weights = _shrinking(size, 8)
        np.testing.assert_allclose(weights.sum(1), 1)
        np.testing.assert_allclose(weights.sum(0), 8 / size)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(np.zeros((2, 3), np.uint8))[:-1], "should hold 6 bytes.*got 5"),
        (b"\x00\x00\x0d\x01\x00\x00\x00\x01" + bytes(4), "no idx file of bytes"),
        (b"\x00\x00", "cannot be read as an idx file"),
    ],
)
def test_a_broken_idx_file_is_refused_by_name(tmp_path, content, message):
    """Truncated, of another type, or no such file at all."""
    path = tmp_path / "images"
    path.write_bytes(content)

    with pytest.raises(BadData, match=message):
        read_idx(path)


def batch(pixels, labels):
    """The bytes of a CIFAR-10 batch file."""
    rows = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    return pickle.dumps({b"data": rows, b"labels": labels.tolist()})


def test_cifar_batches_are_joined_in_order(tmp_path):
    """Channels last, labels beside them."""
    (tmp_path / "test_batch").write_bytes(batch(PIXELS, LABELS))
    for i in range(5):
        content = batch(PIXELS[i : i + 1], LABELS[i : i + 1])
        (tmp_path / f"data_batch_{i + 1}").write_bytes(content)

    assert (read_cifar10_batches(tmp_path, "test").pixels == PIXELS).all()
    train = read_cifar10_batches(tmp_path, "train")
    assert (train.pixels == PIXELS[:5]).all()
    assert train.labels.tolist() == LABELS[:5].tolist()


def test_a_file_that_changed_is_read_again(tmp_path):
    """Batches and idx files: what is remembered goes by size and time, too."""
    (tmp_path / "test_batch").write_bytes(batch(PIXELS, LABELS))
    first = read_cifar10_batches(tmp_path, "test")
    assert read_cifar10_batches(tmp_path, "test") is first
    (tmp_path / "test_batch").write_bytes(batch(PIXELS[:2], LABELS[:2]))
    assert len(read_cifar10_batches(tmp_path, "test").pixels) == 2

    images, labels = tmp_path / "images", tmp_path / "labels"
    for n in (3, 2):
        images.write_bytes(idx(np.zeros((n, 28, 28), np.uint8)))
        labels.write_bytes(idx(np.zeros(n, np.uint8)))
        assert len(read_mnist(images, labels).pixels) == n
        assert len(read_mnist_8x8(images, labels).pixels) == n


def test_a_batch_that_would_run_code_is_refused(tmp_path):
    """Unpickling does what a file says; only arrays may be asked for."""
    (tmp_path / "test_batch").write_bytes(b"cos\nsystem\n(S'echo harmed'\ntR.")

    with pytest.raises(BadData, match=r"it asks for (os|posix)\.system"):
        read_cifar10_batches(tmp_path, "test")


def test_damaged_files_are_refused_whatever_they_raise(tmp_path):
    """A packed idx file, a .npy header and a pickle, each with a byte gone wrong."""
    packed = bytearray(gzip.compress(idx(np.zeros((40, 40), np.uint8))))
    packed[12] ^= 0xFF
    (tmp_path / "images.gz").write_bytes(packed)
    with pytest.raises(BadData, match=r"images\.gz cannot be read as an idx file"):
        read_idx(tmp_path / "images.gz")

    np.save(tmp_path / "data.npy", PIXELS)
    whole = (tmp_path / "data.npy").read_bytes()
    (tmp_path / "data.npy").write_bytes(whole.replace(b"}", b"(", 1))
    with pytest.raises(BadData, match=r"data\.npy cannot be read"):
        read_npy_folder(tmp_path)

    (tmp_path / "test_batch").write_bytes(pickle.dumps([1, 2, 3]))
    with pytest.raises(BadData, match="cannot be read as a CIFAR-10 batch"):
        read_cifar10_batches(tmp_path, "test")
