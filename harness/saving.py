"""Saving outputs: what the models of a run say, in files that stand for them later.

Each is written when it is answered, so a run that is killed loses none, and is known by
what decides it, as the cells are: a later run keeps those that would be the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.answers.outputs import SavedModel
from harness.answers.saving import (
    About,
    file_name,
    key_in,
    labels_of,
    packed,
    size_of,
)
from harness.artifacts import write_whole
from harness.errors import HarnessError, UndefinedMetricError
from harness.measurement import Domain
from harness.progress import Progress
from harness.sampling import sampled_rows
from harness.store import key_of

if TYPE_CHECKING:
    from harness.answers.outputs import SavedPredictions
    from harness.answers.predictions import Predictions
    from harness.datasets.dataset import Dataset
    from harness.models.network import Network
    from harness.run import Run

Pair = tuple[str, str]
_OPTION = "--harness-save-outputs"
_TEST = "test"  # what the source set is called in files


class SavedOutputs:
    """The files of a run in a folder.

    Parameters
    ----------
    run
        Whose.
    folder
        Where they lie.
    """

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._kept: set[Pair] = set()

    def check(self, pairs: Iterable[Pair]) -> None:
        """Refuse what cannot be saved, and tell what will be, before anything runs.

        Parameters
        ----------
        pairs
            Models and datasets of the cells.

        Raises
        ------
        HarnessError
            If models are saved outputs themselves, cells run elsewhere, the folder
            cannot be written to or has no room, or a file of somebody else's is in the
            way.
        """
        run = self._run
        pairs = list(pairs)
        wanted = self._wanted(pairs)
        entries = [run.registry.model(run.base.name, name) for name in run.models]
        if any(isinstance(entry, SavedModel) for entry in entries):
            raise HarnessError(
                f"{_OPTION} saves what networks say, and these outputs were saved "
                "before; leave it out"
            )
        if run.settings.engine is not None:
            raise HarnessError(
                f"{_OPTION} needs the networks here, and --harness-engine runs them "
                "elsewhere; leave one of them out, or use -n 2"
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise HarnessError(
                f"{_OPTION} {self._folder} cannot be made: {error}; choose another "
                "folder"
            ) from error
        missing = self._missing(wanted)
        for pair in missing:
            path = self.path(*pair)
            if path.exists() and key_in(path) is None:
                raise HarnessError(
                    f"{_OPTION} would replace {path}, which it did not write; move it "
                    "away, or choose another folder"
                )
        size = sum(self._size(dataset) for _, dataset in missing)
        if size > free:
            raise HarnessError(
                f"{_OPTION} takes {_bytes(size)}, and {self._folder} has "
                f"{_bytes(free)} free; choose another folder, fewer models or "
                "datasets, or a sample with --harness-max-images"
            )
        some = f", {len(wanted) - len(missing)} are there" if missing != wanted else ""
        run.tell(
            f"outputs of {len(wanted)} pairs of a model and a dataset are saved in "
            f"{self._folder}: {_bytes(size)} to write{some}"
        )
        if encoders := sorted({m for m, _ in pairs if m in run.encoders}):
            run.tell(f"no outputs of {', '.join(encoders)}: encoders have no classes")

    def keep(
        self, model: str, dataset: Dataset, said: Predictions | SavedPredictions
    ) -> None:
        """Save one, unless the same is there; one that cannot be is tried again.

        See `complete`, which says so.
        """
        try:
            self._keep(model, dataset, said)
        except HarnessError:
            return

    def complete(self, pairs: Iterable[Pair]) -> None:
        """Answer and save what no cell needed an answer for, or another process had.

        Raises
        ------
        HarnessError
            With what could not be saved, and why; the others are.
        """
        run = self._run
        missing = self._missing(self._wanted(pairs))
        if not missing:
            return
        run.tell(f"{len(missing)} outputs are answered for {_OPTION}: no cell was")
        progress = Progress("outputs", len(missing), run.tell)
        failed: dict[str, list[str]] = {}
        loaded: tuple[str, Any] = "", None
        for model, name in missing:
            if loaded[0] != model:
                loaded = model, cache(partial(run.load_model, model))
            try:
                self._answer(model, self._dataset(name), loaded[1])
            except (HarnessError, UndefinedMetricError, ValueError) as error:
                failed.setdefault(str(error), []).append(f"{model} on {name}")
            progress.step()
        if failed:
            raise HarnessError(
                "; ".join(
                    f"outputs of {', '.join(some[:3])}"
                    f"{f' and {len(some) - 3} more' * (len(some) > 3)} are not saved: "
                    f"{why}"
                    for why, some in failed.items()
                )
            )

    def left(self, pairs: Iterable[Pair]) -> int:
        """How many are not saved: of a run that was stopped."""
        return len(self._missing(self._wanted(pairs)))

    def path(self, model: str, dataset: str) -> Path:
        """Where the outputs of a model on a dataset lie."""
        return self._folder / file_name(model, dataset)

    def _wanted(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Classifiers on their datasets, and on the source set; by model."""
        encoders = self._run.encoders
        found = dict.fromkeys(pair for pair in pairs if pair[0] not in encoders)
        if self._has_source:
            found |= dict.fromkeys((model, _TEST) for model, _ in found)
        return sorted(found)

    def _missing(self, wanted: Iterable[Pair]) -> list[Pair]:
        return [
            pair
            for pair in wanted
            if pair not in self._kept
            and key_in(self.path(*pair)) != self._key(pair[0], self._dataset(pair[1]))
        ]

    @property
    def _has_source(self) -> bool:
        """Whether there is a labelled source set that can be called by its name."""
        run = self._run
        if _TEST in run.datasets:
            return True
        try:
            return run.source.labels(1) is not None
        except (HarnessError, UndefinedMetricError):
            return False

    def _dataset(self, name: str) -> Dataset:
        return self._run.datasets.get(name) or self._run.source

    def _answer(self, model: str, dataset: Dataset, load: Any) -> None:
        network: Network = load()
        self._keep(model, dataset, self._run.predict(model, dataset, lambda: network))

    def _keep(
        self, model: str, dataset: Dataset, said: Predictions | SavedPredictions
    ) -> None:
        if dataset.name not in self._run.datasets:
            dataset = self._dataset(_TEST)
        about = self._about(model, dataset)
        path = self.path(model, about.dataset)
        if key_in(path) != about.key:
            rows = sampled_rows(len(dataset.load()), self._run.limit_of(dataset))
            names = [dataset.names[row] for row in rows] if dataset.names else ()
            logits = said.logits().astype("float32")
            content = packed(about, logits, self._labels(dataset), rows, names)
            cure = f"choose another folder with {_OPTION}"
            write_whole(path, content, what="outputs", cure=cure, folders=True)
        self._kept.add((model, about.dataset))

    def _labels(self, dataset: Dataset) -> Any:
        """Of a target nobody looks at them."""
        if not dataset.labelled or dataset.domain is Domain.TARGET:
            return None
        run = self._run
        with run.watch.paused():
            truth = dataset.truth(len(run.base.classes), run.limit_of(dataset))
        return None if truth is None else labels_of(truth)

    def _about(self, model: str, dataset: Dataset) -> About:
        run = self._run
        several = False
        if dataset.known is not None and dataset.domain is not Domain.TARGET:
            with run.watch.paused():
                truth = dataset.known()
            several = truth is not None and truth.several
        classes = dataset.classes
        chosen = dataset.name in run.datasets
        source = "test" if dataset.name == _TEST else ""
        return About(
            model=model,
            dataset=dataset.name if chosen else _TEST,
            family=dataset.family if chosen else _TEST,
            domain=dataset.domain,
            traits=dict(dataset.traits),
            source=source if chosen else "alone",
            activation=run.activation(model),
            several=several,
            classes=None if classes is None else asdict(classes),
            key=self._key(model, dataset),
        )

    def _key(self, model: str, dataset: Dataset) -> str:
        run = self._run
        images = (
            run.dataset_fingerprint(dataset.name)
            if dataset.name in run.datasets
            else run.source_fingerprint
        )
        parts: list[Any] = [
            run.model_fingerprint(model),
            images,
            dict(dataset.traits),
            str(dataset.domain),
            run.parameters,
        ]
        return key_of([json.dumps(parts, sort_keys=True)])

    def _size(self, name: str) -> int:
        run = self._run
        dataset = self._dataset(name)
        return size_of(dataset.size(run.limit_of(dataset)), len(run.base.classes))


def _bytes(size: int) -> str:
    """In words, as much as two digits tell.

    Examples
    --------
    >>> _bytes(602_048), _bytes(8_400_000_000), _bytes(3)
    ('602 kB', '8.4 GB', '3 bytes')
    """
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            number = size / unit
            return f"{number:.1f} {name}" if number < 10 else f"{number:.0f} {name}"
    return f"{size} bytes"
