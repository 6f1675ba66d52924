"""Ask: words for arrays, and what together means none."""

import itertools

import pytest

from harness.metrics import Ask, Input, Kind, Metric, Trend
from harness.metrics.ask import WORDS

# As metrics of earlier releases have them.
FOURTEEN = (
    *("logits", "probs", "view_probs", "predicted", "head_logits", "features"),
    *("labels", "source_logits", "source_probs", "source_labels"),
    *("source_features", "source_predicted", "peer_predicted"),
    "source_peer_predicted",
)


def metric(*inputs):
    """A metric of these inputs."""
    return Metric(
        fn=lambda *arrays: 0.0,
        inputs=inputs,
        bounds=(0, 1),
        trend=Trend.NONE,
        source="here",
        kind=Kind.SCORE,
    )


def test_every_word_of_before_is_an_ask_of_its_own():
    """As an attribute and as text, and told apart from the others."""
    asks = [getattr(Input, word.upper()) for word in FOURTEEN]

    assert len(set(asks)) == 14
    assert [WORDS[word] for word in FOURTEEN] == asks
    assert [str(ask) for ask in asks] == list(FOURTEEN)
    assert metric(*FOURTEEN).inputs == tuple(asks)


def test_equal_asks_are_one():
    """Whether they are written out or named."""
    assert Ask("probs", of="source") == Input.SOURCE_PROBS
    assert len({Ask("features", layer="head"), Input.FEATURES}) == 1


@pytest.mark.parametrize(
    ("ask", "label_free"),
    [
        (Input.SOURCE_LABELS, True),
        (Ask("labels", of="train"), True),
        (Input.LABELS, False),
    ],
)
def test_labels_of_the_target_alone_make_an_outcome(ask, label_free):
    """Whatever else it asks for."""
    assert metric(Input.PROBS, ask).label_free is label_free


def test_confidence_is_used_wherever_probabilities_are_asked_for():
    """Of any images, under any view."""
    assert metric(Ask("probs", of="train")).uses_confidence
    assert metric(Input.COPY_PROBS).uses_confidence
    assert not metric(Input.LOGITS, Input.FEATURES).uses_confidence


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"what": "pixels"}, "`what` of an ask must be one of 'logits'"),
        ({"what": "logits", "of": "test"}, "`of` of an ask .* got 'test'"),
        ({"what": "logits", "layer": "stage1"}, "features have layers"),
        ({"what": "features", "whose": "others"}, "others predict"),
        ({"what": "labels", "view": "views"}, "answers have views"),
        ({"what": "probs", "view": "task"}, "a task's head has logits"),
        ({"what": "probs", "view": "copies", "of": "train"}, "of the target"),
    ],
)
def test_words_that_mean_no_array_are_refused(facts, message):
    with pytest.raises(ValueError, match=message):
        Ask(**facts)


def test_an_input_that_is_no_ask_is_refused_by_name():
    with pytest.raises(TypeError, match=r"an Ask or one of logits, .* 'pixels'"):
        metric("pixels")


def test_no_two_asks_are_told_alike():
    """Messages and keys name each by what it is."""
    told = {}
    words = (
        ("logits", "probs", "predicted", "features", "labels", "record"),
        ("target", "source", "train"),
        ("subject", "others"),
        ("", "views", "copies", "task"),
        ("head", "stage1"),
    )
    for what, of, whose, view, layer in itertools.product(*words):
        try:
            ask = Ask(what, of, whose, view, layer)
        except ValueError:
            continue
        assert told.setdefault(str(ask), ask) == ask
    assert len(told) > 30
