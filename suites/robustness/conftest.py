"""What pytest and the harness are told of the robustness suite."""

from .section import RobustnessSection


def pytest_harness_register(registry):
    """Its part of the report."""
    registry.add_section(RobustnessSection())


def pytest_addoption(parser):
    """What networks are held against."""
    group = parser.getgroup("robustness suite")
    group.addoption(
        "--robustness-published",
        default="",
        metavar="ROW,...",
        help="published networks to hold every network against: timm:NAME and "
        "testbed:NAME of the tables in DATA/published-results, or FILE.npz:NAME of "
        "predicted classes in DATA/published-predictions",
    )


def pytest_ignore_collect(collection_path, config):
    """Nothing is held against a published network unless one is named."""
    named = config.getoption("robustness_published", "")
    return True if collection_path.name == "test_published.py" and not named else None
