"""Fingerprints: all that decides a network's logits is in, and nothing else."""

import sys

import pytest
import torch
from torch import nn

from harness.contents import Contents, text_of
from harness.datasets.bases import BASES
from harness.errors import HarnessError
from harness.models.yours.specs import spec_model
from harness.settings import ModelSpec, Settings

DIGITS = next(base for base in BASES if base.name == "digits")
CODE = """
import functools
import os
import types
from pathlib import Path

import torch
from torch import nn

import steps_of_prints
from steps_of_prints import bend

SHIFT = float(Path(__file__).with_name("shift.txt").read_text())
shift = torch.tensor(SHIFT)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.fc = nn.Linear(64, 10)
    def forward(self, x):
        return self.fc(x.flatten(1))

class Buffered(Net):
    def __init__(self):
        super().__init__()
        self.register_buffer("moved", shift, persistent=False)
    def forward(self, x):
        return super().forward(x + self.moved)

class Held(Net):
    def __init__(self):
        super().__init__()
        self.held = {"by": [shift]}
    def forward(self, x):
        return super().forward(x + self.held["by"][0])

class Numbered(Net):
    def __init__(self):
        super().__init__()
        self.number = SHIFT
    def forward(self, x):
        return super().forward(x + self.number)

class Configured(Net):
    def __init__(self):
        super().__init__()
        self.config = types.SimpleNamespace(by=SHIFT), Config()
    def forward(self, x):
        return super().forward(x + self.config[1].by)

class Config:
    def __init__(self):
        self.by = SHIFT

class Listed(Net):
    def __init__(self):
        super().__init__()
        self.parts = [nn.Linear(10, 10)]
        nn.init.constant_(self.parts[0].weight, SHIFT)
    def forward(self, x):
        return super().forward(x) + self.parts[0](super().forward(x))

class Global(Net):
    def forward(self, x):
        return super().forward(x + SHIFT)

class Further(Net):
    def forward(self, x):
        return super().forward(steps_of_prints.move(x))

class Bent(Net):
    def forward(self, x):
        return super().forward(bend(x))

class Static(Net):
    by = SHIFT
    def forward(self, x):
        return super().forward(x + self.by)

class Partial(Net):
    def __init__(self):
        super().__init__()
        self.move = functools.partial(torch.add, SHIFT)
    def forward(self, x):
        return super().forward(self.move(x))

def closed():
    by = SHIFT
    def forward(x):
        return Net.forward(made, x + by)
    made = Net()
    made.forward = forward
    return made

def hooked():
    made = Net()
    by = SHIFT
    made.register_forward_pre_hook(lambda module, inputs: (inputs[0] + by,))
    return made

def normed():
    return nn.Sequential(nn.Flatten(), nn.LayerNorm(64, eps=1e-5 + SHIFT), Net().fc)

def activated():
    made = Net()
    made.act = nn.functional.relu if SHIFT else nn.functional.gelu
    made.forward = lambda x: made.act(Net.forward(made, x))
    return made
"""
STEPS = """
from pathlib import Path

BY = float(Path(__file__).with_name("shift.txt").read_text())

def move(x):
    return x + BY

def bend(x):
    return more(x)

def more(x, by=BY):
    return x * (1 + by)
"""
KINDS = [
    *("Buffered", "Held", "Numbered", "Configured", "Listed", "Global", "Further"),
    *("Bent", "Static", "Partial", "closed", "hooked", "normed", "activated"),
]


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The fingerprint of a network of the file, in a process of its own so to say."""
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    settings = Settings(cache_dir=tmp_path / "cache", store=tmp_path / "store")

    def build(name, *, shift, code=CODE, steps=STEPS, folder="a"):
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        (place / "shift.txt").write_text(str(shift))
        (place / "nets.py").write_text(code)
        (place / "steps_of_prints.py").write_text(steps)
        for module in [m for m in sys.modules if m.startswith(("nets_", "steps_of"))]:
            del sys.modules[module]
        sys.path[:] = [p for p in sys.path if not p.startswith(str(tmp_path))]
        spec = ModelSpec(target=f"nets.py:{name}", folder=place, mean=(0.0,), std=(1,))
        entry = spec_model(spec, "digits")
        print_ = entry.fingerprint(settings, DIGITS, str)
        entry.load(settings, DIGITS, "cpu", str)  # the same when built again
        return print_

    return build


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_moves_the_logits_is_in(build, kind):
    """B05: buffers, attributes, constants, closures, hooks: no state dict has them."""
    assert build(kind, shift=0) == build(kind, shift=0, folder="elsewhere")
    assert build(kind, shift=0) != build(kind, shift=2)


def test_what_it_does_not_read_is_not_in(build):
    """A constant that no method asks for leaves the fingerprint as it is."""
    assert build("Net", shift=0) == build("Net", shift=2)


def test_code_of_modules_that_the_file_imports_is_in(build):
    """An edited function of another module of the user's."""
    changed = STEPS.replace("x * (1", "x / (1")

    assert build("Bent", shift=0) != build("Bent", shift=0, steps=changed)


