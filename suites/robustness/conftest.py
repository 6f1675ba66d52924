"""What pytest and the harness are told of the robustness suite."""

from .section import RobustnessSection


def pytest_harness_register(registry):
    """Its part of the report."""
    registry.add_section(RobustnessSection())
