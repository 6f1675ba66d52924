"""A file of torch.export is refused where opening or running it would run code."""

import contextlib
import io
import json
import os
import pickle
import zipfile

import pytest
import torch
from torch import nn

from harness.errors import BadData
from harness.models.yours.archive import check_archive
from harness.models.yours.exported import Exported
from harness.settings import ModelSpec, Settings


class Bomb:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (os.environ["HARNESS_TEST_BOMB"],)


class Network(nn.Module):
    """Operators of many kinds, a buffer, and a branch that depends on the input."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)
        self.fc = nn.Linear(144, 10)
        self.register_buffer("mask", torch.ones(10, dtype=torch.bool))

    def forward(self, x):
        maps = nn.functional.gelu(self.norm(self.conv(x)), approximate="tanh")
        flat = torch.einsum("ncij->nijc", maps).flatten(1)
        with torch.no_grad():
            shift = flat.mean(1, keepdim=True)
        return (self.fc(flat) + shift) * (self.mask & self.mask)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A file that is what it should be."""
    path = tmp_path_factory.mktemp("pt2") / "net.pt2"
    shapes = ({0: torch.export.Dim("n", max=64)},)
    torch.manual_seed(0)
    network = Network().eval()
    program = torch.export.export(
        network, (torch.zeros(2, 1, 8, 8),), dynamic_shapes=shapes
    )
    torch.export.save(program, path)
    return path


@pytest.fixture
def fuse(tmp_path, monkeypatch):
    """What a bomb makes."""
    monkeypatch.setenv("HARNESS_TEST_BOMB", str(tmp_path / "exploded"))
    return tmp_path / "exploded"


def build(path):
    settings = Settings(cache_dir=path.parent, store=path.parent)
    return Exported(ModelSpec(target=str(path))).build(settings, None, str).network


def changed(source, path, changes, more=()):
    """A copy with members replaced: new bytes, or a function of the old ones."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            for end, change in changes.items():
                if info.filename.endswith(end):
                    content = change(content) if callable(change) else change
            new.writestr(info.filename, content)
        top = "net/" if old.namelist()[0].startswith("net/") else ""
        for name, content in more:
            new.writestr(f"{top}{name}", content)
    return path


def graph(change):
    """A change of the graph, from its parsed JSON."""

    def apply(content):
        found = json.loads(content)
        change(found)
        return json.dumps(found).encode()

    return {"models/model.json": apply, "serialized_exported_program.json": apply}


def pickled(_content):
    content = io.BytesIO()
    torch.save(((torch.zeros(1), Bomb()), {}), content)
    return content.getvalue()


def pickled_weight(content):
    found = json.loads(content)
    next(iter(found["config"].values()))["use_pickle"] = True
    return json.dumps(found).encode()


EVIL = "__import__('os').mkdir(__import__('os').environ['HARNESS_TEST_BOMB'])"


def varying(values):
    """The first tensor with a size that is an expression."""
    return next(v for v in values.values() if "as_expr" in (v["sizes"] or [{}])[0])


def size(found):
    named = varying(found["graph_module"]["graph"]["tensor_values"])
    named["sizes"][0]["as_expr"]["expr_str"] = EVIL


def size_of_a_tensor_called_metadata(found):
    size(found)
    values = found["graph_module"]["graph"]["tensor_values"]
    values["metadata"] = varying(values)


def target(name):
    def change(found):
        found["graph_module"]["graph"]["nodes"][0]["target"] = name

    return change


def node_name(found):
    found["graph_module"]["graph"]["nodes"][0]["name"] = f"x = {EVIL}; y"


def tree(found):
    call = found["graph_module"]["module_call_graph"][0]["signature"]
    bad = {"__enum__": True, "fqn": "antigravity:x", "name": "x"}
    spec = {
        "type": "builtins.dict",
        "context": json.dumps([bad]),
        "children_spec": [],
    }
    call["in_spec"] = json.dumps([1, spec])


def guard(found):
    found["guards_code"] = [EVIL]


# Members as today's PyTorch calls them, and as it did up to 2.7.
ATTACKS = {
    "sample inputs": (
        {"sample_inputs/model.pt": pickled, "serialized_example_inputs.pt": pickled},
        (),
        "a pickled",
    ),
    "weight": (
        {
            "model_weights_config.json": pickled_weight,
            "weights/weight_0": pickled,
            "serialized_state_dict.pt": pickled,
        },
        (),
        "a pickled",
    ),
    "size": (graph(size), (), 'expr_str "__import__'),
    "size of metadata": (graph(size_of_a_tensor_called_metadata), (), "expr_str"),
    "library": (graph(target("torch.ops.load_library")), (), "target 'torch.ops.load"),
    "any function": (graph(target("torch.os.system")), (), "target 'torch.os.system'"),
    "attributes": (
        graph(target("torch.ops.aten.relu.__init__")),
        (),
        "target 'torch.ops.aten.relu",
    ),
    "file": (graph(target("torch.ops.aten.save.default")), (), "target 'torch.ops.at"),
    "name": (graph(node_name), (), "its graph has name"),
    "import": (graph(tree), (), "its graph has in_spec"),
    "guard": (graph(guard), (), "its graph has guards_code"),
    "object": (
        {},
        [("data/constants/opaque_obj_0", pickle.dumps(1))],
        "it holds 'data/constants/opaque_obj_0'",
    ),
    "compiled": (
        {},
        [("data/aotinductor/model/m.so", b"\x7fELF")],
        "it holds 'data/aotinductor/model/m.so'",
    ),
    "twice": (
        {},
        [("models/MODEL.json", b"{}"), ("VERSION", b"3")],
        "two members have one name",
    ),
}


@pytest.mark.parametrize(
    ("changes", "more", "message"), ATTACKS.values(), ids=list(ATTACKS)
)
def test_what_could_run_code_is_refused(
    exported, tmp_path, fuse, changes, more, message
):
    """Pickles, expressions, functions, names, imports, libraries: nothing is run."""
    path = changed(exported, tmp_path / "evil.pt2", changes, more)

    with pytest.raises(BadData) as caught:
        build(path)

    assert message in str(caught.value)
    assert "could run code" in str(caught.value)
    assert not fuse.exists()


def test_the_attack_is_real(exported, tmp_path, fuse):
    """Opened by PyTorch itself, the first of these files runs what it holds."""
    changes, _, _ = ATTACKS["sample inputs"]
    path = changed(exported, tmp_path / "evil.pt2", changes)

    with contextlib.suppress(Exception):  # what it says of it is another matter
        torch.export.load(path)

    assert fuse.exists()


def test_what_is_what_it_should_be_is_opened(exported):
    """Einsum, gelu, no_grad, bit operators, sizes that vary; the same numbers."""
    check_archive(exported)
    torch.manual_seed(0)
    images = torch.rand(3, 1, 8, 8)

    found = build(exported)(images)

    torch.manual_seed(0)
    assert torch.allclose(found, Network().eval()(images), atol=1e-6)
    assert "TORCH_FORCE_WEIGHTS_ONLY_LOAD" not in os.environ
