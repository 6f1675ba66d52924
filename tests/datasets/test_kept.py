"""Content that was read is kept in bounded memory and under few open files."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from harness.datasets.images import ArrayImages
from harness.datasets.kept import IN_USE, Kept
from harness.datasets.own import own_dataset
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import BadData
from harness.measurement import Domain
from tests.datasets.test_folders import base


def images(n=100):
    return ArrayImages(pixels=np.zeros((n, 1, 1, 1), np.uint8), labels=None, digest="")


def counting(calls, key, n=100):
    def make():
        calls.append(key)
        return images(n)

    return make


def test_what_is_kept_is_not_made_again():
    calls = []
    room = Kept(room=1000)

    for key in "abab":
        room.get(key, counting(calls, key))

    assert calls == ["a", "b"]


def test_room_is_bounded_and_what_is_in_use_stays():
    """Dataset and source set take turns in a cell, however large they are."""
    calls = []
    room = Kept(room=150)

    for key in ["source", "a", "source", "a", "source", "b", "source", "b"]:
        room.get(key, counting(calls, key))

    assert calls == ["source", "a", "b"]
    for key in range(50):
        room.get(key, counting(calls, key))
    assert len(room._found) == IN_USE


def test_datasets_in_turn_are_partly_found():
    """Where not all fit, some are still found in the next model's turn."""
    calls = []
    room = Kept(room=600)
    for _ in range(3):
        for key in range(10):
            room.get(key, counting(calls, key))

    assert 10 < len(calls) < 24


SCRIPT = """
import resource, sys
import numpy as np
from pathlib import Path
from harness.datasets.folders import own_family
from harness.settings import OwnData, Settings
from tests.datasets.test_folders import SETTINGS, base

resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
found = own_family(OwnData(path=Path(sys.argv[1])), base()).datasets(SETTINGS)
for _ in range(2):
    for dataset in found:
        assert dataset.load().pixels[0, 0, 0, 0] == int(dataset.name.rpartition("/")[2])
print(len(found))
"""


def test_more_datasets_than_files_may_be_open(tmp_path):
    """Memory maps are given back."""
    for i in range(200):
        (tmp_path / str(i)).mkdir()
        np.save(tmp_path / str(i) / "data.npy", np.full((1, 6, 5, 3), i, np.uint8))

    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True
    )

    assert run.stdout == "200\n", run.stderr


def test_sets_of_pictures_one_after_another_take_bounded_memory(tmp_path, monkeypatch):
    """Twelve that are each larger than the room: those in use stay, and no more."""
    monkeypatch.setattr(
        "harness.datasets.readers.picture_sets.DECODED", Kept(room=500_000)
    )
    for name in range(12):
        Image.fromarray(np.full((600, 500, 3), name, np.uint8)).save(
            tmp_path / f"{name}.png"
        )
    tracemalloc.start()
    try:
        for name in range(12):
            PictureImages(
                tmp_path,
                [tmp_path / f"{name}.png"] * 4,
                None,
                classes=2,
                size=(600, 500, 3),
            ).block(0, 4)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < (IN_USE + 0.5) * 4 * 600 * 500 * 3


def test_functions_that_return_other_images_are_refused(monkeypatch):
    """They may be called again, and then mean the same dataset."""
    monkeypatch.setattr("harness.datasets.own.KEPT", room := Kept(room=1))
    values = iter([1, 1, 2])

    def load():
        return np.full((3, 6, 5, 3), next(values), np.uint8)

    dataset = own_dataset("mine", Domain.TARGET, load, base(), {})
    for _ in range(2):
        assert dataset.load().pixels.max() == 1
        for other in range(IN_USE):
            room.get(other, images)
        room._found.clear()
    with pytest.raises(BadData, match=r"loads mine must return the same images"):
        dataset.load()
