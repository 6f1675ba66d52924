"""Suites: folders of tests that measure; in the wheel they are `harness.suites`."""
