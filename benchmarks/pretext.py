"""Heads on cached features against the naive way: the backbone in every epoch.

    python -m benchmarks.pretext
    python -m benchmarks.pretext --base cifar10 --model resnet20 --images 1000

Both train the same head: the same start, split, order of images and drawn labels, as
`harness.tasks.heads.train_head` draws them, and both are judged on every rotation of
the same test images. The naive way, written as such scripts are, turns images one by
one and runs the network on each batch of each epoch, the held-out images included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass

import numpy as np
import torch
from torchvision.transforms import Normalize
from torchvision.transforms.functional import to_tensor

from benchmarks.setting import add_setting, machine, run_of
from harness.datasets.images import ArrayImages, Images
from harness.models.classifier import Classifier
from harness.run import Run
from harness.tasks.heads import Head, HeadRecipe, train_head, view_features
from harness.tasks.rotation import ROTATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Seconds of one training, and what its head scores on the test images."""

    seconds: float
    accuracy: float


def main() -> None:
    """Interleave both ways and print their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_setting(parser, model="resnet")
    parser.add_argument("--images", type=int, default=1000, help="training images")
    parser.add_argument("--tests", type=int, default=500, help="test images")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    run = run_of(arguments)
    train = first(run.base.train(run.settings), arguments.images)
    test = first(run.base.test(run.settings), arguments.tests)
    naive, cached = [], []
    warm = HeadRecipe(epochs=1)  # the first calls of a network are slow
    naive_way(run.load_model(arguments.model), train, test, warm)
    cached_way(run.load_model(arguments.model), train, test, warm, run)
    for seed in range(arguments.repeats):
        recipe = HeadRecipe(epochs=arguments.epochs, seed=seed)
        naive.append(naive_way(run.load_model(arguments.model), train, test, recipe))
        classifier = run.load_model(arguments.model)
        cached.append(cached_way(classifier, train, test, recipe, run))
        print(
            f"seed {seed}: naive {naive[-1].seconds:.2f} s, {naive[-1].accuracy:.2%}; "
            f"cached {cached[-1].seconds:.2f} s, {cached[-1].accuracy:.2%}",
            flush=True,
        )
    ratios = [n.seconds / c.seconds for n, c in zip(naive, cached, strict=True)]
    apart = [c.accuracy - n.accuracy for n, c in zip(naive, cached, strict=True)]
    images = len(train.pixels)
    held_out = round(images * HeadRecipe().held_out)
    an_epoch = images - held_out + ROTATION.classes * held_out
    print(
        f"{machine(run)}; {arguments.model}, rotation head, {images} training images, "
        f"{arguments.epochs} epochs\n"
        f"passes over images: naive {arguments.epochs * an_epoch}, "
        f"cached {ROTATION.classes * images}\n"
        f"naive / cached: {statistics.median(ratios):.1f}x "
        f"({min(ratios):.1f} to {max(ratios):.1f} over {len(ratios)} repeats)\n"
        f"accuracy, cached - naive: {100 * min(apart):+.2f} to {100 * max(apart):+.2f} "
        f"points on {len(test.pixels)} test images, chance {ROTATION.chance:.0%}"
    )


def first(images: Images, n: int) -> ArrayImages:
    """The first n of them."""
    return ArrayImages(pixels=np.array(images.pixels[:n]), labels=None, digest="first")


def cached_way(
    classifier: Classifier, train: Images, test: Images, recipe: HeadRecipe, run: Run
) -> Trial:
    """What the fixtures do."""
    start = time.perf_counter()
    features = view_features(
        classifier, train, ROTATION, device=run.device, batch_size=run.batch_size
    )
    head = train_head(features, recipe, tell=lambda text: None)
    seconds = time.perf_counter() - start
    return Trial(seconds=seconds, accuracy=score(classifier, head, test, run.device))


def naive_way(
    classifier: Classifier, train: Images, test: Images, recipe: HeadRecipe
) -> Trial:
    """One script, one loop: turn, normalise, run the frozen network, step."""
    network = classifier.network.to(memory_format=torch.contiguous_format)
    device = next(network.parameters()).device
    normalise = Normalize(classifier.mean, classifier.std)
    caught: list[torch.Tensor] = []
    hook = network.get_submodule(classifier.head).register_forward_pre_hook(
        lambda _module, inputs: caught.append(inputs[0])
    )

    def features(indices: list[int], turns: list[int]) -> torch.Tensor:
        batch = torch.stack(
            [
                normalise(to_tensor(np.rot90(train.pixels[i], k).copy()))
                for i, k in zip(indices, turns, strict=True)
            ]
        )
        caught.clear()
        with torch.no_grad():
            network(batch.to(device))
        return caught[0].flatten(1)

    start = time.perf_counter()
    generator = torch.Generator().manual_seed(recipe.seed)
    n = len(train.pixels)
    split = torch.randperm(n, generator=generator)
    kept_back = round(n * recipe.held_out)
    held_out, own = split[:kept_back], split[kept_back:]
    width = features([0], [0]).shape[1]
    head = torch.nn.Linear(width, ROTATION.classes)
    with torch.no_grad():
        for part in (head.weight, head.bias):
            drawn = torch.rand(part.shape, generator=generator)
            part.copy_((drawn * 2 - 1) * width**-0.5)
    head.to(device)
    optimiser = torch.optim.SGD(
        head.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
    )
    schedule = torch.optim.lr_scheduler.MultiStepLR(
        optimiser, milestones=list(recipe.milestones), gamma=0.1
    )
    best, best_right, best_epoch = head, -1.0, 0
    for epoch in range(1, recipe.epochs + 1):
        order = own[torch.randperm(len(own), generator=generator)]
        labels = torch.randint(ROTATION.classes, (len(own),), generator=generator)
        for at in range(0, len(order), recipe.batch_size):
            indices = order[at : at + recipe.batch_size]
            views = labels[at : at + recipe.batch_size]
            seen = features(indices.tolist(), views.tolist())
            loss = torch.nn.functional.cross_entropy(head(seen), views.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        schedule.step()
        right = 0
        for at in range(0, kept_back, recipe.batch_size):
            indices = held_out[at : at + recipe.batch_size].tolist()
            for turn in range(ROTATION.classes):
                with torch.no_grad():
                    answers = head(features(indices, [turn] * len(indices))).argmax(1)
                right += int((answers == turn).sum())
        if right > best_right:
            best_right, best_epoch = right, epoch
            best = torch.nn.Linear(width, ROTATION.classes)
            best.load_state_dict({k: v.cpu() for k, v in head.state_dict().items()})
    hook.remove()
    seconds = time.perf_counter() - start
    found = Head(
        weight=best.weight.detach().numpy(),
        bias=best.bias.detach().numpy(),
        held_out_accuracy=best_right / (ROTATION.classes * kept_back),
        epoch=best_epoch,
    )
    return Trial(seconds=seconds, accuracy=score(classifier, found, test, str(device)))


def score(classifier: Classifier, head: Head, test: Images, device: str) -> float:
    """Rotation prediction on the test images: every image, every rotation."""
    from harness.metrics.label_free.pretext_prediction import rotation_prediction

    seen = view_features(classifier, test, ROTATION, device=device, batch_size=128)
    return rotation_prediction(np.stack([head.logits(part) for part in seen]))


if __name__ == "__main__":
    main()
