"""A dry run finds the head, and says what is wrong with a network."""

import pytest
import torch
from torch import nn

from harness.datasets.bases import BASES
from harness.errors import HarnessError
from harness.models.yours.dry_run import probe

DIGITS = next(base for base in BASES if base.name == "digits")


class Network(nn.Module):
    """Two linear layers, of which the second gives the logits."""

    def __init__(self, classes=10, last=nn.Identity(), joined="reshape"):  # noqa: B008
        super().__init__()
        # Defined before the layer that runs before it: order of running decides.
        self.fc = nn.Linear(12, classes)
        self.conv = nn.Conv2d(1, 2, 3)
        self.hidden = nn.Linear(72, 12)
        self.last = last
        self.joined = joined

    def forward(self, images):
        maps = self.conv(images)
        return self.last(self.fc(self.hidden(getattr(maps, self.joined)(-1, 72))))


class Wrapped(nn.Module):
    """A network whose output goes through a function."""

    def __init__(self, network, wrap):
        super().__init__()
        self.network = network
        self.wrap = wrap

    def forward(self, images):
        return self.wrap(self.network(images))


def test_the_head_is_the_layer_that_gives_the_logits():
    probed = probe(Network(), DIGITS, name="mine")

    assert probed.head == "fc"
    assert probed.channels_last


def test_a_network_that_calls_view_runs_in_the_usual_memory_order():
    assert not probe(Network(joined="view"), DIGITS, name="mine").channels_last


@pytest.mark.parametrize("last", [nn.LogSoftmax(1), nn.Linear(10, 10, bias=False)])
def test_no_head_is_made_up(last):
    """log-softmax hides the logits; a layer that runs twice is no head."""
    network = Network(last=last)
    if isinstance(last, nn.Linear):
        network.last = nn.Sequential(last, last)

    assert probe(network, DIGITS, name="mine").head == ""


def test_a_head_can_be_named():
    network = Network(last=nn.LogSoftmax(1))

    assert probe(network, DIGITS, name="mine", head="fc").head == "fc"


def test_a_network_is_left_in_eval_mode_without_gradients_or_hooks():
    network = Network().train()

    probe(network, DIGITS, name="mine")

    assert not any(part.training for part in network.modules())
    assert not any(p.requires_grad for p in network.parameters())
    assert not any(part._forward_hooks for part in network.modules())


def test_a_wrong_head_gets_close_matches():
    with pytest.raises(
        HarnessError, match=r"unknown head of model mine 'fcc'.*mean fc"
    ):
        probe(Network(), DIGITS, name="mine", head="fcc")


def nan(logits):
    return logits * float("nan")


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Network(classes=7), "model mine must tell the 10 classes .* gives 7 logits"),
        (Network(last=nn.Softmax(1)), "but its outputs are probabilities"),
        (Wrapped(Network(), nan), "must return finite floating-point logits"),
        (Wrapped(Network(), lambda x: x.argmax(1)), r"one row .* shape \(16,\)"),
        (Wrapped(Network(), lambda x: {"logits": x}), "got dict of logits"),
        (nn.Conv2d(3, 2, 3), r"take images of base digits.*\(n, 1, 8, 8\)"),
    ],
)
def test_what_does_not_fit_is_named(network, message):
    with pytest.raises(HarnessError, match=message):
        probe(network, DIGITS, name="mine")


def test_a_named_head_must_run_once():
    network = Network()
    network.spare = nn.Linear(2, 2)

    with pytest.raises(HarnessError, match="'spare' of model mine must run once"):
        probe(network, DIGITS, name="mine", head="spare")


def test_features_through_the_head_are_the_logits():
    """What the harness will call features gives the logits again."""
    network = Network()
    head = network.get_submodule(probe(network, DIGITS, name="mine").head)
    kept = []
    head.register_forward_pre_hook(lambda _layer, inputs: kept.append(inputs[0]))

    logits = network(torch.rand(3, 1, 8, 8))

    assert torch.equal(head(kept[0]), logits)
