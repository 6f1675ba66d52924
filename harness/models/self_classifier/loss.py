"""The loss of Self-Classifier: views of an image are of one class, classes of one size.

Amrani et al. 2022, arXiv:2103.10994, equation 8; elad-amrani/self-classifier,
``src/loss.py``. Where the two differ we follow the code: the softmax over images is
divided by its sum over classes and the softmax over classes by its sum over images,
divisors are clamped from below by `eps`, and nothing stops the gradient of the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

ROW_TEMPERATURE = 0.1
COLUMN_TEMPERATURE = 0.05
EPS = 1e-12


def self_classifier_loss(
    heads: Sequence[Sequence[Tensor]],
    *,
    whole_views: int = 2,
    row_temperature: float = ROW_TEMPERATURE,
    column_temperature: float = COLUMN_TEMPERATURE,
    eps: float = EPS,
    prior: bool = True,
) -> Tensor:
    """Mean cross entropy between views, over heads and ordered pairs of views.

    With N images, C classes, S_r and S_c the softmax over classes and over images, of
    a target's logits t and another view's logits z::

        q = S_c(t / column_temperature), divided by its sum over classes
        p = S_r(z / row_temperature), divided by its sum over images
        l = -mean over images of sum over classes q log(N / C p + eps)

    It is 0 where both views agree and classes are equally large, and ln C both where
    all logits are equal and where all images are of one class.

    Parameters
    ----------
    heads
        For each head its views, each (n, C) logits of the same images; those of whole
        images first.
    whole_views
        How many of them are. Two views that are both local are no pair.
    row_temperature, column_temperature, eps
        As above.
    prior
        Whether classes are taken to be equally likely. Without,
        q = S_r(t / column_temperature) and l = -mean sum q log(S_r(z /
        row_temperature) + eps): one class for all images makes it 0.

    Returns
    -------
    Tensor
        () in the precision of the logits.

    Raises
    ------
    ValueError
        If there is no pair.
    """
    views = {len(of_head) for of_head in heads}
    if len(views) != 1 or min(views) < 2 or whole_views < 1:
        raise ValueError(
            "`heads` must each have the same number of views, two at least, and one "
            f"whole, got {sorted(views)} with {whole_views} whole"
        )
    import torch

    losses = [
        _pairs(
            of_head,
            whole_views,
            rows=row_temperature,
            columns=column_temperature,
            eps=eps,
            prior=prior,
        )
        for of_head in heads
    ]
    return torch.stack(losses).mean()


def _pairs(
    views: Sequence[Tensor],
    whole: int,
    *,
    rows: float,
    columns: float,
    eps: float,
    prior: bool,
) -> Tensor:
    """() the mean over ordered pairs of one head's views."""
    import torch

    z = torch.stack(list(views))  # (v, n, c)
    _, n, classes = z.shape
    predicted = torch.softmax(z / rows, dim=2)
    if prior:
        target = torch.softmax(z / columns, dim=1)
        target = target / target.sum(dim=2, keepdim=True).clamp_min(eps)
        predicted = predicted / predicted.sum(dim=1, keepdim=True).clamp_min(eps)
        predicted = predicted * (n / classes)
    else:
        target = torch.softmax(z / columns, dim=2)
    losses = -torch.einsum("inc,jnc->ij", target, torch.log(predicted + eps)) / n
    at = torch.arange(len(z), device=z.device)
    apart = at[:, None] != at[None]
    counted = apart & ((at[:, None] < whole) | (at[None] < whole))
    return losses[counted].mean()
