"""Fine-tuning: by hand, against an optimiser's definition, and what it leaves alone."""

from collections import Counter

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from harness.answers.predictions import Predictions
from harness.datasets.bases import DIGITS
from harness.datasets.dataset import Dataset
from harness.datasets.images import ArrayImages
from harness.errors import HarnessError, UndefinedMetricError
from harness.measurement import Domain
from harness.models.headed import Headed, entering
from harness.models.network import Network
from harness.registry import Registry
from harness.settings import Settings
from harness.tasks.fine_tuning import (
    FineTuning,
    _batches,
    fine_tuned,
    network_to_train,
)

QUICK = FineTuning(steps=3, batch_size=4)


class Small(nn.Module):
    """Four features of 4 x 4 pixels, and a head of its own."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 7)

    def forward(self, images):
        return self.fc(self.norm(self.conv(images)).relu().mean((2, 3)))


def images(n=24, seed=0):
    """Brighter in the upper half (class 0), in the lower (1), or in both (2)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    pixels = rng.integers(0, 80, (n, 4, 4, 1))
    pixels[labels != 1, :2] += 150
    pixels[labels != 0, 2:] += 150
    return ArrayImages(pixels=pixels.astype(np.uint8), labels=labels)


def facts(network, head="fc"):
    return Network(
        name="small",
        network=network,
        mean=(0.4,),
        std=(0.3,),
        fingerprint="",
        head=head,
    )


def tuned(network, how=QUICK, rows=None, head="fc", **options):
    some = images()
    rows = np.arange(len(some)) if rows is None else rows
    return fine_tuned(
        facts(network, head),
        network,
        some,
        rows,
        some.labels[rows],
        classes=3,
        how=how,
        **options,
    )


def said(classifier, some):
    dataset = Dataset(
        name="some", family="some", domain=Domain.INTERIOR, load=lambda: some
    )
    return Predictions(lambda: classifier, dataset).predicted()


def state(network):
    return {name: one.clone() for name, one in network.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(
        torch.equal(one[n], other[n]) for n in one
    )


def test_the_first_step_is_adam_s_by_hand():
    r"""From a head of 0 every class is as likely, so its gradient is known.

    It is (1/3 - y) f of each feature f; Adam's first step has the rate's size and the
    gradient's sign (Kingma and Ba, 2015, algorithm 1). Through a head of 0 no gradient
    comes to what lies before it.
    """
    network = Small()
    how = FineTuning(steps=1, rate=0.02, shift=0.0, batch_size=24)
    found = tuned(network, how).network

    some = images()
    shown = torch.from_numpy(some.pixels).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        features = entering(Small().train(), "fc", (shown - 0.4) / 0.3)
    wanted = nn.functional.one_hot(torch.from_numpy(some.labels), 3).float()
    gradient = (1 / 3 - wanted).T @ features
    assert (gradient.abs() > 1e-3).all()  # so that rounding turns no sign
    torch.testing.assert_close(
        found.linear.weight, -0.02 * gradient.sign(), atol=1e-6, rtol=0
    )
    assert torch.equal(found.network.conv.weight, network.conv.weight)


def test_all_weights_learn_and_the_rest_a_tenth_as_fast():
    """By the second step no weight moves by more than its own rate."""
    network = Small()
    how = FineTuning(steps=2, rate=0.02, shift=0.0)
    found = tuned(network, how).network

    moved = (found.network.conv.weight - network.conv.weight).abs()
    assert (moved > 0).all()
    assert moved.max() <= 2 * 0.02 * 0.1
    assert torch.equal(found.network.fc.weight, network.fc.weight)  # no longer used


def test_nothing_but_the_head_learns_at_a_share_of_0():
    network = Small()
    found = tuned(network, FineTuning(steps=5, backbone=0.0)).network

    assert torch.equal(found.network.conv.weight, network.conv.weight)
    assert found.linear.weight.abs().min() > 0


def test_it_learns_from_images_that_it_was_shown():
    how = FineTuning(steps=100, rate=0.05, shift=0.0)
    found = tuned(Small(), how)

    fresh = images(60, seed=1)
    assert (said(found, fresh) == fresh.labels).mean() > 0.9


def test_a_seed_gives_the_same_bits_and_disturbs_nothing():
    """Neither the network that it begins with nor torch's generator."""
    network = Small().eval().requires_grad_(False)
    before, random = state(network), torch.get_rng_state()
    one, two = (tuned(network).network for _ in range(2))
    other = tuned(network, FineTuning(steps=3, batch_size=4, seed=1)).network

    assert same(state(one), state(two))
    assert not same(state(one), state(other))
    assert same(state(network), before)
    assert torch.equal(torch.get_rng_state(), random)
    assert not any(one.requires_grad for one in network.parameters())
    assert not network.training


def test_what_is_judged_is_frozen_and_in_eval_mode():
    found = tuned(Small())

    assert not any(module.training for module in found.network.modules())
    assert not any(one.requires_grad for one in found.network.parameters())
    assert found.classes == 3


def test_features_are_those_that_a_run_takes():
    """What enters the head of a classifier; an encoder's output, maps averaged."""
    some = images()
    network = Small().eval()
    dataset = Dataset(
        name="some", family="some", domain=Domain.INTERIOR, load=lambda: some
    )
    taken = Predictions(lambda: facts(network), dataset).features()
    shown = torch.from_numpy(some.pixels).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        features = entering(network, "fc", (shown - 0.4) / 0.3)
        maps = entering(network.conv, "", shown)
    np.testing.assert_allclose(features.numpy(), taken, atol=1e-6)
    assert maps.shape == (24, 4)
    assert not network.fc._forward_pre_hooks  # it leaves no hook


def test_an_encoder_is_given_a_head():
    found = tuned(nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU()), head="")

    assert isinstance(found.network, Headed)
    assert found.network.linear.in_features == 5


