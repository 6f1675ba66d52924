"""What pytest and the harness are told of the pretext suite."""

import pytest

from harness.tasks.frozen import FrozenHead

from .section import PretextSection


def pytest_harness_register(registry):
    """Its part of the report."""
    registry.add_section(PretextSection())


def pytest_addoption(parser):
    """Which tasks, and on how many images."""
    group = parser.getgroup("pretext suite")
    group.addoption(
        "--pretext-tasks",
        default="",
        metavar="NAME,...",
        help="of rotation, jigsaw, tiles, context, inpainting and colorization; by "
        "default all",
    )
    group.addoption(
        "--pretext-images",
        default="1000",
        metavar="N",
        help="training images that heads learn from at most, twice as many as they are "
        "judged on (default 1000)",
    )


@pytest.fixture(scope="session")
def trained_heads() -> dict[tuple[str, ...], FrozenHead]:
    """Heads that were trained in this process, by what they are on and answer."""
    return {}
