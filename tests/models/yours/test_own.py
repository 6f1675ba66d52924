"""Models that a conftest registers: run dry, laid out and known as those of options."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import HarnessError
from harness.registry import Registry
from harness.settings import Settings
from tests.models.yours.test_specs import DIGITS, IMAGES


class Viewing(nn.Module):
    """Convolves, then calls `view`: it takes no channels-last memory."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(144, 10)

    def forward(self, x):
        x = self.conv(x)
        return self.fc(x.view(len(x), -1))


def plain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def load(tmp_path, build, **facts):
    registry = Registry()
    registry.add_model(
        "mine", base="digits", build=build, **{"mean": (0.5,), "std": (0.5,)} | facts
    )
    settings = Settings(cache_dir=tmp_path, store=tmp_path)
    entry = registry.model("digits", "mine")
    return entry.load(settings, DIGITS, "cpu", str)


def test_a_network_that_views_is_given_the_usual_memory(tmp_path):
    found = load(tmp_path, Viewing, head="fc")

    assert not found.channels_last
    with torch.inference_mode():
        logits = found.network(found.normalise(IMAGES))
        expected = Viewing()((IMAGES.float() / 255 - 0.5) / 0.5)
    np.testing.assert_allclose(logits, expected, atol=1e-6)


def test_a_head_that_is_not_named_is_found(tmp_path):
    assert load(tmp_path, plain).head == "1"


def broken():
    raise OSError("no disk")


@pytest.mark.parametrize(
    ("build", "facts", "message"),
    [
        (plain, {"head": "2"}, "unknown head of model mine '2'; known: 1"),
        (
            plain,
            {"mean": (0.5,) * 3},
            "`mean` of model mine must have one number, or 1",
        ),
        (plain, {"std": (0,)}, "`std` of model mine must be positive and finite"),
        (plain, {"mean": ()}, "`mean` of model mine must be finite"),
        (plain, {"mean": (33.3,)}, "so between 0 and 1, got (33.3,); divide mean and"),
        (plain, {"std": (78.6,)}, "so between 0 and 1, got (78.6,); divide mean and"),
        (plain, {"mean": (-0.1,)}, "`mean` of model mine must be of images scaled"),
        (plain, {"mean": (float("nan"),)}, "`mean` of model mine must be finite"),
        (plain, {"std": (-0.5,)}, "`std` of model mine must be positive"),
        (plain, {"mean": ("0.5",)}, "`mean` of model mine must be finite numbers"),
        (broken, {}, "model mine cannot be made: OSError: no disk"),
        (lambda: 3, {}, "model mine must return a torch.nn.Module, got int"),
        (lambda: sys.exit(3), {}, "model mine cannot be made: SystemExit: 3"),
        ("nowhere:network", {}, "model mine cannot be made: ModuleNotFoundError"),
        (lambda: nn.Sequential(plain(), nn.Softmax(1)), {}, "must return logits"),
        (lambda: nn.Linear(8, 7), {}, "must return one row of logits an image"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, build, facts, message):
    with pytest.raises(HarnessError) as caught:
        load(tmp_path, build, **facts)
    assert message in str(caught.value)


def test_weights_must_be_the_same_every_time(tmp_path):
    """Or a cell would be measured on another network than its key says; seen before."""
    registry = Registry()
    registry.add_model(
        "mine",
        base="digits",
        build=lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)),
        mean=(0.5,),
        std=(0.5,),
    )
    entry = registry.model("digits", "mine")
    settings = Settings(cache_dir=tmp_path, store=tmp_path)

    with pytest.raises(HarnessError, match="model mine must be the same whenever"):
        entry.check(settings, DIGITS, str)
