"""Rotation: by how many quarter turns was the image turned?

Shown: the image under 0, 90, 180 and 270 degrees. Asked: which of the four. Scored: the
share of right answers over all images and turns, 1/4 by chance; in reports its name is
`rotation_prediction`.
"""

from __future__ import annotations

from harness.tasks.frozen import FrozenTask, ask_views
from harness.tasks.jpeg_lattice import lattice_distances
from harness.tasks.task import PretextTask, Task
from harness.views import IDENTITY, ROTATIONS

ROTATION = Task(name="rotation", views=(IDENTITY, *ROTATIONS))

TASK = PretextTask(
    name="rotation",
    choose=lambda settings, size: ROTATION,
    source="Gidaris, Singh, Komodakis, ICLR 2018, arXiv:1803.07728",
)

#: Given away by: how images were saved; 1/2 of JPEGs, see `harness.tasks.jpeg_lattice`.
FROZEN = FrozenTask(
    name="rotation",
    ask=lambda pixels, encode, setting: ask_views(pixels, encode, ROTATION),
    chance=ROTATION.chance,
    leak=lattice_distances,
    leaked="JPEG lattice",
    source=TASK.source,
)
