"""Accuracy without labels: metrics that rise or fall with it, and estimates of it."""
