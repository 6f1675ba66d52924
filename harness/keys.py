"""Keys: what every number of a run is known by, from content alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from harness.code import package_digest, releases, source_digest
from harness.contents import digest_of
from harness.errors import (
    UndefinedMetricError,
)
from harness.measurement import Domain
from harness.settings import TOP_1, of_every_key
from harness.store import key_of

if TYPE_CHECKING:
    from harness.measurement import Place
    from harness.registry import Registry
    from harness.settings import Settings

from harness.grid import Grid

# Code that decides arrays and facts whatever the metric is.
SHARED_CODE = (
    "harness.analysis.doubts",
    "harness.answers.keeping",
    "harness.answers.outputs",
    "harness.answers.predictions",
    "harness.answers.shared_images",
    "harness.answers.under_way",
    "harness.arrays",
    "harness.datasets.class_map",
    "harness.datasets.dataset",
    "harness.datasets.images",
    "harness.datasets.truth",
    "harness.fixtures.diagnostics",
    "harness.fixtures.healthy",
    "harness.fixtures.labels",
    "harness.fixtures.measure",
    "harness.fixtures.outcomes",
    "harness.fixtures.record",
    "harness.metrics.numerics.checks",
    "harness.metrics.numerics.diagnostics",
    "harness.metrics.numerics.label_shift",
    "harness.metrics.numerics.resamples",
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


class Keys(Grid):
    """A grid whose cells have keys: digests of weights, data, tests and settings."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        tell: Callable[[str], None],
        *,
        worker: int = 0,
    ) -> None:
        super().__init__(settings, registry, tell, worker=worker)
        self._model_prints: dict[str, str] = {}
        self._population_prints: dict[str, str] = {}
        self._dataset_prints: dict[str, str] = {}

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
            return self._once("source", lambda: self.source.load().digest)
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
            if any(ask.of == "train" for ask in self.outcome.inputs):
                chosen["outcome"].append(self.train.load().digest)
                if self.settings.bank_images is not None:
                    chosen["outcome"].append(self.settings.bank_images)
        return {
            **chosen,
            "images": images,
            "precision": self.precision,  # which `auto` may stand for
            "code": [source_digest(module) for module in SHARED_CODE],
        }

    @cached_property
    def undefining_code(self) -> str:
        """Digest of what may say that there is no value, and is not in every key.

        All of the harness, the metrics that were added, and the name of the base.
        """
        metrics = sorted(self.registry.metrics.items())
        added = [self.registry.version_of(m) for _, m in metrics if not m.version]
        return key_of([package_digest(), self.base.name, *added])

    def test_key(self, *, test: str, source: str, others: Any) -> str:
        """Identity of what one test measures, whatever the (model, dataset) pair.

        Parameters
        ----------
        test, source
            Name of the test function and digest of its file; or of the metric that it
            measures, where it does no more.
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
                *self._foretold(place),
            ]
        )

    def _foretold(self, place: Place) -> tuple[str, ...]:
        """Where an accuracy is predicted, rows have facts that others have not."""
        foretold = place.dataset and self.datasets[place.dataset].foretold
        return ("foretold",) if foretold else ()

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
        # What is computed over a family may go by its members' traits.
        parts = [[self.dataset_fingerprint(m.name), dict(m.traits)] for m in members]
        return key_of([json.dumps(parts, sort_keys=True)])

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
