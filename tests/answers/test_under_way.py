"""Answers under way: a pass that was stopped goes on after its last whole block."""

import gc
import os
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.answers import under_way
from harness.answers.predictions import Predictions
from harness.answers.under_way import UnderWay, joined
from harness.datasets.dataset import BLOCK, Dataset, Transformation
from harness.datasets.images import ArrayImages
from harness.measurement import Domain
from harness.models.classifier import Classifier
from harness.models.layers import Layer
from harness.models.network import Network
from harness.models.tap import Seen
from harness.views import IDENTITY, ROTATIONS


class Stopped(BaseException):
    """As an interrupt is."""


class Counting(torch.nn.Module):
    """A linear layer that counts its images, and stops before too many of them."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(64, 3)
        self.asked = 0
        self.most = 10**9

    def forward(self, images):
        self.asked += len(images)
        if self.asked > self.most:
            raise Stopped
        return self.linear(images.flatten(1))


def noise(images, rng):
    drawn = torch.from_numpy(rng.integers(0, 50, size=tuple(images.shape)))
    return (images + drawn).clamp(0, 255).to(torch.uint8)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Blocks are written from the first one on."""
    monkeypatch.setattr(under_way, "PATIENCE", 0.0)


@pytest.fixture
def counting():
    torch.manual_seed(0)
    return Counting().eval().requires_grad_(False)


@pytest.fixture
def classifier(counting):
    return Classifier(
        name="random",
        network=counting,
        mean=(0.5,),
        std=(0.25,),
        classes=3,
        head="linear",
        layers=(Layer(name="linear", module="linear"),),
        fingerprint="f",
    )


