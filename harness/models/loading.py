"""From an entry to a classifier that is ready to be measured.

The weights are found, checked, downloaded or trained here and nowhere else. Nothing
heavy is imported before a network is needed, so fingerprints are cheap.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.datasets.dataset import Images
from harness.models.classifier import Classifier
from harness.models.entry import ModelEntry, Published, Trained
from harness.models.weights import file_digest, find, verify
from harness.target import resolve

if TYPE_CHECKING:
    import torch

Progress = Callable[[str], None]


def load(
    entry: ModelEntry,
    *,
    weights_root: Path | None = None,
    cache_dir: Path,
    device: str | torch.device = "cpu",
    download: bool = False,
    train: Callable[[], Images] | None = None,
    progress: Progress | None = None,
) -> Classifier:
    """Build an entry's network, fill it with its weights and prepare it.

    Parameters
    ----------
    weights_root
        Folder in which published files are looked for first, at any depth.
    cache_dir
        Where downloaded and trained weights are kept.
    device
        Where the network ends up.
    download
        Whether a published file that is nowhere may be fetched.
    train
        Gives the base's training split, which entries that are trained here need.
    progress
        Called with lines about downloads and training.

    Raises
    ------
    FileNotFoundError
        If published weights are nowhere and may not be downloaded, or cannot be.
    ValueError
        If a file is corrupt, or does not fit the network; or if a network must be
        trained and `train` is missing.
    """
    if isinstance(entry.weights, Published):
        path = _published_file(
            entry, entry.weights, weights_root, cache_dir, download, progress
        )
    else:
        path = _trained_file(entry, cache_dir, train, device, progress)
    return Classifier(
        name=entry.name,
        network=_prepared(entry, path, device),
        mean=entry.mean,
        std=entry.std,
        classes=entry.classes,
        head=entry.head,
        fingerprint=_fingerprint(entry, path),
    )


def fingerprint(
    entry: ModelEntry,
    *,
    weights_root: Path | None = None,
    cache_dir: Path,
    train: Callable[[], Images] | None = None,
) -> str | None:
    """What `load` will put into the classifier, without loading or building anything.

    sha256 over the facts of the entry that decide the logits and over the weight file.
    None while there is no such file: not downloaded, or not trained yet.

    Raises
    ------
    ValueError
        If a published file is not the published one.
    """
    if isinstance(entry.weights, Published):
        path = find(entry.weights.file, _folders(weights_root, cache_dir))
        if path is not None:
            verify(path, entry.weights.sha256)
    else:
        path = trained_path(entry, cache_dir, _images(entry, train).digest)
    return _fingerprint(entry, path) if path is not None and path.is_file() else None


def trained_path(entry: ModelEntry, cache_dir: Path, data: str) -> Path:
    """Where the weights lie that are trained on the data with this digest.

    The name is a digest of all that decides them: network, recipe, seed, data and the
    source of the training.
    """
    key = _sha256({**entry.training_identity(), "data": data})
    return cache_dir / "trained" / f"{entry.base}-{entry.name}-{key[:32]}.safetensors"


def _fingerprint(entry: ModelEntry, path: Path) -> str:
    return _sha256({**entry.identity(), "weights": file_digest(path)})


def _sha256(what: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def _folders(weights_root: Path | None, cache_dir: Path) -> list[Path]:
    if weights_root is not None and not weights_root.is_dir():
        raise FileNotFoundError(
            f"the weights root must be a folder, got {str(weights_root)!r}; correct "
            "--harness-weights-root"
        )
    return [*([weights_root] if weights_root else []), cache_dir / "weights"]


def _published_file(
    entry: ModelEntry,
    weights: Published,
    weights_root: Path | None,
    cache_dir: Path,
    download: bool,
    progress: Progress | None,
) -> Path:
    folders = _folders(weights_root, cache_dir)
    path = find(weights.file, folders)
    if path is None and download and weights.url:
        from harness.models.download import fetch

        path = cache_dir / "weights" / weights.file
        fetch(weights.url, path, sha256=weights.sha256, progress=progress)
    if path is None:
        raise FileNotFoundError(_not_found(entry, weights, folders))
    verify(path, weights.sha256)
    return path


def _not_found(entry: ModelEntry, weights: Published, folders: list[Path]) -> str:
    looked = " and ".join(str(folder) for folder in folders)
    cures = ["give its folder with --harness-weights-root"]
    if weights.url:
        cures.append(f"let it be fetched from {weights.url} with --harness-download")
    advice = f"; {weights.advice}" if weights.advice else ""
    return (
        f"weights of {entry.name} must be in a file {weights.file}, which is not in "
        f"{looked}; {', or '.join(cures)}{advice}"
    )


def _images(entry: ModelEntry, train: Callable[[], Images] | None) -> Images:
    if train is None:
        raise ValueError(
            f"`train` must give the training images of {entry.base}, since "
            f"{entry.name} is trained on them, got None"
        )
    return train()


def _trained_file(
    entry: ModelEntry,
    cache_dir: Path,
    train: Callable[[], Images] | None,
    device: str | torch.device,
    progress: Progress | None,
) -> Path:
    """The trained weights' file; many processes that ask for it train once."""
    from filelock import FileLock

    images = _images(entry, train)
    path = trained_path(entry, cache_dir, images.digest)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.is_file():  # another worker may have been quicker
                _train(entry, images, path, device, progress)
    return path


def _train(
    entry: ModelEntry,
    images: Images,
    path: Path,
    device: str | torch.device,
    progress: Progress | None,
) -> None:
    import torch

    from harness.models.training import train
    from harness.models.weights import write_state_dict

    if not isinstance(entry.weights, Trained) or images.labels is None:
        raise ValueError(f"the training images of {entry.base} must have labels")

    def report(text: str) -> None:
        if progress is not None:
            progress(f"training {entry.name} on {entry.base}: {text}")

    seed = entry.weights.seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = resolve(entry.build)(**entry.parameters)
    train(
        network,
        images.pixels,
        images.labels,
        entry.weights.recipe,
        mean=entry.mean,
        std=entry.std,
        seed=seed,
        device=device,
        progress=report,
    )
    write_state_dict(network.state_dict(), path, note=f"{entry.base} {entry.name}")


def _prepared(
    entry: ModelEntry, path: Path, device: str | torch.device
) -> torch.nn.Module:
    """The network with its weights, in eval mode, without gradients, on the device."""
    import torch

    from harness.models.weights import load_strictly, read_state_dict

    tensors = read_state_dict(path)
    with torch.random.fork_rng(devices=[]):  # random weights that are thrown away
        network: torch.nn.Module = resolve(entry.build)(**entry.parameters)
    load_strictly(network, tensors, origin=path)
    return network.eval().requires_grad_(False).to(device)
