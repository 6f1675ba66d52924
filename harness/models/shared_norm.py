"""Batch norm over the images of all processes that train one network together."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

_REMEMBERED = ("running_mean", "running_var", "num_batches_tracked")


class SharedBatchNorm(_BatchNorm):
    """Batch norm whose statistics, and their gradients, are of all processes' images.

    What one process has of a whole batch, up to rounding; PyTorch's own SyncBatchNorm
    runs on GPUs only. In eval mode it is batch norm as any other.

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization", ICML 2015, arXiv:1502.03167, algorithm 1:
    the variance of a batch is divided by n, the running one by n - 1.
    """

    @classmethod
    def of(cls, part: _BatchNorm) -> SharedBatchNorm:
        """One with another's options, weights and statistics."""
        made = cls(
            part.num_features,
            part.eps,
            part.momentum,
            part.affine,
            part.track_running_stats,
        )
        for name in ("weight", "bias", *_REMEMBERED):
            setattr(made, name, getattr(part, name))
        return made.train(part.training)

    def _check_input_dim(self, input: torch.Tensor) -> None:  # noqa: A002 - torch's name
        """Images, (n, c, h, w), and vectors, (n, c), are alike."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        """Of the same shape; in training all processes must call it together."""
        if not self.training:
            return super().forward(input)
        over = [axis for axis in range(input.ndim) if axis != 1]
        shape = [1, -1, *[1] * (input.ndim - 2)]
        values = input.numel() // self.num_features
        n = int(_summed(torch.tensor(float(values), device=input.device)))
        if n < 2:
            raise ValueError(
                f"batch norm needs two values a channel at least, got {n} in all "
                "processes together; choose another batch size"
            )
        mean = _summed(input.sum(over)) / n
        centred = input - mean.view(shape)
        var = _summed(centred.square().sum(over)) / n
        self._follow(mean.detach(), var.detach() * (n / (n - 1)))
        found = centred * (var + self.eps).rsqrt().view(shape)
        if self.affine:
            found = found * self.weight.view(shape) + self.bias.view(shape)
        return found

    def _follow(self, mean: torch.Tensor, var: torch.Tensor) -> None:
        """Bring the running statistics up to date."""
        counter, running = self.num_batches_tracked, self.running_mean
        if counter is None or running is None or self.running_var is None:
            return
        counter.add_(1)
        share = 1 / float(counter) if self.momentum is None else self.momentum
        running.lerp_(mean, share)
        self.running_var.lerp_(var, share)


def share_batch_norms(network: torch.nn.Module, device: str) -> None:
    """Give a network batch norms over all processes, in the place of its own.

    Parameters
    ----------
    device
        Where the network will run: on GPUs they are PyTorch's.
    """
    for name, part in list(network.named_modules()):
        if isinstance(part, _BatchNorm):
            made: torch.nn.Module = SharedBatchNorm.of(part)
            if device != "cpu":
                sync: Any = torch.nn.SyncBatchNorm
                made = sync.convert_sync_batchnorm(part)
            network.set_submodule(name, made)


class _Summed(torch.autograd.Function):
    """The sum over processes; its gradient is that of all of them."""

    @staticmethod
    def forward(ctx: Any, part: torch.Tensor) -> torch.Tensor:
        return _reduced(part)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        return _reduced(gradients[0])


def _summed(part: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = _Summed.apply(part)
    return found


def _reduced(part: torch.Tensor) -> torch.Tensor:
    total = part.detach().clone()
    torch.distributed.all_reduce(total)
    return total
