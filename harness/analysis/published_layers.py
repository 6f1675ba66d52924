"""Published numbers by layer, to hold one's own against: as they were printed."""

from __future__ import annotations

from dataclasses import dataclass

_ALEXNET = ("conv1", "conv2", "conv3", "conv4", "conv5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A table of percents by layer.

    Attributes
    ----------
    title, source
        What it is of, and where it was printed.
    layers
        In the order that they run.
    rows
        By pre-training, one percent a layer.
    """

    title: str
    source: str
    layers: tuple[str, ...]
    rows: dict[str, tuple[float, ...]]


_SPLIT_BRAIN = (
    "Zhang, Isola and Efros, Split-Brain Autoencoders, CVPR 2017, arXiv:1611.09842, "
    "table 2"
)
IMAGENET = Published(
    title="linear top-1 on ImageNet, AlexNet, as published",
    source=_SPLIT_BRAIN,
    layers=_ALEXNET,
    rows={
        "ImageNet labels": (19.3, 36.3, 44.2, 48.3, 50.5),
        "random": (11.6, 17.1, 16.9, 16.3, 14.1),
        "random, rescaled (Krähenbühl)": (17.5, 23.0, 24.5, 23.2, 20.6),
        "context (Doersch)": (16.2, 23.3, 30.2, 31.7, 29.6),
        "context encoder (Pathak)": (14.1, 20.7, 21.0, 19.8, 15.5),
        "BiGAN (Donahue)": (17.7, 24.5, 31.0, 29.9, 28.0),
        "jigsaw, conv1 of stride 2": (19.2, 30.1, 34.7, 33.9, 28.3),
        "colorization (Zhang)": (13.1, 24.8, 31.0, 32.6, 31.8),
        "split-brain (cl, cl)": (17.7, 29.3, 35.4, 35.2, 32.8),
        "autoencoder, Lab to Lab": (12.9, 20.1, 18.5, 15.1, 11.5),
    },
)
PLACES = Published(
    title="linear top-1 on Places205, AlexNet, as published",
    source=_SPLIT_BRAIN,
    layers=_ALEXNET,
    rows={
        "Places labels": (22.1, 35.1, 40.2, 43.3, 44.6),
        "ImageNet labels": (22.7, 34.8, 38.4, 39.4, 38.7),
        "random": (15.7, 20.3, 19.8, 19.1, 17.5),
        "context (Doersch)": (19.7, 26.7, 31.9, 32.7, 30.9),
        "context encoder (Pathak)": (18.2, 23.2, 23.4, 21.9, 18.4),
        "jigsaw, conv1 of stride 2": (23.0, 32.1, 35.5, 34.8, 31.3),
        "colorization (Zhang)": (16.0, 25.7, 29.6, 30.3, 29.7),
        "split-brain (cl, cl)": (21.3, 30.7, 34.0, 34.1, 32.5),
    },
)
ROTNET = Published(
    title="non-linear probe on CIFAR-10, NIN of RotNet, as published",
    source="Gidaris, Singh and Komodakis, ICLR 2018, arXiv:1803.07728; run by others: "
    "gidariss/FeatureLearningRotNet, issue 6",
    layers=("block1", "block2", "block3", "block4"),
    rows={
        "rotation": (85.07, 89.06, 86.21, 61.73),
        "rotation, run by others": (84.65, 88.89, 85.88, 54.04),
    },
)
PUBLISHED = (IMAGENET, PLACES, ROTNET)
