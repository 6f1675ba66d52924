"""Pretext tasks on frozen features: what a network knows beside its random twin."""
