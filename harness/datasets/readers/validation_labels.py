"""Labels of ImageNet's validation images where they lie in one folder.

The devkit's list has classes by ``ILSVRC2012_ID``, 1 to 1000, whose order is not that
of networks' outputs: ``meta.mat`` says which identifier each is. Kaggle's archive has
identifiers by file name, and a list of them, one a line, goes round as well.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import BadData, MissingData

IMAGES = 50_000
_WNID = re.compile(r"n\d{8}")
_TRUTH = "ILSVRC2012_validation_ground_truth.txt"
_META = "meta.mat"
_KAGGLE = "LOC_val_solution.csv"
_LISTS = ("imagenet_2012_validation_synset_labels.txt", "synset_labels.txt")
_ABOVE = 4  # Kaggle's archive: ILSVRC/Data/CLS-LOC/val


def validation_wnids(folder: Path) -> Sequence[str]:
    """Identifiers of all 50,000 images in the order of their numbers.

    Parameters
    ----------
    folder
        Where the images are; labels lie there or in one of the four folders above,
        the devkit perhaps in its own folder.

    Raises
    ------
    MissingData
        If there are no labels.
    BadData
        If there are, but not one a picture, or the devkit lacks its table of classes.
    """
    inside = ("", "ILSVRC2012_devkit_t12/data", "devkit/data", "data")
    above = (folder, *list(folder.absolute().parents)[:_ABOVE])
    places = [place / name for place in above for name in inside]
    for place in places:
        if (place / _TRUTH).is_file():
            return _devkit(place)
        if (place / _KAGGLE).is_file():
            return _kaggle(place / _KAGGLE)
        for name in _LISTS:
            if (place / name).is_file():
                return _whole(place / name, _lines(place / name))
    raise MissingData(
        f"labels of the pictures in {folder}",
        [folder, folder.parent],
        f"put ILSVRC2012_devkit_t12 (with data/{_TRUTH} and data/{_META}) or Kaggle's "
        f"{_KAGGLE} beside the folder, or the pictures into one folder a class",
    )


def _devkit(data: Path) -> Sequence[str]:
    meta = data / _META
    if not meta.is_file():
        raise BadData(
            f"{data / _TRUTH} has classes in the devkit's own order, and {meta}, which "
            "says what they are, is not there; unpack the devkit whole"
        )
    called = _called(meta)
    truth = _lines(data / _TRUTH)
    for line in truth:
        if not line.isdecimal() or int(line) not in called:
            raise BadData(
                f"{data / _TRUTH} must have a number in 1..1000 on each line, got "
                f"{line!r:.60}; unpack the devkit anew"
            )
    return _whole(data / _TRUTH, [called[int(line)] for line in truth])


def _called(meta: Path) -> dict[int, str]:
    """The identifier of each ``ILSVRC2012_ID`` that is a class."""
    from scipy.io import loadmat

    try:
        synsets = loadmat(meta, squeeze_me=True)["synsets"]
        rows = [
            (int(row["ILSVRC2012_ID"]), str(row["WNID"]))
            for row in synsets
            if int(row["num_children"]) == 0
        ]
    except Exception as error:  # SciPy raises many kinds for damaged files
        raise BadData(
            f"{meta} cannot be read: {error}; unpack the devkit anew"
        ) from error
    return dict(rows)


def _kaggle(file: Path) -> Sequence[str]:
    """``ImageId,PredictionString``: the string begins with the identifier."""
    found: dict[str, str] = {}
    with file.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            image, said = row.get("ImageId"), row.get("PredictionString")
            found[str(image)] = (said or "").partition(" ")[0]
    names = [f"ILSVRC2012_val_{number:08d}" for number in range(1, IMAGES + 1)]
    if missing := next((name for name in names if name not in found), None):
        raise BadData(
            f"{file} must have a row ImageId,PredictionString for each of {IMAGES:,} "
            f"images, but none for {missing}; unpack it anew"
        )
    return _whole(file, [found[name] for name in names])


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").rstrip().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{file} cannot be read: {error}; save it anew") from error
    return [line.strip() for line in lines]


def _whole(file: Path, wnids: list[str]) -> Sequence[str]:
    if len(wnids) != IMAGES:
        raise BadData(
            f"{file} must have a label for each of {IMAGES:,} images and no other "
            f"line, got {len(wnids):,}; the first is {wnids[0]!r:.60}"
        )
    for place, wnid in enumerate(wnids, start=1):
        if not _WNID.fullmatch(wnid):
            raise BadData(
                f"{file} must name classes by identifiers such as n01440764, got "
                f"{wnid!r:.60} for image {place}"
            )
    return wnids
