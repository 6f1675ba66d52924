"""Measures of clusters: against labels, as outcomes, and of their shape, without.

`predicted` is the number of each image's cluster. Numbers need not be those of classes,
nor be as many.
"""
