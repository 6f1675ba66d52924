"""Networks of "When Deep Classifiers Agree" and its recipes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.datasets.bases import KTH
from harness.datasets.geometry import Geometry
from harness.datasets.images import ArrayImages
from harness.datasets.made.roomy import Roomy
from harness.models.architectures.agreeing import (
    lenet5,
    of_torchvision,
    resnet50,
    vgg16_bn,
    wide_resnet,
)
from harness.models.batches import Batches
from harness.models.published.agreeing import (
    AGREEING_ENTRIES,
    CIFAR10_RECIPE,
    KTH_RECIPE,
    RANDOM_LABELS_RECIPE,
    VOC_RECIPE,
)
from harness.models.recipe import Recipe


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (lenet5, 62_050),
        (vgg16_bn, 15_253_578),  # as chenyaofo published it
        (resnet50, 23_520_842),  # as huyvnphan published it
        (lambda: of_torchvision("densenet121"), 6_964_106),
        (wide_resnet, 36_479_194),  # as RobustBench's WideResNet(28, 10)
    ],
    ids=["lenet5", "vgg16_bn", "resnet50", "densenet121", "wrn-28-10"],
)
def test_numbers_of_parameters_are_the_published_ones(build, parameters):
    with torch.device("meta"):
        network = build()
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_weights_are_drawn_by_the_number_of_inputs_and_biases_are_0():
    torch.manual_seed(0)
    network = lenet5()
    assert float(network.fc.weight.detach().std()) == pytest.approx(
        (2 / 400) ** 0.5, rel=0.02
    )
    first = network.layer1[0]
    assert float(first.weight.detach().std()) == pytest.approx((2 / 75) ** 0.5, rel=0.1)
    assert not any(p.any() for n, p in network.named_parameters() if n == "fc.bias")
    assert not first.bias.any()


def test_a_small_wide_resnet_gives_logits():
    """Two halvings of 32x32; depth has to be 6 k + 4."""
    network = wide_resnet(depth=10, widen=1, classes=7).eval()
    seen = []
    network.layer3.register_forward_hook(lambda *args: seen.append(args[2].shape))
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    assert seen == [(2, 64, 8, 8)]
    with pytest.raises(ValueError, match=r"must be 6 k \+ 4, got 11"):
        wide_resnet(depth=11)


def rates(recipe, steps=1):
    """Of each epoch's last step."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = recipe.make_optimiser([parameter])
    schedule = recipe.make_schedule(optimiser, steps)
    found = []
    for _ in range(recipe.epochs):
        for _ in range(steps):
            rate = optimiser.param_groups[0]["lr"]
            optimiser.step()
            schedule.step()
        found.append(rate)
    return optimiser, found


def test_recipes_are_those_of_the_page():
    optimiser, of_cifar = rates(CIFAR10_RECIPE, steps=40)
    assert (of_cifar[0] < 0.1, len(of_cifar)) == (True, 60)
    assert of_cifar[-1] == pytest.approx(5e-4, rel=1e-2)
    group = optimiser.param_groups[0]
    assert (group["momentum"], group["nesterov"], group["weight_decay"]) == (
        *(0.9, False),
        5e-4,
    )
    _, of_voc = rates(VOC_RECIPE)
    assert of_voc[49:51] + of_voc[-1:] == pytest.approx([0.1, 0.02, 0.004])
    _, at_random = rates(RANDOM_LABELS_RECIPE)
    assert at_random[29:31] + at_random[-1:] == pytest.approx([1e-2, 3e-3, 9e-4])
    optimiser, _ = rates(KTH_RECIPE)
    assert type(optimiser) is torch.optim.Adam
    assert (KTH_RECIPE.room, VOC_RECIPE.room) == (10, 32)


def test_fields_that_came_later_change_no_key():
    plain = Recipe(epochs=1, learning_rate=0.1)
    added = {"nesterov", "final_learning_rate", "step_factor", "room"}
    assert added.isdisjoint(plain.identity())
    assert replace(plain, room=3).identity()["room"] == 3
    assert CIFAR10_RECIPE.identity()["nesterov"] is False


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"room": -1}, "`room` must be at least 0"),
        ({"final_learning_rate": 0.2}, "to the learning rate, 0.1, got 0.2"),
        ({"step_factor": 0.0}, "above 0 and at most 1, got 0.0"),
    ],
    ids=range(3),
)
def test_recipes_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Recipe(epochs=1, learning_rate=0.1, **changes)


class AnySize(ArrayImages):
    """Images of 12x12 as pictures that bring themselves to what is asked for."""

    names = tuple(f"{i}.png" for i in range(200))

    def take(self, rows, geometry=None):
        side = (geometry or Geometry(resize=12, crop=8)).crop
        off = (12 - side) // 2
        return self.pixels[rows][:, off : off + side, off : off + side]

    def __len__(self):
        return len(self.pixels)


def test_images_with_room_are_cropped_at_random_in_training_alone():
    """Pixels say where they are, so that a crop says where it was taken."""
    pixels = np.arange(144, dtype=np.uint8).reshape(1, 12, 12, 1).repeat(200, axis=0)
    images = AnySize(pixels=pixels, labels=np.zeros(200, dtype=np.int64))
    roomy = Roomy(images, Geometry(resize=12, crop=8), 4)
    batches = Batches(roomy, (0.0,), (1.0,), "cpu")
    everything = torch.arange(200)

    assert batches.size == (8, 8, 1)
    middle, _ = batches.of(everything)
    assert (middle * 255).round().numpy()[0, 0].tolist() == pixels[
        0, 2:10, 2:10, 0
    ].tolist()
    torch.manual_seed(0)
    at_random = (batches.of(everything, crop=True)[0] * 255).round().int()
    corners = at_random[:, 0, 0, 0]
    assert set(corners.tolist()) == {12 * i + j for i in range(5) for j in range(5)}
    assert (at_random[:, 0, 7, 7] - corners == 7 * 13).all()
    assert roomy.digest != images.digest
    assert roomy.take(np.arange(3)).shape == (3, 8, 8, 1)
    assert roomy.larger.shape == (200, 12, 12, 1)
    assert roomy.names[3] == "3.png"
    with pytest.raises(ValueError, match=r"must be in 1\.\.4, .* got 5"):
        Roomy(images, Geometry(resize=12, crop=8), 5)


def test_entries_are_trained_on_request():
    names = {(one.base, one.name) for one in AGREEING_ENTRIES}
    assert ("cifar10", "wrn-28-10-plain") in names
    assert len(names) == len(AGREEING_ENTRIES) == 9
    assert all(one.on_request for one in AGREEING_ENTRIES)
    of_kth = next(one for one in AGREEING_ENTRIES if one.base == KTH.name)
    assert of_kth.weights.recipe == KTH_RECIPE
