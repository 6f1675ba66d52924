"""Batch transformations of images: each an `Apply` of `harness.datasets.dataset`."""
