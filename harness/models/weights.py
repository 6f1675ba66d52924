"""Published weight files: found, verified, and read without running what they hold."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        if is_file(direct := folder / name):
            return direct
        # A path from the root lies in no folder, and cannot be a pattern.
        if not folder.is_dir() or Path(name).is_absolute():
            continue
        try:
            found = sorted(filter(is_file, folder.rglob(glob.escape(name))))
        except OSError:  # a name that is too long, or a folder that nobody may read
            continue
        if found:
            return found[0]
    return None


def is_file(path: Path) -> bool:
    """Whether a file is there; no where the system takes no such name."""
    try:
        return path.is_file()
    except OSError:
        return False


def weights_bytes(network: torch.nn.Module) -> bytes:
    """A network's tensors as safetensors."""
    from safetensors.torch import save

    return bytes(save(network.state_dict()))


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a .safetensors file or of anything that `torch.save` wrote.

    Checkpoints that keep them under a key, such as ``state_dict`` or ``model``, are
    unwrapped. Only tensors and plain containers are unpickled.

    Raises
    ------
    BadData
        If the file is corrupt, or holds a pickled module instead of tensors, or several
        sets of tensors.
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


# Under which tools keep a network's tensors in their checkpoints.
WRAPPERS = {
    *("state_dict", "model_state_dict", "net_state_dict", "network_state_dict"),
    *("model", "net", "network", "module", "params", "weight", "weights"),
    *("ema", "model_ema", "state_dict_ema", "ema_state_dict", "params_ema"),
}


def _tensors(path: Path, content: Any) -> dict[str, torch.Tensor]:
    if not isinstance(content, Mapping) or not content:
        raise BadData(f"weights {path} must hold named tensors, got {type(content)}")
    if _are_tensors(content):
        return dict(content)
    found = dict(_tables(content))
    known = [key for key in found if key.rpartition("/")[2] in WRAPPERS]
    if len(found) > 1 and len(known) == 1:
        found = {known[0]: found[known[0]]}
    if len(found) > 1:
        raise BadData(
            f"weights {path} must hold one set of tensors, but they lie under "
            f"{', '.join(map(repr, found))}; save the one you mean by itself: "
            f"torch.save(torch.load(FILE)[{next(iter(found))!r}], ANOTHER)"
        )
    if found:
        return dict(next(iter(found.values())))
    wrapped = content.get("state_dict")
    named = wrapped if isinstance(wrapped, Mapping) and wrapped else content
    odd = next(k for k, v in named.items() if not _are_tensors({k: v}))
    raise BadData(f"weights {path} must hold tensors only, but {odd!r} is none")


def _are_tensors(content: Mapping[Any, Any]) -> bool:
    import torch

    return bool(content) and all(
        isinstance(key, str) and isinstance(value, torch.Tensor)
        for key, value in content.items()
    )


def _tables(
    content: Mapping[Any, Any], above: str = "", depth: int = 3
) -> Iterator[tuple[str, Mapping[str, torch.Tensor]]]:
    """Every mapping inside that holds nothing but named tensors, by its path."""
    for key, value in content.items():
        if not isinstance(value, Mapping) or not isinstance(key, str):
            continue
        if _are_tensors(value):
            yield f"{above}{key}", value
        elif depth > 1:
            yield from _tables(value, f"{above}{key}/", depth - 1)


def load_strictly(
    network: torch.nn.Module, state: Mapping[str, torch.Tensor], where: str
) -> None:
    """Put tensors into a network, every one and no other.

    Names may all begin with what the network's do not, such as ``module.`` of
    DataParallel, ``_orig_mod.`` of torch.compile and ``model.`` of Lightning.

    Raises
    ------
    BadData
        Naming the first tensors that are missing, unknown, or of another shape or kind.
    """
    import torch

    own = {
        name: tensor
        for name, tensor in network.state_dict().items()
        if isinstance(tensor, torch.Tensor)  # some layers keep other state too
    }
    state = _renamed(state, set(own))
    # Files of before batch counters were saved load all the same; they decide nothing.
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    problems = [f"no {name}" for name in own if name not in {*state, *counters}]
    problems += [f"unknown {name}" for name in state if name not in own]
    both = [name for name in own if name in state]
    problems += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(own[name].shape)}"
        for name in both
        if state[name].shape != own[name].shape
    ]
    problems += [
        f"{name} is of {state[name].dtype}, not {own[name].dtype}"
        for name in both
        if _kind(state[name]) != _kind(own[name])
    ]
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise BadData(
            f"weights {where} do not fit the network: {'; '.join(problems[:3])}{more}"
        )
    network.load_state_dict(dict(state), strict=False)


def _kind(tensor: torch.Tensor) -> str:
    """Numbers of one kind may be put in place of each other, rounded at most."""
    import torch

    if tensor.is_quantized or tensor.is_complex() or tensor.dtype is torch.bool:
        return str(tensor.dtype)
    return "fractions" if tensor.is_floating_point() else "whole numbers"


def _renamed(
    state: Mapping[str, torch.Tensor], own: set[str]
) -> Mapping[str, torch.Tensor]:
    """Without the parts that all names begin with, if they fit better then."""
    tried = [state]
    # What AveragedModel counts beside the network that it wraps.
    kept = {n: tensor for n, tensor in state.items() if n != "n_averaged" or n in own}
    while len(first := {f"{name.partition('.')[0]}." for name in kept}) == 1:
        (start,) = first
        if not all(name.startswith(start) for name in kept):
            break
        kept = {name.removeprefix(start): tensor for name, tensor in kept.items()}
        tried.append(kept)
    return max(tried, key=lambda one: len(own & set(one)))
