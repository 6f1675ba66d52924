"""Self-Classifier: the loss in closed form, views, the queue, and what it learns."""

from __future__ import annotations

import multiprocessing
import os
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from harness.datasets.bases import DIGITS
from harness.datasets.images import ArrayImages
from harness.errors import HarnessError
from harness.metrics.clustering.adjusted import ami
from harness.metrics.numerics.kmeans import Norm, kmeans
from harness.models.entries import SELF_CLASSIFIERS
from harness.models.entry import Given
from harness.models.processes import started
from harness.models.published.self_classifiers import RECIPE
from harness.models.recipe import Recipe
from harness.models.self_classifier.loss import self_classifier_loss
from harness.models.self_classifier.neighbours import Queue
from harness.models.self_classifier.network import self_classifier
from harness.models.self_classifier.options import SelfClassifier
from harness.models.self_classifier.views import random_view
from harness.models.tap import Tap
from harness.models.training import train
from harness.settings import Settings

N, C = 1000, 10
few = settings(max_examples=25, deadline=None)


def normal(seed, n=64, c=10):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, c)))


def one_hot(classes, height=1.0):
    return height * torch.eye(C, dtype=torch.float64)[torch.as_tensor(classes)]


def loss(*views, **options):
    return float(self_classifier_loss([views], **options))


def one_way(target, other, **options):
    """The loss of one ordered pair: of two and two whole views, less the other."""
    both = loss(target, other, **options)
    back = naive(other, target, **options)
    return 2 * both - back


def naive(
    target, other, row_temperature=0.1, column_temperature=0.05, eps=1e-12
) -> float:
    """Sum by sum, as the formula is written."""
    z, t = other.numpy() / row_temperature, target.numpy() / column_temperature
    n, c = z.shape
    total = 0.0
    columns = [np.exp(t[:, y] - t[:, y].max()) for y in range(c)]
    columns = [column / column.sum() for column in columns]
    rows = [np.exp(row - row.max()) / np.exp(row - row.max()).sum() for row in z]
    by_class = [max(sum(rows[i][y] for i in range(n)), eps) for y in range(c)]
    for i in range(n):
        whole = max(sum(columns[y][i] for y in range(c)), eps)
        for y in range(c):
            p = rows[i][y] / by_class[y]
            total -= columns[y][i] / whole * np.log(n / c * p + eps)
    return total / n


# --- the loss: closed forms and direct values of shared tables ------------------------


@pytest.mark.parametrize("height", [1.0, 2.0])
@pytest.mark.parametrize(
    "logits",
    [torch.zeros(N, C, dtype=torch.float64), one_hot([3] * N)],
    ids=["uniform", "all rows equal"],
)
def test_uniform_and_collapsed_are_the_same_to_it(logits, height):
    assert loss(height * logits, height * logits) == pytest.approx(np.log(C), abs=1e-9)


@pytest.mark.parametrize(("height", "value"), [(1, 0.000408701417), (2, 1.8549e-8)])
def test_balanced_views_that_agree(height, value):
    logits = one_hot(np.arange(N) % C, height)

    assert loss(logits, logits) == pytest.approx(value, abs=5e-13)


@pytest.mark.parametrize(
    ("used", "at_1", "at_2"),
    [
        (1, 2.302585092984, 2.302585092984),
        (2, 2.163964740775, 2.163955657285),
        (5, 1.497956969610, 1.497866140893),
        (9, 0.325414234432, 0.325087280662),
    ],
)
def test_some_of_the_classes_used(used, at_1, at_2):
    """Its limit is (k / C) ln(C / k) + (1 - k / C) ln C."""
    classes = np.arange(N) * used // N
    limit = used / C * np.log(C / used) + (1 - used / C) * np.log(C)

    for height, value in ((1, at_1), (2, at_2)):
        logits = one_hot(classes, height)
        assert loss(logits, logits) == pytest.approx(value, abs=2e-3)
        assert value == pytest.approx(limit, abs=2e-3)


def test_uneven_shares_cost_their_divergence_from_even():
    classes = np.repeat(np.arange(C), [550] + [50] * 9)
    logits = [one_hot(classes, height) for height in (1, 2)]

    assert loss(logits[0], logits[0]) == pytest.approx(0.626104579665, abs=1e-11)
    assert loss(logits[1], logits[1]) == pytest.approx(0.625695238026, abs=1e-11)


