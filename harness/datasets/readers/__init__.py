"""Readers of the layouts in which images are published; each returns `Images`."""
