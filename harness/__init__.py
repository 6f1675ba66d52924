"""pytest for models that meet unlabelled data."""

from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.extras import DISTRIBUTION
from harness.renamed import keep_old_names

if TYPE_CHECKING:
    from harness.analysis.from_arrays import AccuracyForecast as AccuracyForecast
    from harness.analysis.from_arrays import Labelled as Labelled
    from harness.analysis.from_arrays import predict_accuracy as predict_accuracy
    from harness.backbones import backbone as backbone
    from harness.datasets.image_ids import image_ids as image_ids
    from harness.models.recorder import Recorder as Recorder
    from harness.models.recorder import read_recorded as read_recorded

__version__ = version(DISTRIBUTION)

# `harness.suites` is in this package in a wheel, and beside it in a checkout.
_TOP = Path(__file__).parent.parent
if (_TOP / "suites" / "label_free").is_dir() and (_TOP / "setup.py").is_file():
    __path__.append(str(_TOP))

keep_old_names()

# Imported when they are asked for: pytest imports this package at every start.
_LAZY = {
    **dict.fromkeys(
        ("AccuracyForecast", "Labelled", "predict_accuracy"),
        "harness.analysis.from_arrays",
    ),
    "image_ids": "harness.datasets.image_ids",
    **dict.fromkeys(("Recorder", "read_recorded"), "harness.models.recorder"),
    "backbone": "harness.backbones",
}


def __getattr__(name: str) -> Any:
    """Functions of the library, by their short names."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'harness' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What there is, the lazy names too."""
    return sorted({*globals(), *_LAZY})
