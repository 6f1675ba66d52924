"""Populations: networks of one recipe that differ in nothing but the seed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.errors import HarnessError, MissingData
from harness.models.entry import ModelEntry
from harness.models.recipe import Recipe
from harness.models.recorded_population import is_of_records
from harness.models.trained_here import TRAINED_ON_FIRST_USE, trainable, weights_of
from harness.models.trainings import Tell, Training
from harness.queries import safe_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from harness.datasets.family import Base
    from harness.datasets.images import Images
    from harness.models.record import EpochRecord
    from harness.settings import PopulationSpec, Settings

NETWORKS = 5  # where nobody says how many


@dataclass(frozen=True, slots=True, kw_only=True)
class FromSeed:
    """Weights of one network of a population, known by what decides them.

    Attributes
    ----------
    model, base, recipe, seed
        What is trained, on what, how and from where.
    in_runs
        Whether a run may train it: no where it takes long.
    command
        What to run where it may not.
    """

    model: ModelEntry
    base: Base
    recipe: Recipe
    seed: int
    in_runs: bool
    command: str

    def training(self, settings: Settings) -> Training:
        """Of this network."""
        return Training(
            entry=self.model,
            base=self.base,
            recipe=self.recipe,
            seed=self.seed,
            settings=settings,
        )

    def locate(self, entry: ModelEntry, settings: Settings) -> str:
        """The file; or that a run trains it; MissingData with the command to run."""
        self.base.locate(settings)
        training = self.training(settings)
        if training.is_made(("test",)):
            return str(training.weights)
        if self.in_runs:
            return TRAINED_ON_FIRST_USE
        raise MissingData(
            f"network {entry.name} with its record",
            [training.weights],
            f"train it with `{self.command}`",
        )

    def file(
        self, entry: ModelEntry, settings: Settings, base: Base, tell: Tell
    ) -> Path:
        """The weights, trained first, with the record, if either is not there."""
        self._make(entry, settings, tell)
        return self.training(settings).weights

    def record(self, entry: ModelEntry, settings: Settings, tell: Tell) -> EpochRecord:
        """What it said after every epoch of its training."""
        from harness.models.record import read_record

        self._make(entry, settings, tell)
        return read_record(self.training(settings).record)

    def _make(self, entry: ModelEntry, settings: Settings, tell: Tell) -> None:
        from harness.models.record import SPLITS

        if self.locate(entry, settings) == TRAINED_ON_FIRST_USE:
            weights_of(self.training(settings), SPLITS, entry.name, tell)


class Population(Protocol):
    """Networks that are one subject, with what they said after every epoch."""

    @property
    def name(self) -> str:
        """On the command line and in reports."""

    @property
    def base(self) -> str:
        """Name of what they are trained on."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """One a network."""

    @property
    def members(self) -> tuple[ModelEntry, ...]:
        """The networks, as models; none where there are records alone."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the members."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of each network the population of one recipe that it is of."""

    def locate(self, settings: Settings) -> str:
        """Where they come from, for people; MissingData if they cannot be had."""

    def images(self, split: str, settings: Settings) -> Images:
        """What its records of a split are of."""

    def record(self, i: int, settings: Settings, tell: Tell) -> EpochRecord:
        """What one of them said after every epoch."""

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over all that decides what they say, and said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationEntry:
    """Networks of one recipe from several seeds, as one subject.

    Attributes
    ----------
    name, base
        Of it, on the command line and in reports; what they are trained on.
    seeds
        One network each.
    members
        The networks, as models that can be run by themselves.
    """

    name: str
    base: str
    seeds: tuple[int, ...]
    members: tuple[ModelEntry, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the members: NAME-seed3."""
        return tuple(member.name for member in self.members)

    @property
    def kinds(self) -> tuple[str, ...]:
        """All of one."""
        return (self.name,) * len(self.seeds)

    def locate(self, settings: Settings) -> str:
        """Where the members come from, for people; MissingData of the first that lacks.

        Its cure is the command that trains them all.
        """
        found = dict.fromkeys(member.locate(settings) for member in self.members)
        return ", ".join(found)

    def images(self, split: str, settings: Settings) -> Images:
        """What its records of a split are of, with the labels of the training."""
        from harness.models.record import DURING

        weights = self.members[0].weights
        assert isinstance(weights, FromSeed)
        part = "train" if split == DURING else split
        return weights.training(settings).images(part)

    def record(self, i: int, settings: Settings, tell: Tell) -> EpochRecord:
        """What one member said after every epoch."""
        member = self.members[i]
        weights = member.weights
        assert isinstance(weights, FromSeed)
        return weights.record(member, settings, tell)

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over the members' and their records' digests, in the seeds' order."""
        parts = [
            [member.fingerprint(settings, base, tell), record.digest]
            for i, member in enumerate(self.members)
            for record in [self.record(i, settings, tell)]
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedPopulation:
    """Networks of several kinds, as one subject.

    Attributes
    ----------
    name
        On the command line and in reports.
    parts
        Populations of one base, of which each is of one kind.
    """

    name: str
    parts: tuple[Population, ...]

    @property
    def base(self) -> str:
        """Of all."""
        return self.parts[0].base

    @property
    def seeds(self) -> tuple[int, ...]:
        """One a network, those of the first kind first; kinds may share some."""
        return tuple(seed for part in self.parts for seed in part.seeds)

    @property
    def members(self) -> tuple[ModelEntry, ...]:
        """Of all kinds; none where one has records alone."""
        if not all(part.members for part in self.parts):
            return ()
        return tuple(member for part in self.parts for member in part.members)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the members."""
        return tuple(member.name for member in self.members)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those of the parts."""
        return tuple(kind for part in self.parts for kind in part.kinds)

    def locate(self, settings: Settings) -> str:
        """Where the parts come from."""
        return ", ".join(dict.fromkeys(part.locate(settings) for part in self.parts))

    def images(self, split: str, settings: Settings) -> Images:
        """Of the first; the others' records say whether theirs are the same."""
        return self.parts[0].images(split, settings)

    def record(self, i: int, settings: Settings, tell: Tell) -> EpochRecord:
        """That of a network of some part."""
        for part in self.parts:
            if i < len(part.seeds):
                return part.record(i, settings, tell)
            i -= len(part.seeds)
        raise IndexError(i)

    def fingerprint(self, settings: Settings, base: Base, tell: Tell) -> str:
        """sha256 over those of the parts, in their order."""
        parts = [part.fingerprint(settings, base, tell) for part in self.parts]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def population(
    name: str,
    *,
    base: Base,
    model: ModelEntry,
    recipe: Recipe | None = None,
    seeds: Sequence[int] = range(NETWORKS),
) -> PopulationEntry:
    """The entry behind `Registry.add_population`; nothing is trained yet.

    Raises
    ------
    HarnessError
        If the model is none that the harness trains, or there are no seeds, or one
        twice or out of range.
    """
    found = trainable(model)
    if found is None:
        raise HarnessError(
            f"model {model.name} of population {name} must be one that the harness "
            "trains, got one whose weights come from elsewhere"
        )
    chosen = recipe or found[1].recipe
    seeds = tuple(seeds)
    if not seeds or len(set(seeds)) < len(seeds) or not _are_seeds(seeds):
        raise HarnessError(
            f"`seeds` of population {name} must be different whole numbers from 0 to "
            f"2**63 - 1, one at least, got {list(seeds)}"
        )
    command = _command(base.name, model.name, found[1].recipe, chosen, seeds)
    members = tuple(
        replace(
            model,
            name=f"{name}-seed{seed}",
            weights=FromSeed(
                model=model,
                base=base,
                recipe=chosen,
                seed=seed,
                in_runs=found[1].on_first_use or found[1].quick,
                command=command,
            ),
            source=f"population {name}, trained here",
            accuracy=None,
            on_request=True,
        )
        for seed in seeds
    )
    return PopulationEntry(name=name, base=base.name, seeds=seeds, members=members)


def parts_of(target: str) -> tuple[str, ...]:
    """Models, populations or records of which a population is asked for: ``A+B``."""
    return tuple(target.split("+"))


def chosen_names(spec: PopulationSpec, known: Collection[str]) -> tuple[str, ...]:
    """What the populations are called that the command line asks for by one option.

    One for each share of label noise.

    Parameters
    ----------
    known
        Populations that are registered, which keep their names.

    Examples
    --------
    >>> from harness.settings import PopulationSpec
    >>> chosen_names(PopulationSpec(target="lenet", networks=3), ())
    ('lenet-x3',)
    >>> chosen_names(PopulationSpec(target="lenet+runs/a*.npz", epochs=20), ())
    ('lenet-x5-e20+a',)
    >>> chosen_names(PopulationSpec(target="mlp", label_noise=(0, 0.5)), ())
    ('mlp-x5-noise0', 'mlp-x5-noise0.5')
    """
    if spec.target in known:
        return (spec.target,)
    shares = [f"-noise{share:g}" for share in spec.label_noise] or [""]
    if spec.name:
        return tuple(spec.name + share for share in shares)
    return tuple(
        "+".join(part_name(p, spec, known, share) for p in parts_of(spec.target))
        for share in shares
    )


def part_name(
    part: str, spec: PopulationSpec, known: Collection[str], share: str = ""
) -> str:
    """What one kind of a population is called; `share` is the end for its noise."""
    if part in known:
        return part
    if is_of_records(part):
        return safe_name(Path(part).stem)
    length = f"-e{spec.epochs}" if spec.epochs else ""
    return f"{part}-x{spec.networks or NETWORKS}{length}{share}"


def _are_seeds(seeds: Sequence[object]) -> bool:
    return all(
        isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**63
        for seed in seeds
    )


def _command(
    base: str, model: str, own: Recipe, chosen: Recipe, seeds: Sequence[int]
) -> str:
    """What trains all members, where seeds follow each other, or the first of them."""
    following = list(seeds) == list(range(seeds[0], seeds[0] + len(seeds)))
    parts = [f"harness train --base {base} --model {model}"]
    if following and len(seeds) > 1:
        parts.append(f"--networks {len(seeds)}")
    parts.append(f"--train-seed {seeds[0]}")
    for field in fields(Recipe):
        value = getattr(chosen, field.name)
        if value == getattr(own, field.name):
            continue
        flag = field.name.replace("_", "-")
        if isinstance(value, bool):
            parts.append(f"--{'' if value else 'no-'}{flag}")
        elif isinstance(value, tuple):
            parts.append(f"--{flag} {','.join(map(str, value))}")
        else:
            parts.append(f"--{flag} {value}")
    return " ".join(parts)
