"""pytest for models that meet unlabelled data."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.renamed import keep_old_names

if TYPE_CHECKING:
    from harness.analysis.fits.fits import LineFit as LineFit
    from harness.analysis.fits.fits import fit_line
    from harness.analysis.from_arrays import AccuracyForecast as AccuracyForecast
    from harness.analysis.from_arrays import Labelled as Labelled
    from harness.analysis.from_arrays import predict_accuracy as predict_accuracy
    from harness.arrays import softmax as softmax
    from harness.backbones import backbone as backbone
    from harness.datasets.image_ids import image_ids as image_ids
    from harness.models.recorder import Recorder as Recorder
    from harness.models.recorder import read_recorded as read_recorded
    from harness.report.opened import Comparison as Comparison
    from harness.report.opened import Report as Report
    from harness.report.opened import open_report

    __version__: str
    fit = fit_line
    open = open_report  # noqa: A001 - a name in here, `harness.open`

# `harness.suites` is in this package in a wheel, and beside it in a checkout.
_TOP = Path(__file__).parent.parent
if (_TOP / "suites" / "label_free").is_dir() and (_TOP / "setup.py").is_file():
    __path__.append(str(_TOP))

keep_old_names()

# Imported when they are asked for: pytest imports this package at every start. Beside
# them are the functions of all metrics and outcomes.
_LAZY = {
    "AccuracyForecast": "harness.analysis.from_arrays:AccuracyForecast",
    "Comparison": "harness.report.opened:Comparison",
    "Labelled": "harness.analysis.from_arrays:Labelled",
    "LineFit": "harness.analysis.fits.fits:LineFit",
    "Recorder": "harness.models.recorder:Recorder",
    "Report": "harness.report.opened:Report",
    "backbone": "harness.backbones:backbone",
    "fit": "harness.analysis.fits.fits:fit_line",
    "image_ids": "harness.datasets.image_ids:image_ids",
    "open": "harness.report.opened:open_report",
    "predict_accuracy": "harness.analysis.from_arrays:predict_accuracy",
    "read_recorded": "harness.models.recorder:read_recorded",
    "softmax": "harness.arrays:softmax",
}


def __getattr__(name: str) -> Any:
    """Functions of the library, by their short names; what takes time to find."""
    if name == "__version__":
        distribution = import_module("harness.extras").DISTRIBUTION
        return import_module("importlib.metadata").version(distribution)
    if name in _LAZY:
        module, _, own = _LAZY[name].partition(":")
        return getattr(import_module(module), own)
    if not name.startswith("_") and name in (measures := _measures()):
        return measures[name]
    raise AttributeError(f"module 'harness' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What there is, the lazy names too."""
    return sorted({*globals(), *_LAZY, *_measures(), "__version__"})


def _measures() -> dict[str, Any]:
    """Functions of metrics and outcomes by their names."""
    metrics = import_module("harness.metrics").METRICS
    return {metric.name: metric.fn for metric in metrics}
