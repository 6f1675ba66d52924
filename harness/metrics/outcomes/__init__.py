"""Outcomes: what is known of a model with the target's labels, one module each.

Metrics without labels are fitted against one of them, by default top-1 accuracy. None
is ever a predictor, and none is ranked among the metrics.
"""
