"""Batch norm over several processes against PyTorch's own over all images."""

import multiprocessing
import os
import socket

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test
from torch import nn

from harness.models.processes import started
from harness.models.shared_norm import SharedBatchNorm, share_batch_norms

KINDS = ("vectors", "images", "no momentum", "no weights")


def case(kind):
    """A norm that has seen something, images, and what is made small."""
    torch.manual_seed(3)
    norm = {
        "vectors": nn.BatchNorm1d(4),
        "images": nn.BatchNorm2d(3, momentum=0.3, eps=1e-3),
        "no momentum": nn.BatchNorm2d(3, momentum=None),
        "no weights": nn.BatchNorm1d(4, affine=False, track_running_stats=False),
    }[kind].double()
    shape = (7, 4) if isinstance(norm, nn.BatchNorm1d) else (7, 3, 5, 2)
    x = 2 + 3 * torch.randn(shape, dtype=torch.float64)
    wanted = torch.randn(shape, dtype=torch.float64)
    if norm.affine:
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        norm(x + 1)
    return norm, x, wanted


def passed(norm, x, wanted):
    """What comes out, the gradients of a loss, and what is remembered."""
    x = x.clone().requires_grad_()
    out = norm(x)
    (out * wanted).sum().square().backward()
    weights = [p.grad for p in norm.parameters()]
    return out.detach(), x.grad, weights, list(norm.buffers())


def whole_loss(out, wanted):
    """Its square is no sum over images: every gradient hangs on all of them."""
    total = (out * wanted).sum()
    parts = [torch.empty_like(total) for _ in range(2)]
    torch.distributed.all_gather(parts, total.detach())
    return (total + sum(parts) - total.detach()).square()


def part(rank, port, queue):
    """One of two processes, with four images or with three."""
    os.environ.update(
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE="2"
    )
    torch.set_num_threads(1)
    with started("cpu"):
        for kind in KINDS:
            norm, x, wanted = case(kind)
            norm.zero_grad()
            network = nn.Sequential(norm)
            share_batch_norms(network, "cpu")
            mine = x[rank::2].clone().requires_grad_()
            out = network(mine)
            whole_loss(out, wanted[rank::2]).backward()
            weights = []
            for parameter in network.parameters():
                torch.distributed.all_reduce(parameter.grad)
                weights.append(parameter.grad)
            remembered = list(network.buffers())
            found = [out.detach(), mine.grad, *weights, *remembered]
            queue.put((kind, rank, [tensor.numpy() for tensor in found]))


@pytest.mark.slow
def test_two_processes_norm_as_one_does():
    """Values, gradients of images and weights, and running statistics."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = [context.Process(target=part, args=(r, port, queue)) for r in range(2)]
    for process in running:
        process.start()
    found = [queue.get(timeout=300) for _ in range(2 * len(KINDS))]
    for process in running:
        process.join()

    for kind, rank, (out, of_images, *others) in found:
        norm, x, wanted = case(kind)
        norm.zero_grad()
        its_out, its_images, weights, buffers = passed(norm, x, wanted)
        np.testing.assert_allclose(out, its_out[rank::2], rtol=1e-10)
        np.testing.assert_allclose(of_images, its_images[rank::2], rtol=1e-8)
        expected = [*weights, *buffers]
        assert len(others) == len(expected)
        for mine, its in zip(others, expected, strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-10)


def test_it_has_what_the_other_had_and_evaluates_alike():
    norm, x, _ = case("images")
    network = nn.Sequential(norm.eval())
    before = network(x)
    share_batch_norms(network, "cpu")

    assert isinstance(network[0], SharedBatchNorm)
    assert not network[0].training
    assert torch.equal(network(x), before)
    assert network.state_dict().keys() == nn.Sequential(norm).state_dict().keys()