@given(m=st.integers(1, 20), size=st.integers(1, 24), steps=st.integers(1, 12))
def test_every_image_is_shown_before_any_again(m, size, steps):
    """And every step has as many."""
    how = FineTuning(steps=steps, batch_size=size)
    shown = list(_batches(m, how))

    assert {len(one) for one in shown} == {min(size, m)}
    assert len(shown) == steps
    times = Counter(np.concatenate(shown).tolist())
    assert max(times.values()) - min(times.get(i, 0) for i in range(m)) <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "`steps` and `batch_size` must be at least 1, got 0 and 64"),
        ({"rate": 0.0}, "`rate` must be positive.*got 0.0"),
        ({"backbone": -1.0}, "`backbone` at least 0.*-1.0"),
        ({"shift": 1.0}, r"`shift` must be in \[0, 1\), got 1.0"),
    ],
)
def test_a_recipe_that_is_none_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        FineTuning(**options)


def test_one_class_alone_is_undefined():
    with pytest.raises(UndefinedMetricError, match="are of one class alone"):
        tuned(Small(), rows=np.array([0, 3, 6]))


def test_a_loss_that_is_no_number_names_the_step():
    network = Small()
    nn.init.constant_(network.conv.weight, float("nan"))
    with pytest.raises(
        HarnessError, match=r"loss of model small is nan in step 1.*rate"
    ):
        tuned(network)


@pytest.fixture
def settings(tmp_path):
    return Settings(cache_dir=tmp_path, store=tmp_path)


@pytest.mark.parametrize("name", ["vgg", "vgg-random"])
def test_batch_norm_is_there_to_learn(name, settings):
    """In what a run measures it is folded into convolutions."""
    entry = Registry().model("digits", name)
    whole = network_to_train(entry, settings, DIGITS, print)
    loaded = entry.load(settings, DIGITS, "cpu", print).network

    def folded(network):
        parts = [one for one in network.modules() if isinstance(one, nn.Conv2d)]
        assert len(parts) == 4
        return [one.bias is not None for one in parts]

    assert (set(folded(whole)), set(folded(loaded))) == ({False}, {True})
    shown = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(whole.eval()(shown), loaded(shown), atol=1e-4, rtol=1e-4)


def test_a_network_without_weights_in_reach_is_undefined(settings):
    """As one that was exported: its weights lie in a graph."""

    class Entry:
        name = "graph"

        def load(self, *_):
            return facts(nn.Identity())

    with pytest.raises(UndefinedMetricError, match="graph cannot be fine-tuned"):
        network_to_train(Entry(), settings, DIGITS, print)
