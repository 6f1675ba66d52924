"""Outputs as they are saved: a file a model and dataset, which tells what it is about.

The form is that of `harness.answers.outputs`: `models`, `logits`, `predictions` and
`labels`. Beside them stand `rows`, the number of each image in its dataset, `images`,
its name where it has one, and `about`, a JSON text of what a name and numbers do not
say: see `About`.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation, checked_activation
from harness.datasets.class_map import ClassMap, Rule
from harness.datasets.truth import Truth
from harness.errors import BadData, HarnessError
from harness.measurement import Domain
from harness.queries import safe_name
from harness.traits import Trait, checked_traits

if TYPE_CHECKING:
    from collections.abc import Sequence

ABOUT = "about"
_LONGEST = 60  # letters of a name in that of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a saved file is about.

    Attributes
    ----------
    model, dataset, family, domain
        Whose outputs, and on what.
    traits
        Of the dataset.
    source
        Whether its images are the labelled source set: "" for no, "test" where it is
        a dataset too, "alone" where it was none of the chosen ones.
    activation
        What makes confidences of the logits.
    several
        Labels of an image hold all at once.
    classes
        `ClassMap` of the answers, by its fields; None where all classes are.
    key
        Digest of all that decides the logits.
    """

    model: str
    dataset: str
    family: str
    domain: Domain
    key: str
    traits: Mapping[str, Trait] = field(default_factory=dict)
    source: str = ""
    activation: Activation = Activation.SOFTMAX
    several: bool = False
    classes: Mapping[str, Any] | None = None

    @property
    def map(self) -> ClassMap | None:
        """Which classes are answers."""
        if self.classes is None:
            return None
        return ClassMap(
            width=int(self.classes["width"]),
            groups=tuple(tuple(map(int, group)) for group in self.classes["groups"]),
            names=tuple(map(str, self.classes["names"])),
            rule=Rule(self.classes["rule"]),
            renumbered=bool(self.classes["renumbered"]),
        )

    @property
    def set(self) -> tuple[Any, ...]:
        """What files of one dataset have in common, whosever outputs they hold."""
        rest = asdict(self)
        return tuple(rest[name] for name in rest if name not in _OF_MODEL)


_NAMES = ("model", "dataset", "family")
_OF_MODEL = ("model", "activation", "key")


def file_name(model: str, dataset: str) -> str:
    """What a file is called: readable, and by its digest no other's name.

    Examples
    --------
    >>> file_name("lenet", "interior/0019")
    'interior-0019--lenet-d0ae7628.npz'
    """
    digest = hashlib.sha256(json.dumps([model, dataset]).encode()).hexdigest()[:8]
    names = (re.sub(r"[^\w.=-]+", "-", one)[:_LONGEST] for one in (dataset, model))
    return f"{'--'.join(names)}-{digest}.npz"


def packed(
    about: About,
    logits: NDArray[np.float32],
    truth: NDArray[Any] | None,
    rows: NDArray[np.integer],
    names: Sequence[str] = (),
) -> bytes:
    """A file's content.

    Parameters
    ----------
    about
        What it is about.
    logits
        (n, k).
    truth
        (n,) classes, or (n, k) truth values; None where nothing is known.
    rows
        (n,) number of each image in its dataset.
    names
        (n,) of the images.
    """
    told = json.dumps(asdict(about), sort_keys=True)
    arrays: dict[str, NDArray[Any]] = {
        "models": np.array([about.model]),
        "logits": logits[None],
        "predictions": logits.argmax(axis=1).astype(np.int32)[None],
        "rows": rows.astype(np.int64),
        ABOUT: np.array(told),
    }
    if truth is not None:
        arrays["labels"] = truth
    if len(names):
        arrays["images"] = np.array([str(name) for name in names])
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def size_of(images: int, classes: int) -> int:
    """Bytes of a file, but for names of images and what it is about.

    Examples
    --------
    >>> size_of(10_000, 10)
    602048
    """
    return images * (4 * classes + 4 + 8 + 8) + 2048


def key_in(path: Path) -> str | None:
    """The key of a file that was saved so; None of any other, or of none."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = about_of(path, file[ABOUT]) if ABOUT in file.files else None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, BadData):
        return None
    return None if found is None else found.key


def labels_of(truth: Truth) -> NDArray[Any]:
    """A truth as saved outputs have it; its `ClassMap` is told beside it.

    Returns
    -------
    (n,) int array or (n, k) bool array
        Classes of the base; where several of them are one answer, numbers of the
        answers.
    """
    classes = truth.classes
    if classes is None or classes.renumbered:
        return truth.given
    if truth.given.ndim == 1:
        found = truth.labels()
        assert found is not None  # its answers have one class each
        return found
    sets = np.zeros((len(truth), truth.width), dtype=np.bool_)
    for answer, group in enumerate(classes.groups):
        sets[:, group[0]] = truth.given[:, answer]
    return sets


def about_of(path: Path, array: NDArray[Any]) -> About:
    """What a file says of itself.

    Raises
    ------
    BadData
        If that is not what `packed` writes.
    """
    try:
        told = json.loads(str(array))
        traits = checked_traits(str(told["dataset"]), told["traits"])
        found = About(
            **{
                **told,
                **{one: safe_name(str(told[one])) for one in _NAMES},
                "domain": Domain(told["domain"]),
                "activation": checked_activation(told["activation"]),
                "traits": traits,
            }
        )
        _ = found.map
    except (ValueError, TypeError, AttributeError, LookupError, HarnessError) as error:
        raise BadData(
            f"`{ABOUT}` in {path} must be what --harness-save-outputs writes, and is "
            f"not: {error}; leave that array out, and say what the file is after its "
            "name"
        ) from error
    return found
