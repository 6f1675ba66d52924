"""Fusion: the same function, with fewer layers."""

import pytest
import torch
from torch import nn

from harness.models.entries import CIFAR10_ENTRIES, DIGITS_ENTRIES
from harness.models.fusion import fused
from harness.models.published.trained import TRAINED_ENTRIES

# The smallest of each kind; the others are more of the same.
ENTRIES = {
    entry.build: entry
    for entry in sorted(
        (*TRAINED_ENTRIES[:2], *DIGITS_ENTRIES, *CIFAR10_ENTRIES),
        key=lambda e: -(e.parameters or 0),
    )
}


def unusual(network: nn.Module) -> nn.Module:
    """Batch norms with statistics of their own, as after training."""
    generator = torch.Generator().manual_seed(1)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean = torch.randn(part.num_features, generator=generator) / 4
            part.running_var = torch.rand(part.num_features, generator=generator) + 0.5
            part.weight.data = torch.rand(part.num_features, generator=generator) + 0.5
            part.bias.data = torch.randn(part.num_features, generator=generator) / 4
    return network.eval().requires_grad_(False)


def norms(network: nn.Module) -> int:
    """Batch norms that are still called."""
    called = {node.target for node in network.graph.nodes if node.op == "call_module"}
    return sum(
        isinstance(part, nn.BatchNorm2d) and name in called
        for name, part in network.named_modules()
    )


SIZES = {"digits": (1, 8, 8), "mnist": (1, 28, 28)}


@pytest.mark.parametrize(
    "entry",
    [e for e in ENTRIES.values() if e.layers],
    ids=lambda entry: f"{entry.base}-{entry.name}",
)
def test_declared_layers_of_a_fused_network_can_be_seen_and_change_no_bit(entry):
    """Each runs once, in the declared order, with maps that never grow."""
    torch.manual_seed(0)
    network = unusual(entry.build_network())
    images = torch.randn(2, *SIZES.get(entry.base, (3, 32, 32)))
    modules = [layer.module for layer in entry.layers]
    seen = []
    kept = fused(network, modules)
    with torch.inference_mode():
        expected = fused(network)(images)
        for module in modules:
            kept.get_submodule(module).register_forward_hook(
                lambda _part, _inputs, output: seen.append(output.shape)
            )
        found = kept(images)
    assert torch.equal(found, expected)
    assert len(seen) == len(modules)
    sides = [shape[-1] for shape in seen]
    assert sides == sorted(sides, reverse=True)
    assert all(len(shape) == 4 and len(shape) and shape[0] == 2 for shape in seen)
    names = [layer.name for layer in entry.layers]
    assert names == [f"stage{i}" for i in range(1, len(names) + 1)]


@pytest.mark.parametrize(
    "entry",
    ENTRIES.values(),
    ids=lambda entry: f"{entry.base}-{entry.name}",
)
def test_every_architecture_says_the_same_when_fused(entry):
    torch.manual_seed(0)
    network = unusual(entry.build_network())
    images = torch.randn(2, *SIZES.get(entry.base, (3, 32, 32)))
    quick = fused(network)
    assert isinstance(quick, torch.fx.GraphModule)  # all of them can be traced
    with torch.inference_mode():
        expected, found = network(images), quick(images)
    scale = expected.abs().max()
    assert (found - expected).abs().max() <= 1e-4 * scale
    assert entry.head in dict(quick.named_modules())


def test_a_resnet_has_no_batch_norm_left_and_the_original_keeps_its_own():
    from harness.models.architectures.resnet_cifar import resnet

    network = unusual(resnet(20))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    quick = fused(network)
    assert norms(quick) == 0
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert sum(isinstance(part, nn.BatchNorm2d) for part in network.modules()) == 19


class Odd(nn.Module):
    """A convolution that is used twice, and one whose output is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Conv2d(3, 3, 3, padding=1)
        self.first, self.second = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
        self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
        self.head = Own()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) to (n, 2)."""
        x = self.second(self.shared(self.first(self.shared(images))))
        y = self.conv(x)
        return self.head((y + self.norm(y)).mean((2, 3)))


class Own(nn.Linear):
    """A head of a class that tracers would look into."""

    def __init__(self) -> None:
        super().__init__(3, 2)


def test_shared_layers_and_outputs_stay_and_a_head_can_be_hooked():
    torch.manual_seed(0)
    network = unusual(Odd())
    quick = fused(network)
    images = torch.randn(4, 3, 5, 5)
    seen = []
    quick.get_submodule("head").register_forward_pre_hook(
        lambda _module, inputs: seen.append(inputs[0])
    )
    found = quick(images)
    assert len(seen) == 1
    torch.testing.assert_close(found, network(images))
    assert norms(quick) == 3


class Branching(nn.Module):
    """Its flow depends on the images, which cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn dark images to bright ones."""
        return self.norm(images if images.mean() > 0 else -images)


def test_a_network_that_cannot_be_traced_is_run_as_it_is():
    network = unusual(Branching())
    assert fused(network) is network
