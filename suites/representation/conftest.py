"""What pytest and the harness are told of the representation suite."""

from .choosing import ChoosingSection


def pytest_harness_register(registry):
    """Its part of the report."""
    registry.add_section(ChoosingSection())
