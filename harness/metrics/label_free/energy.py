"""Energy: the free energy of the logits, averaged or as a distribution over the set."""

from typing import Literal

import numpy as np

from harness.arrays import Array, Logits, log_sum_exp
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_logits
from harness.metrics.numerics.temperature import tempered
from harness.metrics.spec import Input, Invariant, Metric, Trend


def average_energy(logits: Logits, *, temperature: float = 1.0) -> float:
    r"""Return the mean negative free energy of the images.

    .. math:: \frac1n \sum_i T \log \sum_j e^{f_{ij}/T}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    temperature
        T.

    Returns
    -------
    float
        Any real number, higher is better: at least the mean largest logit, at most
        T log k above it.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix or `temperature` is not positive.

    Notes
    -----
    A control beside `meta_distribution_energy`: the plain mean of the same energies. It
    is a mean over images and may be averaged over batches, and it moves with any
    constant added to the logits.

    References
    ----------
    Peng, Zou, Wang, Zeng, Huang, Zhao, "Energy-based Automated Model Evaluation",
    ICLR 2024, arXiv:2401.12689 (the released code's ``AVG``).

    Examples
    --------
    >>> average_energy(np.array([[1e4, 0.0], [0.0, 2e4]]))
    15000.0
    >>> round(average_energy(np.zeros((1, 4)), temperature=2.0), 6)  # 2 log 4
    2.772589
    """
    return float(-_energies(logits, temperature).mean())


def meta_distribution_energy(
    logits: Logits,
    *,
    temperature: float = 1.0,
    variant: Literal["paper", "log"] = "paper",
) -> float:
    r"""Return the mean surprise of the images' energies, normalised over the set.

    .. math:: -\frac1n \sum_i \log \frac{e^{E_i}}{\sum_l e^{E_l}},
        \quad E_i = -T \log \sum_j e^{f_{ij}/T}

    Parameters
    ----------
    logits : (n, k) array
        One row per image.
    temperature
        T.
    variant
        ``paper`` as above; ``log`` for its logarithm, which the released code reports
        by default.

    Returns
    -------
    float
        At least log n, higher is better; log n when all energies are equal.

    Raises
    ------
    ValueError
        If `logits` is not a finite matrix or an option is out of range.
    UndefinedMetricError
        For the logarithm on a single image, where the mean surprise is 0.

    Notes
    -----
    It grows with log n, so sets of unequal size cannot be compared. The sum over images
    is ruled by the least sure ones: one image with a very small energy moves it far.

    References
    ----------
    Peng, Zou, Wang, Zeng, Huang, Zhao, "Energy-based Automated Model Evaluation",
    ICLR 2024, arXiv:2401.12689.

    Examples
    --------
    >>> round(meta_distribution_energy(np.ones((10, 3))), 6)  # log 10
    2.302585
    >>> round(meta_distribution_energy(np.ones((10, 3)), variant="log"), 6)
    0.834032
    >>> logits = np.log([[1.0, 1.0], [3.0, 3.0]])  # energies -log 2, -log 6
    >>> round(meta_distribution_energy(logits), 6)  # -(log 3/4 + log 1/4) / 2
    0.836988
    >>> meta_distribution_energy(np.array([[1e4, 0.0]]))
    0.0
    """
    if variant not in ("paper", "log"):
        raise ValueError(f"`variant` must be 'paper' or 'log', got {variant!r}")
    energies = _energies(logits, temperature)
    surprise = float(log_sum_exp(energies) - energies.mean())
    if variant == "paper":
        return max(0.0, surprise)  # n = 1 may round below its bound
    if len(energies) == 1:
        raise UndefinedMetricError(
            "the logarithm of the meta-distribution energy needs two images, got 1"
        )
    return float(np.log(surprise))


def _energies(logits: Logits, temperature: float) -> Array:
    """(n,) free energies; low for images that the model is sure of."""
    check_logits(logits)
    return -temperature * log_sum_exp(tempered(logits, temperature))


AVERAGE_ENERGY = Metric(
    fn=average_energy,
    inputs=(Input.LOGITS,),
    bounds=(-float("inf"), float("inf")),
    trend=Trend.RISES,
    source="Peng et al. 2024, arXiv:2401.12689, released code",
    invariants=frozenset(
        {Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER, Invariant.DUPLICATION}
    ),
)

META_DISTRIBUTION_ENERGY = Metric(
    fn=meta_distribution_energy,
    inputs=(Input.LOGITS,),
    bounds=(0.0, float("inf")),
    trend=Trend.RISES,
    source="Peng et al. 2024, arXiv:2401.12689",
    invariants=frozenset({Invariant.IMAGE_ORDER, Invariant.CLASS_ORDER}),
    depends_on_n=True,
)
