"""Intervals: what is resampled, and how."""
