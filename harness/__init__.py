"""pytest for models that meet unlabelled data."""

from importlib.metadata import version
from pathlib import Path

from harness.renamed import keep_old_names

__version__ = version("harness")

# `harness.suites` is in this package in a wheel, and beside it in a checkout.
_TOP = Path(__file__).parent.parent
if (_TOP / "suites" / "label_free").is_dir() and (_TOP / "setup.py").is_file():
    __path__.append(str(_TOP))

keep_old_names()
