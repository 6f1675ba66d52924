"""Trainings for pretext tasks: losses, checkpoints, processes, entries."""

from __future__ import annotations

import math
import multiprocessing
import os
import socket
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test

from harness.datasets.bases import DIGITS
from harness.datasets.images import ArrayImages
from harness.errors import BadData, HarnessError, UnknownName
from harness.models.architectures.pretext_nets import alexnet_bn, nin, nin_single
from harness.models.batches import Batches
from harness.models.entry import is_encoder
from harness.models.objectives import objective_of
from harness.models.pretext.network import pretext_network
from harness.models.pretext.options import (
    PRETEXTS,
    Colorization,
    Context,
    Inpainting,
    Jigsaw,
    Rotation,
)
from harness.models.processes import ALONE, started
from harness.models.recipe import Recipe
from harness.models.training import train
from harness.models.weights import weights_bytes
from harness.registry import Registry
from harness.settings import Settings

LENET = ("harness.models.architectures.digits:lenet", "9")  # without batch norm
GREY, COLOUR = (8, 8, 1), (16, 16, 3)
SHORT = Recipe(epochs=2, learning_rate=1e-2, batch_size=32, optimiser="sgd", shift=1)
EVERY = [
    Rotation(),
    Rotation(all_turns=False),
    Jigsaw(hidden=16),
    Context(hidden=16),
    Inpainting(hidden=16),
    Inpainting(hidden=16, anywhere=True, overlap=1, adversarial=0.1),
    Colorization(hidden=8),
]
every_one = pytest.mark.parametrize(
    "options", EVERY, ids=[f"{one.task}-{i}" for i, one in enumerate(EVERY)]
)


def digits(n=80):
    whole = DIGITS.train(Settings(cache_dir=Path("c"), store=Path("s")))
    return ArrayImages(pixels=whole.pixels[:n], labels=whole.labels[:n])


def coloured(n=48, seed=0):
    """Smooth colours, another in each image."""
    random = np.random.default_rng(seed)
    hue = random.random((n, 1, 1, 3)) * np.linspace(0.3, 1, 16)[:, None, None]
    noise = random.random((n, 16, 16, 1)) * 0.2
    pixels = (255 * np.clip(hue + noise, 0, 1)).astype(np.uint8)
    return ArrayImages(pixels=pixels, labels=np.arange(n) % 3)


def set_up(options, recipe=SHORT):
    """What trains a small network for a task: build, images, recipe, scale."""
    task = options.task
    facts = {f: getattr(options, f) for f in options.__slots__}
    if task == "colorization":
        place = ("harness.models.architectures.pretext_nets:nin", "linear")
        arguments = {"size": COLOUR, "width": 6}
        size, images, scale = COLOUR, coloured(), ((0.5,) * 3, (0.25,) * 3)
    else:
        place, arguments, size = LENET, {}, GREY
        images, scale = digits(), ((0.3,), (0.38,))
    build = partial(
        pretext_network, *place, arguments, task=task, size=size, options=facts
    )
    return build, images, replace(recipe, objective=options), scale


def trained(options, recipe=SHORT, images=None, **extra):
    build, own, recipe, (mean, std) = set_up(options, recipe)
    return train(build, images or own, recipe, mean=mean, std=std, seed=0, **extra)


def ready(options, seed=0):
    """A network with its objective, and the images as batches."""
    build, images, recipe, (mean, std) = set_up(options)
    torch.manual_seed(seed)
    network, batches = build(), Batches(images, mean, std, "cpu")
    objective = objective_of(replace(recipe, shift=0), ALONE, "cpu")
    objective.check(network, batches)
    return network, batches, objective


def weights(result):
    return {name: t.numpy() for name, t in result.network.state_dict().items()}


def same(one, other):
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(np.array_equal(a[n], b[n]) for n in a)


# --- losses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "classes"),
    [(Rotation(), 4), (Jigsaw(), 24), (Jigsaw(permutations=6), 6), (Context(), 8)],
)
def test_who_answers_evenly_loses_the_logarithm_of_the_answers(options, classes):
    network, batches, objective = ready(options)
    for parameter in network.solver.parameters():
        torch.nn.init.zeros_(parameter)
    loss, given = objective.step(network, batches, torch.arange(40))

    assert loss.item() == pytest.approx(math.log(classes), rel=1e-5)
    assert given.shape == (40,)
    said, asked = objective.said(network, batches), objective.asked(batches)
    assert set(said.tolist()) == {0}
    assert asked.tolist() == [i % classes for i in range(80)]
    assert (asked == 0).mean() == pytest.approx(1 / classes, abs=0.02)


