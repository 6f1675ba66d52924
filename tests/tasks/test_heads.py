"""Heads: they learn, they reproduce, they are kept, and see nothing in a brain cell."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.datasets.images import ArrayImages
from harness.metrics.label_free.pretext_prediction import (
    jigsaw_prediction,
    rotation_prediction,
)
from harness.models.architectures import simple
from harness.models.architectures.small import one_brain_cell
from harness.models.classifier import Classifier
from harness.tasks.heads import (
    HeadRecipe,
    cached_head,
    head_key,
    train_head,
    view_features,
)
from harness.tasks.jigsaw import every_jigsaw, jigsaw
from harness.tasks.rotation import ROTATION

RECIPE = HeadRecipe(epochs=6, milestones=(4,))


def silent(_text: str) -> None:
    pass


def classifier(network: torch.nn.Module, head: str, fingerprint: str) -> Classifier:
    return Classifier(
        name="small",
        network=network.eval(),
        mean=(0.5,),
        std=(0.25,),
        classes=10,
        head=head,
        fingerprint=fingerprint,
    )


@pytest.fixture
def images() -> ArrayImages:
    """Bright at the top, dark below, so that the pixels tell the rotation."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 60, (300, 8, 8, 1)) + np.arange(160, 0, -20)[:, None, None]
    return ArrayImages(pixels=pixels.astype(np.uint8), labels=None, digest="slope")


@pytest.fixture
def pixel_classifier() -> Classifier:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    return classifier(network, "1", "pixels")


def features_of(model, images, task):
    return view_features(model, images, task, device="cpu", batch_size=64)


def test_learns_what_the_features_tell(pixel_classifier, images):
    features = features_of(pixel_classifier, images, ROTATION)
    head = train_head(features, RECIPE, tell=silent)
    assert head.held_out_accuracy == 1.0
    assert rotation_prediction(head.logits(features)) > 0.99


@pytest.mark.parametrize("task", [ROTATION, jigsaw(), every_jigsaw()])
def test_one_brain_cell_scores_exactly_chance(task, images):
    cell = classifier(one_brain_cell(), "1", "cell")
    features = features_of(cell, images, task)
    head = train_head(features, RECIPE, tell=silent)
    metric = rotation_prediction if task is ROTATION else jigsaw_prediction
    assert metric(head.logits(features)) == task.chance


def test_brain_cell_of_colour_images_sees_the_same_bits_in_every_view():
    pixels = np.random.default_rng(1).integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
    colour = ArrayImages(pixels=pixels, labels=None, digest="noise")
    cell = replace(
        classifier(simple.one_brain_cell(), "fc", "cell"),
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2023, 0.1994, 0.2010),
    )
    for task in (ROTATION, every_jigsaw()):
        features = features_of(cell, colour, task)
        assert (features == features[0]).all()


def test_same_seed_same_bits_and_random_state_untouched(pixel_classifier, images):
    features = features_of(pixel_classifier, images, jigsaw())
    state = torch.get_rng_state()
    one, two = (train_head(features, RECIPE, tell=silent) for _ in range(2))
    assert one.weight.tobytes() == two.weight.tobytes()
    assert one.bias.tobytes() == two.bias.tobytes()
    assert torch.equal(state, torch.get_rng_state())
    other = train_head(features, replace(RECIPE, seed=1), tell=silent)
    assert other.weight.tobytes() != one.weight.tobytes()


def test_backbone_sees_each_view_once_and_the_cache_spares_it(
    pixel_classifier, images, tmp_path
):
    seen = []
    pixel_classifier.network.register_forward_hook(
        lambda _module, inputs, _output: seen.append(len(inputs[0]))
    )

    def head():
        return cached_head(
            pixel_classifier,
            images,
            ROTATION,
            RECIPE,
            device="cpu",
            batch_size=128,
            cache_dir=tmp_path,
            tell=silent,
        )

    first = head()
    assert sum(seen) == 4 * 300
    again = head()
    assert sum(seen) == 4 * 300
    assert again.weight.tobytes() == first.weight.tobytes()
    assert (again.epoch, again.held_out_accuracy) == (
        first.epoch,
        first.held_out_accuracy,
    )


def test_key_depends_on_everything_that_decides_the_head(pixel_classifier, images):
    others = ArrayImages(pixels=images.pixels, labels=None, digest="x")
    keys = {
        head_key(pixel_classifier, images, ROTATION, RECIPE),
        head_key(
            replace(pixel_classifier, fingerprint="other"), images, ROTATION, RECIPE
        ),
        head_key(pixel_classifier, others, ROTATION, RECIPE),
        head_key(pixel_classifier, images, jigsaw(), RECIPE),
        head_key(pixel_classifier, images, ROTATION, replace(RECIPE, seed=1)),
    }
    assert len(keys) == 5


def test_damaged_kept_head_is_trained_anew(pixel_classifier, images, tmp_path):
    said = []

    def head():
        return cached_head(
            pixel_classifier,
            images,
            ROTATION,
            RECIPE,
            device="cpu",
            batch_size=128,
            cache_dir=tmp_path,
            tell=said.append,
        )

    first = head()
    (path,) = (tmp_path / "heads").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:40])
    assert head().weight.tobytes() == first.weight.tobytes()
    assert any("cannot be read" in line for line in said)
    said.clear()
    assert head().weight.tobytes() == first.weight.tobytes()
    assert said == []


@pytest.mark.slow
def test_two_processes_train_a_head_once(tmp_path):
    script = f"""
import numpy as np, torch
from pathlib import Path
from harness.datasets.images import ArrayImages
from harness.models.classifier import Classifier
from harness.tasks.heads import HeadRecipe, cached_head
from harness.tasks.rotation import ROTATION
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10)).eval()
model = Classifier(name="m", network=network, mean=(0.5,), std=(0.5,), classes=10,
                   head="1", fingerprint="f")
pixels = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), dtype=np.uint8)
head = cached_head(
    model, ArrayImages(pixels=pixels, labels=None, digest="d"), ROTATION,
    HeadRecipe(epochs=2), device="cpu", batch_size=64,
    cache_dir=Path({str(tmp_path)!r}), tell=print,
)
print("bits", head.weight.tobytes().hex()[:64])
"""
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for _ in range(2)
    ]
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert sum("training the rotation head" in text for text in said) == 1
    bits = {line for text in said for line in text.splitlines() if "bits" in line}
    assert len(bits) == 1


def test_too_few_images_are_refused():
    with pytest.raises(ValueError, match="use more training images"):
        train_head(np.zeros((4, 3, 2), dtype=np.float32), RECIPE, tell=silent)
