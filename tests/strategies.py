"""Hypothesis strategies that several folders of tests share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from harness.arrays import softmax
from harness.metrics.ask import Ask, Input

# Ordinary logits, ties among whole numbers, and logits that overflow a naive softmax.
LOGIT = st.one_of(
    st.floats(-40, 40), st.integers(-2, 2).map(float), st.sampled_from((-1e4, 0.0, 1e4))
)
FEATURE = st.one_of(st.floats(-10, 10), st.integers(-2, 2).map(float))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One model, its peers, its target images and its labelled source images.

    Everything else that a metric can ask for follows from these arrays.
    """

    logits: np.ndarray  # (n, k)
    view_logits: np.ndarray  # (v, n, k)
    head_logits: np.ndarray  # (t, n, t)
    features: np.ndarray  # (n, d)
    labels: np.ndarray  # (n,)
    source_logits: np.ndarray  # (s, k)
    source_features: np.ndarray  # (s, d)
    source_labels: np.ndarray  # (s,)
    peer_predicted: np.ndarray  # (m, n)
    source_peer_predicted: np.ndarray  # (m, s)

    def arrays(self, inputs: tuple[Ask, ...]) -> list[np.ndarray]:
        """The positional arguments of a metric with these inputs."""
        derived = {
            Input.PROBS: softmax(self.logits),
            Input.VIEW_PROBS: softmax(self.view_logits),
            Input.COPY_PROBS: softmax(self.view_logits),
            Input.PREDICTED: self.logits.argmax(axis=1),
            Input.COPY_PREDICTED: self.view_logits.argmax(axis=2),
            Input.COPY_FEATURES: self.view_logits,
            Input.SOURCE_PROBS: softmax(self.source_logits),
            Input.SOURCE_PREDICTED: self.source_logits.argmax(axis=1),
            Input.TRAIN_FEATURES: self.source_features,
            Input.TRAIN_LABELS: self.source_labels,
        }
        return [derived[i] if i in derived else getattr(self, str(i)) for i in inputs]

    def untied(self) -> World:
        """The same with every row's predicted class ahead by one at least."""

        def ahead(logits: np.ndarray) -> np.ndarray:
            top = np.arange(logits.shape[-1]) == logits.argmax(axis=-1)[..., None]
            return unlike_probabilities(logits + top)

        return replace(
            self,
            logits=ahead(self.logits),
            view_logits=ahead(self.view_logits),
            source_logits=ahead(self.source_logits),
        )

    def take(self, images: np.ndarray) -> World:
        """Other target images, by index."""
        return replace(
            self,
            logits=self.logits[images],
            view_logits=self.view_logits[:, images],
            head_logits=self.head_logits[:, images],
            features=self.features[images],
            labels=self.labels[images],
            peer_predicted=self.peer_predicted[:, images],
        )

    def with_bank(self, times: int) -> World:
        """Source images so many times, and target images of their classes alone."""
        known = self.source_labels
        return replace(
            self,
            source_features=np.repeat(self.source_features, times, axis=0),
            source_labels=np.repeat(known, times),
            labels=known[self.labels % len(known)],
        )

    def rename_classes(self, order: np.ndarray) -> World:
        """Class ``order[j]`` becomes class j, everywhere."""
        new = np.argsort(order)
        return replace(
            self,
            logits=self.logits[:, order],
            view_logits=self.view_logits[..., order],
            source_logits=self.source_logits[:, order],
            labels=new[self.labels],
            source_labels=new[self.source_labels],
            peer_predicted=new[self.peer_predicted],
            source_peer_predicted=new[self.source_peer_predicted],
        )

    def shift_logits(self, amounts: np.ndarray) -> World:
        """Add a constant to each image's logits; one amount per target image."""
        return replace(
            self, logits=unlike_probabilities(self.logits + amounts[:, None])
        )


def unlike_probabilities(logits: np.ndarray) -> np.ndarray:
    """Another constant on rows that metrics would refuse as probabilities."""
    sums = logits.sum(axis=-1)
    near = (np.abs(sums - 1) < 1) | (np.abs(sums - 100) < 60)
    alike = (logits.min(axis=-1) >= 0) & near
    return np.where(alike[..., None], logits - 40.0, logits)


@st.composite
def worlds(draw: st.DrawFn, *, max_n: int = 7, max_k: int = 4) -> World:
    """Small worlds, down to one image; one-hot, uniform and tied rows among them."""
    n, s = draw(st.integers(1, max_n)), draw(st.integers(1, max_n))
    k, d = draw(st.integers(2, max_k)), draw(st.integers(1, 3))
    v, m = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    t = draw(st.integers(2, 4))

    def floats(shape: tuple[int, ...], elements: st.SearchStrategy[float]):
        return draw(nps.arrays(np.float64, shape, elements=elements))

    def classes(shape: tuple[int, ...]):
        return draw(nps.arrays(np.int64, shape, elements=st.integers(0, k - 1)))

    return World(
        logits=unlike_probabilities(floats((n, k), LOGIT)),
        view_logits=floats((v, n, k), LOGIT),
        head_logits=floats((t, n, t), LOGIT),
        features=floats((n, d), FEATURE),
        labels=classes((n,)),
        source_logits=unlike_probabilities(floats((s, k), LOGIT)),
        source_features=floats((s, d), FEATURE),
        source_labels=classes((s,)),
        peer_predicted=classes((m, n)),
        source_peer_predicted=classes((m, s)),
    )


def simulated_world(
    quality: float, *, n: int = 400, k: int = 5, seed: int = 0
) -> World:
    """A world whose source is good and whose target is as good as `quality` in [0, 1].

    With 1 the target is drawn like the source; towards 0 the evidence for the true
    class fades in logits, views, features and peers alike, and the model drifts towards
    class 0. The peers are of different strength.
    """
    rng = np.random.default_rng(seed)

    def images(strength: float) -> tuple[np.ndarray, ...]:
        labels = np.arange(n) % k
        evidence = strength * np.eye(k)[labels]
        logits = 3 * evidence + rng.normal(size=(n, k))
        logits[:, 0] += 2 * (1 - strength)
        views = 5 * evidence + rng.normal(size=(3, n, k))
        features = 4 * evidence + 0.5 * rng.normal(size=(n, k))
        peers = [c * evidence + rng.normal(size=(n, k)) for c in (2.5, 3.0, 3.5, 4.0)]
        return labels, logits, views, features, np.argmax(peers, axis=-1)

    labels, logits, views, features, peers = images(quality)
    # A generator of its own, so that the other arrays are what they were before.
    noise = np.random.default_rng((seed, 1)).normal(size=(4, n, 4))
    head = 3 * quality * np.eye(4)[:, None] + noise
    source_labels, source_logits, _, source_features, source_peers = images(1.0)
    return World(
        logits=logits,
        view_logits=views,
        head_logits=head,
        features=features,
        labels=labels,
        source_logits=source_logits,
        source_features=source_features,
        source_labels=source_labels,
        peer_predicted=peers,
        source_peer_predicted=source_peers,
    )
