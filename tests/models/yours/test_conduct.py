"""A dry run refuses what gives other numbers each time, or in other company."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from harness.datasets.bases import BASES
from harness.errors import HarnessError
from harness.models.yours.conduct import dry_images
from harness.models.yours.dry_run import probe
from harness.registry import Registry

DIGITS = next(base for base in BASES if base.name == "digits")


class Network(nn.Module):
    """Convolution, batch norm, two linear layers; what follows may be changed."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.hidden, self.fc = nn.Linear(128, 32), nn.Linear(32, 10)
        self.calls = 0
        # As a trained network's, not all near zero.
        nn.init.normal_(self.fc.weight)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.norm(self.conv(x))), 2).flatten(
            1
        )
        return self.fc(self.between(functional.relu(self.hidden(x))))

    def between(self, x):
        return x


class Dropped(Network):
    def between(self, x):
        return functional.dropout(x, 0.5)


class Noisy(Network):
    def forward(self, x):
        return super().forward(x + 0.1 * torch.randn_like(x))


class Training(Network):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def train(self, mode=True):
        return super().train(True)

    def between(self, x):
        return self.drop(x)


class TrainsItself(Training):
    def train(self, mode=True):
        return nn.Module.train(self, mode)

    def forward(self, x):
        self.train()
        return super().forward(x)


class Counting(Network):
    def forward(self, x):
        self.calls += 1
        return super().forward(x).roll(self.calls, 1)


class CountingSlowly(Network):
    """Its logits change at the twentieth call only."""

    def forward(self, x):
        self.calls += 1
        return super().forward(x).roll(self.calls // 20, 1)


class Adapting(Network):
    """Moves a buffer by what it sees."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.seen += x.mean()
        return super().forward(x - self.seen)


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Dropped, "functional dropout takes training=self.training"),
        (Noisy, "two runs differ"),
        (Training, "two runs differ"),
        (TrainsItself, "running it changes training"),
        (Counting, "running it changes calls"),
        (CountingSlowly, "running it changes calls"),
        (Adapting, "running it changes seen"),
    ],
)
def test_other_logits_for_the_same_images_are_refused(network, why):
    """Dropout, noise, training mode, counters and adaptation are named."""
    with pytest.raises(HarnessError, match="model mine must give the same") as caught:
        probe(network(), DIGITS, name="mine")
    assert why in str(caught.value)


def batch_statistics():
    made = Network()
    made.norm.track_running_stats = False
    made.norm.running_mean = made.norm.running_var = None
    return made


class Attending(Network):
    """Mixes the images of a batch, as attention along the wrong axis does."""

    def between(self, x):
        return torch.softmax(x @ x.T, 1) @ x


class Shared(Network):
    """Divides by the largest number in the batch, as dynamic quantisation does."""

    def between(self, x):
        return (x / x.abs().max() * 127).round()


class Dividing(Network):
    """Its logits depend on how many images there are."""

    def between(self, x):
        return x / len(x)


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (batch_statistics, "with the other images of its batch; normalise by running"),
        (Attending, "with the other images of its batch"),
        (Shared, "with the other images of its batch"),
        (Dividing, "with the number of images in its batch"),
    ],
)
def test_logits_that_depend_on_the_batch_are_refused(network, why):
    """An image's own logits are the same in any company."""
    with pytest.raises(HarnessError, match="each image logits of its own") as caught:
        probe(network(), DIGITS, name="mine")
    assert why in str(caught.value)


class Squeezed(Network):
    def forward(self, x):
        return super().forward(x).squeeze()


class Pairs(Network):
    def forward(self, x):
        return super().forward(x.reshape(2, -1, 1, 8, 8).flatten(0, 1))


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Squeezed, r"must return one row .* got shape \(10,\) for 1 image; name the"),
        (Pairs, "must take batches of any number of images, but running it on 1 more"),
    ],
)
def test_one_image_must_give_one_row(network, why):
    """The last batch of a dataset may hold one image."""
    with pytest.raises(HarnessError, match=why):
        probe(network(), DIGITS, name="mine")


class Then(nn.Module):
    """A network and what is done with its logits."""

    def __init__(self, then):
        super().__init__()
        self.network, self.then = Network(), then

    def forward(self, x):
        return self.then(self.network(x))


PROBABILITIES = {
    "softmax": (lambda z: z.softmax(1), "sum to 1"),
    "float16": (lambda z: z.softmax(1).half(), "sum to 1"),
    "bfloat16": (lambda z: z.bfloat16().softmax(1), "sum to 1"),
    "once bfloat16": (lambda z: z.bfloat16().softmax(1).float(), "sum to 1"),
    "three decimals": (lambda z: z.softmax(1).round(decimals=3), "sum to 1"),
    "two decimals": (lambda z: z.softmax(1).round(decimals=2), "sum to 1"),
    "percent": (lambda z: 100 * z.softmax(1), "sum to 100"),
    "percent in float16": (lambda z: (100 * z.softmax(1)).half(), "sum to 100"),
    "sigmoid": (lambda z: z.sigmoid(), "all lie between 0 and 1"),
    "sigmoid in float16": (lambda z: z.sigmoid().half(), "all lie between 0 and 1"),
}


