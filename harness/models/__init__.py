"""Models: entries, weights, training, and classifiers ready to run."""
