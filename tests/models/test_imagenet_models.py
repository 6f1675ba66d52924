"""Published ImageNet classifiers: facts of their rows, and what they answer."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 - as PyTorch's own docs do
from torchvision.models import get_model_weights

from harness.answers.predictions import Predictions
from harness.datasets.bases.imagenet import IMAGENET
from harness.datasets.families import FAMILIES
from harness.errors import MissingData
from harness.models.architectures.mobilenet_tf import Same
from harness.models.entries import IMAGENET_ENTRIES
from harness.models.published.imagenet_small import IMAGENET_SMALL_ENTRIES
from harness.models.published.torchvision_zoo import TORCHVISION_ENTRIES
from harness.models.yours.geometries import of_timm, of_torchvision
from harness.settings import Settings

CLOSE = 3  # of 1,000 answers: another order of summation, another resizer
#: What each is called in ``expected.json``.
EXPECTED = {
    "mobilenet_v1_0.25_128": "mobilenet_v1_025_128",
    "mobilenet_v1_0.5_160": "mobilenet_v1_050_160",
    "deep-compression-squeezenet1_0": "squeezenet1_0",
    "windows-ml-squeezenet1_1": "squeezenet1_1",
    "mobilenet_v1_1.0_224": "mobilenet_v1_100_224",
    "mobilenet_v2_1.0_224": "mobilenet_v2_100_224",
    "tf_efficientnet_lite0": "efficientnet_lite0",
}
every_entry = pytest.mark.parametrize("entry", IMAGENET_ENTRIES, ids=lambda e: e.name)


@every_entry
def test_sizes_and_heads_are_as_published(entry):
    """Built without memory for its weights."""
    if entry.needs:
        pytest.importorskip(entry.needs)
    with torch.device("meta"):
        network = entry.build_network()

    assert sum(p.numel() for p in network.parameters()) == entry.parameters
    if entry.head:
        assert network.get_submodule(entry.head).out_features == 1000
    names = dict(network.named_modules())
    assert all(layer.module in names for layer in entry.layers)


@pytest.mark.parametrize("entry", TORCHVISION_ENTRIES, ids=lambda e: e.name)
def test_rows_are_torchvision_s(entry):
    """File, size, accuracy and geometry of one of its published weights."""
    known = {w.url: w for w in get_model_weights(entry.arguments["name"])}
    weights = known[entry.weights.url]
    transform = weights.transforms()

    assert entry.parameters == weights.meta["num_params"]
    accuracy = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert entry.accuracy == pytest.approx(accuracy / 100, abs=1e-9)
    assert entry.geometry == of_torchvision(transform)
    assert (list(entry.mean), list(entry.std)) == (transform.mean, transform.std)


def test_the_row_of_timm_s_network_is_timm_s():
    timm = pytest.importorskip("timm")
    entry = next(e for e in IMAGENET_SMALL_ENTRIES if e.needs == "timm")
    facts = timm.get_pretrained_cfg(entry.arguments["name"]).to_dict()

    assert entry.geometry == of_timm(facts)
    assert (entry.mean, entry.std) == (tuple(facts["mean"]), tuple(facts["std"]))


def test_a_package_that_is_not_here_is_named(tmp_path, monkeypatch):
    entry = replace(IMAGENET_SMALL_ENTRIES[-1], needs="no_such_package")
    settings = Settings(cache_dir=tmp_path, store=tmp_path, weights_root=tmp_path)
    file = tmp_path / entry.weights.filename
    file.parent.mkdir()
    file.write_bytes(b"")

    with pytest.raises(MissingData, match=r"'pytest-unlabelled\[no_such_package\]'"):
        entry.locate(settings)


@pytest.mark.parametrize(("side", "stride"), [(5, 2), (6, 2), (7, 1), (8, 3)])
def test_convolutions_are_padded_as_tensorflow_s(side, stride):
    """ceil(side / stride) outputs; what is odd of the padding comes last."""
    layer = Same(1, 1, 3, stride, bias=False)
    images = torch.arange(side * side, dtype=torch.float32).reshape(1, 1, side, side)
    steps = -(-side // stride)
    total = max((steps - 1) * stride + 3 - side, 0)
    first, last = total // 2, total - total // 2

    padded = F.pad(images, (first, last, first, last))
    expected = F.conv2d(padded, layer.weight, stride=stride)

    assert layer(images).shape[-1] == steps
    assert last - first in (0, 1)
    assert torch.equal(layer(images), expected)


# --- on real pictures -----------------------------------------------------------------


@pytest.fixture
def sample(data_root, weights_root, tmp_path):
    """1,000 validation pictures, and settings that find them and the weights."""
    folder = data_root / "imagenet-sample"
    if not (folder.is_dir() and (weights_root / "imagenet").is_dir()):
        pytest.skip(f"{data_root} or {weights_root} has no sample of ImageNet")
    expected = json.loads((folder / "expected.json").read_text())["classifiers"]
    settings = Settings(
        base="imagenet",
        data_root=data_root,
        weights_root=weights_root,
        cache_dir=tmp_path,
        store=tmp_path,
    )
    return settings, expected


def logits_of(entry, settings, family):
    (dataset,) = next(
        one for one in FAMILIES if (one.base, one.name) == ("imagenet", family)
    ).datasets(settings)
    network = entry.load(settings, IMAGENET, "cpu", print)
    return dataset, Predictions(lambda: network, dataset, batch_size=8).logits()


def check_counts(entry, settings, expected):
    """Top-1, top-5, ReaL, and both readings of the 200-class sets."""
    found = expected[EXPECTED[entry.name]]["val"]
    test, logits = logits_of(entry, settings, "test")
    truth = test.truth(1000)

    assert len(truth) == found["images"]
    assert truth.right(logits).sum() == pytest.approx(found["top1"], abs=CLOSE)
    assert truth.right(logits, 5).sum() == pytest.approx(found["top5"], abs=CLOSE)
    (real,) = next(f for f in FAMILIES if f.name == "imagenet-real").datasets(settings)
    labels = real.truth(1000)
    assert labels.counted.sum() == found["real_usable"]
    assert labels.right(logits).sum() == pytest.approx(found["real_top1"], abs=CLOSE)
    for letter in "aor":
        name = f"imagenet-{letter}-clean"
        (few,) = next(f for f in FAMILIES if f.name == name).datasets(settings)
        rows = few.classes.answer_of(test.labels()) >= 0
        told = found[f"imagenet_{letter}_classes"]
        among = few.truth(1000)
        assert len(among) == rows.sum() == told["images"]
        masked = among.right(logits[rows]).sum()
        full = among.right(logits[rows].argmax(axis=1)).sum()
        assert masked == pytest.approx(told["top1_masked"], abs=CLOSE)
        assert full == pytest.approx(told["top1_full"], abs=CLOSE)
    return truth, logits


def averaged(entry):
    """With antialiasing, as the expected counts were found."""
    return replace(entry, geometry=replace(entry.geometry, antialias=True))


@pytest.mark.real
def test_known_answers_of_the_smallest_classifier(sample):
    """With antialiasing as other software found, and fifty more as it was trained."""
    settings, expected = sample
    entry = IMAGENET_SMALL_ENTRIES[0]

    truth, logits = check_counts(averaged(entry), settings, expected)
    probs = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    told = expected[EXPECTED[entry.name]]["val"]["mean_confidence"]
    assert probs.max(axis=1).mean() == pytest.approx(told, abs=2e-3)
    _, as_trained = logits_of(entry, settings, "test")
    assert truth.right(as_trained).sum() == pytest.approx(582, abs=CLOSE)


@pytest.mark.real
@pytest.mark.parametrize("entry", IMAGENET_SMALL_ENTRIES[1:], ids=lambda e: e.name)
def test_known_answers_of_the_others(sample, entry):
    """Takes up to a minute each."""
    if not os.environ.get("HARNESS_LONG_TESTS"):
        pytest.skip("takes minutes in all; set HARNESS_LONG_TESTS=1 to run it")
    if entry.needs:
        pytest.importorskip(entry.needs)
    settings, expected = sample

    check_counts(averaged(entry), settings, expected)
