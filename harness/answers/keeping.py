"""Keeping: answers of networks on disk, for later runs and for metrics added later.

One file a network, dataset and view, in safetensors, named by all that decides its bits
and sealed by a digest over its content. It is written whole, once, and read through a
memory map; one that is damaged is named and made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.activation import Activation, checked_activation
from harness.answers.ledger import DAMAGED, FEATURES, LOGITS, NEW, Ledger
from harness.arrays import confidence, sigmoid
from harness.artifacts import write_whole
from harness.code import STACK, source_digest
from harness.errors import HarnessError
from harness.progress import Tell
from harness.views import IDENTITY, View

Kind = Literal["predictions", "logits"]
KINDS: tuple[Kind, ...] = ("predictions", "logits")
FOLDER = "answers"  # of a cache
SUFFIX = ".safetensors"

# What decides logits, once network, images and view are the same.
CODE = (
    "harness.answers.keeping",
    "harness.answers.predictions",
    "harness.answers.shared_images",
    "harness.datasets.dataset",
    "harness.datasets.decoded",
    "harness.datasets.images",
    "harness.models.classifier",
    "harness.models.fusion",
    "harness.models.network",
    "harness.models.tap",
    "harness.models.yours.exported",
    "harness.sampling",
    "harness.views",
)
_DIGITS: dict[str, type[np.generic]] = {
    "U8": np.uint8,
    "U16": np.uint16,
    "U32": np.uint32,
    "F32": np.float32,
    "F64": np.float64,
}
# Of classes: the first whose largest number is no smaller.
_CLASSES = {"U8": 2**8 - 1, "U16": 2**16 - 1, "U32": 2**32 - 1}
# What a header raises that is none.
_ODD = (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
_LONGEST = 1 << 20  # bytes of a header that is read
_HEADER = 3000  # of ours, at most: versions, digests, units of the processor
_PART = 1 << 24  # bytes that are hashed at a time
_CURE = (
    "make room there (harness cache prune), choose another folder with "
    "--harness-cache-dir, or leave --harness-keep out"
)


def arithmetic(device: str) -> dict[str, Any]:
    """What else than code decides the bits of a forward pass on a device.

    Not how many threads: a run divides its cores among workers as it likes, and moves
    the last digits of a few logits by it.
    """
    import torch

    kind = torch.device(device).type
    found: dict[str, Any] = {
        "versions": {name: version(name) for name in (*STACK, "pillow")},
        "torch": torch.__version__,  # with its build
        "machine": platform.machine(),
        "device": kind,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "matmul": torch.get_float32_matmul_precision(),
    }
    if kind == "cpu":
        # An older torch cannot say.
        units: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
        found["level"] = torch.backends.cpu.get_cpu_capability()
        found["units"] = sorted(name for name, there in units.items() if there is True)
        found["mkldnn"] = getattr(torch.backends.mkldnn, "enabled", None)
    if kind == "cuda":
        backend = torch.backends.cudnn
        found |= {
            "name": torch.cuda.get_device_name(device),
            "cuda": torch.version.cuda,
            "cudnn": backend.version(),  # type: ignore[no-untyped-call]
            "flags": [backend.enabled, backend.deterministic, backend.benchmark],
            "tf32": [backend.allow_tf32, torch.backends.cuda.matmul.allow_tf32],
        }
    return found


def bytes_of(kind: Kind, images: int, classes: int) -> int:
    """Of one file, at most: headers are some hundred bytes shorter.

    Examples
    --------
    >>> bytes_of("logits", 10_000, 10), bytes_of("predictions", 10_000, 10)
    (403000, 133000)
    """
    if kind == "logits":
        return _HEADER + images * classes * 4
    number = np.dtype(_DIGITS[_type_of(classes - 1)]).itemsize
    return _HEADER + images * (number + 4 + 8)


class Keeping:
    """The answers that a run keeps.

    Parameters
    ----------
    folder
        Where; made when something is written.
    kind
        "logits", or "predictions": of each image the class, its logit and the
        confidence in it.
    decides
        All that decides logits beside network, images and view, as JSON values.
    tell
        Shows a line: of damage, and that nothing can be written.
    anew
        Nothing is read, and what is there is replaced.
    """

    def __init__(
        self,
        folder: Path,
        kind: Kind,
        decides: Mapping[str, Any],
        tell: Tell = lambda line: None,
        *,
        anew: bool = False,
    ) -> None:
        self.folder = folder
        self.kind = kind
        self.decides = {**decides, "code": [source_digest(one) for one in CODE]}
        self.anew = anew
        self.ledger = Ledger()
        self.refused = False
        self._tell = tell

    def of(self, what: str, decides: Callable[[], Mapping[str, Any]]) -> KeptAnswers:
        """Those of one network to one dataset.

        Parameters
        ----------
        what
            For people: whose answers about what.
        decides
            Gives what decides them beside the view: ``images``, how many there are,
            digests of the network and of the dataset; JSON values.
        """
        return KeptAnswers(self, what, decides)

    def take(self) -> Ledger:
        """What came of it since the last time."""
        found, self.ledger = self.ledger, Ledger()
        return found

    def refuse(self, why: str) -> None:
        """Write no more, and say so."""
        self.refused = True
        self.ledger.refused = why
        self._tell(f"answers are not kept any more: {why}")

    def found_damaged(self, path: Path, what: str, why: str) -> None:
        """Say that a file is not what was written."""
        self.ledger.damaged.append(f"{path.name} ({what}): {why}")
        self._tell(
            f"kept answers {path} ({what}) are not what was written: {why}; they are "
            "made anew"
        )


class KeptAnswers:
    """What is kept of one network's answers to one dataset, by view."""

    def __init__(
        self,
        keeping: Keeping,
        what: str,
        decides: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._keeping = keeping
        self._what = what
        self._find = decides
        self._damaged: set[Path] = set()
        self._read: dict[tuple[Kind, View], dict[str, NDArray[Any]]] = {}

    @cached_property
    def _decides(self) -> dict[str, Any]:
        return {**self._keeping.decides, **self._find()}

    def logits(self, view: View) -> NDArray[np.float32] | None:
        """(n, k) as the network computed them, memory-mapped; None if not kept."""
        found = self._found("logits", view)
        return None if found is None else found["logits"]

    def predicted(self, view: View) -> NDArray[np.unsignedinteger] | None:
        """(n,) predicted classes, where those are kept; None else."""
        found = self._found("predictions", view)
        return None if found is None else found["predicted"]

    def confidence(self, view: View, activation: str) -> NDArray[np.float64] | None:
        """(n,) the probability of each predicted class, where these are kept."""
        found = self._found("predictions", view)
        if found is None:
            return None
        if checked_activation(activation) is Activation.SIGMOID:
            return sigmoid(found["largest"])
        return np.array(found["confidence"])

    def count(self, view: View, *, features: bool) -> None:
        """Note that a forward pass is made, and why."""
        if features and (self._is_there("logits", view) or self._has_classes(view)):
            why = FEATURES
        else:
            why = LOGITS if self._has_classes(view) else NEW
            if self._path("logits", view) in self._damaged:
                why = DAMAGED
        self._keeping.ledger.add(Ledger(passes={why: 1}))

    def _has_classes(self, view: View) -> bool:
        return self._is_there("predictions", view)

    def _is_there(self, kind: Kind, view: View) -> bool:
        path = self._path(kind, view)
        return path not in self._damaged and path.is_file()

    def offer(self, view: View, logits: NDArray[np.float32]) -> None:
        """Keep what a pass has given, unless it is there; measuring goes on anyhow."""
        keeping = self._keeping
        path = self._path(keeping.kind, view)
        if keeping.refused or (not keeping.anew and self._is_there(keeping.kind, view)):
            return
        what = self._called(view)
        content = _packed(
            path.stem,
            what,
            self._identity(keeping.kind, view),
            {"logits": logits} if keeping.kind == "logits" else _said(logits),
        )
        try:
            write_whole(path, content, what="kept answers", cure=_CURE, folders=True)
        except HarnessError as error:
            keeping.refuse(str(error))
            return
        self._damaged.discard(path)
        keeping.ledger.written += 1
        keeping.ledger.size += len(content)

    def _called(self, view: View) -> str:
        return self._what if view == IDENTITY else f"{self._what}, view {view.name}"

    def _identity(self, kind: Kind, view: View) -> str:
        shown = [view.turns, view.tiles, view.fit]
        return json.dumps(
            {**self._decides, "kind": kind, "view": shown}, sort_keys=True
        )

    def _path(self, kind: Kind, view: View) -> Path:
        key = hashlib.sha256(self._identity(kind, view).encode()).hexdigest()
        return self._keeping.folder / kind / key[:2] / f"{key}{SUFFIX}"

    def _found(self, kind: Kind, view: View) -> dict[str, NDArray[Any]] | None:
        """The arrays of a file; None if there is none, or it is damaged."""
        if self._keeping.anew:
            return None
        if (kind, view) in self._read:
            return self._read[kind, view]
        path = self._path(kind, view)
        if path in self._damaged:
            return None
        try:
            found = read_answers(path)
            if any(len(one) != self._decides["images"] for one in found.values()):
                raise ValueError("it is of another number of images")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._damaged.add(path)
            self._keeping.found_damaged(path, self._called(view), str(error))
            return None
        with suppress(OSError):
            os.utime(path)  # it was used
        self._keeping.ledger.read += 1
        self._read[kind, view] = found
        return found


def read_answers(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file, memory-mapped and held to the file's seal.

    The header is read here: the library of safetensors copies what it gives, and 50,000
    rows of 1,000 logits are 200 MB.

    Raises
    ------
    FileNotFoundError
        If there is none.
    OSError, ValueError
        If it cannot be read, or is not what was written.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, _LONGEST)))
            facts = json.loads(header.pop("__metadata__")["answers"])
            arrays = {
                name: np.memmap(
                    file,
                    dtype=_DIGITS[one["dtype"]],
                    mode="r",
                    offset=8 + length + one["data_offsets"][0],
                    shape=tuple(one["shape"]),
                ).view(np.ndarray)
                for name, one in header.items()
            }
            size = os.fstat(file.fileno()).st_size
        expected = 8 + length + sum(one.nbytes for one in arrays.values())
        seal, identity = facts["seal"], facts["identity"]
    except (*_ODD, ValueError) as error:
        raise ValueError("it is cut off, or its header is damaged") from error
    if hashlib.sha256(identity.encode()).hexdigest() != path.stem:
        raise ValueError("it is named by something else than what it says it is of")
    if size != expected or seal != _sealed(path.stem, arrays):
        raise ValueError("its digest is another")
    return arrays


