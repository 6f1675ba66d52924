"""Specifications of --harness-model become classifiers, or errors that say why."""

import dataclasses
import hashlib
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from harness.datasets.bases import BASES
from harness.errors import HarnessError, MissingData
from harness.models.classifier import Classifier
from harness.models.yours.specs import spec_model
from harness.settings import ModelSpec, Settings

DIGITS = next(base for base in BASES if base.name == "digits")
# torchvision's networks take colour.
COLOUR = dataclasses.replace(DIGITS, size=(32, 32, 3))

CODE = """
import torch
from torch import nn
from helper_of_specs import CLASSES

def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, CLASSES))

def declared():
    made = network()
    made.mean, made.std = (0.25,), 0.5
    return made

def pixels():
    made = network()
    made.mean, made.std = (33.3,), (78.6,)
    return made

def words():
    made = network()
    made.mean, made.std = ("no", "number"), 0.5
    return made

def normalising():
    made = network()
    made.register_buffer("mean", torch.zeros(1))
    return made

def random():
    torch.seed()
    return nn.Sequential(nn.Flatten(), nn.Linear(64, CLASSES))

def broken():
    raise OSError("no disk")

def number():
    return 3

def lazy():
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(10))

def meta():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10, device="meta"))

class Stateful(nn.Linear):
    def get_extra_state(self):
        return {"made": 2024}

def stateful():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), Stateful(64, 10))

def sparse():
    made = network()
    made.register_buffer("mask", torch.eye(4).to_sparse())
    return made
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(cache_dir=tmp_path / "cache", store=tmp_path / "store")


@pytest.fixture
def make(tmp_path, settings, monkeypatch):
    """From a target and facts to the entry and its classifier."""
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "helper_of_specs.py").write_text("CLASSES = 10\n")
    (tmp_path / "my_code.py").write_text(CODE)

    def make(target, base=DIGITS, settings=settings, folder=tmp_path, **facts):
        spec = ModelSpec(target=target, folder=folder, **facts)
        entry = spec_model(spec, base.name)
        entry.check(settings, base, str)
        return entry, entry.load(settings, base, "cpu", str)

    return make


PLAIN = {"mean": (0.0,), "std": (1.0,)}
IMAGES = torch.arange(3 * 64, dtype=torch.uint8).view(3, 1, 8, 8)


def run(classifier, images=IMAGES):
    with torch.inference_mode():
        return classifier.network(classifier.normalise(images)).numpy()


def test_a_factory_in_a_file_needs_nothing_else(make):
    """Neighbours of the file can be imported; one number goes for all channels."""
    entry, found = make("my_code.py:network", **PLAIN)

    assert (entry.name, found.head, found.classes) == ("network", "1", 10)
    torch.manual_seed(0)
    same = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    expected = same(IMAGES.float() / 255).detach().numpy()
    np.testing.assert_allclose(run(found), expected, atol=1e-6)


def test_a_factory_in_a_package_is_found_beside(make, tmp_path):
    (tmp_path / "my_package_of_specs").mkdir()
    code = CODE.replace("def network", "def another").replace("network()", "another()")
    (tmp_path / "my_package_of_specs" / "nets.py").write_text(code)

    entry, _ = make(
        "my_package_of_specs.nets:another", name="mine", std=(1.0,), mean=(0,)
    )

    assert entry.name == "mine"


def test_one_number_goes_for_all_channels(make, tmp_path):
    (tmp_path / "colour.py").write_text(
        "from torch import nn\nimport torch\n"
        "def flat():\n    torch.manual_seed(0)\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))\n"
    )

    _, found = make("colour.py:flat", COLOUR, mean=(0.5,), std=(0.1, 0.2, 0.3))

    assert found.mean == (0.5, 0.5, 0.5)
    assert found.std == (0.1, 0.2, 0.3)


def test_normalisation_comes_from_the_network(make):
    _, found = make("my_code.py:declared")

    assert (found.mean, found.std) == ((0.25,), (0.5,))


@pytest.mark.parametrize("name", ["stateful", "sparse"])
def test_state_of_other_kinds_is_measured_or_refused(make, name):
    """State that is no plain tensor never ends the run in a traceback."""
    refused = ""
    try:
        make(f"my_code.py:{name}", **PLAIN)
    except HarnessError as error:
        refused = str(error)
    assert not refused or f"model {name} cannot be" in refused


@pytest.mark.parametrize(
    ("target", "facts", "message"),
    [
        ("my_code.py:lazy", PLAIN, "lazy must have its weights .* its first run: run"),
        ("my_code.py:meta", PLAIN, "meta must have its weights in place, .* device me"),
        ("my_code.py:network", {}, r"must say the mean .*network\?mean=0\.5&std=0\.5'"),
        (
            "my_code.py:pixels",
            {},
            r"0 and 1, got \(33.3,\); divide mean and std",
        ),
        ("my_code.py:words", {}, "`mean` of .* must be finite numbers"),
        ("my_code.py:network", {"mean": (33.3,), "std": (0.5,)}, "divide mean and std"),
        ("my_code.py:network", {"mean": (0.5,), "std": (78.6,)}, "divide mean and std"),
        ("my_code.py:normalising", {}, "may normalise images itself"),
        ("my_code.py:network", {**PLAIN, "mean": (1, 0)}, "mean. .* one number, or 1"),
        ("my_code.py:netwrok", PLAIN, "unknown function .*'netwrok'; did you mean net"),
        ("my_code.py:broken", PLAIN, "cannot be made: OSError: no disk"),
        ("my_code.py:number", PLAIN, "must return a torch.nn.Module, got int"),
        ("no_code.py:network", PLAIN, "file of model .* not found; looked at"),
        ("no_package_at_all:network", PLAIN, "cannot be made: ModuleNotFoundError"),
        ("my_code.py:random", PLAIN, "must be the same whenever it is built"),
        (
            "my_code.py:network",
            {**PLAIN, "weights": "w.pt"},
            "weights w.pt .*not found",
        ),
        ("net.pth", PLAIN, r"must be package.*got 'net.pth' \(such a file holds weig"),
        ("torchvision:resnet81", PLAIN, "unknown torchvision model.*did you mean resn"),
        ("torchvision:resnet18", PLAIN, "must be given weights.*weights=DEFAULT"),
        (
            "torchvision:resnet18",
            {"weights": "IMAGENET1K_V9"},
            "unknown file or published weights.*did you mean IMAGENET1K_V1",
        ),
        (
            "torchvision:resnet18",
            {"weights": "DEFAULT"},
            "weights https.*not found; .*--harness-download",
        ),
        ("hub:no/where:net", {"weights": "DEFAULT"}, "code of model .*hub:FOLDER:NAME"),
        ("hub:nowhere", {"weights": "DEFAULT"}, "must be hub:OWNER/REPOSITORY:NAME"),
        ("none.pt2", {}, "file of model none.pt2 not found"),
    ],
)
def test_what_cannot_be_says_what_to_write(make, monkeypatch, target, facts, message):
    monkeypatch.setenv("TORCH_HOME", "/nowhere")

    with pytest.raises(HarnessError, match=message):
        make(target, **facts)


def test_a_file_of_weights_goes_into_the_network(make, tmp_path):
    weights = {"1.weight": torch.ones(10, 64), "1.bias": torch.arange(10.0)}
    torch.save(weights, tmp_path / "w.pt")

    _, found = make("my_code.py:network", weights="w.pt", **PLAIN)

    pixels = (IMAGES.view(3, 64).double() / 255).sum(1, keepdim=True)
    np.testing.assert_allclose(run(found), pixels + torch.arange(10), rtol=1e-5)


def test_the_fingerprint_follows_weights_code_and_normalisation(make, tmp_path):
    plain = make("my_code.py:network", **PLAIN)[1].fingerprint
    again = make("my_code.py:network", name="other", **PLAIN)[1].fingerprint
    torch.save(
        {"1.weight": torch.ones(10, 64), "1.bias": torch.ones(10)}, tmp_path / "w.pt"
    )
    weights = make("my_code.py:network", weights="w.pt", **PLAIN)[1].fingerprint
    scaled = make("my_code.py:network", mean=(0.5,), std=(1.0,))[1].fingerprint
    (tmp_path / "my_code.py").write_text(CODE + "\n# changed\n")
    code = make("my_code.py:network", **PLAIN)[1].fingerprint

    assert plain == again
    assert len({plain, weights, scaled, code}) == 4


# --- exported -------------------------------------------------------------------------


def network():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(144, 10),
    ).eval()


@pytest.mark.parametrize("dynamic", [True, False])
def test_an_exported_network_comes_back(make, tmp_path, dynamic):
    """Also one that was exported for batches of two: the last batch is filled up."""
    shapes = ({0: torch.export.Dim("n")},) if dynamic else None
    example = (torch.zeros(2, 1, 8, 8),)
    program = torch.export.export(network(), example, dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / "net.pt2")

    entry, found = make("net.pt2", **PLAIN)

    expected = network()(IMAGES.float() / 255).detach().numpy()
    np.testing.assert_allclose(run(found), expected, atol=1e-5)
    assert (entry.name, found.head) == ("net", "")


def test_a_damaged_export_is_named(make, tmp_path):
    (tmp_path / "net.pt2").write_bytes(b"PK\3\4 no more")

    with pytest.raises(HarnessError, match=r"net.pt2 is damaged"):
        make("net.pt2", **PLAIN)


@pytest.mark.parametrize("batch", ["n", 2])
def test_an_onnx_file_runs(make, tmp_path, batch):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    weights = np.random.default_rng(0).normal(size=(64, 10)).astype(np.float32)
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Flatten", ["images"], ["flat"]),
            onnx.helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "linear",
        [tensor("images", onnx.TensorProto.FLOAT, [batch, 1, 8, 8])],
        [tensor("logits", onnx.TensorProto.FLOAT, [batch, 10])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, tmp_path / "net.onnx")

    _, found = make("net.onnx", **PLAIN)

    expected = IMAGES.view(3, 64).numpy() / np.float32(255) @ weights
    np.testing.assert_allclose(run(found), expected, rtol=1e-4, atol=1e-5)
    assert found.head == ""


def onnx_linear(path, weights, location="", nodes=(), **facts):
    """A linear network in ONNX, its weights beside it if a place is named."""
    onnx = pytest.importorskip("onnx")
    tensor = onnx.helper.make_tensor_value_info
    kept = onnx.numpy_helper.from_array(weights, "weights")
    if location:
        kept.ClearField("raw_data")
        kept.data_location = onnx.TensorProto.EXTERNAL
        kept.external_data.add(key="location", value=location)
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Flatten", ["images"], ["flat"]),
            *(nodes or [onnx.helper.make_node("MatMul", ["flat", "weights"], ["y"])]),
        ],
        "linear",
        [tensor("images", onnx.TensorProto.FLOAT, ["n", 1, 8, 8])],
        [tensor("y", facts.get("kind", onnx.TensorProto.FLOAT), ["n", 10])],
        [kept, *facts.get("more", ())],
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    path.write_bytes(model.SerializeToString())


def test_tensors_beside_an_onnx_file_are_part_of_it(make, tmp_path):
    """Whatever their file is called; a change makes another model."""
    pytest.importorskip("onnxruntime")
    weights = np.random.default_rng(0).normal(size=(64, 10)).astype(np.float32)
    onnx_linear(tmp_path / "net.onnx", weights, "tensors.bin")
    prints = []
    for scale in (1, 2):
        (tmp_path / "tensors.bin").write_bytes((scale * weights).tobytes())
        _, found = make("net.onnx", **PLAIN)
        prints.append(found.fingerprint)
        expected = scale * (IMAGES.view(3, 64).numpy() / np.float32(255) @ weights)
        np.testing.assert_allclose(run(found), expected, rtol=1e-4, atol=1e-5)

    assert prints[0] != prints[1]


@pytest.mark.parametrize("where", ["../out.bin", "link.bin", "absolute"])
def test_tensors_outside_of_an_onnx_file_s_folder_are_not_read(
    make, tmp_path, where, monkeypatch
):
    """Up, through a link, or from the root."""
    pytest.importorskip("onnxruntime")
    (tmp_path / "in").mkdir()
    (tmp_path / "out.bin").write_bytes(bytes(64 * 10 * 4))
    (tmp_path / "in" / "link.bin").symlink_to("../out.bin")
    place = str(tmp_path / "out.bin") if where == "absolute" else where
    weights = np.zeros((64, 10), dtype=np.float32)
    onnx_linear(tmp_path / "in" / "net.onnx", weights, place)

    with pytest.raises(HarnessError, match="must keep its tensors in its folder"):
        make("in/net.onnx", **PLAIN)


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ("dropout", "net must give the same logits for the same images"),
        ("norm", "net must give"),
        ("softmax", "net must return logits, .* they sum to 1"),
    ],
)
def test_an_onnx_file_in_training_mode_or_with_softmax_is_refused(
    make, tmp_path, last, message
):
    """Random, by the batch, or probabilities in half precision."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    node, half = onnx.helper.make_node, onnx.TensorProto.FLOAT16
    first = node("MatMul", ["flat", "weights"], ["z"])
    constant = onnx.numpy_helper.from_array
    ones = constant(np.ones(10, np.float32), "ones")
    nodes = {
        "dropout": [node("Dropout", ["z", "share", "on"], ["y"])],
        "norm": [
            node(
                "BatchNormalization",
                ["z", "ones", "ones", "ones", "ones"],
                ["y", "m", "v"],
                training_mode=1,
            )
        ],
        "softmax": [node("Softmax", ["z"], ["p"]), node("Cast", ["p"], ["y"], to=half)],
    }
    onnx_linear(
        tmp_path / "net.onnx",
        np.random.default_rng(0).normal(size=(64, 10)).astype(np.float32),
        nodes=[first, *nodes[last]],
        more=[
            constant(np.array(0.5, np.float32), "share"),
            constant(np.array(1, bool), "on"),
            ones,
        ],
        kind=half if last == "softmax" else onnx.TensorProto.FLOAT,
    )

    with pytest.raises(HarnessError, match=message):
        make("net.onnx", **PLAIN)


