"""Found: what the robustness suite has to say, as the JSON report holds it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.accuracy_lines import LEAST_MODELS, OnTheLine
from harness.analysis.correlation import Undefined
from harness.report.gallery import Picture

TRAINED_WITH = "trained_with"  # the fact that names a network's activation
#: For each network in turn: None where it was not measured.
Values = tuple[float | Undefined | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number of a network on a set.

    Attributes
    ----------
    value, low, high
        With its 95 % interval, where there is one.
    chance
        What a guess reaches; None where that is not known.
    """

    value: float
    low: float | None = None
    high: float | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSet:
    """A network on a set: its scores by name."""

    model: str
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneSet:
    """A set, and what the networks scored on it.

    Attributes
    ----------
    name, images, use
        Which, of how many images that have a right answer, and what it is for.
    truth
        What is right there, in words, where it is not one class of the base an image.
    networks
        By name.
    """

    name: str
    images: int
    use: str
    networks: tuple[OnSet, ...]
    truth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupted:
    """A family of corruptions.

    Attributes
    ----------
    family, datasets, use
        Which, of how many sets, and what it is for.
    networks
        By name.
    errors
        By corruption, the error of each network, averaged over severities.
    by_alexnet
        The same as CE; empty where there is no such table.
    over
        By aggregate, its value for each network.
    """

    family: str
    datasets: int
    use: str
    networks: tuple[str, ...]
    errors: dict[str, Values]
    by_alexnet: dict[str, Values]
    over: dict[str, Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbed:
    """A family of sequences: by number and perturbation, a score for each network."""

    family: str
    use: str
    networks: tuple[str, ...]
    scores: dict[str, dict[str, tuple[Score | None, ...]]]
    over: dict[str, Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detections:
    """Images of no class: what each score of each network makes of them."""

    name: str
    images: int
    use: str
    model: str
    by_score: dict[str, dict[str, Score]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Error consistency of a network with the others on a set, by the other's name."""

    name: str
    model: str
    others: dict[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """Accuracy on the line of a set, and what networks have beyond it.

    Attributes
    ----------
    line
        By scale, over networks, against the test split.
    beyond
        Effective robustness of each network on the probit scale, as a share of 1.
    """

    line: OnTheLine
    beyond: dict[str, float] | Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """How sure a network is on a set.

    Attributes
    ----------
    model, name
        Which network, on what.
    overconfidence
        Mean confidence less accuracy.
    counts
        Images by confidence, in bins of equal width from 0 to 1.
    mistakes
        Pictures of its surest wrong answers, where there is a page for them.
    ends
        The largest and the least confidence of these.
    """

    model: str
    name: str
    overconfidence: Score
    counts: tuple[int, ...]
    mistakes: tuple[Picture, ...] = ()
    ends: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """A network on a set, its confidences made by one activation.

    Attributes
    ----------
    model, name, activation
        Which network, on what, and how.
    trained
        Whether it was trained with this one.
    accuracy
        Top-1, the same for all; None of images of no class.
    scores
        By name.
    """

    model: str
    name: str
    activation: str
    trained: bool
    accuracy: float | None
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A network on a set, then and now.

    Attributes
    ----------
    model, name, images
        Which network, on what, of how many images now.
    published, of
        A published network in place of an earlier run, and of how many images its
        number is; empty and 0 for an earlier run.
    before, now
        Top-1 accuracies.
    low, high, p_value
        The 95 % interval of now less before, and of no difference.
    paired
        Whether it is of the same images, one by one.
    verdict
        "better" or "worse" where all of the interval is, else "undecided"; "same"
        where the same images are right.
    """

    model: str
    name: str
    images: int
    before: float
    now: float
    low: float
    high: float
    p_value: float
    paired: bool
    verdict: str
    published: str = ""
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """All of it.

    Attributes
    ----------
    networks, least
        How many there are, and how many a line over networks takes.
    compared_with
        Name of an earlier run; empty for none.
    """

    sets: tuple[OneSet, ...] = ()
    corrupted: tuple[Corrupted, ...] = ()
    perturbed: tuple[Perturbed, ...] = ()
    outside: tuple[Detections, ...] = ()
    consistency: tuple[Consistency, ...] = ()
    lines: tuple[Effective, ...] = ()
    sure: tuple[Sure, ...] = ()
    activated: tuple[Activated, ...] = ()
    against: tuple[Against, ...] = ()
    published: tuple[Against, ...] = ()
    compared_with: str = ""
    networks: int = 0
    least: int = LEAST_MODELS
