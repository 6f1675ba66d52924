"""Old names of modules: they are imported as before, with a warning of the new name."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Of `harness.metrics` and `harness.models`.
_LABEL_FREE = (
    *("agreement", "aline", "atc", "average_confidence", "bag_of_prototypes", "cbpe"),
    *("cot", "difference_of_confidences", "dispersion_score", "effective_invariance"),
    *("energy", "entropy", "frechet_distance", "importance_reweighting", "mano"),
    *("marginal_entropy", "mean_discrepancy", "neighborhood_invariance", "norms"),
    *("nuclear_norm", "pretext_prediction", "projection_norm", "softmax_corr"),
)
_NUMERICS = (
    *("agreement_line", "calibration", "checks", "diagnostics", "memo", "minimum"),
    *("temperature", "thresholds", "transport"),
)
_RUN_FILE = ("json", "reading", "reopening", "saved", "table_files")
_COMPUTED = ("assumptions", "detail", "outcomes", "ranking")
_YOURS = ("archive", "built", "conduct", "exported", "factories", "own", "specs")

#: New names of modules and packages by their old ones; what is inside moves along.
RENAMED = {
    "harness.allocator": "harness.answers.allocator",
    "harness.images": "harness.answers.shared_images",
    "harness.outputs": "harness.answers.outputs",
    "harness.predictions": "harness.answers.predictions",
    "harness.target": "harness.code",
    "harness.threads": "harness.answers.threads",
    "harness.metrics.accuracy": "harness.metrics.outcomes.accuracy",
    **{f"harness.metrics.{n}": f"harness.metrics.label_free.{n}" for n in _LABEL_FREE},
    **{f"harness.metrics.{n}": f"harness.metrics.numerics.{n}" for n in _NUMERICS},
    "harness.analysis.controls": "harness.analysis.null_models",
    "harness.analysis.curves": "harness.analysis.fits.other",
    "harness.analysis.fail_on": "harness.analysis.gates.changes",
    "harness.analysis.gate_syntax": "harness.analysis.gates.grammar",
    "harness.analysis.groups": "harness.analysis.resampling.units",
    "harness.analysis.intervals": "harness.analysis.resampling.intervals",
    "harness.analysis.jackknife": "harness.analysis.resampling.jackknife",
    "harness.analysis.lines": "harness.analysis.fits.lines",
    "harness.analysis.planes": "harness.analysis.fits.several_metrics",
    "harness.analysis.ranks": "harness.metrics.numerics.ranks",
    "harness.analysis.scales": "harness.analysis.fits.scales",
    "harness.analysis.subjects": "harness.analysis.gates.subjects",
    "harness.analysis.surprises": "harness.analysis.residuals",
    "harness.analysis.target_gates": "harness.analysis.gates.predictions",
    "harness.analysis.weighted": "harness.analysis.fits.weighted",
    "harness.datasets.cifar_variants": "harness.datasets.bases.cifar10_sets",
    "harness.datasets.corruptions": "harness.datasets.made.corruptions",
    "harness.datasets.metaset": "harness.datasets.made.metaset",
    "harness.datasets.pools": "harness.datasets.made.pools",
    "harness.datasets.small_bases": "harness.datasets.bases.small",
    "harness.datasets.small_families": "harness.datasets.bases.small_sets",
    "harness.datasets.sources": "harness.datasets.readers",
    "harness.datasets.transformations": "harness.datasets.made.transformations",
    **{f"harness.models.{n}": f"harness.models.yours.{n}" for n in _YOURS},
    "harness.models.zoos": "harness.models.yours.zoos",
    "harness.models.probe": "harness.models.yours.dry_run",
    "harness.models.sources": "harness.models.published",
    "harness.pretext": "harness.tasks",
    "harness.pretext.tasks": "harness.tasks.task",
    **{f"harness.report.{n}": f"harness.report.run_file.{n}" for n in _RUN_FILE},
    **{f"harness.report.{n}": f"harness.analysis.{n}" for n in _COMPUTED},
    "harness.report.on_the_line": "harness.analysis.accuracy_lines",
}


def new_name(name: str) -> str:
    """What a module is called now, by its old name; empty for one of no old name."""
    parts = name.split(".")
    for end in range(len(parts), 1, -1):
        if found := RENAMED.get(".".join(parts[:end])):
            return ".".join((found, *parts[end:]))
    return ""


class _Finder(MetaPathFinder, Loader):
    """Finds old names before others look in the folders of what moved."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if not fullname.startswith("harness.") or not new_name(fullname):
            return None
        return ModuleSpec(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Put the moved module itself in place: of each there is one."""
        old, new = module.__name__, new_name(module.__name__)
        warnings.warn(
            f"{old} is now {new}; import it from there",
            DeprecationWarning,
            stacklevel=2,
        )
        sys.modules[old] = importlib.import_module(new)


def keep_old_names() -> None:
    """Have old names found in this process; once is enough."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def moved(old: str, **places: str) -> Callable[[str], Any]:
    """A module's ``__getattr__`` for what has moved out of it.

    Parameters
    ----------
    old
        The module's name.
    places
        New module of each name, ``module:NAME`` where it is called otherwise there.
    """

    def find(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        place, _, called = places[name].partition(":")
        what = f"{called} " if called else ""
        warnings.warn(
            f"{name} of {old} is now {what}in {place}; import it from there",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(importlib.import_module(place), called or name)

    return find