def test_an_export_in_training_mode_is_refused(make, tmp_path):
    """Its dropout cannot be switched off."""
    made = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10)).train()
    program = torch.export.export(made, (torch.rand(4, 1, 8, 8),))
    torch.export.save(program, tmp_path / "train.pt2")

    with pytest.raises(HarnessError, match="train must give the same logits"):
        make("train.pt2", **PLAIN)


@pytest.mark.parametrize(
    ("target", "module", "extra"),
    [("net.onnx", "onnxruntime", "onnx"), ("timm:resnet18", "timm", "timm")],
)
def test_a_missing_package_is_named(make, tmp_path, monkeypatch, target, module, extra):
    (tmp_path / "net.onnx").touch()
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(HarnessError, match=rf"'pytest-unlabelled\[{extra}\]'"):
        make(target, **PLAIN)


# --- libraries ------------------------------------------------------------------------


def test_torchvision_with_a_file_has_the_base_s_classes(make, tmp_path):
    from torchvision.models import get_model

    torch.manual_seed(0)
    trained = get_model("squeezenet1_1", num_classes=10)
    torch.save(trained.state_dict(), tmp_path / "w.pth")

    entry, found = make(
        "torchvision:squeezenet1_1", COLOUR, weights="w.pth", mean=(0.5,), std=(0.2,)
    )

    assert entry.name == "squeezenet1_1"
    assert found.head == ""  # a convolution gives its logits
    for name, tensor in trained.state_dict().items():
        assert torch.equal(found.network.state_dict()[name], tensor)


