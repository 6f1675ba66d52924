"""Populations that others trained: records of what networks said, and no networks.

Their images are those of the base where records prove that they are: by names, by
places in a split, or by all labels in their order.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.image_ids import image_ids
from harness.datasets.image_names import names_of, rows_by_name
from harness.datasets.images import sets_of
from harness.datasets.made.sample import TakenImages
from harness.digests import file_digest
from harness.errors import BadData, HarnessError, MissingData

if TYPE_CHECKING:
    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.models.entry import ModelEntry
    from harness.models.record import EpochRecord
    from harness.models.recorder import Recorded
    from harness.models.trainings import Tell
    from harness.settings import Settings

OURS = (".npz",)
PUBLISHED = (".pickle", ".pkl", ".p")


def is_of_records(target: str) -> bool:
    """Whether what a population is asked for by are files, and no model's name.

    Examples
    --------
    >>> is_of_records("runs/seed*.npz"), is_of_records("lenet")
    (True, False)
    """
    return target.endswith((*OURS, *PUBLISHED))


def files_of(pattern: str) -> tuple[Path, ...]:
    """The files that a pattern names, sorted.

    Raises
    ------
    MissingData
        If there is none.
    """
    found = tuple(sorted(Path(p) for p in glob(str(Path(pattern).expanduser()))))
    if not found:
        raise MissingData(
            f"records {pattern}",
            [Path(pattern).parent.resolve()],
            "name files of harness.Recorder, one a network",
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPopulation:
    """Networks of which records are all that is here.

    Attributes
    ----------
    name
        On the command line and in reports.
    of
        The base whose images they may be of.
    files
        One a network: of `harness.Recorder`, or all of them pickles as published.
    split
        Which images pickles are of; other files say it themselves.
    """

    name: str
    of: Base
    files: tuple[Path, ...]
    split: str = "test"

    @property
    def base(self) -> str:
        """Name of the base."""
        return self.of.name

    @property
    def seeds(self) -> tuple[int, ...]:
        """A number for each file."""
        return tuple(range(len(self.files)))

    @property
    def members(self) -> tuple[ModelEntry, ...]:
        """None: there is no network to run."""
        return ()

    @property
    def names(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """All of one."""
        return (self.name,) * len(self.files)

    def locate(self, settings: Settings) -> str:
        """The files; MissingData if one is gone."""
        for file in self.files:
            if not file.is_file():
                raise MissingData(f"record of {self.name}", [file], "name one that is")
        return ", ".join(map(str, self.files))

    def images(self, split: str, settings: Settings) -> Images:
        """Those of the base that the records of a split are of, in their order.

        Raises
        ------
        HarnessError
            If there is no such record, or it does not prove of which images it is.
        """
        recorded = self._recorded()
        own = next((s for s in recorded.labels if _called(recorded, s) == split), None)
        if own is None:
            raise HarnessError(f"the records of {self.name} must be of split {split}")
        return _joined(recorded, own, self.of, settings)

    def record(self, i: int, settings: Settings, tell: Tell) -> EpochRecord:
        """What one of them said; facts say why images of a split are `unjoined`."""
        from harness.models.record import EpochRecord

        recorded = self._recorded()
        images, unjoined, splits = {}, {}, {}
        for split in recorded.labels:
            name = _called(recorded, split)
            splits[name] = split
            try:
                images[name] = _joined(recorded, split, self.of, settings).digest
            except HarnessError as error:
                unjoined[name] = str(error)
                images[name] = _digest(recorded, split)
        return EpochRecord(
            predicted={n: recorded.predicted[s][i] for n, s in splits.items()},
            labels={n: recorded.labels[s] for n, s in splits.items()},
            logits={
                n: recorded.logits[s][i]
                for n, s in splits.items()
                if s in recorded.logits
            },
            ids={n: recorded.ids[s] for n, s in splits.items() if s in recorded.ids},
            facts={
                **recorded.facts[i],
                "base": self.of.name,
                "model": self.name,
                "seed": i,
                "recipe": {},
                "images": images,
                "unjoined": unjoined,
            },
            digest=file_digest(self.files[i]),
        )

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over the files, in their order, and the images they are joined to."""
        images = self.record(0, settings, tell).facts["images"]
        parts = [self.split, images, [file_digest(file) for file in self.files]]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _recorded(self) -> Recorded:
        stamps = tuple(file.stat().st_mtime_ns for file in self.files)
        return _read(self.files, stamps, self.split)


