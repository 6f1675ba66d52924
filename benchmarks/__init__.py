"""Measured claims: each module prints a ratio against a baseline, in one run.

``python -m benchmarks.NAME``; none of them is a test.
"""