def test_torchvision_brings_the_normalisation_of_its_weights(
    make, settings, tmp_path, monkeypatch
):
    """Published weights, found in a folder, verified by the sum in their name."""
    from torchvision.models import SqueezeNet1_1_Weights, get_model

    monkeypatch.setenv("TORCH_HOME", "/nowhere")
    torch.manual_seed(0)
    network = get_model("squeezenet1_1", num_classes=1000)
    torch.save(network.state_dict(), tmp_path / "w.pth")
    digest = hashlib.sha256((tmp_path / "w.pth").read_bytes()).hexdigest()
    (tmp_path / "w.pth").rename(tmp_path / f"squeezenet-{digest[:8]}.pth")
    weights = SqueezeNet1_1_Weights.IMAGENET1K_V1
    changed = dataclasses.replace(
        weights.value, url=f"https://x/squeezenet-{digest[:8]}.pth"
    )
    monkeypatch.setattr(weights, "_value_", changed)
    large = dataclasses.replace(
        DIGITS, size=(64, 64, 3), classes=tuple(map(str, range(1000)))
    )
    settings = dataclasses.replace(settings, weights_root=tmp_path)

    _, found = make("torchvision:squeezenet1_1", large, settings, weights="DEFAULT")

    assert found.mean == (0.485, 0.456, 0.406)
    assert found.std == (0.229, 0.224, 0.225)


