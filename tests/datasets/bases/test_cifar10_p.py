"""CIFAR-10-P as published: small files in its layout, frame after frame."""

import numpy as np
import pytest

from harness.errors import BadData, MissingData
from harness.measurement import Domain
from harness.registry import Registry
from harness.settings import Settings

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 5, 32, 32, 3), dtype=np.uint8)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "data" / "CIFAR-10-P").mkdir(parents=True)
    return Settings(
        base="cifar10",
        data_root=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )


def members(settings):
    families = Registry().families_of("cifar10")
    return families["cifar10-p-published"].datasets(settings)


def save(settings, name, frames=FRAMES):
    np.save(settings.data_root / "CIFAR-10-P" / f"{name}.npy", frames)


def test_frames_of_a_sequence_follow_each_other(settings):
    """Without labels; the traits say how many there are of which perturbation."""
    save(settings, "tilt")
    save(settings, "spatter", FRAMES[:, :3])
    spatter, tilt = members(settings)

    assert tilt.name == "cifar10-p-published/tilt"
    assert (tilt.domain, tilt.labelled) == (Domain.TARGET, False)
    assert tilt.traits == {
        "source": "cifar10-p", "perturbation": "tilt", "difficulty": 1, "frames": 5
    }  # fmt: skip
    assert spatter.traits["frames"] == 3
    content = tilt.load()
    assert len(content) == 10
    assert (content.block(5, 10) == FRAMES[1]).all()
    assert content.digest != spatter.load().digest
    (block,) = tilt.blocks()
    assert (block[4].permute(1, 2, 0).numpy() == FRAMES[0, 4]).all()


def test_what_is_not_there_is_told(settings):
    with pytest.raises(MissingData, match=r"CIFAR-10-P/gaussian_noise\.npy"):
        members(settings)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (FRAMES[0], r"at least 2 frames, \(n, frames, 32, 32, 3\), got shape \(5, 32"),
        (FRAMES[:, :1], "at least 2 frames"),
        (FRAMES.astype(float), "must be uint8, from 0 to 255, got float64"),
        (FRAMES[:0], "must be at least one, got none"),
    ],
)
def test_other_arrays_are_refused(settings, frames, words):
    save(settings, "tilt", frames)

    with pytest.raises(BadData, match=words):
        members(settings)