@pytest.fixture(params=[True, False], ids=["transformed", "as they are"])
def dataset(request):
    """Three blocks, the last of 77 images."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(2 * BLOCK + 77, 8, 8, 1), dtype=np.uint8)
    made = Transformation(name="noise", target=f"{__name__}:noise")
    return Dataset(
        name="random",
        family="random",
        domain=Domain.EXTERIOR,
        load=lambda: ArrayImages(pixels=pixels, labels=None, digest="x"),
        transformations=(made,) if request.param else (),
    )


@pytest.fixture
def said(tmp_path, classifier, dataset):
    """Makes predictions that keep their answers here."""
    told = []

    def make(network=classifier, run=None, **more):
        kept = run or UnderWay(tmp_path / "kept", {"code": 1}, told.append)
        more = {"tell": told.append, "under_way": kept, **more}
        return Predictions(lambda: network, dataset, **more)

    make.told = told
    make.files = lambda: sorted(tmp_path.glob("kept/*/*.npz"))
    return make


def stopped(said, counting, most, view=IDENTITY, **more):
    """A pass that ends before more than `most` images."""
    counting.asked, counting.most = 0, most
    with pytest.raises(Stopped):
        said(**more).features(view)
    counting.asked, counting.most = 0, 10**9


@pytest.mark.parametrize("batch_size", [64, 500, 7])
def test_a_stopped_pass_goes_on_after_its_last_whole_block(
    said, classifier, counting, dataset, batch_size
):
    """To the bit, with another batch size too; the earlier blocks are not run again."""
    whole = Predictions(lambda: classifier, dataset)
    logits, features = whole.logits(), whole.features()
    stopped(said, counting, 2 * BLOCK + 10)
    assert len(said.files()) == 2

    again = said(batch_size=batch_size)

    np.testing.assert_allclose(again.logits(), logits, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(again.features(), features)
    assert counting.asked == 77
    assert said.told == [
        "random on random: 1,000 of 1,077 images were answered by a run that was "
        "stopped"
    ]


def test_what_was_found_is_not_written_again_and_later_views_begin_anew(
    said, classifier, counting, dataset
):
    """Images of a pass that was gone into in the middle are not all of them."""
    stopped(said, counting, BLOCK + 10)
    written = {file: file.stat().st_mtime_ns for file in said.files()}
    again = said()
    again.logits()

    turned = again.logits(ROTATIONS[0])

    expected = Predictions(lambda: classifier, dataset).logits(ROTATIONS[0])
    np.testing.assert_array_equal(turned, expected)
    assert {file: file.stat().st_mtime_ns for file in written} == written
    assert len(said.files()) == 6  # two passes of three blocks, still in use


def test_blocks_are_dropped_with_what_has_their_answers(said):
    """As long as somebody may ask for them they are on the disk, and no longer."""
    predictions = said()
    predictions.logits()
    assert len(said.files()) == 3

    del predictions
    gc.collect()

    assert not said.files()


def test_a_run_that_is_interrupted_drops_nothing(said, tmp_path, counting):
    """What it has answered may not have been measured."""
    run = UnderWay(tmp_path / "kept", {"code": 1})
    predictions = said(run=run)
    predictions.logits()
    run.stay()

    del predictions
    gc.collect()

    counting.asked = 0
    said().logits()
    assert counting.asked == 0


@pytest.mark.parametrize("damage", ["cut", "bit", "exchanged"])
def test_a_damaged_block_is_as_good_as_none(
    said, classifier, counting, dataset, damage
):
    """And so is what comes after it."""
    stopped(said, counting, 2 * BLOCK + 10)
    first, second = said.files()
    content = bytearray(first.read_bytes())
    if damage == "cut":
        first.write_bytes(content[:-100])
    elif damage == "bit":
        content[2000] ^= 1
        first.write_bytes(content)
    else:  # another block's, which is whole
        first.write_bytes(second.read_bytes())

    logits = said().logits()

    assert counting.asked == len(dataset.load())
    expected = Predictions(lambda: classifier, dataset).logits()
    np.testing.assert_array_equal(logits, expected)


@pytest.mark.parametrize(
    "other",
    [
        {"limit": 1000},
        {"layers": ("linear",)},
        {"run": {"code": 2}},
        {"network": {"fingerprint": "g"}},
        {"network": {"precision": "bfloat16"}},
        {"view": ROTATIONS[1]},
    ],
    ids=str,
)
def test_blocks_are_found_by_all_that_decides_them(
    said, classifier, counting, tmp_path, other
):
    """Of another network, code, sample, view or choice of layers there are none."""
    stopped(said, counting, 2 * BLOCK + 10)
    other = dict(other)
    view = other.pop("view", IDENTITY)
    if "run" in other:
        other["run"] = UnderWay(tmp_path / "kept", other["run"])
    if "network" in other:
        other["network"] = replace(classifier, **other["network"])
        counting.to(getattr(torch, other["network"].precision))

    predictions = said(**other)
    predictions.logits(view)

    assert counting.asked == len(predictions)


def test_a_quick_pass_writes_nothing(said, monkeypatch):
    """And neither does one of a single block, whatever it takes."""
    monkeypatch.setattr(under_way, "PATIENCE", 60.0)
    predictions = said()
    predictions.logits()
    assert not said.files()

    monkeypatch.setattr(under_way, "PATIENCE", 0.0)
    small = said(limit=BLOCK)
    small.logits()
    assert not said.files()


def test_a_pass_becomes_long_on_the_way(said, monkeypatch):
    """Then what was answered before is written with it; or when it is much."""
    monkeypatch.setattr(under_way, "PATIENCE", 60.0)
    monkeypatch.setattr(under_way, "WAITING", 1.5 * BLOCK * 4 * (3 + 64))
    predictions = said()

    predictions.logits()

    # The third block is waited with: of 60 seconds none are over.
    assert [file.name for file in said.files()] == ["000000.npz", "000001.npz"]


def test_too_much_is_not_kept_and_said(said, monkeypatch):
    """One pass has a bound on the disk."""
    monkeypatch.setattr(under_way, "ROOM", 1000 * 4 * (3 + 64))
    predictions = said()

    assert predictions.logits().shape == (1077, 3)
    assert not said.files()
    assert len(said.told) == 1
    assert said.told[0].startswith("answers of random on random are not kept")


def test_a_folder_that_cannot_be_written_to_is_said_once(said, tmp_path):
    """The answers come all the same."""
    (tmp_path / "kept").write_text("a file")

    assert said().logits().shape == (1077, 3)
    assert len(said.told) == 1
    assert "cannot be written" in said.told[0]


def test_what_killed_runs_left_is_dropped_in_the_end(said, tmp_path, monkeypatch):
    """By age, and beyond a bound the oldest first; not what is recent."""
    monkeypatch.setattr(under_way, "ROOM", 10**6)
    now = time.time()
    for name, days, size in (
        ("recent", 0, 2 * 10**6),
        ("small", 1, 10),
        ("large", 2, 10**6),
        ("old", 20, 10),
    ):
        left = tmp_path / "kept" / name / "000000.npz"
        left.parent.mkdir(parents=True)
        left.write_bytes(bytes(size))
        for path in (left, left.parent):
            os.utime(path, (now - days * 86400,) * 2)

    said().logits()

    left = {path.name for path in (tmp_path / "kept").iterdir()}
    assert left & {"recent", "small", "large", "old"} == {"recent"}


def test_an_encoder_and_layers_without_features_are_kept_as_they_are(
    said, counting, dataset
):
    """No logits, and the reasons why a layer gives nothing."""
    encoder = Network(
        name="encoder", network=counting, mean=(0.5,), std=(0.25,), fingerprint="e"
    )
    expected = Predictions(lambda: encoder, dataset).features()
    stopped(said, counting, 2 * BLOCK + 10, network=encoder)

    found = said(network=encoder).features()

    np.testing.assert_array_equal(found, expected)
    assert counting.asked == 77


def test_batches_are_joined_in_order():
    """What one of them lacks, the block lacks, with the reason."""
    one = Seen(
        answer=torch.tensor([[1.0]]),
        features={"a": torch.tensor([[2.0]]), "b": torch.tensor([[3.0]])},
        unfit={},
        images=1,
    )
    two = Seen(
        answer=torch.tensor([[4.0]]),
        features={"a": torch.tensor([[5.0]])},
        unfit={"b": "broke"},
        images=1,
    )

    both = joined([one, two])

    assert both.answer.tolist() == [[1.0], [4.0]]
    assert {name: f.tolist() for name, f in both.features.items()} == {
        "a": [[2.0], [5.0]]
    }
    assert both.unfit == {"b": "broke"}
    assert both.images == 2
