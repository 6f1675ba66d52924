"""Frozen tasks: what the features of a network that learns no more know of an image.

A head on frozen features is trained on training images to answer what needs no label,
and is judged on other images. A score says little by itself: beside it belong chance,
the same head on the same network with random weights (`twins`), and a head on what
gives the answer away without any content, where there is such a thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import UndefinedMetricError
from harness.metrics.numerics.checks import check_features
from harness.metrics.numerics.uncertainty import mean_interval, sampling_interval
from harness.metrics.representation.logistic_probe import regression
from harness.metrics.representation.standardised import Scale

if TYPE_CHECKING:
    from harness.tasks.task import Task

Pixels = NDArray[np.uint8]
#: (m, h, w, c) images of one size to (m, d) features.
Encode = Callable[[Pixels], NDArray[np.float64]]

C = 0.01  # of logistic regression, on features of deviation 1
PENALTY = 100.0  # of ridge regression, on such features


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """What a head sees, and what it has to say.

    Attributes
    ----------
    features
        (m, d) float64.
    answers
        (m,) int64 classes, or (m, q) float64 numbers.
    images
        (m,) the number of the image that each question is about.
    """

    features: NDArray[np.float64]
    answers: NDArray[Any]
    images: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How well a head answers, with the 95 % interval over images of that head.

    Attributes
    ----------
    value
        Accuracy in [0, 1], or R², at most 1.
    low, high
        The ends of the interval.
    chance
        Score of a head that knows nothing.
    learnt_from, judged_on
        How many images the head was trained on, and has answered on.
    """

    value: float
    low: float
    high: float
    chance: float
    learnt_from: int
    judged_on: int

    @property
    def facts(self) -> dict[str, str]:
        """What is kept with the number: fewer images than asked for may exist."""
        return {
            "images_learnt_from": str(self.learnt_from),
            "images_judged_on": str(self.judged_on),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a task knows of the training images, and what draws.

    Attributes
    ----------
    mean_colour
        (c,) float64 in 0..255, of all pixels of the training images.
    seed
        Of what a task draws.
    """

    mean_colour: tuple[float, ...]
    seed: int = 0

    @classmethod
    def of(cls, train: Pixels, seed: int = 0) -> Setting:
        """Of training images."""
        mean = train.mean(axis=(0, 1, 2), dtype=np.float64)
        return cls(mean_colour=tuple(map(float, mean)), seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenTask:
    """A task for heads on frozen features.

    Attributes
    ----------
    name
        A word.
    ask
        From (n, h, w, c) images, what encodes them, and the setting: questions.
    chance
        Score of a head that knows nothing.
    leak, leaked
        What gives the answer away without content, as (m, d) numbers of what is shown;
        and what that is called.
    source
        Where the task comes from.
    """

    name: str
    ask: Callable[[Pixels, Encode, Setting], Asked]
    chance: float
    leak: Encode
    leaked: str
    source: str

    def head(self, train: Pixels, encode: Encode, *, seed: int = 0) -> FrozenHead:
        """A head that is trained on training images.

        Parameters
        ----------
        train
            (n, h, w, c) images.
        encode
            The frozen network, or `leak`.
        seed
            Of what the task draws.

        Raises
        ------
        UndefinedMetricError
            If the images cannot be shown so.
        """
        setting = Setting.of(train, seed)
        return FrozenHead(
            task=self,
            encode=encode,
            setting=setting,
            answerer=fitted(self.questions(train, encode, setting)),
            learnt_from=len(train),
        )

    def questions(self, pixels: Pixels, encode: Encode, setting: Setting) -> Asked:
        """What is asked of images.

        Raises
        ------
        UndefinedMetricError
            If they cannot be shown so.
        ValueError
            If features of them are not finite.
        """
        try:
            asked = self.ask(pixels, encode, setting)
        except ValueError as error:
            raise UndefinedMetricError(str(error)) from error
        check_features(asked.features)
        return asked

    def score(
        self, train: Pixels, test: Pixels, encode: Encode, *, seed: int = 0
    ) -> Score:
        """How well a head that is trained on some images answers on others."""
        return self.head(train, encode, seed=seed).score(test)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrozenHead:
    """A trained head, with the network that it is on.

    Attributes
    ----------
    task, encode, setting
        What it answers, on which features, shown how.
    answerer
        From features to answers.
    learnt_from
        How many images it was trained on.
    """

    task: FrozenTask
    encode: Encode
    setting: Setting
    answerer: Answerer
    learnt_from: int

    def score(self, pixels: Pixels) -> Score:
        """How well it answers on (n, h, w, c) images.

        Accuracy where classes are asked for; else R², of which 0 is the mean of the
        training images' answers.

        Raises
        ------
        UndefinedMetricError
            If the images cannot be shown so, or all answers are the mean.
        """
        asked = self.task.questions(pixels, self.encode, self.setting)
        value, low, high = self.answerer.score(asked)
        return Score(
            value=value,
            low=low,
            high=high,
            chance=self.task.chance,
            learnt_from=self.learnt_from,
            judged_on=len(pixels),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answerer:
    """A linear function of standardised features.

    Attributes
    ----------
    scale
        Of the training images' features.
    answer
        From standardised features to classes, or to numbers.
    centre
        (q,) mean of the training images' numbers; None where classes are asked for.
    """

    scale: Scale
    answer: Callable[[NDArray[np.float64]], NDArray[Any]]
    centre: NDArray[np.float64] | None

    def score(self, asked: Asked) -> tuple[float, float, float]:
        """Accuracy or R² with its interval; see `right_share` and `better`."""
        said = self.answer(self.scale.whole(asked.features))
        if self.centre is None:
            return right_share(said == asked.answers, asked.images)
        errors = ((asked.answers - said) ** 2).sum(axis=1)
        around = ((asked.answers - self.centre) ** 2).sum(axis=1)
        return better(errors, around, asked.images)


def fitted(train: Asked, *, c: float = C, penalty: float = PENALTY) -> Answerer:
    """A head that is trained on some questions.

    Features are brought to mean 0 and deviation 1. Classes are told by logistic
    regression, numbers by ridge regression of centred answers.

    Parameters
    ----------
    train
        Questions, of whose features those that are all equal count for nothing.
    c, penalty
        Inverse strength of logistic regression's penalty, and strength of ridge's.

    Raises
    ------
    UndefinedMetricError
        If one class alone is asked for, or logistic regression does not end.
    """
    scale = Scale.of(train.features)
    x = scale.whole(train.features)
    if train.answers.ndim == 1:
        return Answerer(
            scale=scale, answer=regression(x, train.answers, strength=c), centre=None
        )
    centre = train.answers.mean(axis=0)
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, x.T @ (train.answers - centre))

    def answer(features: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(features @ weight + centre)

    return Answerer(scale=scale, answer=answer, centre=centre)


def right_share(
    right: NDArray[np.bool_], images: NDArray[np.int64]
) -> tuple[float, float, float]:
    r"""The share of questions that are answered right, and its 95 % interval.

    Questions about one image are not independent, so it is Wilson's at their effective
    number

    .. math:: n^* = \frac{p (1 - p)}{v}

    where v is the variance of the share p over images (delta method). It is held
    between the numbers of images and of questions; where v is 0 because all are right,
    or all wrong, it is the number of images.

    Parameters
    ----------
    right
        (m,) whether each question is answered right.
    images
        (m,) the image that it is about.

    Raises
    ------
    UndefinedMetricError
        If they are about fewer than two images.

    References
    ----------
    Franco, Little, Louis and Slud, "Comparative study of confidence intervals for
    proportions in complex sample surveys", Journal of Survey Statistics and Methodology
    7, 2019.

    Examples
    --------
    >>> about = np.array([0, 0, 1, 1])
    >>> value, low, high = right_share(np.array([True, False, True, True]), about)
    >>> value, 0 < low < value < high < 1
    (0.75, True)
    >>> round(right_share(np.array([True] * 4), about)[1], 4)  # of two images
    0.3424
    """
    a, b = _by_image(images, right.astype(np.float64), np.ones(len(right)))
    n, m = len(b), len(right)
    share = float(right.mean())
    variance = float(((a - share * b) / b.mean()).var(ddof=1)) / n
    effective = float(n)
    if 0 < share < 1:
        known = share * (1 - share)
        effective = known / variance if variance * m > known else m
    low, high = sampling_interval(share, max(effective, n))
    return share, float(low), float(high)


def better(
    errors: NDArray[np.float64], around: NDArray[np.float64], images: NDArray[np.int64]
) -> tuple[float, float, float]:
    """1 less the sum of errors in parts of another sum, and its 95 % interval.

    With the squared errors around the training images' mean it is R², in which answers
    that vary most count most. The interval is Student's, for a ratio of means over
    images (delta method), and ends at 1.

    Parameters
    ----------
    errors, around
        (m,) one of each question, from 0.
    images
        (m,) the image that it is about: questions about one are not independent.

    Raises
    ------
    UndefinedMetricError
        If all answers are the mean of the training images', or of fewer than two
        images.

    Examples
    --------
    >>> errors, about = np.array([0.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1])
    >>> better(errors, np.ones(4), about)[0]
    0.75
    """
    a, b = _by_image(images, errors, around)
    if b.sum() == 0:
        raise UndefinedMetricError(
            "answers must differ from their mean over the training images; all of "
            f"{len(b)} images are that"
        )
    ratio = float(a.sum() / b.sum())
    reach = (a - ratio * b) / b.mean()
    low, high = mean_interval(1 - ratio - reach, bounds=(-np.inf, 1.0))
    return 1 - ratio, low, max(high, 1 - ratio)


def _by_image(
    images: NDArray[np.int64], *parts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """(n,) sums over the questions about each image."""
    _, number = np.unique(images, return_inverse=True)
    n = int(number.max()) + 1
    if n < 2:
        raise UndefinedMetricError(
            f"questions must be about two images at least; {n} was asked about"
        )
    sums = (np.bincount(number, part, n) for part in parts)
    return tuple(np.asarray(one, dtype=np.float64) for one in sums)


def ask_views(pixels: Pixels, encode: Encode, task: Task) -> Asked:
    """Which of a task's views an image is under; every image under every view."""
    import torch

    images = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
    shown = [view(images).permute(0, 2, 3, 1).numpy() for view in task.views]
    features = [encode(np.ascontiguousarray(one)) for one in shown]
    labels = np.repeat(np.arange(task.classes), len(pixels))
    return Asked(
        features=np.concatenate(features),
        answers=labels,
        images=np.tile(np.arange(len(pixels)), task.classes),
    )
