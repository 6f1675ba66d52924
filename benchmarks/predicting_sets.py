"""Sets for `benchmarks.predicting` that no base has: a plugin of pytest.

Images of the test split that the sample left out (`fresh`), or the writers of the
digits; of these, sets of few images and sets with other shares of the classes. Digits
of the one base stand in for those of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.datasets.dataset import Dataset
from harness.datasets.family import Family
from harness.datasets.images import ArrayImages
from harness.fixtures.cells import run_of
from harness.measurement import Domain
from harness.sampling import sampled_rows

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.registry import Registry
    from harness.settings import Settings

SIZES = (50, 200)
# Of half of the classes, or of all but one, so many are kept: the tuned label shifts.
KEPT = {"dropped": 0.0, "rare": 0.2, "one": 0.15}
DRAWS = 4  # sets of each size, and twice as many of other class shares
CONCENTRATION = 0.5  # of the Dirichlet distribution that class shares are drawn from


def pytest_harness_register(registry: Registry) -> None:
    """Families `fresh`, `few` and `shares` of every base, `digits-28` of MNIST."""
    for base in registry.bases.values():
        for name, sets, what in (
            ("fresh", _fresh, "images of the test split outside of the sample"),
            ("few", _few, f"sets of {SIZES[0]} and {SIZES[1]} unseen images"),
            ("shares", _shares, "unseen images with other shares of the classes"),
            ("classes", _classes, "unseen images of which some classes are rare"),
        ):
            registry.add_family(
                Family(
                    name=name,
                    base=base.name,
                    domain=Domain.EXTERIOR,
                    datasets=partial(sets, base),
                    description=what,
                )
            )
    registry.add_dataset("digits-28", base="mnist", load=_digits_28)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Exteriors are predicted, though their labels are known: so they are targets."""
    datasets = run_of(session.config).datasets
    for name, dataset in datasets.items():
        if dataset.domain is Domain.EXTERIOR:
            datasets[name] = replace(dataset, domain=Domain.TARGET)


def _fresh(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    return (_set("fresh", "fresh", partial(_unseen, base, settings)),)


def _unseen(base: Base, settings: Settings) -> Images:
    """What neither training nor the sample of the test split has."""
    if base.name == "digits":
        from harness.datasets.readers.digits import read_digits

        return read_digits("writers")
    images = base.test(settings)
    rest = np.setdiff1d(
        np.arange(len(images)), sampled_rows(len(images), settings.max_images)
    )
    return _picked(images, rest[sampled_rows(len(rest), settings.max_images)])


def _few(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    def draw(size: int, number: int) -> Images:
        images = _unseen(base, settings)
        rng = np.random.default_rng([settings.seed, size, number])
        return _picked(images, np.sort(rng.choice(len(images), size, replace=False)))

    return tuple(
        _set(f"few/{size}-{i}", "few", partial(draw, size, i))
        for size in SIZES
        for i in range(DRAWS)
    )


def _shares(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    def draw(number: int) -> Images:
        images = _unseen(base, settings)
        rng = np.random.default_rng([settings.seed, number])
        labels = images.labels
        assert labels is not None
        wanted = rng.dirichlet(np.full(labels.max() + 1, CONCENTRATION))
        # As many images as the scarcest class allows without repeating one.
        have = np.bincount(labels) / len(labels)
        keep = wanted / have
        chance = keep[labels] / keep.max()
        return _picked(images, np.flatnonzero(rng.random(len(labels)) < chance))

    return tuple(
        _set(f"shares/{i}", "shares", partial(draw, i)) for i in range(2 * DRAWS)
    )


def _classes(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    """Label shift of another make than `shares`, which no choice may look at."""

    def draw(kind: str, number: int) -> Images:
        images = _unseen(base, settings)
        labels = images.labels
        assert labels is not None
        rng = np.random.default_rng([settings.seed, number, len(kind)])
        classes = labels.max() + 1
        full = 1 if kind == "one" else classes - classes // 2
        chance = np.full(classes, KEPT[kind])
        chance[rng.choice(classes, full, replace=False)] = 1
        return _picked(images, np.flatnonzero(rng.random(len(labels)) < chance[labels]))

    return tuple(
        _set(f"classes/{kind}-{i}", "classes", partial(draw, kind, i))
        for kind in KEPT
        for i in range(2)
    )


def _set(name: str, family: str, load: Callable[[], Images]) -> Dataset:
    return Dataset(
        name=name,
        family=family,
        domain=Domain.EXTERIOR,
        load=load,
        traits={"split": "unseen"},
    )


def _picked(images: Images, rows: NDArray[np.intp]) -> Images:
    labels = images.labels
    assert labels is not None
    return ArrayImages(pixels=images.take(rows), labels=labels[rows])


def _digits_28() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bundled test digits, each pixel three wide, in a frame of two."""
    from harness.datasets.readers.digits import read_digits

    images = read_digits("test")
    assert images.labels is not None
    wide = images.pixels.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(wide, ((0, 0), (2, 2), (2, 2), (0, 0))), images.labels


def exteriors(base: str) -> tuple[str, ...]:
    """Families to predict on, tuned on or not."""
    made = (f"{base}-c", f"{base}-c-extra", "few", "shares", "classes")
    own = {
        "digits": ("writers", "writers-c", "mnist-8x8"),
        "mnist": ("fresh", "fresh-c", "digits-28"),
    }
    return (*made, *own.get(base, ("fresh",)))
