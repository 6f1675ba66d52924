"""Robustness: what several networks, two datasets or the frames of a sequence say.

Pure functions with their intervals. None is a metric of one dataset, so a suite records
them itself.
"""