@pytest.mark.parametrize("sharp", [0.3, 1, 5])
@pytest.mark.parametrize(
    ("then", "trait"), PROBABILITIES.values(), ids=list(PROBABILITIES)
)
def test_probabilities_of_any_precision_are_refused(then, trait, sharp):
    """A softmax upon them would make every confidence wrong."""
    with pytest.raises(HarnessError, match=f"outputs are probabilities: they {trait}"):
        probe(Then(lambda z: then(sharp * z)), DIGITS, name="mine")


LOGITS = {
    "float32": lambda z: z,
    "float16": lambda z: z.half(),
    "bfloat16": lambda z: z.bfloat16(),
    "float64": lambda z: z.double(),
    "log-softmax": lambda z: z.log_softmax(1),
    "log-softmax in float16": lambda z: z.log_softmax(1).half(),
    "logarithms": lambda z: z.softmax(1).clamp(1e-6).log(),
    "moved": lambda z: z + 1000,
    "cut off": lambda z: z.relu(),
    "centred": lambda z: z - z.mean(1, keepdim=True),
    "nothing": lambda z: 0 * z,
}


@pytest.mark.parametrize("then", LOGITS.values(), ids=list(LOGITS))
def test_logits_of_any_kind_are_taken(then):
    """In half precision too, moved, cut off at zero, and all the same."""
    probe(Then(then), DIGITS, name="mine")


class InPlace(Network):
    def forward(self, x):
        return super().forward(x.mul_(2).sub_(0.5))


class Reusing(Network):
    """Writes its logits into the same memory each time."""

    def forward(self, x):
        if not hasattr(self, "kept") or len(self.kept) != len(x):
            self.kept = torch.zeros(len(x), 10)
        self.kept.copy_(super().forward(x))
        return self.kept


class Countless(Network):
    """Counts its calls, which decides nothing."""

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class EvalGivesNothing(Network):
    def eval(self):
        super().eval()


class Autocast(Network):
    """Rounds inside; batches of other shapes then differ by some percent."""

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return super().forward(x).float()


@pytest.mark.parametrize(
    "network", [InPlace, Reusing, Countless, EvalGivesNothing, Autocast]
)
def test_odd_habits_that_change_no_number_are_taken(network):
    """Writing into its input, counting, an eval() that returns nothing."""
    assert probe(network(), DIGITS, name="mine").head in ("fc", "")


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_torchscript_is_taken():
    """Scripted and traced, as deployed networks often are; its layers are hidden."""
    example = torch.rand(2, 1, 8, 8)

    for made in (
        torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(64, 10))),
        torch.jit.trace(Network().eval(), example),
        torch.jit.freeze(torch.jit.trace(Network().eval(), example)),
    ):
        assert probe(made, DIGITS, name="mine").head == ""


class NoEval(Network):
    def eval(self):
        raise RuntimeError("not today")


def test_a_network_that_cannot_be_frozen_is_named():
    """Whatever its own eval() raises."""
    with pytest.raises(HarnessError, match=r"mine cannot be put into eval .*not today"):
        probe(NoEval(), DIGITS, name="mine")


@pytest.mark.parametrize("kind", [torch.float16, torch.float64])
def test_weights_in_another_precision_are_named(kind):
    """The images are float32: the reason is not their size."""
    with pytest.raises(HarnessError, match=rf"tensors of {kind}.* with \.float\(\)"):
        probe(Network().to(kind), DIGITS, name="mine")


def test_a_dry_run_draws_nothing_from_the_user_s_numbers():
    """A test that seeds and then draws gets what it would have got."""
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    network = Noisy.__new__(Noisy)
    Network.__init__(network)
    torch.manual_seed(3)

    with pytest.raises(HarnessError):
        probe(network, DIGITS, name="mine")

    assert torch.equal(torch.rand(4), expected)


def test_made_images_differ_and_are_normalised():
    """No two are alike, in the range of real ones."""
    images = dry_images(DIGITS)
    moved = dry_images(DIGITS, (0.25,), (0.5,))

    assert images.shape == (16, 1, 8, 8)
    assert images.min() >= 0
    assert images.max() <= 1
    assert len({image.numpy().tobytes() for image in images}) == 16
    np.testing.assert_allclose(moved, (images - 0.25) / 0.5, rtol=1e-6)


REGISTRY = Registry()
# One of each kind of architecture, those that run in a moment.
BUILDS = {
    entry.build: (base, entry)
    for base in REGISTRY.bases.values()
    for entry in reversed(REGISTRY.models_of(base.name).values())
    if not any(s in entry.name for s in ("1202", "inception", "googlenet", "161"))
}


@pytest.mark.parametrize(
    ("base", "entry"),
    BUILDS.values(),
    ids=[f"{base.name} {entry.name}" for base, entry in BUILDS.values()],
)
def test_honest_networks_pass(base, entry):
    """Each kind of architecture that is brought along, with random weights."""
    if entry.needs:
        pytest.importorskip(entry.needs)
    torch.manual_seed(0)

    probed = probe(
        entry.build_network(), base, name="mine", mean=entry.mean, std=entry.std
    )

    assert probed.channels_last
