"""Sets of short videos, whose frames are pictures in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.datasets.geometry import Geometry
from harness.datasets.images import empty
from harness.datasets.readers.picture_sets import PictureImages, release
from harness.datasets.readers.threads import in_threads
from harness.errors import BadData

VIDEOS = (".mp4", ".avi", ".mkv", ".webm")


class VideoImages(PictureImages):
    """Frames of videos: image ``i * frames + j`` is frame j of video i.

    Decoded by PyAV when they are needed, and read as ImageNet-P's are: files show just
    what a network is to see. All have as many frames as the first.

    Parameters
    ----------
    root, files, labels, classes, size, geometry
        As of `PictureImages`, of videos.

    Raises
    ------
    BadData
        If the first cannot be read.
    """

    def __init__(
        self,
        root: Path,
        files: Sequence[Path],
        labels: Sequence[int],
        *,
        classes: int,
        size: tuple[int, int, int],
        geometry: Geometry,
    ) -> None:
        super().__init__(
            root,
            files,
            labels,
            classes=classes,
            size=size,
            geometry=geometry,
            whole=True,
        )
        assert self.labels is not None
        self.frames = len(read_video(self._files[0]))
        self.labels = np.repeat(self.labels, self.frames)

    def __len__(self) -> int:
        return len(self._files) * self.frames

    @cached_property
    def _how(self) -> dict[str, Any]:
        return {**super()._how, "av": release("av"), "frames": self.frames}

    def _numbers(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return rows // self.frames

    def _decoded(
        self,
        rows: NDArray[np.intp],
        geometry: Geometry | None,
        step: Callable[[], None] = lambda: None,
    ) -> tuple[NDArray[np.uint8], list[BadData]]:
        """(m, h, w, c), and what was refused: each video is decoded once."""
        geometry = geometry or self._geometry
        assert geometry is not None
        pixels = empty(len(rows), geometry.crop, geometry.crop, 3)
        videos = self._numbers(rows)

        def one(video: int) -> BadData | None:
            places = np.flatnonzero(videos == video)
            try:
                found = self._frames(self._files[video])
            except BadData as error:
                return error
            for place in places:
                frame = found[rows[place] % self.frames]
                pixels[place] = geometry(_image(frame), whole=True)
            return None

        refused = []
        for error in in_threads(one, np.unique(videos).tolist()):
            if error is not None:
                refused.append(error)
            step()
        return pixels, refused

    def _picture(self, file: Path, geometry: Geometry | None) -> NDArray[np.uint8]:
        found: NDArray[np.uint8] = self._frames(file)[0]
        return found

    def _frames(self, file: Path) -> NDArray[np.uint8]:
        try:
            found = read_video(file)
        finally:
            self._check_file(file)
        if len(found) != self.frames:
            raise BadData(
                f"video {file} must have {self.frames} frames, as the first of its set "
                f"has, got {len(found)}; unpack it anew"
            )
        return found


def read_video(file: Path) -> NDArray[np.uint8]:
    """(frames, h, w, 3) of a video in RGB.

    Raises
    ------
    BadData
        If it cannot be read; the message names the file.
    """
    import av

    try:
        with av.open(str(file)) as container:
            found = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise BadData(
            f"video {file} cannot be read: {error}; unpack it anew, or take it away"
        ) from error
    if not found:
        raise BadData(f"video {file} has no frames; unpack it anew, or take it away")
    return np.stack(found)


def _image(frame: NDArray[np.uint8]) -> Any:
    from PIL import Image

    return Image.fromarray(frame)