def test_timm_with_a_file_has_the_base_s_classes(make, tmp_path):
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    trained = timm.create_model("mobilenetv3_small_050", num_classes=10, in_chans=3)
    torch.save(trained.state_dict(), tmp_path / "w.pth")

    _, found = make("timm:mobilenetv3_small_050", COLOUR, weights="w.pth", **PLAIN)

    assert found.head == "classifier"


def test_timm_fetches_only_where_it_may(make):
    pytest.importorskip("timm")

    with pytest.raises(MissingData, match="--harness-download"):
        make("timm:mobilenetv3_small_050", COLOUR, weights="DEFAULT")


HUBCONF = """
import torch

def net(pretrained=False):
    made = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    if pretrained:
        torch.nn.init.eye_(made[1].weight)
        torch.nn.init.zeros_(made[1].bias)
    return made
"""


@pytest.mark.parametrize("folder", ["", "."])
def test_a_hub_folder_is_asked_for_its_pretrained_network(
    make, tmp_path, monkeypatch, folder
):
    """Also where its path looks like a repository's name."""
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "hubconf.py").write_text(HUBCONF)
    monkeypatch.chdir(tmp_path)

    entry, found = make(
        "hub:repo:net",
        weights="DEFAULT",
        folder=Path(folder or tmp_path),
        mean=(0.5,),
        std=(0.5,),
    )

    assert entry.name == "net"
    expected = IMAGES.view(3, 64)[:, :10].numpy() / 255 * 2 - 1
    np.testing.assert_allclose(run(found), expected, atol=1e-6)
    with pytest.raises(HarnessError, match="Cannot find callable nett"):
        make("hub:repo:nett", weights="DEFAULT", **PLAIN)


