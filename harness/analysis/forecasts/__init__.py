"""Accuracy foretold from several estimates of it, and how far that can be trusted."""
