"""Plugins of the project's own tests.

Nothing here may act on tests: `pytest suites` in a clone hears it, and would measure
anew what `pytest --pyargs harness.suites` has stored.
"""

pytest_plugins = ["pytester"]
