"""Run: the grid that the settings choose from the registry, resolved on first use."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeVar

from harness.answers.outputs import BASE, SavedModel
from harness.answers.shared_images import SharedImages
from harness.code import releases, source_digest
from harness.contents import digest_of
from harness.datasets.family import called_test
from harness.datasets.remembered import MEMORY
from harness.datasets.watched import Watch, watched
from harness.errors import (
    HarnessError,
    MissingData,
    UndefinedMetricError,
    UnknownName,
    is_pattern,
    select,
)
from harness.layer_choice import LayerChoice
from harness.measurement import Domain
from harness.models.entry import is_encoder
from harness.models.population import chosen_name
from harness.models.yours.specs import SpecModel
from harness.plan import pair_ids
from harness.settings import TOP_1, of_every_key
from harness.store import key_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.answers.outputs import SavedPredictions
    from harness.answers.predictions import Predictions
    from harness.datasets.class_map import ClassMap
    from harness.datasets.dataset import Dataset, Found
    from harness.datasets.family import Base, Family
    from harness.fixtures.outcomes import Chosen
    from harness.measurement import Measurement, Place
    from harness.metrics.spec import Metric
    from harness.models.entry import Registered
    from harness.models.network import Network
    from harness.models.population import PopulationEntry
    from harness.models.record import EpochRecord
    from harness.registry import Registry
    from harness.settings import Settings
    from harness.tasks.task import Task

# Code that decides arrays and facts whatever the metric is.
SHARED_CODE = (
    "harness.answers.outputs",
    "harness.answers.predictions",
    "harness.answers.shared_images",
    "harness.arrays",
    "harness.datasets.class_map",
    "harness.datasets.dataset",
    "harness.datasets.images",
    "harness.datasets.truth",
    "harness.fixtures.labels",
    "harness.fixtures.measure",
    "harness.fixtures.outcomes",
    "harness.fixtures.record",
    "harness.metrics.numerics.checks",
    "harness.metrics.numerics.diagnostics",
    "harness.metrics.numerics.temperature",
    "harness.models.classifier",
    "harness.models.fusion",
    "harness.models.layers",
    "harness.models.network",
    "harness.models.tap",
    "harness.models.yours.exported",
    "harness.sampling",
    "harness.views",
)

T = TypeVar("T")


class Run:
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
        self._worker = worker
        #: Seconds of forward passes so far: shared, so no cell is charged for them.
        self.forward_seconds = 0.0
        #: By model, once something asked for it; see `harness.fixtures.calibrate`.
        self.temperatures: dict[str, float] = {}
        #: By model and dataset; see `harness.fixtures.diagnostics`.
        self.signs: dict[tuple[str, str], dict[str, str]] = {}
        #: By model and dataset; see `harness.fixtures.labels`.
        self.accuracies: dict[tuple[str, str], float | None] = {}
        #: By model and dataset; see `harness.fixtures.outcomes`.
        self.outcomes: dict[tuple[str, str], Chosen] = {}
        #: By model and dataset: what is told beside the accuracy; see there.
        self.truths: dict[tuple[str, str], dict[str, str]] = {}
        #: Of who looks at labels of the datasets.
        self.watch = Watch()
        self._began = datetime.now(UTC)
        self._tasks: dict[str, Task] = {}
        self._failed: dict[str, HarnessError] = {}
        self._model_prints: dict[str, str] = {}
        self._population_prints: dict[str, str] = {}
        self._dataset_prints: dict[str, str] = {}
        self._answers: dict[tuple[str, str], NDArray[np.int32]] = {}
        self._predicted: dict[tuple[str, str], NDArray[np.unsignedinteger]] = {}
        self._images = SharedImages()
        MEMORY.keep_in(settings.cache_dir)

    @cached_property
    def base(self) -> Base:
        """The chosen base; UnknownName with close matches if there is none."""
        bases = self.registry.bases
        if self.settings.base not in bases:
            raise UnknownName("base", self.settings.base, bases)
        return bases[self.settings.base]

    @cached_property
    def _models(self) -> tuple[tuple[str, ...], dict[str, str]]:
        known = tuple(self.registry.models_of(self.base.name))
        patterns = self.settings.models
        own = tuple(
            n
            for n, e in self._entries(known).items()
            if isinstance(e, SpecModel) and e.asked
        )
        if patterns or own:
            chosen = tuple(sorted({*own, *select("model", patterns, known)}))
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
        if not present:
            names = list(absent)
            some = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
            raise HarnessError(
                f"no model of base {self.base.name} has its weights here, of "
                f"{len(names)} ({some or 'none is registered'}); name a folder that "
                "holds weight files with --harness-weights-root, or ask for one model "
                "by name to be told where its weights come from"
            )
        return tuple(sorted(present)), absent

    def _usual(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Models that are run without being asked for."""
        entries = self._entries(known)
        return tuple(n for n in known if not getattr(entries[n], "on_request", False))

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
            one.target if one.target in known else chosen_name(one)
            for one in self.settings.population
        )
        chosen = tuple(dict.fromkeys(asked)) or tuple(known)
        for name in chosen:
            known[name].locate(self.settings)
        return tuple(sorted(chosen))

    def population(self, name: str) -> PopulationEntry:
        """One of them."""
        return self.registry.populations_of(self.base.name)[name]

    def population_records(self, name: str) -> tuple[EpochRecord, ...]:
        """What its networks said after every epoch; trains them if it must."""
        entry = self.population(name)
        return self._once(
            f"population {name}",
            lambda: tuple(
                entry.record(i, self.settings, self.tell)
                for i in range(len(entry.seeds))
            ),
        )

    @cached_property
    def layers(self) -> LayerChoice:
        """The chosen layers of the models."""
        entries = self._entries(self.models)
        return LayerChoice(self.settings, self.base, self.tell, entries)

    def check(self) -> None:
        """Refuse what cannot be, before anything runs.

        Raises
        ------
        HarnessError
            If a base, model, layer or family is unknown, or files are not here, or a
            model of the user's own cannot be built or does not fit the base, or the
            device cannot be used.
        """
        _ = self.outcome, self.base, self.datasets, self.models
        if self.settings.device not in ("auto", "cpu"):  # which are always there
            _ = self.device
        if self.settings.population:
            _ = self.populations
        for entry in self._entries(self.models).values():
            if isinstance(entry, SpecModel):
                entry.check(self.settings, self.base, self.tell)
        self.layers.check()

    def verify(self) -> None:
        """Read the pictures of the user's own folders: a bad one shows before the run.

        Raises
        ------
        HarnessError
            If one cannot be read.
        """
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
            If there is none of the chosen name, or it takes more than one forward pass.
        """
        measures = self.registry.metrics.items()
        known = {name: one for name, one in measures if not one.label_free}
        name = self.settings.outcome
        if name not in known:
            raise UnknownName("outcome", name, known)
        if more := [str(ask) for ask in known[name].inputs if not ask.one_pass]:
            raise HarnessError(
                f"outcome {name} must be made of one forward pass and labels, and asks "
                f"for {', '.join(more)}"
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
        from harness.datasets.made.corruptions.families import suffixed

        return suffixed(name, families, self.base)

    @cached_property
    def _own_families(self) -> tuple[Family, ...]:
        """Folders named with --harness-data: asked for, whatever families are."""
        from harness.datasets.folders import own_family

        found = tuple(own_family(own, self.base) for own in self.settings.data)
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
        """What the user's own folders hold, by dataset."""
        return {n: d.found for n, d in self.datasets.items() if d.found is not None}

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
        from harness.answers.predictions import chosen_precision

        return chosen_precision(self.settings.precision, self.device)

    @cached_property
    def batch_size(self) -> int:
        """Images per call of a network."""
        from harness.answers.predictions import chosen_batch_size

        return self.settings.batch_size or chosen_batch_size(
            self.device, self.base.size
        )

    def count_forward(self, seconds: float) -> None:
        """Add to `forward_seconds`."""
        self.forward_seconds += seconds

    def load_model(self, name: str) -> Network:
        """The network, ready on the device; trains or downloads it if it must."""
        from harness.models.network import lowered

        entry = self.registry.model(self.base.name, name)
        found = self._once(
            f"model {name}",
            lambda: entry.load(self.settings, self.base, self.device, self.tell),
        )
        return lowered(found, self.precision)

    def remember(
        self,
        model: str,
        dataset: Dataset,
        predictions: Predictions | SavedPredictions,
    ) -> None:
        """Keep what a pair was answered, in few bytes, for comparisons and accuracy."""
        pair = model, dataset.name
        kind = "uint8" if len(self.base.classes) <= 256 else "uint16"
        if pair not in self._predicted:
            self._predicted[pair] = predictions.predicted().astype(kind)
        if dataset.classes is not None and pair not in self._answers:
            # Of the same pass: predicted classes do not say what is largest of fewer.
            answers = _answers_of(predictions, dataset.classes)
            self._answers[pair] = answers.astype("int32")

    def predicted(self, model: str, dataset: Dataset) -> NDArray[np.int64]:
        """(n,) predicted classes of any chosen model, run now if it was not before."""
        if (model, dataset.name) not in self._predicted:
            self.remember(model, dataset, self.predict(model, dataset))
        return self._predicted[model, dataset.name].astype("int64")

    def answers(self, model: str, dataset: Dataset) -> NDArray[np.int64]:
        """(n,) numbers of the answers given, where some classes alone are answers.

        Those of the predicted classes otherwise. Run now if it was not before.
        """
        if dataset.classes is None:
            return self.predicted(model, dataset)
        if (model, dataset.name) not in self._answers:
            self.remember(model, dataset, self.predict(model, dataset))
        return self._answers[model, dataset.name].astype("int64")

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

    def predict(
        self,
        model: str,
        dataset: Dataset,
        classifier: Callable[[], Network] | None = None,
    ) -> Predictions | SavedPredictions:
        """Predictions under the run's device, batch size and sample.

        Parameters
        ----------
        model, dataset
            Of whom, and on what.
        classifier
            Gives the loaded network where it is at hand; else it is loaded when
            something is asked that needs it.
        """
        from harness.answers.predictions import Predictions

        entry = self.registry.model(self.base.name, model)
        if isinstance(entry, SavedModel):
            return entry.predict(dataset.name, self.settings.max_images)
        return Predictions(
            classifier or partial(self.load_model, model),
            dataset,
            device=self.device,
            batch_size=self.batch_size,
            limit=self.settings.max_images,
            count=self.count_forward,
            known=self._predicted.get((model, dataset.name)),
            shared=self._images if len(self.models) > 1 else None,
            layers=self.layers.declared(model),
        )

    @cached_property
    def source(self) -> Dataset:
        """The base's test split as the labelled source set of some metrics."""
        from harness.datasets.dataset import SOURCE, Dataset

        return Dataset(
            name=SOURCE,
            family=SOURCE,
            domain=Domain.INTERIOR,
            load=lambda: self.base.test(self.settings),
        )

    @cached_property
    def train(self) -> Dataset:
        """The base's training split, for what is learnt from features."""
        from harness.datasets.dataset import Dataset

        return Dataset(
            name="train",
            family="train",
            domain=Domain.INTERIOR,
            load=lambda: self.base.train(self.settings),
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

    def model_fingerprint(self, name: str) -> str:
        """sha256 over what decides the model's logits."""
        if name not in self._model_prints:
            entry = self.registry.model(self.base.name, name)
            self._model_prints[name] = self._once(
                f"model {name}",
                lambda: entry.fingerprint(self.settings, self.base, self.tell),
            )
        return self._model_prints[name]

    def dataset_fingerprint(self, name: str) -> str:
        """sha256 over what decides the dataset's pixels and labels."""
        if name not in self._dataset_prints:
            self._dataset_prints[name] = self._once(
                f"dataset {name}", self.datasets[name].fingerprint
            )
        return self._dataset_prints[name]

    @cached_property
    def source_fingerprint(self) -> str:
        """Digest of the base's test split, the labelled source set of some metrics."""
        try:
            return self._once("source", lambda: self.base.test(self.settings).digest)
        except UndefinedMetricError:  # saved outputs need not have one
            return ""

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Settings that change numbers, as they enter every cell's key."""
        chosen = of_every_key(self.settings)
        images = chosen.pop("max_images")
        if chosen.pop("outcome") != TOP_1:  # which is joined to every row anyway
            code = self.outcome.version or digest_of([self.outcome.fn], ())
            chosen["outcome"] = [self.outcome.name, code]
        return {
            **chosen,
            "images": images,
            "precision": self.precision,  # which `auto` may stand for
            "code": [source_digest(module) for module in SHARED_CODE],
        }

    def test_key(self, *, test: str, source: str, others: Any) -> str:
        """Identity of what one test measures, whatever the (model, dataset) pair.

        Parameters
        ----------
        test, source
            Name of the test function and digest of its file.
        others
            The test's further parameters, as text.
        """
        return key_of(
            {
                "base": self.source_fingerprint,
                "test": test,
                "source": source,
                "others": others,
                "releases": releases(),
                **self.parameters,
            }
        )

    def cell_key(self, place: Place, *, test: str, peers: bool = False) -> str:
        """Identity of what a test, given by its `test_key`, measures at a place.

        With `peers` of a test that compares the model with the others.
        """
        others = self.peers(place.subject, place.dataset) if peers else ()
        return key_of(
            [
                self.subject_fingerprint(place.subject),
                self.data_fingerprint(place),
                test,
                *self.layers.places(place.subject),
                *map(self.model_fingerprint, others),
            ]
        )

    def subject_fingerprint(self, name: str) -> str:
        """Digest of a model or of a population: no two are called alike."""
        if name not in self.registry.populations_of(self.base.name):
            return self.model_fingerprint(name)
        if name not in self._population_prints:
            entry = self.population(name)
            self._population_prints[name] = self._once(
                f"population {name}",
                lambda: entry.fingerprint(self.settings, self.base, self.tell),
            )
        return self._population_prints[name]

    def data_fingerprint(self, place: Place) -> str:
        """Digest of what is measured on: a dataset, or all of a family, or nothing."""
        if place.dataset:
            return self.dataset_fingerprint(place.dataset)
        if not place.family:
            return ""
        members = self.families[place.family]
        return key_of([self.dataset_fingerprint(one.name) for one in members])

    def names_at(self, place: Place) -> dict[str, Any]:
        """What a row at a place is called today, whatever it was when it was stored."""
        names: dict[str, Any] = {
            "model": place.subject,
            "dataset": place.dataset,
            "family": place.family,
            "domain": Domain.NONE,
            "traits": {},
        }
        if place.dataset:
            dataset = self.datasets[place.dataset]
            names |= {"family": dataset.family, "domain": dataset.domain}
            names["traits"] = dict(dataset.traits)
        elif place.family:
            names["domain"] = self.families[place.family][0].domain
        return names

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

    @cached_property
    def stored(self) -> dict[str, tuple[Measurement, ...]]:
        """Finished cells of earlier runs, by key; empty when recalculating."""
        from harness.store import Store

        if self.settings.recalculate:
            return {}
        found, _ = Store(self.settings.store).read()
        return found

    def describe(self) -> dict[str, Any]:
        """What ran, with what and when, for reports."""
        return {
            "base": self.base.name,
            "data": self.base.locate(self.settings),
            "models": list(self.models),
            "datasets": len(self.datasets),
            "outcome": self.settings.outcome,
            "settings": json.loads(json.dumps(self.parameters)),
            "versions": {
                **{name: version(name) for name in ("harness", "torch", "numpy")},
                "python": platform.python_version(),
            },
            "date": self._began.isoformat(timespec="seconds"),
        }


def _answers_of(
    predictions: Predictions | SavedPredictions, classes: ClassMap
) -> NDArray[np.int64]:
    """(n,) numbers of the answers given."""
    try:
        return classes.answers(predictions.logits())
    except UndefinedMetricError:  # saved classes, which were found to be answers
        return classes.answer_of(predictions.predicted())
