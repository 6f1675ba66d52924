"""pytest for models that meet unlabelled data."""

from importlib.metadata import version

__version__ = version("harness")
