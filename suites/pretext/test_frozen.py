"""Heads on frozen features, on those of random twins, and on what gives answers away.

Which task it is, is an axis, `pretext`, and so is the number of training images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from harness.errors import HarnessError, UndefinedMetricError
from harness.fixtures.cells import run_of
from harness.fixtures.on_request import is_left_out
from harness.tasks import colorization, context, inpainting, jigsaw, rotation, tiles
from harness.tasks.frozen import Encode, FrozenHead, FrozenTask, Pixels, Score
from harness.tasks.jpeg_lattice import told_by_jpeg
from harness.tasks.twins import SEEDS, encoder, random_twin

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    pytest.mark.usefixtures("train"),  # so that its images are in the keys
]
TASKS = ("rotation", "jigsaw", "tiles", "context", "inpainting", "colorization")
KNOWN = {
    task.name: task
    for task in (rotation.FROZEN, context.TASK, inpainting.TASK, colorization.TASK)
}


def pytest_generate_tests(metafunc):
    """A test for each task; of grey images none for colours."""
    if is_left_out(metafunc.definition) or "pretext" not in metafunc.fixturenames:
        return
    option, run = metafunc.config.getoption, run_of(metafunc.config)
    named = option("pretext_tasks", "")
    names = [part.strip() for part in named.split(",")] if named else list(TASKS)
    images = option("pretext_images", "1000")
    unknown = [name for name in names if name not in TASKS]
    if unknown:
        raise HarnessError(
            f"`--pretext-tasks` must be of {', '.join(TASKS)}, got {unknown[0]!r}"
        )
    if not images.isdecimal() or int(images) < 20:
        raise HarnessError(
            f"`--pretext-images` must be a whole number of at least 20, got {images!r}"
        )
    if not named and run.base.size[2] == 1:
        names.remove("colorization")
    metafunc.parametrize(
        ("pretext", "images"), [(_said(run, name), int(images)) for name in names]
    )


def _said(run, name):
    """The task with what options choose of it: two of them are two numbers."""
    if name == "tiles":
        grid = run.settings.jigsaw_grid
        return f"tiles-{grid}x{grid}"
    if name != "jigsaw":
        return name
    task = run.task("jigsaw")
    fit = task.views[-1].fit
    return f"{task.name}-{fit}" if fit else task.name


@dataclass(frozen=True, slots=True)
class Setup:
    """Images of a cell, and the heads that were trained for it."""

    task: FrozenTask
    train: Callable[[], Pixels]
    test: Pixels
    known: dict[tuple[str, ...], FrozenHead]
    key: tuple[str, ...]

    def score(self, who: str, encode: Callable[[], Encode]) -> Score:
        """Of a head on one encoder, trained once while the session lasts."""
        place = (*self.key, who)
        if place not in self.known:
            self.known[place] = self.task.head(self.train(), encode())
        return self.known[place].score(self.test)


@pytest.fixture
def asked(pretext, images, model, dataset, trained_heads):
    """The task on the cell's images, half as many as heads learn from."""
    run = model.run
    most = run.settings.max_images
    test = min(images // 2, most) if most else images // 2
    return Setup(
        _task(run, pretext),
        partial(_pixels, run.train, images),
        _pixels(dataset, test),
        trained_heads,
        (run.base.name, pretext, str(images)),
    )


def _task(run, name):
    kind = name.partition("-")[0]
    if kind == "jigsaw":
        return jigsaw.frozen(run.task("jigsaw"))
    if kind != "tiles":
        return KNOWN[kind]
    try:
        return tiles.frozen(run.settings.jigsaw_grid, run.base.size[0])
    except ValueError as error:
        raise UndefinedMetricError(str(error)) from error


def _pixels(dataset, limit):
    """(n, h, w, c) of a sample of a dataset."""
    blocks = [
        block.permute(0, 2, 3, 1).numpy() for block in dataset.blocks("cpu", limit)
    ]
    return np.concatenate(blocks)


def _encoder(network, run):
    return encoder(network, device=run.device, batch_size=run.batch_size)


def test_pretext_score(record, asked, model, dataset):
    encode = partial(_encoder, model.classifier(), model.run)
    record("pretext_score", asked.score(model.name, encode))


def test_pretext_twin(record, asked, model, dataset):
    """The same network with random weights, from three seeds: an axis, `twin`."""
    run = model.run
    entry = run.registry.model(run.base.name, model.name)

    def twin(seed):
        network = random_twin(entry, run.base, seed=seed, device=run.device)
        return _encoder(network, run)

    for seed in SEEDS:
        who = f"{model.name} {seed}"
        # No number, along which a report would show a curve.
        name = f"seed{seed}"
        record("pretext_twin", asked.score(who, partial(twin, seed)), twin=name)


def test_pretext_leak(record, asked, model, dataset):
    """A head on what gives the answer away: no network is asked."""
    record("pretext_leak", asked.score("", lambda: asked.task.leak))


def test_rotation_told_by_jpeg(record, model, dataset):
    """Share of images whose turn is half told by how they were saved."""
    record("rotation_told_by_jpeg", float(told_by_jpeg(_pixels(dataset, 2000)).mean()))