def test_direct_values_of_seeded_logits():
    a, b = normal(0), normal(1)

    assert one_way(a, b) == pytest.approx(14.315985827161, abs=1e-9)
    assert one_way(b, a) == pytest.approx(14.826853475842, abs=1e-9)
    assert loss(a, b) == pytest.approx(14.571419651502, abs=1e-11)
    assert loss(a, a) == pytest.approx(1.838876988229, abs=1e-11)
    class_defaults = {"row_temperature": 0.1, "column_temperature": 0.1, "eps": 1e-8}
    assert one_way(a, b, **class_defaults) == pytest.approx(12.999823904595, abs=1e-9)
    normalised = [torch.nn.functional.normalize(z, dim=1) for z in (a, b)]
    assert loss(*normalised) == pytest.approx(5.743629774202, abs=1e-11)


def test_six_local_views_beside_two_whole_make_26_terms():
    views = [normal(seed, 32) for seed in range(8)]
    pairs = [
        naive(views[i], views[j])
        for i in range(8)
        for j in range(8)
        if i != j and (i < 2 or j < 2)
    ]

    assert len(pairs) == 26
    assert loss(*views) == pytest.approx(13.402610020261, abs=1e-10)
    assert loss(*views) == pytest.approx(np.mean(pairs), abs=1e-9)


def test_heads_count_alike():
    a, b, c, d = (normal(seed) for seed in range(4))
    both = self_classifier_loss([[a, b], [c, d]])

    assert float(both) == pytest.approx((loss(a, b) + loss(c, d)) / 2, abs=1e-12)


def test_without_the_prior_one_class_for_all_is_best():
    """The plain cross entropy of views, which is what collapses."""
    collapsed = one_hot([3] * N, 2.5)

    assert loss(collapsed, collapsed, prior=False) == pytest.approx(0.0, abs=1e-9)
    assert loss(collapsed, collapsed) == pytest.approx(np.log(C), abs=1e-9)


@few
@given(seed=st.integers(0, 2**31), n=st.integers(2, 12), c=st.integers(2, 6))
def test_it_does_not_know_the_order_of_images_classes_or_views(seed, n, c):
    a, b = normal(seed, n, c), normal(seed + 1, n, c)
    rng = np.random.default_rng(seed)
    images, classes = rng.permutation(n), rng.permutation(c)
    value = loss(a, b)

    assert value == pytest.approx((naive(a, b) + naive(b, a)) / 2, rel=1e-9)
    assert loss(b, a) == pytest.approx(value, rel=1e-9)
    assert loss(a[images], b[images]) == pytest.approx(value, rel=1e-9)
    assert loss(a[:, classes], b[:, classes]) == pytest.approx(value, rel=1e-9)


def test_a_constant_added_to_one_images_logits_changes_it():
    """The softmax over images is of columns: it is not shift-invariant by row."""
    a, b = normal(0), normal(1)
    moved = a.clone()
    moved[0] += 1.0

    assert naive(b, a) == pytest.approx(naive(b, moved), abs=1e-9)
    assert abs(naive(a, b) - naive(moved, b)) > 1e-3
    assert loss(moved, b) == pytest.approx(
        (naive(moved, b) + naive(b, moved)) / 2, abs=1e-9
    )


def test_the_target_has_a_gradient():
    a, b = normal(0).requires_grad_(), normal(1)
    target_alone = self_classifier_loss([[a, b]])
    target_alone.backward()

    assert float(a.grad.abs().max()) > 1e-4


def test_without_a_pair_there_is_no_loss():
    with pytest.raises(ValueError, match="two at least"):
        self_classifier_loss([[normal(0)]])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"heads": (1,)}, "`heads`"),
        ({"row_temperature": 0.0}, "`row_temperature` must be positive"),
        ({"whole_views": 1}, "two together"),
        ({"zoom": (1.2, 0.8)}, "`zoom` must be two positive numbers in order"),
        ({"moved": 1.0}, "`moved`"),
        ({"queue": -1}, "`queue` must be at least 0"),
    ],
)
def test_options_are_held_to_their_range(change, said):
    with pytest.raises(ValueError, match=said):
        SelfClassifier(**change)


# --- the network, views and the queue -------------------------------------------------

LENET = ("harness.models.architectures.digits:lenet", "9")


def test_logits_are_cosines_of_the_head_that_is_used():
    network = self_classifier(*LENET, heads=(10, 20), used=1).eval()
    images = torch.rand(5, 1, 8, 8)
    with torch.no_grad():
        logits = network(images)

    assert logits.shape == (5, 20)
    assert float(logits.abs().max()) <= 1 + 1e-6
    assert torch.allclose(network.embed(images).norm(dim=1), torch.ones(5))
    assert network.backbone(images).shape == (5, 48)  # what entered lenet's last layer


def view(images, **changes):
    options = {
        **{"size": (8, 8), "zoom": (1.0, 1.0), "turn": 0.0, "moved": 0.0},
        **changes,
    }
    return random_view(images, fill=torch.tensor([-1.0]), **options)


