"""Registry: bases, models, families and metrics that a run can choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from harness.activation import Activation
from harness.datasets.family import Base, Family
from harness.errors import HarnessError, UnknownBase, UnknownName, is_pattern
from harness.lasting import lasting
from harness.measurement import Axes, Domain
from harness.settings import PopulationSpec
from harness.traits import Trait, checked_traits

if TYPE_CHECKING:
    import torch

    from harness.analysis.aggregates import Aggregate
    from harness.datasets.dataset import Dataset
    from harness.datasets.geometry import Geometry
    from harness.datasets.own_base import Part
    from harness.datasets.truth import Truth
    from harness.metrics.spec import Metric
    from harness.models.entry import ModelEntry, Registered
    from harness.models.population import Population
    from harness.models.recipe import Recipe
    from harness.report.section import Section
    from harness.settings import Settings
    from harness.tasks import PretextTask


class _Named(Protocol):
    @property
    def name(self) -> str: ...


K = TypeVar("K")
V = TypeVar("V", bound=_Named)


class Registry:
    """Tables of entries by name; starts with what the harness brings along.

    Conftest files and plugins add to it through the hook `pytest_harness_register`.
    """

    # Filled when first asked for: a project without cells imports none of it.

    @cached_property
    def bases(self) -> dict[str, Base]:
        """All bases by name."""
        with lasting("harness.datasets.bases"):
            from harness.datasets.bases import BASES

        found: dict[str, Base] = {}
        for base in BASES:
            _put(found, base.name, base, "base", base.name)
        return found

    @cached_property
    def _models(self) -> dict[tuple[str, str], Registered]:
        with lasting("harness.models.entries"):
            from harness.models.entries import ENTRIES

        found: dict[tuple[str, str], Registered] = {}
        for entry in ENTRIES:
            self._put_model(found, entry)
        return found

    @cached_property
    def _families(self) -> dict[tuple[str, str], Family]:
        with lasting("harness.datasets.families"):
            from harness.datasets.families import FAMILIES

        found: dict[tuple[str, str], Family] = {}
        for family in FAMILIES:
            self._put_family(found, family)
        return found

    @cached_property
    def aggregates(self) -> dict[str, Aggregate]:
        """All aggregates, by name."""
        from harness.analysis.aggregates import AGGREGATES

        found: dict[str, Aggregate] = {}
        for aggregate in AGGREGATES:
            _put(found, aggregate.name, aggregate, "aggregate", aggregate.name)
        return found

    @cached_property
    def _sections(self) -> dict[str, Section]:
        return {}

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """All metrics that have declared facts, by name."""
        with lasting("harness.metrics"):
            from harness.metrics import METRICS

        found: dict[str, Metric] = {}
        for metric in METRICS:
            _put(found, metric.name, metric, "metric", metric.name)
        return found

    @cached_property
    def tasks(self) -> dict[str, PretextTask]:
        """All pretext tasks by name."""
        from harness.tasks import TASKS

        found: dict[str, PretextTask] = {}
        for task in TASKS:
            _put(found, task.name, task, "task", task.name)
        return found

    @cached_property
    def _versions(self) -> dict[str, str]:
        return {}

    # --- asking -----------------------------------------------------------------------

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections that were added to the report, in their order."""
        return tuple(self._sections.values())

    def spec_of(self, metric: object) -> Metric | None:
        """The declared facts of a metric that is given by name, function or itself.

        None where it has none. A `Metric` need not be registered.
        """
        from harness.metrics.spec import Metric

        if isinstance(metric, Metric):
            return metric
        if isinstance(metric, str):
            return self.metrics.get(metric)
        return next((m for m in self.metrics.values() if m.fn is metric), None)

    def name_at(self, metric: str, axes: Axes) -> tuple[str, Axes]:
        """What a metric is called at a place along its axes, and the axes left.

        Itself, but for places that have a name of their own; see `Metric.stands_for`.
        """
        for one in self.metrics.values() if axes else ():
            if one.stands_for and one.stands_for[0] == metric:
                said = set(one.stands_for[1])
                if said <= set(axes):
                    return one.name, Axes(pair for pair in axes if pair not in said)
        return metric, axes

    def version_of(self, metric: Metric) -> str:
        """Digest of a metric's code, so that a stored value of other code is known.

        Of a metric that was added: of its function, what that reads, and its files.
        Empty for one that is not registered: its code is in the key of the test that
        brings it along.
        """
        known = self.metrics.get(metric.name)
        if known is None or known.fn is not metric.fn:
            return metric.version
        if metric.name not in self._versions:
            self._versions[metric.name] = metric.version or _digest_of(metric)
        return self._versions[metric.name]

    @cached_property
    def _populations(self) -> dict[tuple[str, str], Population]:
        return {}

    def populations_of(self, base: str) -> dict[str, Population]:
        """The populations of a base by name, sorted."""
        return {n: e for (b, n), e in sorted(self._populations.items()) if b == base}

    def models_of(self, base: str) -> dict[str, Registered]:
        """The models of a base by name, sorted."""
        return {n: e for (b, n), e in sorted(self._models.items()) if b == base}

    def families_of(self, base: str) -> dict[str, Family]:
        """The families of a base by name, sorted."""
        return {n: f for (b, n), f in sorted(self._families.items()) if b == base}

    def model(self, base: str, name: str) -> Registered:
        """One model of a base; UnknownName, with close matches, if there is none.

        NAME-rotation and so on are models where NAME is one that can be trained for a
        pretext task, from the first time that they are asked for, and so is
        NAME-sigmoid. NAME-random is one where NAME is, and in no list of models.
        """
        if (base, name) in self._models:
            return self._models[base, name]
        if twin := self._twin(base, name):
            return twin
        trained = self._trained_otherwise(base, name)
        if trained is None:
            raise UnknownName("model", name, self.models_of(base))
        self._put_model(self._models, trained)
        return trained

    def _twin(self, base: str, name: str) -> ModelEntry | None:
        from harness.models.entry import ModelEntry
        from harness.models.untrained import random_twin, twinned

        found = twinned(name)
        entry = self._models.get((base, found[0])) if found else None
        if found is None or type(entry) is not ModelEntry:
            return None
        return random_twin(entry, found[1])

    def twins_of(self, base: str) -> tuple[str, ...]:
        """Names of the random twins of a base's models, which are in no list of these.

        Of networks whose code is known apart from their weights, and which are not
        another's, trained in another way.
        """
        from harness.models.entry import ModelEntry
        from harness.models.untrained import twin_names

        return tuple(
            twin
            for name, entry in self.models_of(base).items()
            if type(entry) is ModelEntry
            for twin in twin_names(name)
        )

    def _encoder(self, base: str, name: str) -> ModelEntry | None:
        """The network of another model, trained for a task; None if it is no such."""
        from harness.models.entry import ModelEntry
        from harness.models.pretext.options import PRETEXTS, split_name
        from harness.models.published.pretext_encoders import pretext_of

        stem, task = split_name(name)
        entry = self._models.get((base, stem)) if task else None
        if not isinstance(entry, ModelEntry) or not entry.head:
            return None
        return pretext_of(entry, PRETEXTS[task](), self.bases[base].size)

    def _sigmoid(self, base: str, name: str) -> ModelEntry | None:
        """The network of another model, trained with sigmoids; None if it is no such.

        Not of one whose network was made for another objective.
        """
        from harness.models.entry import ModelEntry
        from harness.models.published.sigmoids import SUFFIX, sigmoid_of

        entry = self._models.get((base, name.removesuffix(SUFFIX)))
        if not name.endswith(SUFFIX) or type(entry) is not ModelEntry:
            return None
        return sigmoid_of(entry)

    def _trained_otherwise(self, base: str, name: str) -> ModelEntry | None:
        """NAME-rotation, NAME-sigmoid and so on, which are in no table."""
        return self._encoder(base, name) or self._sigmoid(base, name)

    @cached_property
    def _usual(self) -> set[tuple[str, str]]:
        return set()

    def is_usual(self, base: str, name: str) -> bool:
        """Whether a run has a model that nobody asked for by name."""
        on_request = getattr(self.model(base, name), "on_request", False)
        return not on_request or (base, name) in self._usual

    # --- adding -----------------------------------------------------------------------

    def usual_twins_of(self, base: str) -> tuple[str, ...]:
        """Those of them that a suite runs without being asked."""
        twins = set(self.twins_of(base))
        return tuple(sorted(n for b, n in self._usual if b == base and n in twins))

    def add_base(
        self,
        name: str,
        classes: Sequence[str],
        train: Part | None,
        test: Part,
        *,
        size: int | tuple[int, int, int] | None = None,
        geometry: Geometry | None = None,
        description: str = "a base of your own",
        source: str = "",
        licence: str = "your own",
    ) -> None:
        """Add a base of your own, and the families that every base has.

        These are its test split, `interior` and the pools of it; NAME-c is the test
        split under the corruptions of CIFAR-10-C or ImageNet-C.

        Parameters
        ----------
        name
            Its name on the command line, new.
        classes
            In the order of networks' outputs.
        train, test
            Each a folder (one folder a class, or ``data.npy`` and ``labels.npy``), or a
            function that returns ``(images, labels)``: (n, height, width, channels)
            uint8 and (n,) whole numbers. `train` may be None: what learns from training
            images then says that there are none.
        size
            (height, width, channels) of every image, or one number for that many pixels
            on either side, of three channels. Pictures of other sizes are stretched to
            it. Without it a folder's own is taken; a function's must be said.
        geometry
            Of pictures of any size, in its place: how they are prepared for networks
            that say nothing themselves.
        description, source, licence
            For `harness list bases`.
        """
        from harness.datasets.own_base import registered_base

        base = registered_base(
            name,
            classes,
            train,
            test,
            size=size,
            geometry=geometry,
            description=description,
            source=source,
            licence=licence,
        )
        self.add_base_with_families(base)

    def add_base_with_families(self, base: Base) -> None:
        """Add a base with everything said, and the families that every base has."""
        from harness.datasets.bases.shared import shared

        self.add_base_entry(base)
        for family in shared(base):
            self.add_family(family)

    def add_base_entry(self, base: Base) -> None:
        """Add a base with everything said and no family; see `add_base`."""
        _put(self.bases, base.name, base, "base", base.name)

    def add_entry(self, entry: Registered) -> None:
        """Add a model with everything said; see `add_model` for the short way."""
        self._put_model(self._models, entry)

    def add_usual(self, base: str, model: str) -> None:
        """Run a model on request without being asked: one that a suite is about."""
        self.model(base, model)
        self._usual.add((base, model))

    def add_family(self, family: Family) -> None:
        """Add a family; see `add_dataset` for a single set of images."""
        self._put_family(self._families, family)

    def add_model(
        self,
        name: str,
        *,
        base: str,
        build: Callable[[], torch.nn.Module] | str,
        head: str = "",
        mean: tuple[float, ...],
        std: tuple[float, ...],
        kind: str = "classifier",
        layers: tuple[str, ...] = (),
        activation: str = Activation.SOFTMAX,
    ) -> None:
        """Add a network of your own.

        Parameters
        ----------
        name
            Its name on the command line; avoid words of metrics and families, so that
            -k stays sharp.
        base
            What it was trained on, which decides classes and image size.
        build
            Returns the network with its weights in place, or "package.module:function"
            that does.
        head
            Dotted name of its last linear layer; empty to have it looked for.
        mean, std
            Normalisation per channel, of images scaled to [0, 1].
        kind
            "classifier", or "encoder" for a network that gives features and no logits.
        layers
            Dotted names of the parts that features can be taken of, in the order that
            they run; empty for all that a dry run finds.
        activation
            "softmax", or "sigmoid" of a network trained with binary cross entropy.
        """
        from harness.models.yours.own import own_model

        entry = own_model(
            name=name,
            base=base,
            build=build,
            head=head,
            mean=mean,
            std=std,
            kind=kind,
            layers=layers,
            activation=activation,
        )
        self.add_entry(entry)

    def add_population(
        self,
        name: str,
        *,
        base: str,
        model: str | ModelEntry,
        recipe: Recipe | None = None,
        seeds: Sequence[int] = range(5),
    ) -> None:
        """Add networks of one recipe from several seeds, as one subject.

        They are trained when something first asks for them, where that takes seconds or
        they are your own; and are models too, NAME-seed0 and so on, run where
        --harness-models names them.

        Parameters
        ----------
        name
            Its name on the command line and in reports; no model's.
        base
            What they are trained on.
        model
            A model that the harness trains, as `harness train` names it; or an entry of
            your own, whose weights are `TrainedHere`.
        recipe
            How; the model's own if there is none.
        seeds
            Of training: one network each.
        """
        from harness.models.population import population

        self._check_base(base)
        if isinstance(model, str):
            model = self.trainable(base, model)
        entry = population(
            name, base=self.bases[base], model=model, recipe=recipe, seeds=seeds
        )
        self._put_population(entry)
        for member in entry.members:
            self._put_model(self._models, member)

    def add_recorded_population(
        self,
        name: str,
        *,
        base: str,
        files: Sequence[str | Path],
        split: str = "test",
    ) -> None:
        """Add networks that others trained, of which records are here and no more.

        Parameters
        ----------
        name
            Its name on the command line and in reports; no model's.
        base
            The base whose images they may be of; records have to prove it.
        files
            One a network, as `harness.Recorder` writes them, or pickles as published.
        split
            "train" or "test": which images pickles are of.
        """
        from harness.models.recorded_population import RecordedPopulation

        self._check_base(base)
        if not files:
            raise HarnessError(f"`files` of population {name} must be one at least")
        self._put_population(
            RecordedPopulation(
                name=name,
                of=self.bases[base],
                files=tuple(map(Path, files)),
                split=split,
            )
        )

    def add_mixed_population(self, name: str, *, base: str, of: Sequence[str]) -> None:
        """Add networks of several kinds as one subject.

        Parameters
        ----------
        name
            Its name on the command line and in reports; no model's.
        base
            Of all of them.
        of
            Names of populations that are registered, two at least.
        """
        from harness.models.population import MixedPopulation

        known = self.populations_of(base)
        if len(set(of)) < 2:
            raise HarnessError(
                f"population {name} must be of two others at least, got {list(of)}"
            )
        for one in of:
            if one not in known:
                raise UnknownName("population", one, known)
        self._put_population(
            MixedPopulation(name=name, parts=tuple(known[one] for one in of))
        )

    def _put_population(self, entry: Population) -> None:
        base, name = key = entry.base, entry.name
        if key in self._models:
            raise HarnessError(
                f"population {name} of base {base} is called as a model is; choose "
                "another name"
            )
        _put(self._populations, key, entry, "population", f"{name} of base {base}")

    def add_chosen_models(self, settings: Settings) -> None:
        """Add NAME-rotation, NAME-sigmoid and so on where --harness-models has them."""
        for name in settings.models:
            if not is_pattern(name) and self._trained_otherwise(settings.base, name):
                self.model(settings.base, name)

    def add_chosen_populations(self, settings: Settings) -> None:
        """Add those of models that the command line asks for.

        Raises
        ------
        HarnessError
            If there is no such model, or a registered one is asked to be another.
        """
        from harness.models.population import chosen_names, part_name, parts_of

        for spec in settings.population:
            known = self.populations_of(settings.base)
            if spec.target in known:
                if spec != PopulationSpec(target=spec.target):
                    raise HarnessError(
                        f"population {spec.target} must be run as it is registered; "
                        "leave the facts after its name out"
                    )
                continue
            self._check_base(settings.base)
            parts, shares = parts_of(spec.target), spec.label_noise or (None,)
            for name, share in zip(chosen_names(spec, known), shares, strict=True):
                if len(parts) == 1:
                    self._add_chosen(name, parts[0], spec, share, settings)
                    continue
                noise = "" if share is None else f"-noise{share:g}"
                kinds = [part_name(part, spec, known, noise) for part in parts]
                for kind, part in zip(kinds, parts, strict=True):
                    if kind not in self.populations_of(settings.base):
                        self._add_chosen(kind, part, spec, share, settings)
                self.add_mixed_population(name, base=settings.base, of=kinds)

    def _add_chosen(
        self,
        name: str,
        target: str,
        spec: PopulationSpec,
        share: float | None,
        settings: Settings,
    ) -> None:
        """One of a model or of records, under a name."""
        from harness.models.population import NETWORKS
        from harness.models.recorded_population import files_of, is_of_records
        from harness.models.trained_here import trainable

        if spec.split and not is_of_records(target):
            raise HarnessError(
                f"population {target} has records of all splits; leave `split` out"
            )
        if is_of_records(target):
            alone = spec.target == target
            if alone and (spec.networks or spec.epochs or spec.label_noise):
                raise HarnessError(
                    f"population {target} is of records, whose networks and epochs are "
                    "what they are; leave the facts of a training out"
                )
            self.add_recorded_population(
                name,
                base=settings.base,
                files=files_of(target),
                split=spec.split or "test",
            )
            return
        model = self.trainable(settings.base, target)
        found = trainable(model)
        assert found is not None
        recipe = found[1].recipe
        recipe = replace(
            recipe,
            epochs=spec.epochs or recipe.epochs,
            label_noise=recipe.label_noise if share is None else share,
        )
        first = settings.training_seed
        self.add_population(
            name,
            base=settings.base,
            model=model,
            recipe=recipe,
            seeds=range(first, first + (spec.networks or NETWORKS)),
        )

    def trainable(self, base: str, name: str) -> ModelEntry:
        """A model that the harness trains; UnknownName if there is none."""
        from harness.models.trained_here import trainable

        if (base, name) not in self._models and self._trained_otherwise(base, name):
            self.model(base, name)
        known = {
            own: found[0]
            for own, entry in self.models_of(base).items()
            if (found := trainable(entry))
        }
        if name not in known:
            raise UnknownName("trainable model", name, known)
        return known[name]

    def add_dataset(
        self,
        name: str,
        *,
        base: str,
        load: Callable[[], Any],
        domain: Domain | str = Domain.EXTERIOR,
        traits: Mapping[str, Trait] | None = None,
        truth: Truth | None = None,
    ) -> None:
        """Add a set of images of your own, as a family of one.

        Parameters
        ----------
        name
            Its name on the command line.
        base
            The base whose models can classify it.
        load
            Returns ``(images, labels)``, or images alone for a target: uint8 arrays of
            shape (n, height, width, channels), and (n,) whole numbers. Labels may also
            be (n, classes) truth values, or a list of whole numbers for each image: any
            of them is right, and images that have none are left out of the accuracy.
        domain
            "exterior", "interior", or "target" for a set without labels.
        traits
            Facts of the set, ``{"weather": "fog", "severity": 3}``: texts and numbers.
            Every report carries them. Intervals leave out sets of one family and one
            `corruption` together.
        truth
            In place of labels that `load` returns, where some classes only are answers,
            several stand for one answer, or all labels of an image hold: see
            `harness.datasets.truth`.
        """
        from harness.datasets.own import own_dataset

        known = checked_traits(name, traits or {})

        if domain not in list(Domain):
            raise UnknownName("domain", str(domain), [str(d) for d in Domain])
        domain = Domain(domain)

        def datasets(settings: Settings) -> tuple[Dataset, ...]:
            return (own_dataset(name, domain, load, self.bases[base], known, truth),)

        self.add_family(
            Family(
                name=name,
                base=base,
                domain=domain,
                datasets=datasets,
                description="registered by a conftest or plugin",
            )
        )

    def add_metric(self, metric: Metric) -> None:
        """Add a metric of your own, known by its name from then on.

        It is listed, measured by ``measure(NAME)``, stored until its code changes, and
        predicted with where one forward pass is all that it needs.

        Parameters
        ----------
        metric
            A `harness.metrics.Metric`: the function and its declared facts.
        """
        from harness.metrics.spec import Metric

        if not isinstance(metric, Metric):
            raise HarnessError(
                "a metric must be a harness.metrics.Metric, which says its inputs, "
                f"bounds, trend and source, got {metric!r:.100}"
            )
        _put(self.metrics, metric.name, metric, "metric", metric.name)

    def add_aggregate(self, aggregate: Aggregate) -> None:
        """Add a number to be made of a model's numbers on the members of a family.

        Parameters
        ----------
        aggregate
            A `harness.analysis.aggregates.Aggregate`: a pure function, the traits that
            it goes over, and its source. A test names it in a marker,
            ``harness_aggregate``.
        """
        from harness.analysis.aggregates import Aggregate

        if not isinstance(aggregate, Aggregate):
            raise HarnessError(
                "an aggregate must be a harness.analysis.aggregates.Aggregate, got "
                f"{aggregate!r:.200}"
            )
        name = aggregate.name
        _put(self.aggregates, name, aggregate, "aggregate", name)

    def add_task(self, task: PretextTask) -> None:
        """Add a pretext task: `pretext_prediction` and `pretext_invariance` measure it.

        Parameters
        ----------
        task
            A `harness.tasks.PretextTask`: its name, its views in the order of their
            labels, and where it comes from.
        """
        _put(self.tasks, task.name, task, "task", task.name)

    def add_section(self, section: Section) -> None:
        """Add a part to the report, which every writer shows.

        Parameters
        ----------
        section
            An object with the members of `harness.report.section.Section`: its name,
            its title, `find`, `tables` and `quantities`.
        """
        for member in ("name", "title", "find", "tables", "quantities"):
            if not hasattr(section, member):
                raise HarnessError(
                    "a section must have the members of harness.report.section.Section,"
                    f" got a {type(section).__name__} without {member!r}"
                )
        _put(self._sections, section.name, section, "section", section.name)

    def _put_model(
        self, table: dict[tuple[str, str], Registered], entry: Registered
    ) -> None:
        self._check_base(entry.base)
        key = entry.base, entry.name
        if key in self._populations:
            raise HarnessError(
                f"model {entry.name} of base {entry.base} is called as a population "
                "is; choose another name"
            )
        _put(table, key, entry, "model", f"{entry.name} of base {entry.base}")

    def _put_family(self, table: dict[tuple[str, str], Family], family: Family) -> None:
        self._check_base(family.base)
        key = family.base, family.name
        _put(table, key, family, "family", f"{family.name} of base {family.base}")

    def _check_base(self, base: str) -> None:
        if base not in self.bases:
            raise UnknownBase(base, self.bases)


def _digest_of(metric: Metric) -> str:
    """Of the code of a metric that is none of the harness's."""
    import inspect

    from harness.contents import digest_of

    try:
        file = inspect.getsourcefile(inspect.unwrap(metric.fn))
    except TypeError:  # made at run time
        file = None
    files = [Path(file)] if file and Path(file).is_file() else []
    return digest_of([metric.fn], files)[:16]


def _put(table: dict[K, V], key: K, value: V, kind: str, name: str) -> None:
    """Add to a table what is not in it."""
    _check_name(value.name)
    if key in table:
        raise HarnessError(f"{kind} {name} is registered twice; choose another name")
    table[key] = value


def _check_name(name: str) -> None:
    if not name or any(mark in name for mark in "[]*?,: \t\n"):
        raise HarnessError(
            f"a name must be free of spaces, commas, colons, brackets and wildcards, "
            f"got {name!r}"
        )
