"""A cube worked by hand: three networks, four epochs, six images of three classes."""

import numpy as np

LABELS = np.array([0, 1, 2, 0, 1, 2])
# By epoch, networks A, B and C.
_SAID = (
    ("010100", "002201", "011210"),
    ("012100", "012201", "012200"),
    ("012001", "010001", "012210"),
    ("012011", "012001", "012000"),
)


def _table(epochs):
    rows = [[[int(c) for c in row] for row in epoch] for epoch in epochs]
    return np.array(rows).transpose(1, 0, 2)


PREDICTED = _table(_SAID)  # (networks, epochs, images)
RIGHT = PREDICTED == LABELS
