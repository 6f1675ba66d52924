"""Datasets made from others: corruptions and transformations."""
