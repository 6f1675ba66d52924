"""The head-only projection norm: scikit-learn, and what must not matter."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from harness.errors import UndefinedMetricError
from harness.metrics.label_free.projection_norm import projection_norm
from harness.metrics.numerics.minimum import minimum
from tests.strategies import simulated_world


def arrays(quality: float):
    world = simulated_world(quality, n=150)
    predicted = world.logits.argmax(axis=1)
    return world.features, predicted, world.source_features, world.source_labels


def test_heads_are_those_of_scikit_learn():
    features, predicted, source, labels = arrays(0.5)
    scale = np.sqrt((source**2).sum(axis=1).mean())
    ridge = 0.01

    def head(rows: np.ndarray, classes: np.ndarray) -> np.ndarray:
        # A column of ones in place of an intercept, which scikit-learn does not shrink.
        inputs = np.hstack([rows / scale, np.ones((len(rows), 1))])
        strength = 1 / (ridge * len(rows))
        fit = LogisticRegression(
            C=strength, fit_intercept=False, tol=1e-10, max_iter=5000
        )
        return fit.fit(inputs, classes).coef_

    expected = np.linalg.norm(head(features, predicted) - head(source, labels))
    found = projection_norm(features, predicted, source, labels, ridge=ridge)
    assert found == pytest.approx(expected, rel=1e-4)


def test_order_scale_repetition_and_names_do_not_matter():
    features, predicted, source, labels = arrays(0.5)
    found = projection_norm(features, predicted, source, labels)
    order = np.random.default_rng(0).permutation(len(features))
    names = np.array([3, 1, 0, 4, 2])
    for other in (
        (features[order], predicted[order], source, labels),
        (10 * features, predicted, 10 * source, labels),
        (np.tile(features, (2, 1)), np.tile(predicted, 2), source, labels),
        (features, names[predicted], source, names[labels]),
    ):
        assert projection_norm(*other) == pytest.approx(found, rel=1e-4)


def test_it_is_zero_where_nothing_but_the_order_has_changed():
    _, _, source, labels = arrays(0.5)
    order = np.random.default_rng(0).permutation(len(source))
    found = projection_norm(source[order], labels[order], source, labels)
    assert found == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("pays", [True, False])
@pytest.mark.parametrize("width", [20, 149, 150, 400])
def test_more_features_than_images_change_nothing(width, pays, monkeypatch):
    """The head lies in what the images span, wherever it is looked for."""
    way = "harness.metrics.label_free.projection_norm._basis_pays"
    ridge = 0.011 if pays else 0.012  # heads that are remembered are of another ridge
    features, predicted, source, labels = arrays(0.5)
    wider = np.zeros((features.shape[1], width))
    wider[:, : features.shape[1]] = np.eye(features.shape[1])
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(width, width)))[0]
    expected = projection_norm(features, predicted, source, labels, ridge=ridge)
    monkeypatch.setattr(way, lambda m, k: pays)
    found = projection_norm(
        features @ wider @ turn, predicted, source @ wider @ turn, labels, ridge=ridge
    )
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_head_of_the_source_is_trained_once(monkeypatch):
    features, predicted, source, labels = arrays(0.4)
    calls = []

    def counted(*arguments, **options):
        calls.append(1)
        return minimum(*arguments, **options)

    monkeypatch.setattr("harness.metrics.label_free.projection_norm.minimum", counted)
    for scale in (1.0, 0.9, 0.8):
        projection_norm(scale * features, predicted, source, labels, ridge=0.017)
    assert len(calls) == 1 + 3


def test_it_refuses_what_it_cannot_scale():
    features, predicted, source, labels = arrays(0.5)
    with pytest.raises(UndefinedMetricError, match="not all 0"):
        projection_norm(features, predicted, 0 * source, labels)
    with pytest.raises(ValueError, match=r"`ridge` must be positive .* got 0\.0"):
        projection_norm(features, predicted, source, labels, ridge=0.0)
