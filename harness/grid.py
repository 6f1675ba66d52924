"""Grid: the models and datasets that the settings choose, resolved on first use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from harness.activation import Activation
from harness.answers.outputs import BASE, SavedModel
from harness.datasets.class_map import ClassMap, Rule
from harness.datasets.decoded import ON_DISK
from harness.datasets.family import called_test
from harness.datasets.images import held
from harness.datasets.remembered import MEMORY
from harness.datasets.watched import Watch, watched
from harness.errors import (
    HarnessError,
    MissingData,
    UndefinedMetricError,
    UnknownBase,
    UnknownName,
    is_pattern,
    select,
)
from harness.layer_choice import LayerChoice
from harness.measurement import Domain
from harness.models.entry import Given, ModelEntry, activation_of, is_encoder
from harness.models.population import chosen_names
from harness.models.yours.specs import SpecModel
from harness.plan import pair_ids

if TYPE_CHECKING:
    from harness.datasets.dataset import Dataset, Found
    from harness.datasets.family import Base, Family
    from harness.metrics.spec import Metric
    from harness.models.entry import Registered
    from harness.models.population import Population
    from harness.models.record import EpochRecord
    from harness.registry import Registry
    from harness.settings import Settings
    from harness.tasks.task import Task

T = TypeVar("T")
OWN_MODELS = (
    "a base of your own has the models that you name: --harness-model "
    "FILE.py:FUNCTION, FILE.pt2, FILE.onnx, torchvision:NAME or timm:NAME"
)


class Grid:
    """Models and datasets of one run, by name.

    Parameters
    ----------
    settings
        What was asked for.
    registry
        What is known.
    tell
        Shows one line about long work.
    worker
        Number of this process among those that share the run.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        tell: Callable[[str], None],
        *,
        worker: int = 0,
    ) -> None:
        self.settings = settings
        self.registry = registry
        self.tell = tell
        #: Of who looks at labels of the datasets.
        self.watch = Watch()
        self._worker = worker
        self._tasks: dict[str, Task] = {}
        self._failed: dict[str, HarnessError] = {}
        MEMORY.keep_in(settings.cache_dir)
        ON_DISK.keep_in(settings.cache_dir / "decoded", settings.decoded_cache)

    @cached_property
    def base(self) -> Base:
        """The chosen base; UnknownName with close matches if there is none."""
        bases = self.registry.bases
        if self.settings.base not in bases:
            raise UnknownBase(self.settings.base, bases)
        return bases[self.settings.base]

    @cached_property
    def _models(self) -> tuple[tuple[str, ...], dict[str, str]]:
        known = tuple(self.registry.models_of(self.base.name))
        patterns = self.settings.models
        own = tuple(
            n
            for n, e in self._entries(known).items()
            if (isinstance(e, SpecModel) and e.asked)
            or (isinstance(e, ModelEntry) and isinstance(e.weights, Given))
        )
        if patterns or own:
            chosen = tuple(sorted({*own, *self._named(patterns, known)}))
        else:
            chosen = self._usual(known)
        present, absent = [], {}
        for name in chosen:
            try:
                self.registry.model(self.base.name, name).locate(self.settings)
            except MissingData as error:
                if name in patterns or name in own:
                    raise
                absent[name] = str(error)
            else:
                present.append(name)
        # Tests of populations ask for no model.
        if not present and not self.registry.populations_of(self.base.name):
            raise self._no_model(absent)
        return tuple(sorted(present)), absent

    def _no_model(self, absent: Collection[str]) -> HarnessError:
        names = list(absent)
        if not names:
            return HarnessError(
                f"no model of base {self.base.name} is known; {OWN_MODELS}"
            )
        some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        return HarnessError(
            f"no model of base {self.base.name} has its weights here, of "
            f"{len(names)} ({some}); name a folder that "
            "holds weight files with --harness-weights-root, or ask for one model "
            "by name to be told where its weights come from"
        )

    def check_models(self) -> None:
        """Refuse a run without any, of a test that asks for one.

        Raises
        ------
        HarnessError
            If there are populations alone.
        """
        if not self.models:
            raise self._no_model(self._models[1])

    def _named(self, patterns: Sequence[str], known: tuple[str, ...]) -> set[str]:
        """What was asked for; of random twins those that a name says are meant."""
        from harness.models.untrained import is_twin

        of_twins = [p for p in patterns if is_twin(p) and p not in known]
        others = [p for p in patterns if p not in of_twins]
        found = set(select("model", others, known, self._of_other_bases(others)))
        if of_twins:
            twins = self.registry.twins_of(self.base.name)
            found |= set(select("model", of_twins, (*known, *twins)))
        return found

    def _of_other_bases(self, names: Sequence[str]) -> str:
        """Where models lie that this base does not have, or what else to do."""
        for base in self.registry.bases:
            known = self.registry.models_of(base)
            if base != self.base.name and any(name in known for name in names):
                return f"base {base} has it: --harness-base {base}"
        return "" if self.registry.models_of(self.base.name) else OWN_MODELS

    def _usual(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Models that are run without being asked for."""
        usual = tuple(n for n in known if self.registry.is_usual(self.base.name, n))
        return usual + self.registry.usual_twins_of(self.base.name)

    def _entries(self, names: tuple[str, ...]) -> dict[str, Registered]:
        return {n: self.registry.model(self.base.name, n) for n in names}

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models to run, sorted."""
        return self._models[0]

    @cached_property
    def encoders(self) -> tuple[str, ...]:
        """Those of the models that give features and no logits."""
        entries = self._entries(self.models)
        return tuple(name for name in self.models if is_encoder(entries[name]))

    def activation(self, model: str, classes: ClassMap | None = None) -> Activation:
        """What makes confidences of a model's logits, or of those of its answers.

        Of answers that stand for several classes by the mean of their probabilities it
        is a softmax whatever the network has: theirs are logarithms of such.
        """
        if classes is not None and not classes.one_each and classes.rule is Rule.MEAN:
            return Activation.SOFTMAX
        return activation_of(self.registry.model(self.base.name, model))

    @cached_property
    def populations(self) -> tuple[str, ...]:
        """Names of the populations to run: those asked for, or all that there are.

        Raises
        ------
        MissingData
            If one is not trained, and takes too long to be, with the command.
        """
        known = self.registry.populations_of(self.base.name)
        asked = (
            name
            for one in self.settings.population
            for name in chosen_names(one, known)
        )
        chosen = tuple(dict.fromkeys(asked)) or tuple(known)
        for name in chosen:
            known[name].locate(self.settings)
        return tuple(sorted(chosen))

    def population(self, name: str) -> Population:
        """One of them."""
        return self.registry.populations_of(self.base.name)[name]

    def population_records(self, name: str) -> tuple[EpochRecord, ...]:
        """What its networks said after every epoch; trains them if it must.

        Raises
        ------
        HarnessError
            If they cannot be had, or are not of the same epochs and images.
        """
        entry = self.population(name)

        def found() -> tuple[EpochRecord, ...]:
            records = tuple(
                entry.record(i, self.settings, self.tell)
                for i in range(len(entry.seeds))
            )
            _check_alike(name, records)
            return records

        return self._once(f"population {name}", found)

    @cached_property
    def layers(self) -> LayerChoice:
        """The chosen layers of the models."""
        entries = self._entries(self.models)
        return LayerChoice(self.settings, self.base, self.tell, entries)

    def verify(self) -> None:
        """Read the pictures of the user's own folders: a bad one shows before the run.

        Raises
        ------
        HarnessError
            If one cannot be read.
        """
        if self.base.verify is not None:
            self.base.verify(self.settings, self.tell)
        for dataset in self.datasets.values():
            if dataset.verify is not None:
                dataset.verify(self.tell)

    def task(self, name: str) -> Task:
        """A pretext task as the options choose it.

        Raises
        ------
        UnknownName
            If there is none of that name.
        ValueError
            If the base's images cannot be shown so, with what the options would have to
            be.
        """
        if self.base.name == BASE:
            raise UndefinedMetricError("outputs were saved without views of the images")
        if name not in self.registry.tasks:
            raise UnknownName("task", name, self.registry.tasks)
        if name not in self._tasks:
            chosen = self.registry.tasks[name].choose
            self._tasks[name] = chosen(self.settings, self.base.size[:2])
        return self._tasks[name]

    @cached_property
    def outcome(self) -> Metric:
        """What metrics are fitted against: a measure that asks for labels.

        Raises
        ------
        HarnessError
            If there is none of the chosen name, or it takes more than one forward pass
            over the images and one over a split of the base.
        """
        measures = self.registry.metrics.items()
        known = {name: one for name, one in measures if not one.label_free}
        name = self.settings.outcome
        if name not in known:
            raise UnknownName("outcome", name, known)
        asks = known[name].inputs
        if more := [str(ask) for ask in asks if not (ask.one_pass or ask.of_base)]:
            raise HarnessError(
                f"outcome {name} must be made of one forward pass, labels, and what is "
                f"known of the base's own splits, and asks for {', '.join(more)}"
            )
        return known[name]

    @property
    def absent_models(self) -> dict[str, str]:
        """Models that were not asked for by name and have no weights here, and why."""
        return self._models[1]

    @cached_property
    def _datasets(self) -> tuple[dict[str, Dataset], dict[str, str]]:
        self.base.locate(self.settings)
        families = self.registry.families_of(self.base.name)
        patterns = self.settings.families
        own = {family.name: family for family in self._own_families}
        families = {**families, **own}
        for name in patterns:
            if name not in families and (found := self._suffixed(name, families)):
                families[name] = found
        if patterns:
            listed = select("family", patterns, tuple(families))
        else:
            listed = tuple(n for n, f in families.items() if not f.on_request)
        chosen = [*(name for name in listed if name not in own), *own]
        datasets: dict[str, Dataset] = {}
        absent: dict[str, str] = {}
        for name in chosen:
            try:
                members = families[name].datasets(self.settings)
            except MissingData as error:
                if name in own or any(p == name for p in patterns if not is_pattern(p)):
                    raise
                absent[name] = str(error)
                continue
            for member in members:
                if member.name in datasets:
                    raise HarnessError(
                        f"dataset {member.name!r} is declared by two families: "
                        f"{datasets[member.name].family} and {name}"
                    )
                datasets[member.name] = watched(called_test(member), self.watch)
        if not datasets:
            reasons = "; ".join(absent.values()) or "the chosen families are empty"
            raise HarnessError(f"no dataset can be measured: {reasons}")
        return dict(sorted(datasets.items())), absent

    def _suffixed(self, name: str, families: dict[str, Family]) -> Family | None:
        from harness.datasets.made.corruptions import families as corruptions
        from harness.datasets.made.perturbations import families as perturbations

        found = corruptions.suffixed(name, families, self.base)
        return found or perturbations.suffixed(name, families, self.base)

    @cached_property
    def _own_families(self) -> tuple[Family, ...]:
        """Folders named with --harness-data: asked for, whatever families are."""
        from harness.datasets.folders import own_family

        found = tuple(
            own_family(own, self.base, self.tell) for own in self.settings.data
        )
        taken = set(self.registry.families_of(self.base.name))
        for family in found:
            if family.name in taken:
                raise HarnessError(
                    f"two families are called {family.name}; give the folder "
                    f"{family.source} another name: FOLDER?name=NAME"
                )
            taken.add(family.name)
        return found

    @property
    def datasets(self) -> dict[str, Dataset]:
        """The datasets to measure, by name, sorted."""
        return self._datasets[0]

    @cached_property
    def families(self) -> dict[str, tuple[Dataset, ...]]:
        """The chosen datasets by their family; both sorted by name."""
        found: dict[str, list[Dataset]] = {}
        for dataset in self.datasets.values():
            found.setdefault(dataset.family, []).append(dataset)
        return {name: tuple(found[name]) for name in sorted(found)}

    @property
    def found(self) -> dict[str, Found]:
        """What the user's own folders hold: the base's, and by dataset."""
        own = self.base.found and self.base.found(self.settings)
        return {
            **({f"{self.base.name} (test split)": own} if own else {}),
            **{n: d.found for n, d in self.datasets.items() if d.found is not None},
        }

    @property
    def absent_families(self) -> dict[str, str]:
        """Families that were not asked for by name and are not here, and why."""
        return self._datasets[1]

    @cached_property
    def device(self) -> str:
        """Where networks run."""
        from harness.answers.predictions import chosen_device

        return chosen_device(self.settings.device, worker=self._worker)

    @cached_property
    def precision(self) -> str:
        """Of the networks, but for their heads."""
        if self.settings.precision != "auto":
            return self.settings.precision  # torch and the device need not be asked
        from harness.answers.predictions import chosen_precision

        return chosen_precision(self.settings.precision, self.device)

    @cached_property
    def batch_size(self) -> int:
        """Images per call of a network."""
        from harness.answers.predictions import chosen_batch_size

        return self.settings.batch_size or chosen_batch_size(
            self.device, self.base.size
        )

    def covers(self, model: str, dataset: str) -> bool:
        """Whether there can be predictions: always, but of outputs that were saved."""
        entry = self.registry.model(self.base.name, model)
        return not isinstance(entry, SavedModel) or entry.covers(dataset)

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The (model, dataset) pairs that can be measured, in the order they are."""
        return tuple(
            (m, d) for m in self.models for d in self.datasets if self.covers(m, d)
        )

    @cached_property
    def pair_ids(self) -> tuple[str, ...]:
        """What each pair is called in node ids, by nothing but itself."""
        return pair_ids(self.pairs)

    @cached_property
    def is_plain(self) -> bool:
        """Whether all models meet all datasets, and names tell all pairs apart."""
        full = len(self.pairs) == len(self.models) * len(self.datasets)
        return full and not any(":" in one for one in self.pair_ids)

    @cached_property
    def source(self) -> Dataset:
        """The base's test split as the labelled source set of some metrics."""
        from harness.datasets.dataset import SOURCE, Dataset

        return Dataset(
            name=SOURCE,
            family=SOURCE,
            domain=Domain.INTERIOR,
            load=held(lambda: self.base.test(self.settings)),
        )

    @cached_property
    def train(self) -> Dataset:
        """The base's training split, for what is learnt from features."""
        from harness.datasets.dataset import Dataset

        return Dataset(
            name="train",
            family="train",
            domain=Domain.INTERIOR,
            load=held(lambda: self.base.train(self.settings)),
        )

    def _once(self, what: str, attempt: Callable[[], T]) -> T:
        """Try something; what cannot be had is not tried again in every cell.

        Raises
        ------
        HarnessError
            The same whenever it is asked for.
        """
        if what in self._failed:
            raise self._failed[what].with_traceback(None)
        try:
            return attempt()
        except HarnessError as error:
            self._failed[what] = error
            raise

    def peers(self, model: str, dataset: str) -> tuple[str, ...]:
        """The other chosen classifiers known on a dataset and on the source set."""
        return tuple(
            name
            for name in self.models
            if name != model
            and name not in self.encoders
            and self.covers(name, dataset)
            and self.covers(name, self.source.name)
        )


def _check_alike(name: str, records: Sequence[EpochRecord]) -> None:
    """Refuse records that cannot be stacked: of other epochs, or of other images."""
    first = records[0]
    for record in records[1:]:
        if record.epochs != first.epochs:
            raise HarnessError(
                f"networks of population {name} must have as many epochs each, got "
                f"{first.epochs} of {first.facts['model']} and {record.epochs} of "
                f"{record.facts['model']}"
            )
        for split in first.predicted.keys() & record.predicted.keys():
            if record.facts["images"][split] != first.facts["images"][split]:
                raise HarnessError(
                    f"networks of population {name} must be of the same {split} images "
                    f"with the same labels, and {record.facts['model']} is of others "
                    f"than {first.facts['model']}"
                )
