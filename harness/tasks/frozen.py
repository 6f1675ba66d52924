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
    """

    value: float
    low: float
    high: float
    chance: float


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
    """

    task: FrozenTask
    encode: Encode
    setting: Setting
    answerer: Answerer

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
        return Score(value=value, low=low, high=high, chance=self.task.chance)


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
        """Accuracy or R² with its interval; see `better`."""
        said = self.answer(self.scale.whole(asked.features))
        if self.centre is None:
            wrong = (said != asked.answers).astype(np.float64)
            return better(wrong, np.ones(len(wrong)), asked.images)
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


def better(
    errors: NDArray[np.float64], around: NDArray[np.float64], images: NDArray[np.int64]
) -> tuple[float, float, float]:
    """1 less the sum of errors in parts of another sum, and its 95 % interval.

    With the squared errors around the training images' mean it is R², in which answers
    that vary most count most; with ones it is accuracy. The interval is Student's, for
    a ratio of means over images (delta method).

    Parameters
    ----------
    errors, around
        (m,) one of each question.
    images
        (m,) the image that it is about: questions about one are not independent.

    Raises
    ------
    UndefinedMetricError
        If all answers are the mean of the training images', or of fewer than two
        images.

    Examples
    --------
    >>> wrong, about = np.array([0.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1])
    >>> better(wrong, np.ones(4), about)[0]
    0.75
    """
    from scipy.stats import t

    _, number = np.unique(images, return_inverse=True)
    n = int(number.max()) + 1
    a, b = (np.bincount(number, part, n) for part in (errors, around))
    if n < 2 or b.sum() == 0:
        raise UndefinedMetricError(
            "answers must be about two images at least and differ from their mean over "
            f"the training images; {n} were asked about"
        )
    ratio = float(a.sum() / b.sum())
    apart = (a - ratio * b) / b.mean()
    reach = float(t.ppf(0.975, n - 1) * apart.std(ddof=1) / np.sqrt(n))
    return 1 - ratio, 1 - ratio - reach, 1 - ratio + reach


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
