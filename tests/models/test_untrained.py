"""Random twins: the same network from its factory, found by name, never in lists."""

import pytest
import torch

from harness.errors import UnknownName
from harness.grid import Grid
from harness.registry import Registry
from harness.settings import Settings


@pytest.fixture
def settings(tmp_path):
    """Settings of a run on the digits."""
    return Settings(
        base="digits", cache_dir=tmp_path / "cache", store=tmp_path / "store"
    )


def grid(settings, *models):
    """Of the chosen models."""
    return Grid(replaced(settings, models=models), Registry(), str)


def replaced(settings, **changes):
    """The settings with others."""
    from dataclasses import replace

    return replace(settings, **changes)


def test_a_twin_is_what_the_factory_makes_from_its_seed(settings):
    """In eval mode, with the layers and the normalisation of the other."""
    registry = Registry()
    twin, trained = (
        registry.model("digits", name) for name in ("resnet-random1", "resnet")
    )
    loaded = twin.load(settings, registry.bases["digits"], "cpu", str)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = trained.build_network().eval()
    images = torch.rand(4, 1, 8, 8)

    assert not loaded.network.training
    assert torch.allclose(loaded.network(images), made(images), atol=1e-5)
    assert (loaded.mean, loaded.layers) == (trained.mean, trained.layers)
    assert twin.locate(settings) == "random, seed 1"
    assert twin.accuracy is None


def test_seeds_and_networks_have_fingerprints_of_their_own(settings):
    """And the same when they are asked again."""
    registry = Registry()
    base = registry.bases["digits"]

    def prints():
        names = ("lenet", "lenet-random", "lenet-random1", "resnet-random")
        return [
            registry.model("digits", name).fingerprint(settings, base, str)
            for name in names
        ]

    assert len(set(prints())) == 4
    assert prints() == prints()


def test_twins_run_where_their_names_are_asked_for(settings):
    """A wildcard that does not say so means none."""
    assert grid(settings, "lenet*").models == ("lenet", "lenet-selfclassifier")
    assert grid(settings, "lenet-random").models == ("lenet-random",)
    assert grid(settings, "[rv]*-random", "lenet").models == (
        *("lenet", "resnet-random", "vgg-random"),
    )
    assert not [name for name in Registry().models_of("digits") if "random" in name]


def test_a_suite_can_have_them_run_unasked(settings):
    registry = Registry()
    registry.add_usual("digits", "vgg-random")

    found = Grid(settings, registry, str).models
    assert "vgg-random" in found
    assert "lenet-random" not in found


def test_a_twin_of_nothing_is_unknown(settings):
    with pytest.raises(UnknownName, match="unknown model 'nothing-random'"):
        _ = grid(settings, "nothing-random").models
    with pytest.raises(UnknownName, match="unknown model 'lenet-random7'"):
        Registry().model("digits", "lenet-random7")
