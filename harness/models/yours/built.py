"""What a specification is built into, and the weight file that it may name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError, MissingData
from harness.models.weights import (
    find_file,
    is_file,
    load_strictly,
    read_state_dict,
)

if TYPE_CHECKING:
    import torch

    from harness.datasets.geometry import Geometry
    from harness.settings import ModelSpec, Settings

PUBLISHED = "DEFAULT"  # the weights that a library recommends


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A network with its weights in place, and what came with them.

    Attributes
    ----------
    mean, std
        Normalisation that the weights were published with; empty if none was.
    geometry
        That they were published with; None if none was.
    files
        What decides the logits and is no tensor of the network: code, graphs.
    """

    network: torch.nn.Module
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    geometry: Geometry | None = None
    files: Sequence[Path] = ()


def weight_file(spec: ModelSpec, settings: Settings) -> Path | None:
    """The file that `weights` names, by its path or in the folders of weights."""
    path = spec.folder / Path(spec.weights).expanduser()
    if not spec.weights or is_file(path):
        return path if spec.weights else None
    roots = [settings.weights_root, settings.cache_dir / "weights"]
    return find_file(spec.weights, [root for root in roots if root is not None])


def chosen_weights(spec: ModelSpec, settings: Settings) -> Path | None:
    """The file that `weights` names; None if it asks for published weights.

    Raises
    ------
    HarnessError
        If nothing is said about weights: a random network is no model under test.
    MissingData
        If it names a file that is not there.
    """
    if not spec.weights:
        raise HarnessError(
            f"model {spec.target} must be given weights, without which it guesses: "
            f"write '{spec.target}?weights=FILE' for a state dict of your own, or "
            f"'{spec.target}?weights={PUBLISHED}' for the published ones"
        )
    if spec.weights == PUBLISHED:
        return None
    if found := weight_file(spec, settings):
        return found
    raise no_weights(spec)


def no_weights(spec: ModelSpec) -> MissingData:
    """That a file of weights is not there."""
    return MissingData(
        f"weights {spec.weights} of model {spec.target}",
        [spec.folder / spec.weights],
        "give the file's path, or its folder with --harness-weights-root",
    )


def put_weights(network: torch.nn.Module, path: Path) -> torch.nn.Module:
    """The network with every tensor of a file, and no other."""
    load_strictly(network, read_state_dict(path), str(path))
    return network


def check_filled(network: torch.nn.Module, name: str) -> None:
    """Refuse a network some of whose tensors hold no numbers yet.

    Raises
    ------
    HarnessError
        Naming the first of them.
    """
    from torch.nn.parameter import is_lazy

    for key, tensor in (*network.named_parameters(), *network.named_buffers()):
        if is_lazy(tensor):
            raise HarnessError(
                f"model {name} must have its weights in place, but {key} is made by "
                "its first run: run it once in the factory, then load the weights"
            )
        if tensor.is_meta:
            raise HarnessError(
                f"model {name} must have its weights in place, but {key} lies on "
                "device meta, without numbers: make it on cpu, then load the weights"
            )


def checked_network(made: object, target: str) -> torch.nn.Module:
    """What a factory returned, or HarnessError if that is no network."""
    import torch

    if not isinstance(made, torch.nn.Module):
        raise HarnessError(
            f"model {target} must return a torch.nn.Module, got {type(made).__name__}"
        )
    return made


def cannot_be(name: str, what: str, error: BaseException) -> HarnessError:
    """That something cannot be done with a network, and why."""
    if isinstance(error, HarnessError):
        return error
    reason = str(error).partition("\n")[0]
    return HarnessError(
        f"model {name} cannot be {what}: {type(error).__name__}: {reason}"
    )


def failed(target: str, error: BaseException) -> HarnessError:
    """That code of others failed, and how."""
    return cannot_be(target, "made", error)