@lru_cache(maxsize=4)
def _read(files: tuple[Path, ...], stamps: tuple[int, ...], split: str) -> Recorded:
    from harness.models.published_record import read_published_records
    from harness.models.record import SPLITS
    from harness.models.recorder import read_recorded

    pickles = {str(file).endswith(PUBLISHED) for file in files}
    if len(pickles) > 1:
        raise BadData(
            f"records must all be .npz or all pickles, got {', '.join(map(str, files))}"
        )
    if True in pickles:
        when = "during" if split == "train" else "after"  # as published
        return read_published_records(files, split=split, when=when)
    found = read_recorded(files)
    for own in found.labels:
        if own not in SPLITS:
            raise BadData(
                f"records of a population must be of the splits {', '.join(SPLITS)}, "
                f"got {own} in {files[0]}"
            )
        if own == "test" and found.when(own) == "during":
            raise BadData(
                f"record {files[0]} must be of test images after the epoch, got "
                "`during`, which only images that are trained on have"
            )
    return found


def _called(recorded: Recorded, split: str) -> str:
    """What a population's records call a split: `DURING` is one of its own."""
    from harness.models.record import DURING

    return DURING if recorded.when(split) == "during" else split


def _joined(recorded: Recorded, split: str, base: Base, settings: Settings) -> Images:
    """The images of a base that a record is of; HarnessError where it is not proved."""
    images = (base.train if split == "train" else base.test)(settings)
    labels, of = recorded.labels[split], f"the {split} images of base {base.name}"
    if split not in recorded.ids:
        sets = sets_of(images)
        known = images.labels if sets is None else sets
        if known is None or not np.array_equal(known, labels):
            raise HarnessError(
                f"records without names of images must have the labels of {of}, in "
                "their order, and have others; give harness.Recorder `ids`"
            )
        if labels.ndim == 1 and (np.diff(labels) >= 0).all():
            raise HarnessError(
                "labels in the order of classes do not prove which image is which; "
                "give harness.Recorder `ids`"
            )
        return images
    rows = _rows(recorded, split, base, images, of)
    whole = np.array_equal(rows, np.arange(len(images)))
    return images if whole else TakenImages(images, rows)


def _rows(
    recorded: Recorded, split: str, base: Base, images: Images, of: str
) -> NDArray[np.intp]:
    ids, labels = recorded.ids[split], recorded.labels[split]
    if ids.dtype.kind not in "iu":
        known = names_of(images) or [str(name) for name in image_ids(images.pixels)]
        rows = rows_by_name([str(name) for name in ids], known)
        if (rows < 0).any():
            raise HarnessError(
                f"names of images must be of {of}, which {int((rows < 0).sum())} of "
                f"{len(ids)} are not: {ids[rows < 0][0]}"
            )
        return rows
    said = recorded.facts[0].get("base")
    if said != base.name or ids.min() < 0 or ids.max() >= len(images):
        raise HarnessError(
            f"numbers of images must be places among {len(images)}, {of}, and the "
            f"fact `base` has to say so, got {ids.min()} to {ids.max()} and {said!r}"
        )
    own = None if images.labels is None else images.labels[ids]
    noisy = split == "train" and recorded.facts[0].get("label_noise")
    if own is not None and not noisy and not np.array_equal(own, labels):
        raise HarnessError(
            f"labels must be those of {of} at the places that are named, and are not; "
            "the order of the split is another one (labels drawn at random are told by "
            "a fact `label_noise`)"
        )
    return ids.astype(np.intp)


def _digest(recorded: Recorded, split: str) -> str:
    """Of images of which no more than labels and names are known."""
    digest = hashlib.sha256(np.ascontiguousarray(recorded.labels[split]).tobytes())
    names: list[Any] = recorded.ids[split].tolist() if split in recorded.ids else []
    digest.update(json.dumps(names).encode())
    return digest.hexdigest()
