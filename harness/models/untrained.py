"""Random twins: the networks of other entries as they were before any training.

What a number of features says of training is its distance from the twin's.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.artifacts import made_once
from harness.models.entry import ModelEntry, Tell
from harness.models.weights import weights_bytes

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.settings import Settings

SUFFIX = "-random"
#: Of the twins that there are of each network.
SEEDS = (0, 1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Untrained:
    """Weights as the network's own code draws them, in eval mode like all others.

    They are drawn once and kept, so that every process has the same.

    Attributes
    ----------
    seed
        Of torch, before the network is made: as a training from this seed begins.
    """

    seed: int

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """That they are drawn."""
        return f"random, seed {self.seed}"

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The file, drawn first if it is nowhere."""
        import torch

        what = [entry.identity(), self.seed, torch.__version__]
        text = json.dumps(what, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        name = f"{base.name}-{entry.name}-{digest}.safetensors"

        def drawn() -> bytes:
            return weights_bytes(drawn_network(entry, self.seed))

        path = settings.cache_dir / "models" / name
        return made_once(path, drawn, what="random weights", tell=tell)


def drawn_network(entry: ModelEntry, seed: int) -> torch.nn.Module:
    """The network as its own code makes it, from a seed of torch's."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return entry.build_network()


def twin_names(name: str) -> tuple[str, ...]:
    """What the random twins of a model are called, one a seed.

    Examples
    --------
    >>> twin_names("lenet")
    ('lenet-random', 'lenet-random1', 'lenet-random2')
    """
    return tuple(f"{name}{SUFFIX}{seed or ''}" for seed in SEEDS)


def is_twin(name: str) -> bool:
    """Whether a name, or a wildcard, is of random twins.

    Examples
    --------
    >>> is_twin("lenet-random"), is_twin("*-random?"), is_twin("lenet*")
    (True, True, False)
    """
    return re.search(rf"{SUFFIX}(\d|\?|\*)?$", name) is not None


def twinned(name: str) -> tuple[str, int] | None:
    """The model whose twin has this name, and the seed; None if it is none.

    Examples
    --------
    >>> twinned("lenet-random"), twinned("lenet-random2"), twinned("lenet")
    (('lenet', 0), ('lenet', 2), None)
    """
    found = re.fullmatch(rf"(.+){SUFFIX}([12])?", name)
    return (found[1], int(found[2] or 0)) if found else None


def random_twin(entry: ModelEntry, seed: int) -> ModelEntry:
    """The entry of a random twin: the same code, normalisation and layers."""
    return replace(
        entry,
        name=twin_names(entry.name)[SEEDS.index(seed)],
        weights=Untrained(seed=seed),
        source=f"the network of {entry.name}, untrained",
        licence="",
        accuracy=None,
        on_request=True,
    )
