"""What `predict_accuracy` is given beside arrays."""

from numbers import Real


def check_level(level: float) -> None:
    """Refuse anything but a number between 0 and 1.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not between them.
    """
    if not isinstance(level, Real):
        raise TypeError(
            f"`level` must be a number between 0 and 1, got {level!r:.60} "
            f"({type(level).__name__})"
        )
    if not 0 < level < 1:
        raise ValueError(f"`level` must be between 0 and 1, got {level:g}")
