"""Calibrated confidences, in one line."""

from collections.abc import Mapping

from harness.metrics.numerics.temperature import HIGHEST, LOWEST


def calibration_line(temperatures: Mapping[str, float]) -> str:
    """That confidences were calibrated, and with what; empty if they were not.

    Examples
    --------
    >>> calibration_line({"lenet": 1.25, "linear": 0.8})
    'confidences calibrated on the source at temperature 1.250 (lenet), 0.800 (linear)'
    """
    if not temperatures:
        return ""
    each = ", ".join(f"{_shown(t)} ({name})" for name, t in temperatures.items())
    line = f"confidences calibrated on the source at temperature {each}"
    if any(_is_end(t) for t in temperatures.values()):
        line += "; !: the end of the range, none was best"
    return line


def _shown(temperature: float) -> str:
    return f"{temperature:g}!" if _is_end(temperature) else f"{temperature:.3f}"


def _is_end(temperature: float) -> bool:
    return temperature in (LOWEST, HIGHEST)
