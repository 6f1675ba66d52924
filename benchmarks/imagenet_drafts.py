"""Drafts of ImageNet-A, -O and -R, made of a sample of labelled photographs.

    python -m benchmarks.imagenet_drafts FOLDER --data-root DATA --weights-root WEIGHTS

They are in the layout, and made after the rule, of the published sets, and are none of
them: no number of theirs may stand beside a published one. What they are for is to see
the whole of a run, and to compare networks with each other.

imagenet-a
    Photographs of its 200 classes (`nips2017-dev` and `natural` of the sample) that a
    classifier gets wrong under the mask, as ImageNet-A holds what a ResNet-50 got
    wrong. Networks like that classifier are worse on it than they deserve.
imagenet-o
    Photographs of the 800 other classes (`nips2017-dev`) that it is surest of under the
    mask of ImageNet-O's 200, none of which is right; in the folder of that class.
imagenet-r
    Photographs of its 200 classes (`val`) as drawings in pencil, posters and reliefs,
    each in one of the three ways.

FOLDER is then a data root by itself: whatever else DATA holds is linked there.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

from harness.arrays import softmax
from harness.datasets.bases.imagenet import pictures
from harness.datasets.bases.imagenet_classes import SETS, WNIDS
from harness.datasets.readers.wnid_folders import Listing, list_classes
from harness.registry import Registry
from harness.settings import Settings

FILTER = "deep-compression-squeezenet1_0"  # 57.5 % as published
MOST = 200  # images of ImageNet-O's draft
_BATCH = 50


def main() -> None:
    """Make them, and say how many images each has."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    for name in ("data-root", "weights-root"):
        variable = "HARNESS_" + name.replace("-", "_").upper()
        given = os.environ.get(variable)
        parser.add_argument(
            f"--{name}",
            type=Path,
            default=given,
            required=not given,
            help=f"or ${variable}",
        )
    parser.add_argument("--filter", default=FILTER, help=f"default {FILTER}")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    made = [folder / f"imagenet-{letter}" for letter in "aor"]
    if some := [str(path) for path in made if path.exists()]:
        parser.error(f"{', '.join(some)} must not be there yet; name another folder")
    sample = arguments.data_root.resolve() / "imagenet-sample"
    others = photographs(sample)
    logits = answers(arguments.filter, others, arguments.weights_root)
    link(arguments.data_root.resolve(), folder)
    wrong = misled(logits, others.labels, SETS["a"])
    copy(others, wrong, [WNIDS[others.labels[i]] for i in wrong], made[0])
    outside, taken_for = taken(logits, others, SETS["o"])
    copy(others, outside, taken_for, made[1])
    listing = list_classes(sample / "val", WNIDS, of="the sample").only(
        {WNIDS.index(wnid) for wnid in SETS["r"]}.__contains__
    )
    rendered(listing, made[2])
    for path in made:
        by = Counter(file.parent.name for file in path.rglob("*.*"))
        print(f"{path}: {sum(by.values())} images of {len(by)} of 200 classes")


def photographs(sample: Path) -> Listing:
    """Those of `nips2017-dev` first, then of `natural`; none are of the test split."""
    with (sample / "nips2017-dev" / "images.csv").open(encoding="utf-8") as table:
        found = [
            (f"nips2017-dev/images/{row['ImageId']}.jpg", int(row["TrueLabel"]) - 1)
            for row in csv.DictReader(table)
        ]
    found += [
        (f"natural/{path.name}", WNIDS.index(path.name.partition("_")[0]))
        for path in sorted((sample / "natural").glob("*.JPEG"))
    ]
    files, labels = zip(*found, strict=True)
    return Listing(root=sample, files=files, labels=labels)


def answers(name: str, listing: Listing, weights_root: Path) -> NDArray[np.float64]:
    """(n, 1000) logits of a classifier of the base, prepared as it asks for."""
    registry = Registry()
    with tempfile.TemporaryDirectory() as cache:
        settings = Settings(
            base="imagenet",
            weights_root=weights_root,
            cache_dir=Path(cache),
            store=Path(cache) / "store",
        )
        network = registry.model("imagenet", name).load(
            settings, registry.bases["imagenet"], "cpu", print
        )
        images = pictures(listing, settings)
        said = []
        for start in range(0, len(images), _BATCH):
            block = images.block(
                start, min(start + _BATCH, len(images)), network.geometry
            )
            batch = torch.from_numpy(block).permute(0, 3, 1, 2)
            with torch.inference_mode():
                said.append(network.network(network.normalise(batch)).numpy())
    return np.concatenate(said).astype(np.float64)


def misled(
    logits: NDArray[np.float64], labels: Sequence[int], wnids: Sequence[str]
) -> list[int]:
    """Images of some classes for which another of these is taken."""
    classes = np.array([WNIDS.index(wnid) for wnid in wnids])
    said = classes[logits[:, classes].argmax(axis=1)]
    truth = np.asarray(labels)
    return np.flatnonzero(np.isin(truth, classes) & (said != truth)).tolist()


def taken(
    logits: NDArray[np.float64], listing: Listing, wnids: Sequence[str]
) -> tuple[list[int], list[str]]:
    """Images of no class among some, the surest of which are kept; for what each is."""
    classes = np.array([WNIDS.index(wnid) for wnid in wnids])
    probs = softmax(logits[:, classes])
    mine = [file.startswith("nips2017-dev") for file in listing.files]
    outside = np.flatnonzero(np.array(mine) & ~np.isin(listing.labels, classes))
    order = np.argsort(-probs[outside].max(axis=1), kind="stable")
    kept = np.sort(outside[order][:MOST]).tolist()
    return kept, [WNIDS[classes[probs[i].argmax()]] for i in kept]


def copy(
    listing: Listing, which: Sequence[int], wnids: Sequence[str], to: Path
) -> None:
    """Files as they are, each in the folder of a class."""
    for i, wnid in zip(which, wnids, strict=True):
        file = listing.root / listing.files[i]
        place = to / wnid / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.read_bytes())


def rendered(listing: Listing, to: Path) -> None:
    """Every picture in one of three ways, by turns."""
    for i, file in enumerate(listing.files):
        with Image.open(listing.root / file) as image:
            picture = RENDERED[i % len(RENDERED)](image.convert("RGB"))
        place = (to / file).with_suffix(".jpg")
        place.parent.mkdir(parents=True, exist_ok=True)
        picture.save(place, quality=95)


def pencil(image: Image.Image) -> Image.Image:
    """Shades and lines of a soft pencil: grey, divided by what lies around."""
    grey = image.convert("L")
    around = grey.filter(ImageFilter.GaussianBlur(6))
    drawn = np.asarray(grey, dtype=np.float64) / np.maximum(np.asarray(around), 1)
    darker = 255 * np.clip(drawn, 0, 1) ** 2
    return Image.fromarray(darker.astype(np.uint8)).convert("RGB")


def poster(image: Image.Image) -> Image.Image:
    """Plain areas of few colours."""
    plain = ImageOps.autocontrast(image.filter(ImageFilter.MedianFilter(7)))
    return ImageOps.posterize(plain, 3)


def relief(image: Image.Image) -> Image.Image:
    """Grey, lit from a side."""
    grey = image.convert("L").filter(ImageFilter.GaussianBlur(1))
    lit = ImageOps.autocontrast(grey.filter(ImageFilter.EMBOSS), cutoff=1)
    return lit.convert("RGB")


RENDERED = (pencil, poster, relief)


def link(data: Path, folder: Path) -> None:
    """What is in a data root, in another too."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(data.iterdir()):
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)


if __name__ == "__main__":
    main()
