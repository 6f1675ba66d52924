"""Activation: what makes probabilities of a network's logits, as it was trained."""

from enum import StrEnum


class Activation(StrEnum):
    """A fact of a network, as its normalisation is."""

    SOFTMAX = "softmax"  # one distribution over the classes
    SIGMOID = "sigmoid"  # a probability for each class by itself


def checked_activation(activation: str) -> Activation:
    """The activation of a name.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> checked_activation("sigmoid").value
    'sigmoid'
    """
    if activation not in list(Activation):
        raise ValueError(
            f"`activation` must be one of {', '.join(Activation)}, got {activation!r}"
        )
    return Activation(activation)
