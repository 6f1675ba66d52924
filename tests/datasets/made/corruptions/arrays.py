"""Images that the tests of corruptions share, and the way to tensors and back."""

import numpy as np
import torch

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, size=(6, 32, 32, 3), dtype=np.uint8)
GREY = RNG.integers(0, 200, size=(6, 8, 8, 1), dtype=np.uint8)
OBLONG = RNG.integers(0, 256, size=(3, 13, 22, 3), dtype=np.uint8)
# Smooth, as photographs are: a coarse pattern and little noise.
_COARSE = RNG.normal(128, 50, size=(6, 8, 8, 3)).repeat(4, 1).repeat(4, 2)
SMOOTH = (_COARSE + RNG.normal(0, 6, size=_COARSE.shape)).clip(0, 255).astype(np.uint8)
BATCHES = {"rgb": RGB, "grey": GREY, "oblong": OBLONG, "smooth": SMOOTH}


def tensor(images):
    """(b, h, w, c) to (b, c, h, w)."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def array(images):
    """And back."""
    return images.permute(0, 2, 3, 1).numpy()


def rng():
    """The same draws every time."""
    return np.random.default_rng(3)


def truncated(values):
    """[0, 1] to bytes as the published generator does it."""
    return np.uint8(np.clip(values, 0, 1) * 255)