# --- encoders and layers --------------------------------------------------------------

ENCODERS = """
import torch
from torch import nn

def encoder():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(64, 7),
    )

def maps():
    return nn.Sequential(*list(encoder())[:3])

def sixteen():
    return nn.Sequential(*list(encoder())[:3], Tokens(), Mean())

class Tokens(nn.Module):
    def forward(self, maps):
        return maps.flatten(2).permute(2, 0, 1)  # (t, n, c), with t = 16

class Mean(nn.Module):
    def forward(self, tokens):
        return tokens.mean(0)

def noisy():
    return Noisy()

class Noisy(nn.Module):
    def forward(self, images):
        return images.flatten(1) + torch.rand(64)

def words():
    return Words()

class Words(nn.Module):
    def forward(self, images):
        return {"features": images}

def scripted():
    return torch.jit.script(encoder())
"""


@pytest.fixture
def encoders(make, tmp_path):
    """`make`, in a folder with a file of encoders; encoders unless said otherwise."""
    (tmp_path / "enc.py").write_text(ENCODERS)

    def made(target, *arguments, **facts):
        return make(target, *arguments, **{**PLAIN, "kind": "encoder", **facts})

    return made


@pytest.mark.parametrize(
    ("name", "shape"), [("encoder", (3, 7)), ("maps", (3, 4, 4, 4))]
)
def test_an_encoder_gives_features_of_any_number(encoders, name, shape):
    """It is no classifier, has no head, and is another model than the classifier."""
    entry, found = encoders(f"enc.py:{name}")

    assert entry.encoder
    assert not isinstance(found, Classifier)
    assert found.head == ""
    assert run(found).shape == shape