def test_turns_are_told_of_the_images_that_were_turned():
    """A network that knows digits' mean image and turns that back."""
    network, batches, objective = ready(Rotation())
    x = batches.of(torch.arange(80))[0]
    x[:, :, 0, 0] = 5.0  # the upper left corner says where up is

    class Corner(torch.nn.Module):
        def forward(self, images):
            corners = [(0, 0), (7, 0), (7, 7), (0, 7)]  # counter-clockwise
            return torch.stack([images[:, 0, r, c] for r, c in corners], dim=1)

    network.backbone, network.solver = Corner(), torch.nn.Identity()
    batches.of = lambda which, **_: (x[which], None)
    _, given = objective.step(network, batches, torch.arange(80))

    assert given.eq(1).all()
    assert (objective.said(network, batches) == objective.asked(batches)).all()


def test_inpainting_is_the_weighted_error_of_the_square():
    """Against sums over pixels: a ring of one pixel shown, which counts ten times."""
    options = Inpainting(hidden=16, overlap=1)
    network, batches, objective = ready(options)
    which = torch.arange(30)
    loss, _ = objective.step(network, batches, which)
    x = batches.of(which)[0].clone()
    shown = x.clone()
    shown[:, :, 3:5, 3:5] = 0
    with torch.no_grad():
        painted = network.solver(network(shown))
    squared = ((x - painted) ** 2).numpy()
    total = 0.0
    for row in range(2, 6):
        for column in range(2, 6):
            inner = row in (3, 4) and column in (3, 4)
            total += (1 if inner else 10) * squared[:, 0, row, column].sum()
    assert loss.item() == pytest.approx(total / 30 / (4 + 10 * 12), rel=1e-5)


def test_what_is_taken_out_is_not_seen():
    _, batches, objective = ready(Inpainting(hidden=16))
    x = batches.of(torch.arange(10))[0]
    other = x.clone()
    other[:, :, 2:6, 2:6] += 3
    shown = [objective._shown(images, None)[0] for images in (x, other)]

    assert torch.equal(*shown)
    assert torch.equal(shown[0][:, :, 0], x[:, :, 0])