def test_a_view_that_changes_nothing_is_the_image():
    images = torch.rand(4, 1, 8, 8)

    assert torch.allclose(view(images), images, atol=1e-5)


def test_a_window_of_half_the_side_shows_a_part():
    """On a ramp from left to right its columns are half as far apart."""
    ramp = torch.arange(8.0).expand(3, 1, 8, 8)
    found = view(ramp, zoom=(0.5, 0.5), size=(4, 4))

    steps = found.diff(dim=3)
    assert torch.allclose(steps, torch.ones_like(steps), atol=1e-4)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 7


def test_beyond_the_edges_is_black():
    found = view(torch.ones(50, 1, 8, 8), zoom=(2.0, 2.0))

    assert torch.allclose(found[:, :, 0, 0], torch.full((50, 1), -1.0))
    assert torch.allclose(found[:, :, 4, 4], torch.ones(50, 1), atol=1e-5)


def test_a_window_larger_than_the_image_holds_all_of_it():
    images = torch.zeros(20, 1, 8, 8)
    images[:, :, 3:5, 3:5] = 4.0
    found = view(images, zoom=(1.5, 1.5), turn=45.0)

    assert (found.amax(dim=(1, 2, 3)) > 0.5).all()


def test_the_queue_gives_the_nearest_of_other_images():
    queue = Queue(3, 2, "cpu")
    queue.add(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 1]))
    assert not queue.full
    queue.add(torch.tensor([[0.6, 0.8]]), torch.tensor([2]))
    assert queue.full

    asked = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    found = queue.nearest(asked, torch.tensor([7, 0]))  # 0 is there itself
    assert found.tolist() == [[1.0, 0.0], pytest.approx([0.6, 0.8])]

    queue.add(torch.tensor([[-1.0, 0.0]]), torch.tensor([3]))  # the oldest goes
    again = queue.nearest(asked[:1], torch.tensor([7]))
    assert again.tolist() == [pytest.approx([0.6, 0.8])]
    assert replace(SelfClassifier(), queue=3).queue == 3


def test_more_than_there_is_room_for_leaves_the_last():
    queue = Queue(2, 1, "cpu")
    queue.add(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([0, 1, 2]))

    assert sorted(queue.state()["embeddings"].flatten().tolist()) == [2.0, 3.0]
    assert queue.full


# --- training -------------------------------------------------------------------------

ENTRY = next(
    entry for entry in SELF_CLASSIFIERS if entry.name == "lenet-selfclassifier"
)
TINY = SelfClassifier(
    heads=(6, 4), hidden=16, embedding=8, queue=48, local_views=1, local_size=8
)
SHORT = Recipe(epochs=3, learning_rate=1e-3, batch_size=32, objective=TINY)


def some_digits(n=96):
    whole = DIGITS.train(Settings(cache_dir=Path("c"), store=Path("s")))
    return ArrayImages(pixels=whole.pixels[:n], labels=whole.labels[:n])


def trained(recipe=SHORT, images=None, **extra):
    return train(
        ENTRY.for_recipe(recipe).build_network,
        images or some_digits(),
        recipe,
        mean=ENTRY.mean,
        std=ENTRY.std,
        seed=0,
        **extra,
    )


def weights(result):
    return {name: t.numpy() for name, t in result.network.state_dict().items()}


def same(one, other):
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(np.array_equal(a[n], b[n]) for n in a)


class Stopped(Exception):
    """What interrupts a training here."""


def test_an_interrupted_training_ends_with_the_same_bits(tmp_path):
    """The queue is in the checkpoint too."""

    def stop(epoch):
        if epoch.number == 2:
            raise Stopped

    path = tmp_path / "a.checkpoint"
    with pytest.raises(Stopped):
        trained(checkpoint=path, each_epoch=stop)

    assert same(trained(checkpoint=path), trained())


def test_a_network_that_takes_no_small_views_is_refused_at_the_start():
    recipe = replace(SHORT, objective=replace(TINY, local_size=4))

    with pytest.raises(HarnessError, match=r"local views of 4x4.*--local-size"):
        trained(recipe)


def test_labels_decide_nothing():
    images = some_digits()
    other = ArrayImages(pixels=images.pixels, labels=(images.labels + 3) % 10)

    assert same(trained(images=images), trained(images=other))


@pytest.mark.parametrize(
    "change",
    [{"prior": False}, {"queue": 0}, {"local_views": 0}, {"column_temperature": 0.1}],
    ids=lambda change: next(iter(change)),
)
def test_every_option_changes_what_is_learned(change):
    other = replace(SHORT, objective=replace(TINY, **change))

    assert not same(trained(), trained(other))


