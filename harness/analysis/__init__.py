"""From measurements to correlations, predictions and verdicts: numpy and scipy only."""
