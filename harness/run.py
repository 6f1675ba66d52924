"""Run: a grid at work: networks loaded, passes made, and what was remembered."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from harness.answers.keeping import FOLDER, Keeping, arithmetic
from harness.answers.outputs import SavedModel
from harness.answers.shared_images import SharedImages
from harness.answers.under_way import UnderWay
from harness.code import releases
from harness.errors import BadData, HarnessError, UndefinedMetricError
from harness.extras import DISTRIBUTION
from harness.models.yours.specs import SpecModel
from harness.printable import counted
from harness.settings import TOP_1, told_settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.activation import Activation
    from harness.answers.keeping import KeptAnswers
    from harness.answers.outputs import SavedPredictions
    from harness.answers.predictions import Predictions
    from harness.datasets.class_map import ClassMap
    from harness.datasets.dataset import Dataset
    from harness.fixtures.outcomes import Chosen
    from harness.measurement import Measurement
    from harness.metrics.numerics.label_shift import ClassShares
    from harness.models.network import Network
    from harness.registry import Registry
    from harness.saving import SavedOutputs
    from harness.settings import Settings
    from harness.store import Skipped

from harness.keys import Keys


class Run(Keys):
    """What the cells of one process share; parameters as of `Grid`."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        tell: Callable[[str], None],
        *,
        worker: int = 0,
    ) -> None:
        super().__init__(settings, registry, tell, worker=worker)
        #: Seconds of forward passes so far: shared, so no cell is charged for them.
        self.forward_seconds = 0.0
        #: Forward passes over datasets so far, and the images that these were of.
        self.passes = self.passed_images = 0
        #: By model and activation, once something asked for it; see
        #: `harness.fixtures.calibrate`.
        self.temperatures: dict[tuple[str, Activation], float] = {}
        #: By model and dataset; see `harness.fixtures.diagnostics`.
        self.signs: dict[tuple[str, str], dict[str, str]] = {}
        #: By model, metric, size and options; see `harness.fixtures.healthy`.
        self.healthy: dict[tuple[Any, ...], dict[str, str]] = {}
        #: By model and dataset, where class shares are others; see there.
        self.shares: dict[tuple[str, str], ClassShares | None] = {}
        #: By model and dataset; see `harness.fixtures.labels`.
        self.accuracies: dict[tuple[str, str], float | None] = {}
        #: By model and dataset; see `harness.fixtures.outcomes`.
        self.outcomes: dict[tuple[str, str], Chosen] = {}
        #: Of the model whose turn it is, by split of the base; see there.
        self.banks: dict[tuple[str, str], Predictions | SavedPredictions] = {}
        #: By model and dataset: what is told beside the accuracy; see there.
        self.truths: dict[tuple[str, str], dict[str, str]] = {}
        self._began = datetime.now(UTC)
        self._answers: dict[tuple[str, str], NDArray[np.int32]] = {}
        self._predicted: dict[tuple[str, str], NDArray[np.unsignedinteger]] = {}
        self._images = SharedImages()

    def check(self) -> None:
        """Refuse what cannot be, before anything runs.

        Raises
        ------
        HarnessError
            If a base, model, layer or family is unknown, or files are not here, or a
            model of the user's own cannot be built or does not fit the base, or the
            device cannot be used.
        """
        if self.settings.outcome != TOP_1:  # which is there, without all metrics
            _ = self.outcome
        _ = self.base, self.models
        try:
            _ = self.datasets
        except BadData:
            # Images of another base than the chosen one: so may the models be, and
            # these were chosen first.
            self._check_models()
            raise
        if self.settings.device not in ("auto", "cpu"):  # which are always there
            _ = self.device
        if self.settings.population:
            _ = self.populations
        self._check_models()
        self.layers.check()

    def _check_models(self) -> None:
        """Build models of the user's own and run them dry."""
        for entry in self._entries(self.models).values():
            if isinstance(entry, SpecModel):
                entry.check(self.settings, self.base, self.tell)

    def count_forward(self, seconds: float) -> None:
        """Add to `forward_seconds`."""
        self.forward_seconds += seconds

    def _count_pass(self, images: int, seconds: float) -> None:
        self.count_forward(seconds)
        self.passes += 1
        self.passed_images += images

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
            if self.saved is not None:
                self.saved.keep(model, dataset, predictions)
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
        limit = self.limit_of(dataset)
        return Predictions(
            classifier or partial(self.load_model, model),
            dataset,
            device=self.device,
            batch_size=self.batch_size,
            limit=limit,
            count=lambda seconds: self._count_pass(dataset.size(limit), seconds),
            known=self._predicted.get((model, dataset.name)),
            shared=self._images if len(self.models) > 1 else None,
            layers=self.layers.declared(model),
            tell=self.tell,
            under_way=self.under_way,
            kept=self._kept(model, dataset),
        )

    @cached_property
    def keeping(self) -> Keeping | None:
        """Keeps what networks have answered for later runs; nothing by default."""
        if self.settings.keep == "none":
            return None
        decides: dict[str, Any] = {
            "arithmetic": arithmetic(self.device),
            "precision": self.precision,
            "batch_size": self.batch_size,
            "size": self.base.size,
        }
        if self.base.geometry is not None:
            decides["geometry"] = self.base.geometry.identity()
        return Keeping(
            self.settings.cache_dir / FOLDER,
            self.settings.keep,
            decides,
            self.tell,
            anew=self.settings.recalculate,
        )

    def _kept(self, model: str, dataset: Dataset) -> KeptAnswers | None:
        if self.keeping is None:
            return None
        limit = self.limit_of(dataset)

        def decides() -> dict[str, Any]:
            return {
                "network": self.model_fingerprint(model),
                "dataset": dataset.fingerprint(),
                "images": dataset.size(limit),
            }

        return self.keeping.of(f"{model} on {dataset.name}", decides)

    @cached_property
    def saved(self) -> SavedOutputs | None:
        """Saves outputs where they are answered, if that was asked for."""
        if self.settings.save_outputs is None:
            return None
        from harness.saving import SavedOutputs

        return SavedOutputs(self, self.settings.save_outputs)

    @cached_property
    def under_way(self) -> UnderWay | None:
        """Keeps what long passes have answered; nothing when recalculating."""
        if self.settings.recalculate:
            return None
        decides = {"releases": releases(), **self.parameters}
        return UnderWay(self.settings.cache_dir / "under-way", decides, self.tell)

    def limit_of(self, dataset: Dataset) -> int | None:
        """How many images of a dataset are looked at, at most; None for all.

        Of the training split as many as --harness-bank-images says, if it says any.
        """
        if dataset is self.train and self.settings.bank_images is not None:
            return self.settings.bank_images
        return self.settings.max_images

    def has_source_images(self, model: str, dataset: Dataset) -> bool:
        """Whether a dataset's images are those of the source set, as they are.

        Not of a model whose outputs were saved: these go by the dataset's name.
        """
        if isinstance(self.registry.model(self.base.name, model), SavedModel):
            return False
        if dataset.transformations:
            return False
        try:
            source = self.source_fingerprint
        except HarnessError:  # it cannot be had
            return False
        return bool(source) and dataset.load().digest == source

    @cached_property
    def stored(self) -> dict[str, tuple[Measurement, ...] | Skipped]:
        """Finished cells of earlier runs, by key; empty when recalculating."""
        from harness.store import Store

        if self.settings.recalculate:
            return {}
        store = Store(self.settings.store)
        found, unread = store.read()
        if unread and not self._worker:  # every other worker reads the same
            self.tell(
                f"{store.path}: {counted(unread, 'line')} passed over that cannot be "
                "read, damaged or of another version; cells that no other line has are "
                "measured again"
            )
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
            "options": told_settings(self.settings),
            "versions": {
                "harness": version(DISTRIBUTION),
                **{name: version(name) for name in ("torch", "numpy")},
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
