"""Every network of the tables: names, shapes, sizes, heads, and paths through it."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from harness.models.architectures import (
    adapted,
    projected_resnet,
    repvgg,
    resnet_cifar,
    vgg,
)
from harness.models.entries import CIFAR10_ENTRIES, ENTRIES
from harness.registry import Registry

# By model: how many tensors its published state dict has, and sha256 over the sorted
# lines "name: [shape]". Made by `digest` below from what the sources' own code builds.
PUBLISHED = json.loads((Path(__file__).parent / "state_dicts.json").read_text())
BASES = Registry().bases


def named(entries):
    return pytest.mark.parametrize(
        "entry", entries, ids=[f"{entry.base}-{entry.name}" for entry in entries]
    )


def built(entry):
    """With random weights, and a shape of images that it takes."""
    if entry.needs:
        pytest.importorskip(entry.needs)
    height, width, channels = BASES[entry.base].size
    shape = (channels, min(height, 64), min(width, 64))  # enough for one of 224
    torch.manual_seed(0)
    return entry.build_network().eval(), shape


def digest(shapes):
    """Count and digest of a dict from tensor names to sizes."""
    lines = sorted(f"{name}: {list(shape)}" for name, shape in shapes.items())
    return [len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()]


def on_meta(entry):
    """The network without storage: shapes alone."""
    with torch.device("meta"):
        return entry.build_network().eval()


def cifar10(name):
    return next(entry for entry in CIFAR10_ENTRIES if entry.name == name)


@pytest.mark.parametrize("entry", CIFAR10_ENTRIES, ids=lambda entry: entry.name)
def test_names_and_shapes_are_the_published_ones(entry):
    network = on_meta(entry)
    shapes = {name: tuple(t.shape) for name, t in network.state_dict().items()}

    assert digest(shapes) == PUBLISHED[entry.name]
    assert sum(p.numel() for p in network.parameters()) == entry.parameters


def test_no_published_model_is_forgotten():
    assert {entry.name for entry in CIFAR10_ENTRIES} == set(PUBLISHED)


def test_the_digest_sees_names_and_shapes():
    shapes = {"a": (1, 2), "b": ()}
    different = [{"a": (1, 2), "c": ()}, {"a": (2, 1), "b": ()}, {"a": (1, 2)}]

    assert digest(shapes)[0] == 2
    assert digest(dict(reversed(shapes.items()))) == digest(shapes)
    assert all(digest(other) != digest(shapes) for other in different)


@named([entry for entry in ENTRIES if entry.head])
def test_head_of_features_is_logits(entry):
    """What enters the head is all that the logits are made of, image by image."""
    network, shape = built(entry)
    head = network.get_submodule(entry.head)
    seen = []
    head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        logits = network(torch.randn(2, *shape))

        assert isinstance(head, nn.Linear)
        assert [features.shape for features in seen] == [(2, head.in_features)]
        assert torch.equal(head(seen[0]), logits)
    assert logits.shape == (2, len(BASES[entry.base].classes))
    assert torch.isfinite(logits).all()


@named([entry for entry in ENTRIES if not entry.head])
def test_without_a_head_there_is_no_linear_layer(entry):
    """SqueezeNets average over maps that are logits already."""
    network, shape = built(entry)

    assert not [part for part in network.modules() if isinstance(part, nn.Linear)]
    with torch.inference_mode():
        logits = network(torch.randn(2, *shape))
    assert logits.shape == (2, len(BASES[entry.base].classes))
    assert torch.isfinite(logits).all()


# Strides and poolings leave no trace in a state dict, so the sizes on the way are
# pinned to what the sources' code gives for 32x32 images.
@pytest.mark.parametrize(
    ("name", "module", "size"),
    [
        ("resnet20", "layer1", 32),
        ("resnet20", "layer3", 8),
        ("chenyaofo-resnet20", "layer1", 32),
        ("chenyaofo-resnet20", "layer3", 8),
        ("chenyaofo-vgg16_bn", "features", 1),
        ("chenyaofo-mobilenetv2_x0_5", "features.3", 32),
        ("chenyaofo-mobilenetv2_x0_5", "features.13", 8),
        ("chenyaofo-mobilenetv2_x0_5", "features", 4),
        ("chenyaofo-shufflenetv2_x0_5", "conv1", 32),
        ("chenyaofo-shufflenetv2_x0_5", "stage2", 16),
        ("chenyaofo-shufflenetv2_x0_5", "conv5", 4),
        ("chenyaofo-repvgg_a0", "stage1", 32),
        ("chenyaofo-repvgg_a0", "stage4", 4),
        ("huyvnphan-vgg11_bn", "features", 1),
        ("huyvnphan-resnet18", "conv1", 32),
        ("huyvnphan-resnet18", "layer1", 16),
        ("huyvnphan-resnet50", "layer4", 2),
        ("huyvnphan-densenet121", "features.conv0", 32),
        ("huyvnphan-densenet121", "features.denseblock1", 16),
        ("huyvnphan-densenet121", "features", 2),
        ("huyvnphan-mobilenet_v2", "features", 4),
        ("huyvnphan-googlenet", "inception3b", 32),
        ("huyvnphan-googlenet", "inception4e", 16),
        ("huyvnphan-googlenet", "inception5b", 8),
        ("huyvnphan-inception_v3", "Mixed_5d", 32),
        ("huyvnphan-inception_v3", "Mixed_6e", 15),
        ("huyvnphan-inception_v3", "Mixed_7c", 7),
        ("alexnet", "features.0", 16),
        ("alexnet", "features", 2),
        ("lenet5", "layer1", 14),
        ("lenet5", "layer2", 5),
    ],
)
def test_sizes_on_the_way(name, module, size):
    network = on_meta(cifar10(name))
    seen = []
    network.get_submodule(module).register_forward_hook(
        lambda _module, _inputs, out: seen.append(tuple(out.shape[-2:]))
    )
    network(torch.empty(1, 3, 32, 32, device="meta"))

    assert seen == [(size, size)]


def test_padded_shortcut_puts_old_channels_in_the_middle():
    """Option A, by hand: every second pixel; a channel of zeros on either side."""
    images = torch.arange(32.0).view(1, 2, 4, 4)
    out = resnet_cifar.PaddedShortcut(2)(images)

    assert out[0, :, 0, 0].tolist() == [0, 0, 16, 0]
    assert out[0, 1].tolist() == [[0, 2], [8, 10]]
    assert out[0, 2].tolist() == [[16, 18], [24, 26]]


def test_repvgg_block_equals_one_convolution():
    """Its branches are linear, so a single 3x3 kernel must give the same."""
    torch.manual_seed(0)
    block = repvgg.RepVGGBlock(4, 4, 1).double().eval()
    for norm in (block.rbr_identity, block.rbr_dense.bn, block.rbr_1x1.bn):
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            tensor.data.uniform_(0.5, 1.5)

    def fused(kernel, norm):
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        return kernel * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale

    identity = torch.zeros(4, 4, 3, 3, dtype=torch.float64)
    identity[:, :, 1, 1] = torch.eye(4)
    point = torch.zeros_like(identity)
    point[:, :, 1, 1] = block.rbr_1x1.conv.weight.detach()[:, :, 0, 0]
    parts = [
        fused(identity, block.rbr_identity),
        fused(block.rbr_dense.conv.weight, block.rbr_dense.bn),
        fused(point, block.rbr_1x1.bn),
    ]
    kernel, bias = (sum(part) for part in zip(*parts, strict=True))
    images = torch.randn(2, 4, 5, 5, dtype=torch.float64)
    expected = torch.conv2d(images, kernel, bias, padding=1).relu()

    torch.testing.assert_close(block(images), expected)


def test_one_brain_cell_sees_the_mean_alone():
    network = cifar10("onebrain").build_network()
    images = torch.randn(3, 3, 32, 32)
    flat = images.mean(dim=(1, 2, 3), keepdim=True).expand(images.shape)

    torch.testing.assert_close(network(images), network(flat))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: resnet_cifar.resnet(21), "`depth` must be 6n"),
        (lambda: projected_resnet.projected_resnet(2), "at least 8, got 2"),
        (
            lambda: vgg.vgg(12, hidden=8),
            r"`depth` must be one of \[11, 13, 16, 19\], got 12",
        ),
        (lambda: repvgg.repvgg("b0"), r"\['a0', 'a1', 'a2'\], got 'b0'"),
        (lambda: adapted.resnet(101), r"\[18, 34, 50\], got 101"),
        (lambda: adapted.densenet(201), r"\[121, 161, 169\], got 201"),
        (lambda: adapted.shufflenet_v2(3.0), r"\[0.5, 1.0, 1.5, 2.0\], got 3.0"),
    ],
)
def test_unknown_variants_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
