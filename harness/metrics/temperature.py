"""Temperature: one number that makes a model as confident as it is accurate."""

import math

from harness.metrics.checks import Logits


def tempered(logits: Logits, temperature: float) -> Logits:
    """Divide the logits by a temperature: above 1 softer, below 1 sharper.

    Raises
    ------
    ValueError
        If `temperature` is not a positive finite number.
    """
    if not 0 < temperature < math.inf:
        raise ValueError(
            f"`temperature` must be positive and finite, got {temperature!r}"
        )
    return logits if temperature == 1 else logits / temperature
