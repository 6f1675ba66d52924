"""Objectives: what a network is trained to make small, one module each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.models.objectives.colorization import ColorizationObjective
from harness.models.objectives.context import ContextObjective
from harness.models.objectives.cross_entropy import BinaryCrossEntropy, CrossEntropy
from harness.models.objectives.inpainting import InpaintingObjective
from harness.models.objectives.jigsaw import JigsawObjective
from harness.models.objectives.objective import Objective
from harness.models.objectives.rotation import RotationObjective
from harness.models.objectives.self_classification import SelfClassification
from harness.models.objectives.sigmoids import Sigmoids
from harness.models.pretext.options import (
    Colorization,
    Context,
    Inpainting,
    Jigsaw,
    Rotation,
)

if TYPE_CHECKING:
    from harness.models.processes import Processes
    from harness.models.recipe import Recipe

__all__ = ["Objective", "objective_of"]


def objective_of(
    recipe: Recipe, processes: Processes, device: str, *, several: bool = False
) -> Objective:
    """What a recipe asks for, of images of which one class holds, or `several` may."""
    match recipe.objective:
        case None if several:
            return BinaryCrossEntropy(recipe, processes)
        case None:
            of_labels = {
                "cross_entropy": CrossEntropy,
                "binary_cross_entropy": Sigmoids,
            }
            return of_labels[recipe.loss](recipe, processes)
        case Rotation() as options:
            return RotationObjective(options, recipe, processes)
        case Jigsaw() as options:
            return JigsawObjective(options, recipe, processes)
        case Context() as options:
            return ContextObjective(options, recipe, processes)
        case Inpainting() as options:
            return InpaintingObjective(options, recipe, processes)
        case Colorization() as options:
            return ColorizationObjective(options, recipe, processes)
        case options:
            return SelfClassification(options, processes, device)
