"""Published weight files: found, verified, and read without running what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import write_whole
from harness.digests import file_digest
from harness.errors import BadData

if TYPE_CHECKING:
    import torch


def verify(path: Path, sha256: str) -> None:
    """Refuse a file whose sha256 does not begin with what was published.

    Raises
    ------
    BadData
        Naming the file, both sums, and what to do.
    """
    found = file_digest(path)
    if not found.startswith(sha256):
        raise BadData(
            f"weights {path} are corrupt or another version: sha256 must begin with "
            f"{sha256}, got {found[:16]}...; delete the file and fetch it again"
        )


def find_file(name: str, folders: Iterable[Path]) -> Path | None:
    """The first file of that name at any depth of the folders."""
    for folder in folders:
        if (direct := folder / name).is_file():
            return direct
        if folder.is_dir() and (found := sorted(folder.rglob(name))):
            return found[0]
    return None


def save_weights(network: torch.nn.Module, path: Path) -> None:
    """Write a network's tensors as safetensors, whole or not at all.

    Raises
    ------
    HarnessError
        If the file cannot be written.
    """
    write_whole(path, weights_bytes(network), what="weights")


def weights_bytes(network: torch.nn.Module) -> bytes:
    """A network's tensors as safetensors."""
    from safetensors.torch import save

    return bytes(save(network.state_dict()))


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a .safetensors file or of anything that `torch.save` wrote.

    Checkpoints that keep them under ``state_dict``, and names that begin with
    ``module.`` (saved from DataParallel), are unwrapped. Only tensors and plain
    containers are unpickled.

    Raises
    ------
    BadData
        If the file is corrupt, or holds a pickled module instead of tensors.
    """
    content: Any
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            content = load_file(path)
        except (SafetensorError, OSError) as error:
            raise BadData(f"weights {path} cannot be read: {error}") from error
    else:
        content = _unpickle(path)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    return _tensors(path, content)


def _unpickle(path: Path) -> Any:
    import pickle

    import torch

    if _is_torchscript(path):
        raise BadData(
            f"weights {path} must hold tensors, got a TorchScript archive; save the "
            "`state_dict()` of the model in it"
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # The only place that says what was refused is the text of the error; a file of
        # another kind, a web page for one, fails without naming anything.
        if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
            raise BadData(
                f"weights {path} must hold only tensors, got a pickled {found[1]}, "
                "which could run code: where you trust the file, open it once with "
                "`torch.load(path, weights_only=False)` and save its `state_dict()`"
            ) from error
        raise BadData(
            f"weights {path} cannot be read, they are no weight file or truncated"
        ) from error
    # What a file that was cut off raises depends on where, and on its format.
    except (
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        AttributeError,
    ) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise BadData(
            f"weights {path} cannot be read, they may be truncated: {why}"
        ) from error


def _is_torchscript(path: Path) -> bool:
    import zipfile

    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _tensors(path: Path, content: Any) -> dict[str, torch.Tensor]:
    import torch

    if not isinstance(content, Mapping) or not content:
        raise BadData(f"weights {path} must hold named tensors, got {type(content)}")
    odd = [k for k, v in content.items() if not isinstance(v, torch.Tensor)]
    if odd:
        raise BadData(f"weights {path} must hold tensors only, but {odd[0]!r} is none")
    wrapped = all(name.startswith("module.") for name in content)
    return {n.removeprefix("module.") if wrapped else n: t for n, t in content.items()}


def load_strictly(
    network: torch.nn.Module, state: Mapping[str, torch.Tensor], where: str
) -> None:
    """Put tensors into a network, every one and no other.

    Raises
    ------
    BadData
        Naming the first tensors that are missing, unknown or of another shape.
    """
    own = network.state_dict()
    # Files of before batch counters were saved load all the same; they decide nothing.
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    problems = [f"no {name}" for name in own if name not in {*state, *counters}]
    problems += [f"unknown {name}" for name in state if name not in own]
    problems += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(own[name].shape)}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise BadData(
            f"weights {where} do not fit the network: {'; '.join(problems[:3])}{more}"
        )
    network.load_state_dict(dict(state), strict=False)
