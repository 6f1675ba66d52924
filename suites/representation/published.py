"""Published tables to print beside one's own: numbers as they were printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.report.table import Column, Table

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A table of percents by layer of AlexNet.

    Attributes
    ----------
    title, source
        What it is of, and where it was printed.
    rows
        By pre-training, one percent a layer.
    """

    title: str
    source: str
    rows: dict[str, tuple[float, ...]]


_SPLIT_BRAIN = (
    "Zhang, Isola and Efros, Split-Brain Autoencoders, CVPR 2017, arXiv:1611.09842, "
    "table 2"
)
IMAGENET = Published(
    title="linear top-1 on ImageNet, AlexNet, as published",
    source=f"{_SPLIT_BRAIN}.",
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
    source=f"{_SPLIT_BRAIN}.",
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
PUBLISHED = (IMAGENET, PLACES)


def published_tables(which: Iterable[Published]) -> Iterable[Table]:
    """Each with the drop at its last layer; folded, as they are nobody's run."""
    for one in which:
        yield Table(
            columns=(
                Column(name="pre-training"),
                *(Column(name=name, form=".1f", unit="%") for name in LAYERS),
                Column(name="drop", form=".1f", unit="%"),
            ),
            rows=tuple(
                (name, *values, max(values) - values[-1])
                for name, values in one.rows.items()
            ),
            title=one.title,
            note=one.source,
            folded=one.title,
        )
