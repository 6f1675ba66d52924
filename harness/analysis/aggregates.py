"""Aggregates: one number of a model on a family, from its numbers on the members.

An aggregate is a pure function over the traits of datasets: none runs a network. A
test names it in a marker, ``@pytest.mark.harness_aggregate("mean_over_severities")``,
and it is made of what that test records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.analysis import alexnet
from harness.analysis.alexnet import Members, mean
from harness.analysis.correlation import Undefined
from harness.measurement import NO_AXES, Axes, Named, Place
from harness.traits import Trait


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """A pure function of one subject's numbers on the members of a family.

    Attributes
    ----------
    name
        In markers, reports and gates.
    over
        Traits that it goes over: every combination of their values must be there.
    by
        Traits that it keeps: it has one value for each combination of theirs, and they
        are axes of its numbers. What was corrupted, `member`, where it is known, is
        kept always.
    fn
        From (traits, value) of each member to one number; where it raises, or gives
        none that is finite, the aggregate is Undefined, with what was wrong.
    source
        Where the definition comes from.
    of
        By trait, the values that it is of: datasets of others are left out, and of a
        trait that it goes over each must be there, whatever the family has.
    metric
        The one metric that it can be made of; any, unless given. Of another it is
        Undefined.
    clean
        `fn` takes a second argument: the number on the base's test split.
    """

    name: str
    over: tuple[str, ...]
    fn: Callable[..., float]
    source: str
    by: tuple[str, ...] = ()
    of: Mapping[str, tuple[Trait, ...]] = field(default_factory=dict)
    metric: str = ""
    clean: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregated(Named):
    """What became of an aggregate of one metric or outcome.

    Attributes
    ----------
    aggregate, metric, axes
        Which, of what; traits that the aggregate keeps are axes too.
    model, family
        Of whom, on what.
    value
        The number; or why there is none, by the names of what is missing.
    datasets
        How many members it is made of.
    """

    aggregate: str
    metric: str
    model: str
    family: str
    value: float | Undefined
    datasets: int
    axes: Axes = NO_AXES

    @property
    def place(self) -> Place:
        """Where it belongs."""
        return Place(self.model, "", self.family, self.axes)


def mean_over_severities(members: Members) -> float:
    """Mean over the severities of one corruption, each counting alike.

    Examples
    --------
    >>> mean_over_severities([({"severity": 1}, 0.9), ({"severity": 2}, 0.6)])
    0.75
    """
    return mean(value for _, value in members)


def mean_over_corruptions(members: Members) -> float:
    """Mean over corruptions of the mean over the severities of each.

    Examples
    --------
    >>> fog, snow = {"corruption": "fog"}, {"corruption": "snow"}
    >>> mean_over_corruptions([(fog, 0.9), (fog, 0.6), (snow, 0.25), (snow, 0.25)])
    0.5
    """
    corruptions: dict[Trait, list[float]] = {}
    for traits, value in members:
        corruptions.setdefault(traits["corruption"], []).append(value)
    return mean(mean(values) for values in corruptions.values())


def mean_over_perturbations(members: Members) -> float:
    """Mean over perturbations, each counting alike.

    Examples
    --------
    >>> tilt, scale = {"perturbation": "tilt"}, {"perturbation": "scale"}
    >>> mean_over_perturbations([(tilt, 0.25), (scale, 0.75)])
    0.5
    """
    return mean(value for _, value in members)


_HENDRYCKS = (
    "Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common "
    "Corruptions and Perturbations, ICLR 2019, section 3"
)
_FIFTEEN: dict[str, tuple[Trait, ...]] = {
    "corruption": tuple(alexnet.CORRUPTION_ERRORS),
    "severity": alexnet.SEVERITIES,
}
# Its own files alone: what is made in memory is no set that was published.
_IMAGENET_C: dict[str, tuple[Trait, ...]] = {"source": ("imagenet-c",)}
_IMAGENET_P: dict[str, tuple[Trait, ...]] = {
    "source": ("imagenet-p",),
    "difficulty": (1,),  # of which AlexNet's are
    "perturbation": tuple(alexnet.FLIP_PROBABILITIES),
}
#: There is no table of AlexNet for it; spatter is in the place of snow.
_CIFAR10_P: dict[str, tuple[Trait, ...]] = {
    "source": ("cifar10-p",),
    "difficulty": (1,),
    "perturbation": tuple(
        "spatter" if name == "snow" else name for name in alexnet.FLIP_PROBABILITIES
    ),
}
# Those that the harness makes; which ten goes by the images' size.
_MADE: dict[str, tuple[Trait, ...]] = {"made": ("harness",), "difficulty": (1,)}
_EXTRA = tuple(alexnet.EXTRA_CORRUPTION_ERRORS)
_BOTH = (*alexnet.CORRUPTION_ERRORS, *_EXTRA)

AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate(
        name="mean_over_severities",
        over=("severity",),
        by=("corruption",),
        fn=mean_over_severities,
        source=f"{_HENDRYCKS}: the error of a corruption, averaged over severities",
    ),
    Aggregate(
        name="mean_over_corruptions",
        over=("corruption", "severity"),
        fn=mean_over_corruptions,
        source=f"{_HENDRYCKS}: the unnormalised mean over corruptions",
    ),
    Aggregate(
        name="unnormalised_mce",
        over=("corruption", "severity"),
        of=_FIFTEEN,
        metric="accuracy",
        fn=alexnet.mean_error,
        source=f"{_HENDRYCKS}: the mean error of 15 corruptions at 5 severities, as "
        "published for CIFAR-10-C",
    ),
    Aggregate(
        name="corruption_error",
        over=("severity",),
        by=("corruption",),
        of={**_IMAGENET_C, **_FIFTEEN, "corruption": _BOTH},
        metric="accuracy",
        fn=alexnet.corruption_error,
        source=f"{_HENDRYCKS}: CE, by the published table of AlexNet",
    ),
    Aggregate(
        name="relative_corruption_error",
        over=("severity",),
        by=("corruption",),
        of={**_IMAGENET_C, **_FIFTEEN, "corruption": _BOTH},
        metric="accuracy",
        clean=True,
        fn=alexnet.relative_corruption_error,
        source=f"{_HENDRYCKS}: relative CE, by the published table of AlexNet",
    ),
    Aggregate(
        name="mce",
        over=("corruption", "severity"),
        of={**_IMAGENET_C, **_FIFTEEN},
        metric="accuracy",
        fn=alexnet.mean_corruption_error,
        source=f"{_HENDRYCKS}: mCE over 15 corruptions",
    ),
    Aggregate(
        name="relative_mce",
        over=("corruption", "severity"),
        of={**_IMAGENET_C, **_FIFTEEN},
        metric="accuracy",
        clean=True,
        fn=alexnet.relative_mean_corruption_error,
        source=f"{_HENDRYCKS}: relative mCE over 15 corruptions",
    ),
    Aggregate(
        name="mce_of_the_extra_four",
        over=("corruption", "severity"),
        of={**_IMAGENET_C, **_FIFTEEN, "corruption": _EXTRA},
        metric="accuracy",
        fn=alexnet.mean_corruption_error,
        source=f"{_HENDRYCKS}: mCE of the validation corruptions, apart",
    ),
    Aggregate(
        name="flip_rate",
        over=(),
        by=("perturbation",),
        of=_IMAGENET_P,
        metric="flip_probability",
        fn=alexnet.over(alexnet.FLIP_PROBABILITIES),
        source=f"{_HENDRYCKS}.2: FR, by the published table of AlexNet",
    ),
    Aggregate(
        name="mfr",
        over=("perturbation",),
        of=_IMAGENET_P,
        metric="flip_probability",
        fn=alexnet.over(alexnet.FLIP_PROBABILITIES),
        source=f"{_HENDRYCKS}.2: mFR over 10 perturbations",
    ),
    Aggregate(
        name="mean_flip_probability",
        over=("perturbation",),
        of=_CIFAR10_P,
        metric="flip_probability",
        fn=mean_over_perturbations,
        source=f"{_HENDRYCKS}.2: the unnormalised mean of FP, as published for "
        "CIFAR-10-P",
    ),
    Aggregate(
        name="mean_made_flip_probability",
        over=("perturbation",),
        of=_MADE,
        metric="flip_probability",
        fn=mean_over_perturbations,
        source=f"{_HENDRYCKS}.2: the unnormalised mean of FP, of sequences that were "
        "made in memory",
    ),
    Aggregate(
        name="mean_made_top_5_distance",
        over=("perturbation",),
        of=_MADE,
        metric="top_5_distance",
        fn=mean_over_perturbations,
        source=f"{_HENDRYCKS}.2: the unnormalised mean of T5D, of sequences that were "
        "made in memory",
    ),
    Aggregate(
        name="mean_top_5_distance",
        over=("perturbation",),
        of=_IMAGENET_P,
        metric="top_5_distance",
        fn=alexnet.over(dict.fromkeys(alexnet.FLIP_PROBABILITIES, 1.0)),
        source=f"{_HENDRYCKS}.2: the unnormalised mean of T5D",
    ),
)


def mt5d(denominators: Mapping[str, float], *, name: str = "mt5d") -> Aggregate:
    """The mT5D by AlexNet's top-5 distances, for `registry.add_aggregate`.

    They were published nowhere that is known, so they have to be given.

    Parameters
    ----------
    denominators
        By each of the ten perturbations of ImageNet-P, in (0, 18].
    name
        Of the aggregate.

    Raises
    ------
    ValueError
        If a perturbation is missing or unknown, or a number is out of its range.

    Examples
    --------
    >>> mt5d(dict.fromkeys(alexnet.FLIP_PROBABILITIES, 4.0)).fn(
    ...     [({"perturbation": "tilt"}, 3.0), ({"perturbation": "scale"}, 1.0)]
    ... )
    0.5
    """
    known = alexnet.FLIP_PROBABILITIES
    if odd := sorted(known.keys() ^ denominators.keys()):
        raise ValueError(
            f"`denominators` must be of the perturbations {', '.join(known)}, and "
            f"{'lack' if odd[0] in known else 'have'} {odd[0]}"
        )
    for perturbation, value in denominators.items():
        if not 0 < value <= 18:
            raise ValueError(
                f"`denominators` must be in (0, 18], got {value} for {perturbation}"
            )
    return Aggregate(
        name=name,
        over=("perturbation",),
        of=_IMAGENET_P,
        metric="top_5_distance",
        fn=alexnet.over(dict(denominators)),
        source=f"{_HENDRYCKS}.2: mT5D, by denominators that were given",
    )
