"""Sigmoids: a question a class, each answered by itself, of images of one label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.models.objectives.cross_entropy import CrossEntropy

if TYPE_CHECKING:
    import torch


class Sigmoids(CrossEntropy):
    r"""Binary cross entropy of labels, of which an image has one.

    What is said is the largest logit, as of a softmax.

    .. math:: -\frac1n \sum_i \Big( \log \sigma(f_{i y_i}) + \sum_{j \ne y_i}
        \log \sigma(-f_{ij}) \Big)

    The classes' questions are added up and not averaged, so that a learning rate that
    suits cross entropy suits it too: the label's own logit has a gradient of the same
    size. Averaged over classes, as timm's ``BinaryCrossEntropy`` has it unless told
    otherwise, it is this divided by their number.

    References
    ----------
    Beyer, Hénaff, Kolesnikov, Zhai, van den Oord, "Are we done with ImageNet?", 2020,
    arXiv:2006.07159: sigmoids in place of a softmax, for images of which several labels
    hold; Wightman, Touvron, Jégou, "ResNet strikes back", 2021,
    arXiv:2110.00476.
    """

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The mean over images of the sum over classes."""
        import torch

        functions: Any = torch.nn.functional
        asked = functions.one_hot(labels, logits.shape[1]).to(logits.dtype)
        whole: torch.Tensor = functions.binary_cross_entropy_with_logits(
            logits, asked, reduction="sum"
        )
        return whole / len(logits)
