"""Weight files: finding, checking, reading and writing them.

Only tensors are ever unpickled. torch is imported inside functions, so that a file's
digest can be had without it.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

# A counter that batch norm needs for training without a momentum alone. Weights saved
# before PyTorch 0.4.1 lack it.
COUNTER = "num_batches_tracked"


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes; computed once per path, size and time of change."""
    state = path.stat()
    return _file_digest(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _file_digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, sha256: str) -> str:
    """The file's digest, if it begins with `sha256` (empty: nothing to compare).

    Raises
    ------
    ValueError
        If it does not.
    """
    digest = file_digest(path)
    if not digest.startswith(sha256.lower()):
        raise ValueError(
            f"sha256 of {path} must begin with {sha256}, got {digest[:16]}; the file "
            "is corrupt or another one: delete it and fetch it again"
        )
    return digest


def find(file: str, folders: list[Path]) -> Path | None:
    """The first file of that name, at any depth, in the first folder that has one."""
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
        found = sorted(path for path in folder.rglob(file) if path.is_file())
        if found:
            return found[0]
    return None


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Named tensors of a ``.safetensors`` or PyTorch file, on the CPU.

    A checkpoint (a dict with the tensors under ``state_dict``) is unwrapped, and the
    prefix ``module.`` of data-parallel training is taken off.

    Raises
    ------
    ValueError
        If the file is corrupt, holds anything but tensors (a pickled module, say), or
        has no tensors where they are expected.
    """
    content = _read(path)
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    return _named_tensors(content, path)


def load_strictly(
    network: nn.Module, tensors: dict[str, Tensor], *, origin: Path
) -> None:
    """Copy tensors into a network that has exactly their names and shapes.

    Raises
    ------
    ValueError
        Naming what is missing, unexpected or of another shape. Only batch norm's
        counters may be missing: they do not take part in evaluation.
    """
    own = network.state_dict()
    counters = {name: own[name] for name in own if name.endswith(COUNTER)}
    tensors = {**{k: v for k, v in counters.items() if k not in tensors}, **tensors}
    wrong = [
        f"{name} {tuple(tensors[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in tensors and tensors[name].shape != own[name].shape
    ]
    problems = [
        _listed("missing", [name for name in own if name not in tensors]),
        _listed("unexpected", [name for name in tensors if name not in own]),
        _listed("mis-shaped", wrong),
    ]
    if any(problems):
        raise ValueError(
            f"tensors of {origin} must be those of the network, "
            f"got {'; '.join(filter(None, problems))}; "
            "they belong to another architecture, or to another number of classes"
        )
    network.load_state_dict(tensors)


def write_state_dict(tensors: dict[str, Tensor], path: Path, *, note: str = "") -> None:
    """Write a safetensors file under a temporary name, then rename it.

    The same tensors and note always give the same bytes.
    """
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    os.close(handle)
    try:
        save_file(
            {
                key: tensor.detach().cpu().contiguous()
                for key, tensor in tensors.items()
            },
            name,
            # One key: the order of several would change the bytes from run to run.
            metadata={"note": note},
        )
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _read(path: Path) -> Any:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    corrupt = f"{path} is no readable weight file, or is cut off"
    cure = "delete it and fetch it again"
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except SafetensorError as error:
            raise ValueError(f"{corrupt} ({error}); {cure}") from error
    if _is_torchscript(path):
        raise ValueError(
            f"{path} must hold tensors, got a TorchScript archive; save its "
            "`state_dict()` in a file of its own, or pass the model as "
            "`package.module:factory`"
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"Unsupported \w+: (?:GLOBAL )?([\w.]+)", str(error))
        if found is None:
            raise ValueError(f"{corrupt}; {cure}") from error
        raise ValueError(
            f"{path} must hold tensors alone, got a pickled {found[1]}: to unpickle it "
            "would run code from the file. If you trust its source, open it once where "
            "its classes can be imported, with "
            "`torch.load(path, weights_only=False)`, and save its `state_dict()`"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        why = str(error).partition(".")[0] or type(error).__name__
        raise ValueError(f"{corrupt} ({why}); {cure}") from error


def _is_torchscript(path: Path) -> bool:
    import zipfile

    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _named_tensors(content: Any, path: Path) -> dict[str, Tensor]:
    import torch

    if not isinstance(content, dict) or not content:
        raise ValueError(
            f"{path} must hold a dict of tensors, got {type(content).__name__} "
            f"of length {len(content) if hasattr(content, '__len__') else 1}"
        )
    if odd := [k for k, v in content.items() if not isinstance(v, torch.Tensor)]:
        raise ValueError(
            f"{path} must hold a dict of tensors, or a checkpoint with one under "
            f"'state_dict', but {_listed('these are none', [repr(k) for k in odd])}"
        )
    if all(name.startswith("module.") for name in content):
        content = {name.removeprefix("module."): t for name, t in content.items()}
    return dict(content)


def _listed(what: str, names: list[str], most: int = 4) -> str:
    if not names:
        return ""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{what}: {', '.join(names[:most])}{rest}"