def part(rank, count, port, recipe, queue):
    """One of several processes that train together."""
    os.environ.update(
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
        RANK=str(rank),
        WORLD_SIZE=str(count),
    )
    torch.set_num_threads(1)
    with started("cpu") as processes:
        result = train(
            ENTRY.for_recipe(recipe).build_network,
            some_digits(89),
            recipe,
            mean=ENTRY.mean,
            std=ENTRY.std,
            seed=0,
            processes=processes,
        )
    queue.put((rank, weights(result), [epoch.loss for epoch in result.epochs]))


@pytest.mark.slow
def test_two_processes_learn_what_one_does():
    """Batches of 32 and a last one of 25, in parts of 13 and 12; batch norm; a queue;
    several heads.
    """
    recipe = replace(SHORT, epochs=2, optimiser="sgd", learning_rate=0.05)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = [
        context.Process(target=part, args=(rank, 2, port, recipe, queue))
        for rank in range(2)
    ]
    for process in running:
        process.start()
    found = sorted((queue.get(timeout=100) for _ in running), key=lambda one: one[0])
    for process in running:
        process.join()
    alone = trained(recipe, some_digits(89))

    for _, learned, losses in found:
        assert losses == pytest.approx([epoch.loss for epoch in alone.epochs], rel=1e-5)
        for name, tensor in weights(alone).items():
            np.testing.assert_allclose(learned[name], tensor, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_digits_are_sorted_better_than_by_their_pixels():
    """All 1,797, in few epochs at a high rate: AMI beyond that of k-means by .05.

    Without equal classes a few take all images: one alone, or two on other processors.
    """
    entry = next(e for e in SELF_CLASSIFIERS if e.name == "vgg-selfclassifier")
    found = load_digits()
    pixels = (found.images * (255 / 16)).round().astype(np.uint8)[..., None]
    images = ArrayImages(pixels=pixels, labels=found.target.astype(np.int64))
    quick = replace(RECIPE, learning_rate=3e-3, epochs=14, schedule="one-cycle")
    without = replace(quick, epochs=5, schedule="constant")
    learned = {}
    for prior, recipe in ((True, quick), (False, without)):
        objective = replace(RECIPE.objective, prior=prior)
        recipe = replace(recipe, objective=objective)
        result = train(
            entry.for_recipe(recipe).build_network,
            images,
            recipe,
            mean=entry.mean,
            std=entry.std,
            seed=0,
            watch={"all": images},
        )
        learned[prior] = result.predicted["all"][-1].astype(np.int64)
    by_pixels = kmeans(found.data, k=10, norm=Norm.RAW, n_init=10, seed=0).clusters

    assert ami(learned[True], images.labels) > ami(by_pixels, images.labels) + 0.05
    assert len(np.unique(learned[True])) == 10
    assert len(np.unique(learned[False])) <= 3


def test_heads_of_a_file_are_those_it_was_trained_with():
    state = ENTRY.for_recipe(SHORT).build_network().state_dict()

    network = ENTRY.for_weights(state).build_network()
    network.load_state_dict(state)
    assert [head.out_features for head in network.heads] == [6, 4]
    assert ENTRY.for_weights({"other": torch.zeros(1)}) == ENTRY


def test_every_head_is_a_layer(tmp_path):
    """As many as the weights have, behind the backbone's."""
    from safetensors.torch import save_file

    entry = ENTRY.for_recipe(SHORT)
    assert [layer.name for layer in entry.layers] == [
        *("stage1", "stage2", "head1", "head2")
    ]
    torch.manual_seed(1)
    network = entry.build_network().eval()
    save_file(network.state_dict(), tmp_path / "own.safetensors")
    given = replace(ENTRY, weights=Given(path=tmp_path / "own.safetensors"))
    here = Settings(cache_dir=tmp_path, store=tmp_path)
    loaded = given.load(here, DIGITS, "cpu", print)
    images = torch.rand(5, 1, 8, 8)
    with torch.inference_mode():
        embedded = network.embed(images)
        expected = [head(embedded) for head in network.heads]
        with Tap(loaded, ["head1", "head2", "head"]) as tap:
            seen = tap.see(lambda: loaded.network(images), 5)

    assert [layer.name for layer in loaded.layers] == [
        layer.name for layer in entry.layers
    ]
    assert torch.allclose(seen.features["head1"], expected[0], atol=1e-5)
    assert torch.allclose(seen.features["head2"], expected[1], atol=1e-5)
    assert torch.equal(seen.answer, seen.features["head1"])
    assert torch.allclose(seen.features["head"], embedded, atol=1e-5)