def _said(logits: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """What predictions are: the class, its logit, and its share of the softmax.

    The last is of float64 as a metric would have it.
    """
    predicted = logits.argmax(axis=1)
    return {
        "predicted": predicted.astype(_DIGITS[_type_of(logits.shape[1] - 1)]),
        "largest": logits.max(axis=1),
        "confidence": confidence(logits.astype(np.float64)),
    }


def _type_of(number: int) -> str:
    return next(one for one, most in _CLASSES.items() if number <= most)


def _packed(
    key: str, what: str, identity: str, arrays: Mapping[str, NDArray[Any]]
) -> bytes:
    from safetensors.numpy import save

    whole = {name: np.ascontiguousarray(one) for name, one in arrays.items()}
    facts = {"of": what, "identity": identity, "seal": _sealed(key, whole)}
    # As one text: several would come in any order, and one content is one file.
    return bytes(save(whole, metadata={"answers": json.dumps(facts)}))


def _sealed(key: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Over the file's name, too: none stands for another."""
    digest = hashlib.sha256(key.encode())
    for name in sorted(arrays):
        one = arrays[name]
        digest.update(f" {name} {one.dtype.str} {list(one.shape)} ".encode())
        flat = one.reshape(-1).view(np.uint8)
        for start in range(0, len(flat), _PART):
            digest.update(flat[start : start + _PART].data)
    return digest.hexdigest()
