"""Robustness: the field's test sets, each in the protocol of its makers."""