def test_an_encoder_and_a_classifier_of_the_same_parts_are_two_models(encoders):
    """Since what the one calls logits the other calls features."""
    prints = {
        encoders("my_code.py:network", kind=kind)[1].fingerprint
        for kind in ("encoder", "classifier")
    }
    assert len(prints) == 2


def test_an_encoder_s_features_can_enter_a_part_that_is_named(encoders):
    assert encoders("enc.py:encoder", head="4")[1].head == "4"


@pytest.mark.parametrize(
    ("target", "facts", "message"),
    [
        ("enc.py:noisy", {}, "must give the same features for the same images"),
        ("enc.py:words", {}, "encoder words must return a tensor .* got dict of feat"),
        ("enc.py:encoder", {"head": "9"}, "unknown head of model encoder '9'"),
        ("enc.py:encoder", {"layers": ("5",)}, "unknown layer of model encoder '5'"),
        (
            "enc.py:sixteen",
            {"layers": ("3",)},
            "layer 3 .* must run once a pass",
        ),
        ("torchvision:resnet18", {"weights": "DEFAULT"}, "name the part that its feat"),
    ],
)
def test_an_encoder_that_cannot_be_says_why(encoders, target, facts, message):
    with pytest.raises(HarnessError, match=message):
        encoders(target, **facts)


def layers(entry, settings):
    return [layer.name for layer in entry.known_layers(settings, DIGITS, str)]


def test_a_dry_run_finds_the_layers_in_the_order_that_they_end(encoders, settings):
    """Not the tokens whose first axis is as long as the batch of the dry run."""
    entry, found = encoders("enc.py:encoder")
    assert layers(entry, settings) == ["0", "1", "2", "3", "4"]
    assert layers(encoders("enc.py:sixteen")[0], settings) == ["0", "1", "2", "4"]
    assert not any(part._forward_hooks for part in found.network.modules())


def test_layers_that_are_named_are_the_only_ones(encoders, settings):
    entry, found = encoders("enc.py:encoder", layers=("0", "2"))
    assert layers(entry, settings) == ["0", "2"]
    assert [layer.name for layer in found.layers] == ["0", "2"]


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_a_torchscript_has_no_layers(encoders, settings):
    """No Python calls its parts, so no hook would see them."""
    entry, found = encoders("enc.py:scripted")
    assert layers(entry, settings) == []
    assert found.layers == ()


def test_timm_makes_encoders_without_classes(encoders, monkeypatch, settings, tmp_path):
    """Published or from a file, it is asked for a network of no classes."""
    asked = []

    def create_model(name, **arguments):
        asked.append(arguments)
        torch.manual_seed(0)
        made = nn.Sequential(nn.Flatten(), nn.Linear(64, 5))
        made.pretrained_cfg = {"mean": (0.1,), "std": (0.2,)}
        return made

    timm = types.SimpleNamespace(
        create_model=create_model, is_model=lambda name: True, list_models=list
    )
    monkeypatch.setitem(sys.modules, "timm", timm)
    loading = dataclasses.replace(settings, download=True)
    _, found = encoders("timm:vit", DIGITS, loading, weights="DEFAULT", mean=(), std=())
    assert asked[0] == {"pretrained": True, "num_classes": 0}
    assert run(found).shape == (3, 5)
    assert found.mean == (0.1,)
    torch.save(create_model("vit").state_dict(), tmp_path / "w.pt")
    encoders("timm:vit", weights="w.pt")
    assert asked[-1] == {"num_classes": 0, "in_chans": 1}
