"""Small folders in ImageNet's published layouts."""

from zlib import crc32

import numpy as np
from PIL import Image
from scipy.io import savemat

from harness.datasets.bases.imagenet_classes import WNIDS

IMAGES = 50_000
#: Numbers of validation images that are here, and the class of each.
NUMBERS = {3: 7, 1: 0, 40_000: 999, 12: 207}
TRUTH = np.arange(IMAGES) % 1000  # of the others nobody looks
for _number, _label in NUMBERS.items():
    TRUTH[_number - 1] = _label


def save(path, size=(30, 20), colour=None, **options):
    """A picture of noise, or of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    if colour is None:
        rng = np.random.default_rng(crc32(path.name.encode()))
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    else:
        pixels = np.full((height, width, 3), colour, dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)
    return path


def name_of(number):
    return f"ILSVRC2012_val_{number:08d}.JPEG"


def save_validation(root):
    """In one folder a class."""
    for number, label in NUMBERS.items():
        save(root / WNIDS[label] / name_of(number))


def save_flat(root):
    for number in NUMBERS:
        save(root / name_of(number))


def save_devkit(data):
    """Its own order of classes, as different from the sorted one as can be."""
    data.mkdir(parents=True)
    kind = [("ILSVRC2012_ID", "i4"), ("WNID", "O"), ("num_children", "i4")]
    rows = [(1000 - label, wnid, 0) for label, wnid in enumerate(WNIDS)]
    rows.append((1001, "n00001740", 2))  # an ancestor, which is no class
    savemat(data / "meta.mat", {"synsets": np.array(rows, dtype=kind)})
    lines = "".join(f"{1000 - label}\n" for label in TRUTH)
    (data / "ILSVRC2012_validation_ground_truth.txt").write_text(lines)


def save_kaggle(file):
    rows = "".join(
        f"{name_of(i)[:-5]},{WNIDS[label]} 1 2 3 4 {WNIDS[label]} 5 6 7 8\n"
        for i, label in enumerate(TRUTH, start=1)
    )
    file.write_text(f"ImageId,PredictionString\n{rows}")


def save_list(file, *, header=False):
    lines = [WNIDS[label] for label in TRUTH]
    file.write_text("\n".join(["wnid"] * header + lines) + "\n")
