"""Measures of embeddings: features of any layer, without labels and without classes.

The measures of rank are highest for noise: they compare runs of one recipe at one
number of images, and never features that hold noise with others.
"""