def test_what_differs_from_call_to_call_is_named(build):
    """A network that is another whenever it is built is refused by what differs."""
    chance = "torch.seed()\n        self.number = torch.rand(1)"
    code = CODE.replace("self.number = SHIFT", chance)

    with pytest.raises(HarnessError, match="its attribute number differs from call"):
        build("Numbered", shift=0, code=code)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_scripted_network_of_chance_is_refused_by_its_weights(build):
    """B32: by the tensor that differs, not by TorchScript's own attributes."""
    code = CODE + (
        "\n\ndef scripted():\n"
        "    return torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))\n"
    )

    with pytest.raises(HarnessError, match=r"its tensor 1\.bias differs from call"):
        build("scripted", shift=0, code=code)


def test_texts_hold_neither_addresses_nor_places(tmp_path):
    """Objects, sets, paths and cycles read the same in every process."""
    cycle = []
    cycle.append(cycle)
    values = [object(), {"b", "a"}, tmp_path, str(tmp_path), cycle, print, nn.ReLU, len]

    text = text_of(values)

    assert "0x" not in text
    assert str(tmp_path) not in text
    assert text == text_of([*values])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)),
        (torch.zeros(2, 3), torch.zeros(3, 2)),
        (torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(1.5).bfloat16()),
        ({"a": 1}, {"a": 1.0}),
        ((1, 2), [1, 2]),
        (torch.float32, torch.float16),
        (float("nan"), 0.0),
        (b"x", "x"),
        (nn.functional.relu, nn.functional.gelu),
        (torch.relu, torch.sigmoid),
    ],
)
def test_unlike_values_have_unlike_texts(one, other):
    """Kind, shape and content."""
    assert text_of(one) == text_of(one)
    assert text_of(one) != text_of(other)


def test_a_part_that_pytorch_shows_incompletely_counts(build):
    """`repr` and state dict of two transformers' layers are one, their logits two."""
    prints = set()
    for first in (True, False):
        contents = Contents()
        torch.manual_seed(0)
        contents.add_network(nn.TransformerEncoderLayer(8, 2, 8, norm_first=first))
        prints.add(contents.digest())

    assert len(prints) == 2


def of(network):
    contents = Contents()
    contents.add_network(network)
    return contents.digest()


def linear(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).eval()


def sparse(seed):
    made = linear(0)
    made.register_buffer("mask", (torch.eye(4) * seed).to_sparse())
    return made


def compiled(seed):
    return torch.compile(linear(seed), backend="eager")


def frozen(seed):
    return torch.jit.freeze(torch.jit.trace(linear(seed), torch.zeros(2, 1, 8, 8)))


def quantised(seed):
    return torch.ao.quantization.quantize_dynamic(linear(seed))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("make", [sparse, compiled, frozen, quantised])
def test_weights_of_every_kind_of_network_are_in(make):
    """Sparse, compiled, frozen, quantised: the same twice, and others are others."""
    assert of(make(1)) == of(make(1))
    assert of(make(1)) != of(make(2))
