"""Networks with sigmoids: a fact of an entry, and how they are trained."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.activation import Activation
from harness.datasets.bases import DIGITS
from harness.errors import HarnessError, UnknownName
from harness.models.entries import DIGITS_ENTRIES
from harness.models.entry import Given, activation_of
from harness.models.objectives import objective_of
from harness.models.objectives.sigmoids import Sigmoids
from harness.models.processes import ALONE
from harness.models.recipe import Recipe
from harness.models.self_classifier.options import SelfClassifier
from harness.models.trained_here import trainable
from harness.options import OPTIONS
from harness.registry import Registry

LINEAR = DIGITS_ENTRIES[0]
SPEC = next(option for option in OPTIONS if option.field == "model").parse


def test_the_loss_adds_the_questions_of_all_classes():
    """Logits log 3, -log 3 and 0 of the first class: log 4/3 twice, and log 2."""
    recipe = Recipe(epochs=1, learning_rate=0.1, loss="binary_cross_entropy")
    objective = objective_of(recipe, ALONE, "cpu")
    assert isinstance(objective, Sigmoids)
    logits = torch.tensor([[math.log(3), -math.log(3), 0.0]] * 2)

    one = objective.loss(logits[:1], torch.tensor([0])).item()
    assert one == pytest.approx(2 * math.log(4 / 3) + math.log(2))
    # With the second as the label both are wrong: log 4 twice.
    two = objective.loss(logits, torch.tensor([0, 1])).item()
    assert two == pytest.approx((one + 2 * math.log(4) + math.log(2)) / 2)


def test_its_gradient_is_a_probability_less_the_truth():
    logits = torch.zeros(1, 3, requires_grad=True)
    recipe = Recipe(epochs=1, learning_rate=0.1, loss="binary_cross_entropy")
    objective_of(recipe, ALONE, "cpu").loss(logits, torch.tensor([2])).backward()
    assert logits.grad.tolist() == [[0.5, 0.5, -0.5]]


def test_no_identity_of_a_softmax_changes():
    """Weights of before are found; those of another loss are others."""
    plain = Recipe(epochs=1, learning_rate=0.1)
    assert "loss" not in plain.identity()
    other = replace(plain, loss="binary_cross_entropy")
    assert other.identity()["loss"] == "binary_cross_entropy"
    assert "activation" not in LINEAR.identity()
    sigmoid = replace(LINEAR, activation="sigmoid")
    assert sigmoid.identity() == {**LINEAR.identity(), "activation": "sigmoid"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"loss": "mse"}, "`loss` must be one of cross_entropy, binary_cross_entropy"),
        (
            {"loss": "binary_cross_entropy", "objective": SelfClassifier()},
            "`loss` must be left out of a recipe that learns without labels",
        ),
    ],
)
def test_a_recipe_has_one_loss(facts, words):
    with pytest.raises(ValueError, match=words):
        Recipe(epochs=1, learning_rate=0.1, **facts)


def test_any_network_can_be_trained_with_sigmoids():
    """By a name behind its own, which is in no list of models."""
    registry = Registry()
    entry = registry.model("digits", "lenet-sigmoid")
    assert activation_of(entry) is Activation.SIGMOID
    assert (entry.on_request, entry.build) == (True, DIGITS_ENTRIES[2].build)
    _, weights = trainable(entry)
    of_labels = trainable(DIGITS_ENTRIES[2])[1].recipe
    assert weights.recipe == replace(of_labels, loss="binary_cross_entropy")
    assert activation_of(registry.model("digits", "lenet")) is Activation.SOFTMAX

    published = Registry().model("cifar10", "resnet20-sigmoid")
    assert (published.accuracy, published.parameters) == (None, None)
    assert not trainable(published)[1].on_first_use
    for name in ("lenet-rotation-sigmoid", "lenet-sigmoid-sigmoid", "-sigmoid"):
        with pytest.raises(UnknownName):
            Registry().model("digits", name)


def test_a_specification_says_it():
    assert SPEC("nets.py:net?activation=sigmoid").activation == "sigmoid"
    assert SPEC("nets.py:net").activation == ""
    for said, words in (
        ("activation=tanh", "has activation, which must be one of softmax, sigmoid"),
        ("activation=sigmoid&kind=encoder", "must be a classifier to have an activ"),
    ):
        with pytest.raises(ValueError, match=words):
            SPEC(f"nets.py:net?{said}")


def test_a_network_of_ones_own_is_another_with_sigmoids(tmp_path):
    """The same weights, and yet no stored number of the one is the other's."""
    from harness.settings import Settings

    settings = Settings(cache_dir=tmp_path, store=tmp_path / "s", models=())
    registry = Registry()

    def build():
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))

    prints = []
    for name, activation in (("a", "softmax"), ("b", "sigmoid"), ("c", "softmax")):
        registry.add_model(
            name, base="digits", build=build, mean=(0.5,), std=(0.5,),
            activation=activation,
        )  # fmt: skip
        entry = registry.model("digits", name)
        assert activation_of(entry) == activation
        prints.append(entry.fingerprint(settings, DIGITS, print))
    assert prints[0] == prints[2] != prints[1]
    with pytest.raises(HarnessError, match="unknown activation of model d 'tanh'"):
        registry.add_model(
            "d", base="digits", build=build, mean=(0.5,), std=(0.5,),
            activation="tanh",
        )  # fmt: skip


def test_a_checkpoint_keeps_the_activation_of_its_model_or_says_another(tmp_path):
    """``lenet-sigmoid?weights=FILE``, and ``lenet?weights=FILE&activation=sigmoid``."""
    from harness.registrations import _checkpoint
    from harness.settings import Settings

    settings = Settings(cache_dir=tmp_path, store=tmp_path / "s")
    for text, expected in (
        ("lenet?weights=a.safetensors", "softmax"),
        ("lenet-sigmoid?weights=a.safetensors", "sigmoid"),
        ("lenet?weights=a.safetensors&activation=sigmoid", "sigmoid"),
    ):
        entry = _checkpoint(SPEC(text), settings, Registry())
        assert isinstance(entry.weights, Given)
        assert activation_of(entry) == expected


def test_training_makes_sigmoids_small_for_other_classes():
    """In the end an image has one logit above 0, which no softmax asks for."""
    from harness.datasets.images import ArrayImages
    from harness.models.training import train

    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    pixels = np.zeros((60, 4, 4, 1), dtype=np.uint8)
    pixels[np.arange(60), labels, labels] = 200
    pixels += rng.integers(0, 30, pixels.shape, dtype=np.uint8)
    images = ArrayImages(pixels=pixels, labels=labels)
    recipe = Recipe(
        epochs=40, learning_rate=0.05, batch_size=20, loss="binary_cross_entropy"
    )
    found = train(
        lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3)),
        images, recipe, mean=(0.5,), std=(0.5,), seed=0,
    )  # fmt: skip
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        above = (found.network((x - 0.5) / 0.5) > 0).numpy()
    assert (above == np.eye(3, dtype=bool)[labels]).all()
