"""Backbones of digits under torchvision's detection and segmentation.

    python -m benchmarks.backbones
    python -m benchmarks.backbones --models resnet,resnet-random --steps 80 --seeds 0,1

Scenes are made: four digits on a black field of 32 by 32 pixels, those of training from
the training images, those that are scored from the test split. A Mask R-CNN learns
boxes and masks of the ten digits over a layer's maps, an FCN the class of every pixel
over those of two, in as many steps of eight scenes.
pycocotools computes AP (the mean over ten overlaps from 0.5 to 0.95), and scikit-learn
the mean IoU. Beside others stand networks without training, whose names end in -random.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import (
    MaskRCNN,
    MaskRCNNHeads,
    MaskRCNNPredictor,
)
from torchvision.models.segmentation.fcn import FCN, FCNHead
from torchvision.ops import MultiScaleRoIAlign

from harness.backbones import Backbone, backbone
from harness.datasets.bases import DIGITS
from harness.settings import Settings

SIDE = 32  # pixels of a scene
DIGIT = 8  # of a digit
CLASSES = 11  # the ground and ten digits
WIDTH = 64  # of the heads
PYRAMID = 32  # channels
DETECTED = {"stage1": "0"}
SEGMENTED = {"stage1": "out", "stage2": "top"}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One image and what is in it.

    Attributes
    ----------
    image
        (1, 32, 32) float32 in [0, 1].
    boxes, labels, masks
        Of m digits: (m, 4) left, top, right, bottom; (m,) from 1; (m, 32, 32) uint8.
    """

    image: torch.Tensor
    boxes: torch.Tensor
    labels: torch.Tensor
    masks: torch.Tensor

    @property
    def target(self) -> dict[str, torch.Tensor]:
        """As torchvision's detection models take it."""
        return {"boxes": self.boxes, "labels": self.labels, "masks": self.masks}

    @property
    def classes(self) -> torch.Tensor:
        """(32, 32) of every pixel: 0 for the ground."""
        return (self.masks * self.labels[:, None, None]).amax(dim=0)


def scenes(split: str, n: int, seed: int) -> list[Scene]:
    """So many, of digits of a split, "train" or "test": one in each quarter."""
    here = Settings(cache_dir=Path(".harness"), store=Path(".harness"))
    images = DIGITS.train(here) if split == "train" else DIGITS.test(here)
    rng = np.random.default_rng(seed)
    return [_scene(images.pixels[..., 0], images.labels, rng) for _ in range(n)]


def _scene(
    pixels: NDArray[np.uint8], labels: NDArray[np.int64], rng: np.random.Generator
) -> Scene:
    half, reach = SIDE // 2, SIDE // 2 - DIGIT
    which = rng.integers(len(pixels), size=4)
    corners = rng.integers(0, reach + 1, size=(4, 2)) + [
        [top, left] for top in (0, half) for left in (0, half)
    ]
    image = np.zeros((SIDE, SIDE), np.float32)
    masks = np.zeros((4, SIDE, SIDE), np.uint8)
    boxes = np.zeros((4, 4), np.float32)
    for i, (digit, (top, left)) in enumerate(zip(which, corners, strict=True)):
        place = slice(top, top + DIGIT), slice(left, left + DIGIT)
        image[place] = pixels[digit] / 255
        masks[i][place] = pixels[digit] > 63
        rows, columns = np.nonzero(masks[i])
        boxes[i] = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return Scene(
        image=torch.from_numpy(image)[None],
        boxes=torch.from_numpy(boxes),
        labels=torch.from_numpy(labels[which] + 1),
        masks=torch.from_numpy(masks),
    )


def detector(body: Backbone) -> MaskRCNN:
    """Small heads over the maps, and one anchor of a digit's size at each place."""
    names = list(body.channels)
    width = body.out_channels
    return MaskRCNN(
        body,
        min_size=SIDE,
        max_size=SIDE,
        image_mean=body.mean,
        image_std=body.std,
        rpn_anchor_generator=AnchorGenerator(
            ((DIGIT,),) * len(names), ((1.0,),) * len(names)
        ),
        box_roi_pool=MultiScaleRoIAlign(names, 7, 2),
        box_head=TwoMLPHead(width * 49, WIDTH),
        box_predictor=FastRCNNPredictor(WIDTH, CLASSES),
        box_batch_size_per_image=64,
        mask_roi_pool=MultiScaleRoIAlign(names, 8, 2),
        mask_head=MaskRCNNHeads(width, (WIDTH,), 1),
        mask_predictor=MaskRCNNPredictor(WIDTH, WIDTH, CLASSES),
    )


def segmenter(body: Backbone) -> FCN:
    """torchvision's FCN head over the map that is called "out"."""
    return FCN(body, FCNHead(body.out_channels, CLASSES))


def batches(known: Sequence[Scene], steps: int, seed: int) -> Iterator[list[Scene]]:
    """Eight scenes a step, drawn anew."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        yield [known[i] for i in rng.integers(len(known), size=8)]


def learner(
    network: torch.nn.Module, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW over what is to learn, its rate falling to 0."""
    learning = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=3e-3)
    return optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)


