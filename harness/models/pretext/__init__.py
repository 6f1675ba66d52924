"""Pretext trainings: what a network is shown and asked so that it learns to see.

Options as plain facts, how images are cut up, colours, and the heads that answer; the
losses are in `harness.models.objectives`.
"""