def test_painters_and_doubters_learn_from_losses_of_their_own():
    """Who paints has no gradient of the doubter's loss, and the other way round."""
    network, batches, objective = ready(Inpainting(hidden=16, adversarial=0.5))
    loss, _ = objective.step(network, batches, torch.arange(30))
    torch.autograd.backward(loss)
    doubt = [p.grad.clone() for p in network.solver.doubt.parameters()]
    paint = [p.grad.clone() for p in network.solver.paint.parameters()]
    assert all(bool(g.any()) for g in (*doubt, *paint))

    network.zero_grad()
    images, corner = batches.of(torch.arange(30))[0], (torch.full((30,), 2),) * 2
    shown, weight, _ = objective._shown(images, None)
    painted = network.solver(network(shown))
    fooled, caught = objective._doubts(
        network.solver.doubt, painted, [images, *corner], 30
    )
    assert loss.item() == pytest.approx(
        0.5 * (weight * (images - painted) ** 2).mean().item() + 0.5 * fooled.item(),
        rel=1e-5,
    )
    torch.autograd.backward(caught)
    again = [p.grad for p in network.solver.doubt.parameters()]
    for one, other in zip(doubt, again, strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    assert all(p.grad is None for p in network.solver.paint.parameters())


def test_who_knows_the_shares_alone_loses_their_entropy_in_all():
    network, batches, objective = ready(Colorization(hidden=8, rebalance=False))
    solver, every = network.solver, torch.arange(batches.n)
    shares = solver.shares
    for parameter in solver.parameters():
        torch.nn.init.zeros_(parameter)
    with torch.no_grad():
        bias = shares.clamp_min(1e-30).log().float().repeat(4)
        solver.colour[2].bias.copy_(bias)
    loss, _ = objective.step(network, batches, every)
    own = shares[shares > 0]

    assert loss.item() == pytest.approx(float(-(own * own.log()).sum()), rel=1e-4)
    assert len(own) >= 5


def test_colours_do_not_reach_the_network():
    _, batches, objective = ready(Colorization(hidden=8))
    shown, target = objective._shown(batches.of(torch.arange(9))[0], batches)

    plain = batches.plain(shown)
    assert torch.allclose(plain[:, 0], plain[:, 1], atol=1e-6)
    assert torch.allclose(plain[:, 0], plain[:, 2], atol=1e-6)
    assert torch.allclose(target.sum(2), torch.ones(9, 4))


# --- training -------------------------------------------------------------------------


class Stopped(Exception):
    """What interrupts a training here."""


@every_one
def test_an_interrupted_training_ends_with_the_same_bits(tmp_path, options):
    def stop(epoch):
        raise Stopped

    path = tmp_path / "a.checkpoint"
    with pytest.raises(Stopped):
        trained(options, checkpoint=path, each_epoch=stop)

    whole = trained(options)
    assert same(trained(options, checkpoint=path), whole)
    assert all(0 <= e.accuracy <= 1 and math.isfinite(e.loss) for e in whole.epochs)


@every_one
def test_labels_decide_nothing(options):
    _, images, _, _ = set_up(options)
    other = ArrayImages(pixels=images.pixels, labels=(images.labels + 1) % 3)

    assert same(trained(options, images=images), trained(options, images=other))


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (Rotation(), {"all_turns": False}),
        (Jigsaw(hidden=16), {"gap": 0, "jitter": False}),
        (Jigsaw(hidden=16), {"standardise": False}),
        (Context(hidden=16), {"resample": 0.0}),
        (Context(hidden=16), {"gap": 0}),
        (Inpainting(hidden=16), {"anywhere": True}),
        (Inpainting(hidden=16), {"side": 3}),
        (Colorization(hidden=8), {"rebalance": False}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_every_option_changes_what_is_learned(options, change):
    assert not same(trained(options), trained(replace(options, **change)))


def test_what_is_asked_of_a_watched_set_is_the_tasks_own():
    watch = {"test": digits(50)}
    found = trained(Rotation(), watch=watch)

    assert found.predicted["test"].shape == (2, 50)
    assert found.asked["test"].tolist() == [i % 4 for i in range(50)]
    assert found.predicted["test"].max() < 4


def test_rotation_is_learned():
    recipe = replace(SHORT, epochs=8, optimiser="adamw", shift=0)
    epochs = trained(Rotation(), recipe, images=digits(300)).epochs

    assert epochs[-1].accuracy > 0.6 > epochs[0].accuracy


@pytest.mark.parametrize(
    ("options", "images", "said"),
    [
        (Colorization(hidden=8), "grey", "grey ones in three channels"),
        (Jigsaw(hidden=8, resize=False), "", "takes no pieces of 3x3.*--no-resize"),
        (Context(hidden=8, resize=False), "", "takes no pieces of 2x2"),
    ],
)
def test_what_cannot_be_trained_so_is_refused_at_the_start(options, images, said):
    some = None
    if images:
        pixels = np.repeat(coloured().pixels[..., :1], 3, axis=3)
        some = ArrayImages(pixels=pixels, labels=np.arange(48) % 3)
    with pytest.raises(HarnessError, match=said):
        trained(options, images=some)


def test_a_network_that_is_nothing_but_its_last_layer_is_refused():
    build = partial(
        pretext_network,
        *("harness.models.architectures.small:linear", "1"),
        {"size": GREY},
        task="rotation",
        size=GREY,
    )
    recipe = replace(SHORT, objective=Rotation())
    with pytest.raises(HarnessError, match="there is nothing before that of this one"):
        train(build, digits(), recipe, mean=(0.3,), std=(0.3,), seed=0)


def part(rank, count, port, options, queue):
    """One of several processes that train together."""
    os.environ.update(
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        RANK=str(rank),
        WORLD_SIZE=str(count),
    )
    torch.set_num_threads(1)
    with started("cpu") as processes:
        found = [
            (weights(result), [epoch.loss for epoch in result.epochs])
            for one in options
            for result in [trained(one, images=digits(75), processes=processes)]
        ]
    queue.put((rank, found))


@pytest.mark.slow
def test_two_processes_learn_what_one_does():
    """Batches of 32, 32 and 11: parts of unlike size; all tasks of grey images."""
    options = [one for one in EVERY if one.task != "colorization"]
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    workers = [
        context.Process(target=part, args=(rank, 2, port, options, queue))
        for rank in range(2)
    ]
    for worker in workers:
        worker.start()
    found = dict(queue.get(timeout=300) for _ in workers)
    for worker in workers:
        worker.join(60)

    for number, one in enumerate(options):
        alone = trained(one, images=digits(75))
        for rank in range(2):
            theirs, losses = found[rank][number]
            assert losses == pytest.approx([e.loss for e in alone.epochs], rel=1e-4)
            for name, tensor in weights(alone).items():
                assert np.allclose(theirs[name], tensor, atol=2e-5), (one, name)


# --- networks and entries -------------------------------------------------------------


@pytest.mark.parametrize("make", [alexnet_bn, nin, nin_single])
@pytest.mark.parametrize("size", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (2, 2, 1)])
def test_networks_take_images_and_patches(make, size):
    network = make(size=size).eval()
    images = torch.zeros(2, size[2], *size[:2])

    assert network(images).shape == (2, 10)


def test_stages_are_called_as_in_tables():
    registry = Registry()
    names = {
        name: [layer.name for layer in registry.model("digits", name).layers]
        for name in ("alexnet-bn", "nin", "nin-single")
    }
    assert names["alexnet-bn"] == [f"conv{i}" for i in range(1, 6)]
    assert names["nin-single"] == names["alexnet-bn"]
    assert names["nin"] == [f"conv{i}" for i in range(1, 5)]
    assert nin(size=GREY, blocks=5).conv5
    with pytest.raises(ValueError, match="`blocks` must be 3, 4 or 5, got 2"):
        nin(size=GREY, blocks=2)


@pytest.mark.parametrize("task", PRETEXTS)
@pytest.mark.parametrize("model", ["resnet20", "nin"])
def test_any_model_has_an_encoder_for_each_task(task, model):
    registry = Registry()
    entry = registry.model("cifar10", f"{model}-{task}")

    assert is_encoder(entry)
    assert entry.options.task == task
    assert entry.layers == registry.model("cifar10", model).layers
    assert not registry.is_usual("cifar10", entry.name)
    assert registry.model("cifar10", entry.name) is entry
    network = entry.for_recipe(entry.weights.recipe).build_network()
    assert network(torch.zeros(2, 3, 32, 32)).ndim == 2


@pytest.mark.parametrize("name", ["resnet20-rotated", "resnet2-rotation", "-jigsaw"])
def test_other_names_are_unknown(name):
    with pytest.raises(UnknownName, match="unknown model"):
        Registry().model("cifar10", name)


def test_an_encoder_is_the_network_before_its_last_layer(tmp_path):
    """What answered in training is left away, whatever its options were."""
    settings = Settings(weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path)
    entry = Registry().model("digits", "lenet-jigsaw")
    recipe = replace(SHORT, objective=Jigsaw(hidden=7, permutations=5))
    network = entry.for_recipe(recipe).build_network().eval()
    path = tmp_path / "digits-lenet-jigsaw-trained.safetensors"
    path.write_bytes(weights_bytes(network))
    found = entry.load(settings, DIGITS, "cpu", print)
    images = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        assert torch.allclose(found.network(images), network(images), atol=1e-5)
    assert found.network(images).shape == (3, 48)

    other = entry.for_recipe(replace(recipe, objective=Jigsaw())).identity()
    assert entry.for_recipe(recipe).identity() != other
    path.write_bytes(weights_bytes(torch.nn.Linear(3, 2)))
    with pytest.raises(BadData):
        entry.load(settings, DIGITS, "cpu", print)


def test_a_single_block_is_one_convolution():
    """Five of 3x3: 9 c w + 4 x 9 w^2 weights, and two of batch norm a channel."""
    network = nin_single(size=(8, 8, 1), width=6)

    kernels = [p.shape[2:] for n, p in network.named_parameters() if p.ndim == 4]
    assert kernels == [(3, 3)] * 5
    convolved = sum(p.numel() for p in network.parameters() if p.ndim == 4)
    assert convolved == 9 * 6 + 4 * 9 * 36
