"""Representation: what features are worth, with labels and without."""
