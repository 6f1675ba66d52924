"""Pretext tasks: views whose label is known, and heads trained to tell them apart."""
