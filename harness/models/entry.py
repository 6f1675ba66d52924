"""Model entries: what the registry knows about a model before anything is loaded."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from harness.target import source_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Weights that somebody published as a file.

    Attributes
    ----------
    file
        Name that is looked for under the weights root and in the cache.
    url
        Where it is downloaded from; empty if no address gives the bare file.
    sha256
        Of the file: all 64 hexadecimal digits, or the first eight or more, which is
        what sources put into file names; empty if the source publishes none.
    advice
        What to do by hand when the file cannot be downloaded.
    """

    file: str
    url: str = ""
    sha256: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    epochs, batch
        Passes over the training images, and images per step.
    optimiser
        ``adamw``, or ``sgd`` with Nesterov momentum.
    learning_rate
        At its highest, after the warm-up.
    weight_decay
        Of weight matrices and kernels; biases and batch norms are not decayed.
    momentum
        Of ``sgd``.
    schedule
        ``cosine`` down to zero, or ``constant``.
    warmup
        Share of all steps during which the learning rate rises linearly.
    shift
        Largest random translation along either axis, in pixels; black moves in.
    flip
        Whether to mirror images left to right at random.
    smoothing
        Label smoothing.
    """

    epochs: int
    batch: int = 128
    optimiser: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: float = 0.1
    shift: int = 0
    flip: bool = False
    smoothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Weights that the harness trains on the base's training split, once per cache."""

    recipe: Recipe
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One row of the registry: facts only, nothing loaded.

    Attributes
    ----------
    name
        As users type it; unique within the base.
    base
        Name of the base whose training split the weights come from.
    build, parameters
        ``package.module:function`` and its keyword arguments (plain JSON values); the
        call returns the network with random weights.
    mean, std
        Per channel, of images scaled to [0, 1].
    head
        Dotted name of the last linear layer inside the network.
    classes
        Number of logits.
    weights
        Where the weights come from.
    source
        Project or paper that published them.
    licence
        SPDX identifier of the weights.
    parameter_count
        Number of trainable values.
    accuracy
        Clean top-1 accuracy in [0, 1] that the source reports on the base's test split;
        None if it reports none.
    """

    name: str
    base: str
    build: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    head: str
    weights: Published | Trained
    source: str
    licence: str
    parameter_count: int
    classes: int = 10
    accuracy: float | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or min(self.std, default=0) <= 0:
            raise ValueError(
                f"`mean` and `std` of {self.name} must be equally long and `std` "
                f"positive, got {self.mean} and {self.std}"
            )

    def identity(self) -> dict[str, Any]:
        """The facts that decide the logits, weights apart: code, arguments, scale."""
        return {
            "build": self.build,
            "source": source_digest(self.build),
            "parameters": self.parameters,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    def training_identity(self) -> dict[str, Any]:
        """What decides trained weights, data apart.

        Raises
        ------
        TypeError
            If the weights are not trained by the harness.
        """
        if not isinstance(self.weights, Trained):
            raise TypeError(f"`weights` of {self.name} must be Trained")
        return {
            **self.identity(),
            "recipe": asdict(self.weights.recipe),
            "seed": self.weights.seed,
            "training": source_digest("harness.models.training"),
        }
