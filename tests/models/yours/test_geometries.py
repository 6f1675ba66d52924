"""Networks that say at what size they take pictures, and bases that let them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import ResNet50_Weights, get_model_weights
from torchvision.transforms import functional as F  # noqa: N812 - as its own docs do

from harness.answers.predictions import Predictions
from harness.datasets.dataset import Dataset
from harness.datasets.family import Base
from harness.datasets.geometry import Geometry
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import HarnessError
from harness.measurement import Domain
from harness.models.yours.geometries import (
    at_its_size,
    geometry_of,
    of_timm,
    of_torchvision,
)
from harness.models.yours.specs import spec_model
from harness.models.yours.zoos import _told
from harness.settings import ModelSpec, SaidGeometry, Settings

ASKED = Geometry(resize=9, crop=6, interpolation="bicubic")
CODE = """
import torch
from torch import nn

def six():
    torch.manual_seed(0)
    made = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 6, 2))
    made.mean, made.std = 0.5, 0.25
    made.resize, made.size, made.interpolation = 9, 6, "bicubic"
    return made

def six_of_eight():
    made = six()
    made.resize = 8
    return made

def eight():
    torch.manual_seed(0)
    made = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    made.mean, made.std = 0.5, 0.25
    return made
"""


def base(geometry):
    def nothing(settings):
        raise AssertionError("the base's own images are not needed")

    return Base(
        name="pets",
        classes=("cat", "dog"),
        size=(8, 8, 3),
        train=nothing,
        test=nothing,
        locate=lambda settings: "",
        description="",
        source="",
        licence="",
        geometry=geometry,
    )


ANY_SIZE = base(Geometry(resize=10, crop=8))
ONE_SIZE = base(None)


def network(**facts):
    made = nn.Identity()
    for name, value in facts.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"resize": 9, "size": 6, "interpolation": "bicubic"}, ASKED),
        (
            {"resize": 9, "size": np.int64(9), "antialias": False},
            Geometry(resize=9, crop=9, antialias=False),
        ),
        ({}, None),
        ({"size": 6}, None),
        ({"resize": nn.Upsample(9), "size": 6}, None),
    ],
)
def test_attributes_say_it(facts, expected):
    """Of a base of pictures of any size; layers may bear such names."""
    assert geometry_of(network(**facts), None, ANY_SIZE, "net") == expected
    assert geometry_of(network(**facts), None, ONE_SIZE, "net") is None


def test_published_weights_say_it_first():
    both = network(resize=7, size=5)

    assert geometry_of(both, ASKED, ANY_SIZE, "net") == ASKED
    assert geometry_of(both, ASKED, ONE_SIZE, "net") is None


def test_wrong_attributes_are_refused():
    with pytest.raises(HarnessError, match=r"model net must .*`crop` must .* 9 of 6"):
        geometry_of(network(resize=6, size=9), None, ANY_SIZE, "net")


def test_a_base_at_a_network_s_size():
    assert at_its_size(ANY_SIZE, None) is ANY_SIZE
    assert at_its_size(ANY_SIZE, ASKED).size == (6, 6, 3)


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_b0", "vit_b_16"])
def test_torchvision_s_weights_say_it_to_the_bit(name):
    """Pixels are those of their own transforms, before these normalise."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (300, 410, 3), dtype=np.uint8)
    for weights in get_model_weights(name):
        transform = weights.transforms()
        found = of_torchvision(transform)(Image.fromarray(pixels))

        scaled = torch.from_numpy(found).permute(2, 0, 1) / 255
        ours = F.normalize(scaled, transform.mean, transform.std)
        assert torch.equal(transform(Image.fromarray(pixels)), ours)


def test_other_transforms_say_nothing():
    assert of_torchvision(ResNet50_Weights.DEFAULT.transforms()) is not None
    assert of_torchvision(SimpleNamespace(resize_size=[520])) is None
    assert of_torchvision(SimpleNamespace(resize_size=[9], crop_size=[9, 8])) is None


def test_timm_s_facts_say_it():
    facts = {
        "input_size": (3, 224, 224),
        "crop_pct": 0.9,
        "interpolation": "bicubic",
        "crop_mode": "center",
    }

    assert of_timm(facts) == Geometry(resize=248, crop=224, interpolation="bicubic")
    assert of_timm(facts | {"crop_pct": None}).resize == 256
    for other in (
        {"crop_mode": "border"},
        {"input_size": (3, 224, 256)},
        {"interpolation": "random"},
    ):
        assert of_timm(facts | other) is None
    assert of_timm({}) is None


@pytest.fixture
def loaded(tmp_path):
    """Builds a factory of `CODE` for a base."""
    (tmp_path / "net.py").write_text(CODE)
    settings = Settings(cache_dir=tmp_path, store=tmp_path)

    def load(factory, of):
        target = f"{tmp_path / 'net.py'}:{factory}"
        entry = spec_model(ModelSpec(target=target), of.name)
        entry.check(settings, of, print)
        return entry.load(settings, of, "cpu", print)

    return load


def test_networks_of_several_geometries_meet_the_same_pictures(loaded, tmp_path):
    """Each at its own: run dry at it, known by it, and answering on it."""
    rng = np.random.default_rng(0)
    found = [rng.integers(0, 256, s, dtype=np.uint8) for s in ((20, 31, 3), (9, 9, 3))]
    for number, pixels in enumerate(found):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    files = sorted(tmp_path.glob("*.png"))
    images = PictureImages(
        tmp_path, files, None, classes=2, size=(8, 8, 3), geometry=ANY_SIZE.geometry
    )
    dataset = Dataset(name="p", family="p", domain=Domain.TARGET, load=lambda: images)
    asking, other, plain = (
        loaded(name, ANY_SIZE) for name in ("six", "six_of_eight", "eight")
    )

    assert (asking.geometry, plain.geometry) == (ASKED, None)
    assert len({n.fingerprint for n in (asking, other, plain)}) == 3
    for net in (asking, other, plain):
        brought = net.geometry or ANY_SIZE.geometry
        pixels = np.stack([brought(Image.fromarray(one)) for one in found])
        scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
        with torch.inference_mode():
            expected = net.network((scaled - 0.5) / 0.25)
        logits = Predictions(lambda net=net: net, dataset).logits()
        np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_a_base_of_one_size_gives_that_size_whatever_is_asked(loaded):
    """As before there were geometries: the network must take it."""
    six = replace(ONE_SIZE, size=(6, 6, 3))

    assert loaded("six", six).geometry is None
    with pytest.raises(HarnessError, match=r"a batch of shape \(n, 3, 8, 8\)"):
        loaded("six", ONE_SIZE)


def test_a_geometry_that_was_not_published_is_said():
    """The base's stands in for it, which changes numbers: nothing silent."""
    said = []
    spec = ModelSpec(target="timm:net")

    assert _told(ASKED, spec, ANY_SIZE, said.append) == ASKED
    assert _told(None, spec, ONE_SIZE, said.append) is None
    own = replace(spec, geometry=SaidGeometry(resize=9, crop=6))
    assert _told(None, own, ANY_SIZE, said.append) is None
    assert said == []
    assert _told(None, spec, ANY_SIZE, said.append) is None
    (line,) = said
    assert "timm:net: its weights were not published with a resize" in line
    assert "resize=10&crop=8" in line
