"""Hooks that the harness offers to conftest files and installed plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.registry import Registry


@pytest.hookspec(historic=True)
def pytest_harness_register(registry: Registry) -> None:
    """Add models, dataset families, bases, metrics or sections of your own.

    Called once at start-up for every conftest and plugin that has it. A conftest deep
    in the tree, as a suite's, is heard too, but only after names on the command line
    were checked: models, datasets and bases belong beside the tests that pytest is
    started with.

    Example::

        def pytest_harness_register(registry):
            registry.add_model("mine", base="digits", build=make_network, head="fc",
                               mean=(0.5,), std=(0.5,))
            registry.add_dataset("my-camera", base="digits", load=read_images)
    """
