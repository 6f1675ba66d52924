"""Shape bias: whether shape or texture decides where the two are in conflict."""

from dataclasses import dataclass

from harness.arrays import Classes
from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_predicted
from harness.metrics.numerics.uncertainty import sampling_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeBias:
    """Decisions on images whose shape is of one category and texture of another.

    Attributes
    ----------
    shape, texture
        How many were for the category of the shape, and of the texture.
    images
        How many have a conflict; the rest of the decisions were for neither.
    """

    shape: int
    texture: int
    images: int

    @property
    def value(self) -> float:
        """Share of shape among the decisions for either, in [0, 1]; 0.5 is neither."""
        return self.shape / (self.shape + self.texture)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        low, high = sampling_interval(self.value, self.shape + self.texture)
        return float(low), float(high)

    @property
    def either(self) -> float:
        """Share of the decisions that are for shape or texture: what the bias is of."""
        return (self.shape + self.texture) / self.images


def shape_bias(decided: Classes, shape: Classes, texture: Classes) -> ShapeBias:
    r"""Return how often shape decides, of the decisions for shape or texture.

    .. math:: \frac{|\{i : d_i = s_i\}|}{|\{i : d_i = s_i\}| + |\{i : d_i = t_i\}|},
        \qquad s_i \ne t_i

    Parameters
    ----------
    decided : (n,) integer array
        The category that a network decides for on each image. As published: of 16
        categories the one whose ImageNet classes have the largest mean probability, of
        a softmax over all 1,000 (`harness.datasets.class_map.ClassMap.grouped` with
        `Rule.MEAN`); with the largest single probability, or a sum in place of the
        mean, it is another number.
    shape, texture : (n,) integer arrays
        The categories of each image's shape and texture.

    Raises
    ------
    TypeError, ValueError
        If they are not n categories each.
    UndefinedMetricError
        If no image has a conflict, or no decision is for shape or texture.

    Notes
    -----
    Images whose shape and texture are of one category say nothing and are left out, as
    published. Drawings of edges have a shape alone: of them there is an accuracy under
    the same rule, and no bias.

    References
    ----------
    Geirhos et al., "ImageNet-trained CNNs are biased towards texture", ICLR 2019,
    arXiv:1811.12231, section 3 and appendix; bethgelab/model-vs-human,
    ``decision_mappings.py`` and ``analyses.py``.

    Examples
    --------
    >>> import numpy as np
    >>> shape, texture = np.array([0, 0, 1, 2, 3]), np.array([1, 1, 0, 0, 3])
    >>> bias = shape_bias(np.array([0, 0, 0, 5, 3]), shape, texture)
    >>> bias.shape, bias.texture, bias.images  # neither once, and no conflict once
    (2, 1, 4)
    >>> round(bias.value, 4), bias.either
    (0.6667, 0.75)
    """
    check_predicted(decided, name="decided")
    check_predicted(shape, len(decided), name="shape")
    check_predicted(texture, len(decided), name="texture")
    conflict = shape != texture
    if not conflict.any():
        raise UndefinedMetricError(
            "shape and texture are of one category on every image, so there is no "
            "conflict to decide"
        )
    found = ShapeBias(
        shape=int((decided == shape)[conflict].sum()),
        texture=int((decided == texture)[conflict].sum()),
        images=int(conflict.sum()),
    )
    if found.shape + found.texture == 0:
        raise UndefinedMetricError(
            f"none of the {found.images} decisions is for shape or texture"
        )
    return found