def detect(body: Backbone, known: Sequence[Scene], steps: int, seed: int) -> MaskRCNN:
    """A detector that has learnt."""
    torch.manual_seed(seed)
    network = detector(body).train()
    optimiser, schedule = learner(network, steps)
    for batch in batches(known, steps, seed):
        losses = network([s.image for s in batch], [s.target for s in batch])
        optimiser.zero_grad()
        sum(losses.values()).backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def segment(body: Backbone, known: Sequence[Scene], steps: int, seed: int) -> FCN:
    """A segmenter that has learnt."""
    torch.manual_seed(seed)
    network = segmenter(body).train()
    optimiser, schedule = learner(network, steps)
    for batch in batches(known, steps, seed):
        said = network(normalised(body, batch))["out"]
        wanted = torch.stack([s.classes for s in batch]).long()
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(said, wanted).backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def normalised(body: Backbone, some: Sequence[Scene]) -> torch.Tensor:
    """(b, 1, 32, 32) for the backbone; torchvision's detectors do it themselves."""
    mean, std = (torch.tensor(x).view(1, -1, 1, 1) for x in (body.mean, body.std))
    return (torch.stack([s.image for s in some]) - mean) / std


def average_precision(network: MaskRCNN, asked: Sequence[Scene]) -> dict[str, float]:
    """AP of boxes ("bbox") and of masks ("segm"), by pycocotools."""
    from pycocotools import mask as coding
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def coded(mask: torch.Tensor) -> dict[str, object]:
        return coding.encode(np.asfortranarray(mask.numpy().astype(np.uint8)))

    def edges(box: torch.Tensor) -> list[float]:
        left, top, right, bottom = box.tolist()
        return [left, top, right - left, bottom - top]

    with torch.no_grad():
        found = network([scene.image for scene in asked])
    truth = [
        {
            "id": 10 * i + j + 1,
            "image_id": i,
            "category_id": int(scene.labels[j]),
            "bbox": edges(scene.boxes[j]),
            "area": float(scene.masks[j].sum()),
            "segmentation": coded(scene.masks[j]),
            "iscrowd": 0,
        }
        for i, scene in enumerate(asked)
        for j in range(len(scene.labels))
    ]
    said = [
        {
            "image_id": i,
            "category_id": int(one["labels"][j]),
            "bbox": edges(one["boxes"][j]),
            "segmentation": coded(one["masks"][j, 0] > 0.5),
            "score": float(one["scores"][j]),
        }
        for i, one in enumerate(found)
        for j in range(len(one["labels"]))
    ]
    if not said:
        return {"bbox": 0.0, "segm": 0.0}
    values = {}
    with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
        coco = COCO()
        coco.dataset = {
            "info": {},
            "images": [
                {"id": i, "height": SIDE, "width": SIDE} for i in range(len(asked))
            ],
            "annotations": truth,
            "categories": [{"id": c} for c in range(1, CLASSES)],
        }
        coco.createIndex()
        answers = coco.loadRes(said)
        for kind in ("bbox", "segm"):
            scored = COCOeval(coco, answers, kind)
            scored.evaluate()
            scored.accumulate()
            scored.summarize()
            values[kind] = float(scored.stats[0])
    return values


def mean_iou(network: FCN, body: Backbone, asked: Sequence[Scene]) -> float:
    """Over ground and digits, all pixels together, by scikit-learn."""
    from sklearn.metrics import jaccard_score

    with torch.no_grad():
        said = network(normalised(body, asked))["out"].argmax(dim=1)
    wanted = torch.stack([scene.classes for scene in asked])
    return float(jaccard_score(wanted.flatten(), said.flatten(), average="macro"))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    models = "vgg-random,vgg-selfclassifier,vgg"
    parser.add_argument("--models", default=models)
    parser.add_argument("--seeds", default="0,1,2", help="two or more")
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()
    known, asked = scenes("train", 200, 0), scenes("test", 100, 1)
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    columns = ("box AP", "mask AP", "mean IoU")
    print(f"{'':<32}" + "".join(f"{name:>16}" for name in columns))
    ground = np.mean([float((scene.classes == 0).float().mean()) for scene in asked])
    print(f"{'all ground':<32}{0:16.3f}{0:16.3f}{ground / CLASSES:16.3f}")
    for model in arguments.models.split(","):
        for frozen in (True, False):
            rows = []
            for seed in seeds:
                torch.manual_seed(seed)  # of the pyramids
                body, under = (
                    backbone(model, layers=layers, frozen=frozen, pyramid=PYRAMID)
                    for layers in (DETECTED, SEGMENTED)
                )
                found = detect(body, known, arguments.steps, seed)
                pixels = segment(under, known, arguments.steps, seed)
                rows.append(
                    [
                        *average_precision(found, asked).values(),
                        mean_iou(pixels, under, asked),
                    ]
                )
            means, spread = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
            name = f"{model}, {'frozen' if frozen else 'fine-tuned'}"
            numbers = (
                f"{m:8.3f} ± {s:.3f}" for m, s in zip(means, spread, strict=True)
            )
            print(
                f"{name:<32}" + "".join(f"{text:>16}" for text in numbers), flush=True
            )


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "0")) or 1)
    main()
