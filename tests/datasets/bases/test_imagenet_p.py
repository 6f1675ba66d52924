"""ImageNet-P's videos in their published layout: small ones, made here."""

import numpy as np
import pytest
from PIL import Image

from harness.datasets.bases import imagenet_p
from harness.datasets.bases.imagenet_classes import WNIDS
from harness.datasets.geometry import Geometry
from harness.errors import BadData, MissingData
from harness.registry import Registry
from harness.settings import Settings


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "data").mkdir()
    return Settings(
        base="imagenet",
        data_root=tmp_path / "data",
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )


def members(family, settings):
    return Registry().families_of("imagenet")[family].datasets(settings)


def save_video(file, levels):
    """Frames of one grey level each, which every codec keeps nearly."""
    av = pytest.importorskip("av")
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 224
        stream.pix_fmt = "yuv420p"
        for level in levels:
            pixels = np.full((224, 224, 3), level, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_frames_follow_each_other(settings):
    """Video by video in the order of classes, at the size of each network."""
    root = settings.data_root / "imagenet-p"
    save_video(root / "tilt" / WNIDS[9] / "a.mp4", [200, 160, 120])
    save_video(root / "tilt" / WNIDS[2] / "b.mp4", [10, 40, 80])

    (tilt,) = members("imagenet-p-published", settings)
    images = tilt.load()

    assert tilt.traits == {
        "source": "imagenet-p",
        "perturbation": "tilt",
        "difficulty": 1,
        "frames": 3,
    }
    assert images.labels.tolist() == [2, 2, 2, 9, 9, 9]
    assert len(images) == 6
    found = images.take(np.array([4, 0, 2, 1, 5, 3])).mean(axis=(1, 2, 3))
    assert found == pytest.approx([160, 10, 80, 40, 120, 200], abs=6)
    small = images.block(1, 5, Geometry(resize=146, crop=128))
    assert small.shape == (4, 128, 128, 3)
    assert small.mean(axis=(1, 2, 3)) == pytest.approx([40, 80, 200, 160], abs=6)


def test_harder_noise_is_known_by_its_folder(settings):
    root = settings.data_root / "ImageNet-P"
    for name in ("shot_noise", "shot_noise_3", "spatter"):
        save_video(root / name / WNIDS[0] / "a.mp4", [9, 9])

    (standard,) = members("imagenet-p-published", settings)
    spatter, harder = members("imagenet-p-published-extra", settings)

    assert standard.name == "imagenet-p-published/shot_noise"
    assert (spatter.traits["perturbation"], spatter.traits["difficulty"]) == (
        "spatter",
        1,
    )
    assert (harder.traits["perturbation"], harder.traits["difficulty"]) == (
        "shot_noise",
        3,
    )


def test_other_lengths_and_damaged_files_are_refused(settings):
    root = settings.data_root / "imagenet-p" / "scale"
    save_video(root / WNIDS[0] / "a.mp4", [9, 9, 9])
    save_video(root / WNIDS[1] / "short.mp4", [9, 9])
    (scale,) = members("imagenet-p-published", settings)
    with pytest.raises(BadData, match=r"short.mp4 must have 3 frames, .* got 2"):
        scale.load().block(0, 6)
    (root / WNIDS[1] / "short.mp4").write_bytes(b"no video")
    (again,) = members("imagenet-p-published", settings)
    with pytest.raises(BadData, match=r"short.mp4 cannot be read"):
        again.load().block(0, 6)


def test_what_is_not_here_is_named(settings, monkeypatch):
    with pytest.raises(MissingData, match=r"imagenet-p.*3565846"):
        members("imagenet-p-published", settings)
    file = settings.data_root / "imagenet-p" / "tilt" / WNIDS[0] / "a.png"
    file.parent.mkdir(parents=True)
    Image.new("RGB", (2, 2)).save(file)
    monkeypatch.setattr(imagenet_p, "find_spec", lambda name: None)
    with pytest.raises(MissingData, match=r"pip install 'pytest-unlabelled\[video\]'"):
        members("imagenet-p-published", settings)
    monkeypatch.setattr(imagenet_p, "find_spec", lambda name: True)
    with pytest.raises(BadData, match="holds no videos"):
        members("imagenet-p-published", settings)
