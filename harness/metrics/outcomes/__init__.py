"""Outcomes: measures that look at the labels."""
