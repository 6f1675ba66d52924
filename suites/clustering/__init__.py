"""Clustering: what partitions of images that nobody named have to do with classes."""
