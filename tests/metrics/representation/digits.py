"""scikit-learn's digits, pixels as features: the first 1,000 are the bank."""

from functools import cache

import numpy as np
from sklearn.datasets import load_digits


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """All 1,797: (n, 64) float64 from 0 to 16, and (n,) classes."""
    pixels, labels = load_digits(return_X_y=True)
    return pixels, labels.astype(np.int64)


def parts(scale: float = 1.0) -> tuple[np.ndarray, ...]:
    """Bank and images, as metrics of both take them; 797 images are judged."""
    pixels, labels = digits()
    return pixels[:1000] / scale, labels[:1000], pixels[1000:] / scale, labels[1000:]
