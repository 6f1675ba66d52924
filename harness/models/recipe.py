"""Recipe: how a model is trained, as plain facts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.models.pretext.options import Pretext
from harness.models.self_classifier.options import SelfClassifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch

OPTIMISERS = ("adamw", "adam", "sgd", "larc")
LOSSES = ("cross_entropy", "binary_cross_entropy")
SCHEDULES = ("one-cycle", "cosine", "steps", "constant")
RISES_FROM = 1 / 16  # of the peak, as Self-Classifier is warmed up: 0.3 to 4.8

#: Fields that came later, with what they are where nobody says: a recipe that leaves
#: them so is what it was before there were any.
_ADDED = {
    "noise_draws_true": True,
    "nesterov": True,
    "final_learning_rate": 0.0,
    "step_factor": 0.1,
    "room": 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a model is trained.

    Attributes
    ----------
    epochs, batch_size
        Passes over the images; images a step.
    optimiser
        "adamw" (decoupled decay), "adam" (decay in the gradient), "sgd", or "larc",
        which is SGD with a rate of its own for every tensor: see `harness.models.larc`.
    learning_rate, weight_decay, momentum
        Peak of the schedule; of the optimiser; momentum of "sgd" and "larc" only.
    nesterov
        Whether the momentum of "sgd" is Nesterov's.
    schedule
        "one-cycle" (up to the peak in the first 30 % of the steps, then down to almost
        0), "cosine" (from the peak to `final_learning_rate`), "steps" (times
        `step_factor` from each milestone on) or "constant".
    final_learning_rate
        Where "cosine" ends.
    warm_up
        Epochs at the start in which the rate rises in a line, from a sixteenth of the
        peak; the schedule begins after them. Not of "one-cycle", which rises by itself.
    milestones
        Epochs after which "steps" multiplies the learning rate.
    step_factor
        By what.
    shift
        Each image is moved by up to this many pixels each way, edges filled with 0.
    room
        Of pictures of any size: each is a crop at random of one that is larger by so
        many pixels each way, where networks that are asked get the middle.
    flip
        Mirror half of the images left to right.
    label_noise
        Share of the training images, about, whose label is drawn anew from all classes,
        once and the same for every seed; labels of the test split stay true.
    noise_draws_true
        Whether the true class may be drawn too, as published; else noise is any other
        class, and exactly that share of labels is wrong in the mean.
    images
        How many training images it learns from, drawn evenly over them and the same for
        every seed; None for all.
    objective
        Of a network that learns without labels: of `harness.models.self_classifier`,
        which makes views of its own, so that `shift` and `flip` go unused, or of a
        pretext task (`harness.models.pretext`). None for a loss of labels.
    loss
        Of labels: "cross_entropy", or "binary_cross_entropy" for a sigmoid a class.

    Raises
    ------
    ValueError
        If a number is out of range or a name unknown.
    """

    epochs: int
    learning_rate: float
    batch_size: int = 64
    optimiser: str = "adamw"
    weight_decay: float = 1e-2
    momentum: float = 0.9
    nesterov: bool = True
    schedule: str = "one-cycle"
    final_learning_rate: float = 0.0
    warm_up: int = 0
    milestones: tuple[int, ...] = ()
    step_factor: float = 0.1
    shift: int = 0
    room: int = 0
    flip: bool = False
    label_noise: float = 0.0
    noise_draws_true: bool = True
    images: int | None = None
    objective: SelfClassifier | Pretext | None = None
    loss: str = "cross_entropy"

    def __post_init__(self) -> None:
        if self.optimiser not in OPTIMISERS:
            raise ValueError(
                f"`optimiser` must be one of {', '.join(OPTIMISERS)}, "
                f"got {self.optimiser!r}"
            )
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"`schedule` must be one of {', '.join(SCHEDULES)}, "
                f"got {self.schedule!r}"
            )
        if self.loss not in LOSSES:
            raise ValueError(
                f"`loss` must be one of {', '.join(LOSSES)}, got {self.loss!r}"
            )
        if self.objective is not None and self.loss != "cross_entropy":
            raise ValueError(
                "`loss` must be left out of a recipe that learns without labels, got "
                f"{self.loss!r}"
            )
        if self.epochs < 1 or self.batch_size < 1 or self.shift < 0:
            raise ValueError(
                "`epochs` and `batch_size` must be at least 1 and `shift` at least 0, "
                f"got {self.epochs}, {self.batch_size} and {self.shift}"
            )
        if not 0 <= self.warm_up < self.epochs:
            raise ValueError(
                f"`warm_up` must be at least 0 and fewer than the {self.epochs} "
                f"epochs, got {self.warm_up}"
            )
        if self.warm_up and self.schedule == "one-cycle":
            raise ValueError(
                "`warm_up` must be 0 of schedule 'one-cycle', which rises by itself, "
                f"got {self.warm_up}; choose 'cosine', 'steps' or 'constant'"
            )
        if self.room < 0 or (self.room and self.objective is not None):
            raise ValueError(
                "`room` must be at least 0, and 0 of a network that learns without "
                f"labels, got {self.room}"
            )
        if not 0 < self.step_factor <= 1:
            raise ValueError(
                f"`step_factor` must be above 0 and at most 1, got {self.step_factor}"
            )
        if not 0 <= self.label_noise <= 1:
            raise ValueError(
                f"`label_noise` must be a share from 0 to 1, got {self.label_noise}"
            )
        if self.label_noise and self.objective is not None:
            raise ValueError(
                "`label_noise` must be 0 of a network that learns without labels, got "
                f"{self.label_noise}"
            )
        if self.images is not None and self.images < 1:
            raise ValueError(f"`images` must be at least 1, got {self.images}")
        if not self.learning_rate > 0:
            raise ValueError(
                f"`learning_rate` must be positive, got {self.learning_rate}"
            )
        if not 0 <= self.final_learning_rate <= self.learning_rate:
            raise ValueError(
                "`final_learning_rate` must be from 0 to the learning rate, "
                f"{self.learning_rate}, got {self.final_learning_rate}"
            )

    def identity(self) -> dict[str, Any]:
        """What a trained model's cache key says of the recipe."""
        facts = asdict(self)
        for name in ("label_noise", "warm_up"):
            if not facts[name]:  # as it was before there was any
                del facts[name]
        for name, usual in _ADDED.items():
            if facts[name] == usual:
                del facts[name]
        if self.images is None:
            del facts["images"]
        if self.loss == "cross_entropy":
            del facts["loss"]
        if self.objective is None:
            del facts["objective"]
        elif not isinstance(self.objective, SelfClassifier):
            facts["objective"]["task"] = self.objective.task
        return facts

    def make_optimiser(
        self, parameters: Iterable[torch.nn.Parameter]
    ) -> torch.optim.Optimizer:
        """The optimiser over a network's parameters."""
        import torch

        if self.optimiser == "larc":
            from harness.models.larc import Larc

            return Larc(
                parameters,
                lr=self.learning_rate,
                momentum=self.momentum,
                weight_decay=self.weight_decay,
            )
        if self.optimiser == "sgd":
            return torch.optim.SGD(
                parameters,
                lr=self.learning_rate,
                momentum=self.momentum,
                weight_decay=self.weight_decay,
                nesterov=self.nesterov and self.momentum > 0,
            )
        kind = torch.optim.Adam if self.optimiser == "adam" else torch.optim.AdamW
        return kind(parameters, lr=self.learning_rate, weight_decay=self.weight_decay)

    def make_schedule(
        self, optimiser: torch.optim.Optimizer, steps: int
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """The learning rate's schedule, told of every one of `steps` an epoch."""
        from torch.optim import lr_scheduler

        rise = self.warm_up * steps
        schedule: lr_scheduler.LRScheduler
        if self.schedule == "one-cycle":
            return lr_scheduler.OneCycleLR(
                optimiser, max_lr=self.learning_rate, total_steps=self.epochs * steps
            )
        if self.schedule == "cosine":
            schedule = lr_scheduler.CosineAnnealingLR(
                optimiser,
                T_max=self.epochs * steps - rise,
                eta_min=self.final_learning_rate,
            )
        else:
            milestones = self.milestones if self.schedule == "steps" else ()
            schedule = lr_scheduler.MultiStepLR(
                optimiser,
                milestones=[m * steps - rise for m in milestones],
                gamma=self.step_factor,
            )
        if not rise:
            return schedule
        rising = lr_scheduler.LinearLR(
            optimiser, start_factor=RISES_FROM, total_iters=rise
        )
        return lr_scheduler.SequentialLR(optimiser, [rising, schedule], [rise])
