"""Pretext tasks, one module each, and the heads that are trained to solve them."""

from harness.tasks import jigsaw, rotation
from harness.tasks.task import PretextTask, Task

__all__ = ["TASKS", "PretextTask", "Task"]

TASKS: tuple[PretextTask, ...] = (rotation.TASK, jigsaw.TASK)
