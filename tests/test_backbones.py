"""Backbones: maps of layers, under torchvision's detection and segmentation."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test

from benchmarks.backbones import (
    average_precision,
    detect,
    mean_iou,
    normalised,
    scenes,
    segment,
    segmenter,
)
from harness import backbone
from harness.datasets.bases import DIGITS
from harness.errors import HarnessError, MissingData, UnknownName
from harness.registry import Registry
from harness.settings import Settings


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("HARNESS_WEIGHTS_ROOT", raising=False)


def state(body):
    return {name: tensor.clone() for name, tensor in body.state_dict().items()}


def changed(body, before):
    return {n for n, tensor in body.state_dict().items() if (tensor != before[n]).any()}


@pytest.mark.parametrize("model", ["lenet", "resnet", "vgg", "nin-random"])
def test_maps_are_what_the_layers_give(model, tmp_path):
    """To the bit, of every layer, in one pass; of larger images too."""
    entry = Registry().model("digits", model)
    settings = Settings(cache_dir=tmp_path, store=tmp_path)
    network = entry.trained_network(settings, DIGITS, print).eval()
    images, seen = torch.randn(3, 1, 8, 8), {}
    for layer in entry.layers:
        part = network.get_submodule(layer.module)
        part.register_forward_hook(
            lambda _m, _i, output, name=layer.name: seen.update({name: output.clone()})
        )
    body = backbone(model, layers={one.name: one.name for one in entry.layers})
    with torch.no_grad():
        network(images)
        maps = body(images)
        large = body(torch.zeros(1, 1, 24, 32))

    assert list(maps) == [layer.name for layer in entry.layers]
    assert all(torch.equal(maps[name], seen[name]) for name in seen)
    assert body.channels == {name: seen[name].shape[1] for name in seen}
    for name, found in large.items():
        assert found.shape[2:] == (seen[name].shape[2] * 3, seen[name].shape[3] * 4)


def step(body):
    """One of a segmenter, on made scenes."""
    some = scenes("train", 4, 0)
    network = segmenter(body).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    said = network(normalised(body, some))["out"]
    wanted = torch.stack([scene.classes for scene in some]).long()
    torch.nn.functional.cross_entropy(said, wanted).backward()
    optimiser.step()


def test_what_is_frozen_stays_as_it_is():
    body = backbone("vgg", layers={"stage2": "out"})
    before = state(body)
    step(body)

    assert changed(body, before) == set()
    assert not any(p.requires_grad for p in body.parameters())


def test_fine_tuning_leaves_batch_norm_alone():
    """Its statistics, scale and shift; every convolution learns."""
    body = backbone("vgg", layers={"stage2": "out"}, frozen=False)
    before = state(body)
    convolutions = {n for n, tensor in before.items() if tensor.ndim == 4}
    step(body)

    assert len(convolutions) == 4
    assert changed(body, before) == convolutions


def test_a_pyramid_learns_over_what_is_frozen():
    layers = {"stage1": "0", "stage2": "1", "stage3": "2"}
    body = backbone("resnet", layers=layers, pyramid=12)
    maps = body(torch.randn(2, 1, 16, 16))

    assert {n: tuple(m.shape) for n, m in maps.items()} == {
        "0": (2, 12, 16, 16),
        "1": (2, 12, 8, 8),
        "2": (2, 12, 4, 4),
    }
    assert body.out_channels == 12
    learning = {n for n, p in body.named_parameters() if p.requires_grad}
    assert learning
    assert all(name.startswith("pyramid.") for name in learning)


def test_maps_of_unlike_widths_have_no_common_one():
    """torchvision then says what it misses."""
    body = backbone("vgg", layers={"stage1": "0", "stage2": "1"})

    assert body.channels == {"0": 16, "1": 32}
    assert not hasattr(body, "out_channels")


def test_weights_are_those_of_a_file(tmp_path):
    """As `harness train` writes it."""
    from safetensors.torch import save_file

    torch.manual_seed(5)
    network = Registry().model("digits", "lenet").build_network()
    save_file(network.state_dict(), "mine.safetensors")
    body = backbone("lenet?weights=mine.safetensors", layers={"stage1": "out"})

    (weight,) = (t for n, t in body.state_dict().items() if n.endswith("0.weight"))
    assert torch.equal(weight, network[0].weight)


def test_a_network_of_your_own_has_parts(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import torch\n"
        "def network():\n"
        "    torch.manual_seed(0)\n"
        "    conv = torch.nn.Conv2d(1, 5, 3, padding=1)\n"
        "    rest = torch.nn.Flatten(), torch.nn.Linear(320, 10)\n"
        "    return torch.nn.Sequential(conv, torch.nn.ReLU(), *rest)\n"
    )
    spec = "mine.py:network?mean=0.25&std=0.5"
    body = backbone(spec, layers={"1": "out"}, frozen=False)

    assert body(torch.zeros(2, 1, 20, 20))["out"].shape == (2, 5, 20, 20)
    assert (body.mean, body.std, body.out_channels) == ((0.25,), (0.5,), 5)
    assert all(p.requires_grad for p in body.parameters())


@pytest.mark.parametrize(
    ("model", "options", "error", "said"),
    [
        ("lenett", {}, UnknownName, "unknown model 'lenett'.*lenet"),
        ("lenet?what=1", {}, HarnessError, "model.*what"),
        ("lenet", {"layers": {"stage7": "0"}}, UnknownName, "layer of model lenet"),
        ("lenet", {"layers": {}}, HarnessError, "`layers` must say"),
        ("lenet", {"pyramid": 0}, HarnessError, "`pyramid` must be at least 1"),
        ("lenet", {"base": "digitz"}, UnknownName, "unknown base 'digitz'"),
        ("lenet", {"root": "x"}, UnknownName, "unknown setting 'root'"),
        ("lenet", {"download": "perhaps"}, HarnessError, "must be true or false"),
        ("linear", {}, HarnessError, "model linear has no layers that are known"),
        ("resnet20", {"base": "cifar10"}, MissingData, "weights resnet20"),
    ],
)
def test_what_cannot_be_is_refused(model, options, error, said):
    with pytest.raises(error, match=said):
        backbone(model, **{"layers": {"stage1": "0"}, **options})


def test_a_layer_of_vectors_is_no_map(tmp_path):
    (tmp_path / "flat.py").write_text(
        "import torch\n"
        "def network():\n"
        "    torch.manual_seed(0)\n"
        "    rest = torch.nn.Linear(64, 8), torch.nn.Linear(8, 10)\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), *rest)\n"
    )
    with pytest.raises(HarnessError, match=r"must give maps .* got shape \(1, 8\)"):
        backbone("flat.py:network?mean=0&std=1", layers={"1": "0"})


def test_a_network_whose_flow_hangs_on_the_images_cannot_be_cut(tmp_path):
    (tmp_path / "flow.py").write_text(
        "import torch\n"
        "class Flow(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv = torch.nn.Conv2d(1, 2, 3)\n"
        "        self.last = torch.nn.Linear(72, 10)\n"
        "    def forward(self, x):\n"
        "        if x.sum() > 1e9:\n"
        "            x = -x\n"
        "        return self.last(self.conv(x).flatten(1))\n"
        "def network():\n"
        "    torch.manual_seed(0)\n"
        "    return Flow()\n"
    )
    with pytest.raises(HarnessError, match="model network cannot be cut after conv"):
        backbone("flow.py:network?mean=0&std=1", layers={"conv": "0"})


# --- torchvision's models over them ---------------------------------------------------


def test_scenes_hold_what_they_say():
    for scene in scenes("test", 5, 3):
        assert scene.image.shape == (1, 32, 32)
        for box, mask, label in zip(
            scene.boxes.int().tolist(), scene.masks, scene.labels, strict=True
        ):
            left, top, right, bottom = box
            inside = mask[top:bottom, left:right]
            assert inside.sum() == mask.sum() > 0
            assert inside.any(0).all() or inside.any(0)[[0, -1]].all()
            assert 1 <= label <= 10
            assert (scene.image[0][mask.bool()] > 63 / 255).all()


def test_who_says_the_truth_has_an_ap_of_1_and_who_is_wrong_of_0():
    """pycocotools is told of boxes, classes and masks as they are."""
    some = scenes("test", 6, 0)

    def oracle(shift):
        def network(images):
            return [
                {
                    "boxes": s.boxes,
                    "labels": (s.labels - 1 + shift) % 10 + 1,
                    "scores": torch.ones(4),
                    "masks": s.masks[:, None].float(),
                }
                for s in some
            ]

        return network

    assert average_precision(oracle(0), some) == {"bbox": 1.0, "segm": 1.0}
    silent = [{"boxes": [], "labels": [], "scores": [], "masks": []} for _ in some]
    assert average_precision(lambda images: silent, some) == {"bbox": 0, "segm": 0}
    others = average_precision(oracle(5), some)
    assert others["bbox"] < 0.1


def test_an_answer_of_the_truth_has_an_iou_of_1():
    some = scenes("test", 4, 0)
    wanted = torch.stack([scene.classes for scene in some]).long()
    logits = torch.nn.functional.one_hot(wanted, 11).permute(0, 3, 1, 2).float()
    body = SimpleNamespace(mean=(0.3,), std=(0.3,))

    assert mean_iou(lambda images: {"out": logits}, body, some) == 1.0


@pytest.mark.slow
def test_a_detector_learns_over_a_frozen_backbone():
    """Boxes and masks, by COCO's AP; weights of the backbone stay to the bit."""
    known, asked = scenes("train", 100, 0), scenes("test", 30, 1)
    body = backbone("vgg", layers={"stage1": "0"})
    before = state(body)
    start = average_precision(detect(body, known, 1, 0), asked)
    found = average_precision(detect(body, known, 80, 0), asked)

    assert changed(body, before) == set()
    assert start["bbox"] < 0.02
    assert found["bbox"] > 0.1
    assert found["segm"] > 0.05


@pytest.mark.slow
def test_a_detector_learns_with_its_backbone():
    known = scenes("train", 50, 0)
    body = backbone(
        "vgg", layers={"stage1": "0", "stage2": "1"}, frozen=False, pyramid=8
    )
    before = state(body)
    detect(body, known, 2, 0)

    moved = changed(body, before)
    assert {name.partition(".")[0] for name in moved} == {"body", "pyramid"}
    assert all(before[n].ndim == 4 for n in moved if n.startswith("body"))


@pytest.mark.slow
def test_a_segmenter_learns_over_a_frozen_backbone():
    """Beyond the ground, which alone gives it a share of the classes."""
    known, asked = scenes("train", 200, 0), scenes("test", 30, 1)
    layers = {"stage1": "out", "stage2": "middle", "stage3": "top"}
    body = backbone("resnet", layers=layers, pyramid=32)
    found = mean_iou(segment(body, known, 150, 0), body, asked)
    ground = np.mean([float((scene.classes == 0).float().mean()) for scene in asked])

    assert found > 1.3 * ground / 11
