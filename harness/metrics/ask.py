"""Ask: one array that a measure takes, in words that any fixture or file can answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_KNOWN = {
    "what": ("logits", "probs", "predicted", "features", "labels", "record"),
    "of": ("target", "source", "train"),
    "whose": ("subject", "others"),
    "view": ("", "views", "copies", "task"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One positional argument of a measure; letters as in `harness.metrics`.

    Equal asks are one array: a forward pass serves all of one network, dataset and
    view, whatever layers they are of.

    Attributes
    ----------
    what
        "logits" (n, k), "probs" (n, k) their softmax, "predicted" (n,) classes,
        "features" (n, d), "labels" (n,); or "record" (r, e, n), the classes that r
        networks of a population predicted after each of e epochs.
    of
        Which images: the "target" dataset; "source", the base's labelled test split;
        "train", its training split.
    whose
        The network's under test, "subject", or one array of the "others", (m, n).
    view
        How the images are shown: as they are; under the "views" of the test or of a
        pretext task, (v, n, ...), or as random "copies", (v, n, ...). Of the "task"
        itself the logits are those of its head, (t, n, t), under each of its views.
    layer
        Where features are taken; see `harness.models.layers`.

    Raises
    ------
    ValueError
        If a word is unknown, or the words together mean no array.

    Examples
    --------
    >>> Ask("features", of="train", layer="stage2")
    Ask(what='features', of='train', whose='subject', view='', layer='stage2')
    >>> str(Ask("probs", of="source")), str(Ask("features", layer="stage2"))
    ('source_probs', 'features of stage2')
    """

    what: str
    of: str = "target"
    whose: str = "subject"
    view: str = ""
    layer: str = "head"

    def __post_init__(self) -> None:
        for name, words in _KNOWN.items():
            if (said := getattr(self, name)) not in words:
                raise ValueError(
                    f"`{name}` of an ask must be one of {', '.join(map(repr, words))}, "
                    f"got {said!r}"
                )
        rules = (
            (self.layer != "head" and self.what != "features", "features have layers"),
            (self.whose == "others" and self.what != "predicted", "others predict"),
            (self.view and self.whose == "others", "others see images as they are"),
            (self.view and self.what in ("labels", "record"), "answers have views"),
            (self.view == "task" and self.what != "logits", "a task's head has logits"),
            (self.view in ("copies", "task") and self.of != "target", "of the target"),
        )
        for broken, rule in rules:
            if broken:
                raise ValueError(f"{self._told()} is no array that can be had: {rule}")

    @property
    def one_pass(self) -> bool:
        """Whether one pass of the network over the target gives it, or its labels."""
        return (self.of, self.whose, self.view) == ("target", "subject", "") and (
            self.what != "record"
        )

    @property
    def of_base(self) -> bool:
        """Whether one pass of the network over a split of the base gives it."""
        return self.of != "target" and (self.whose, self.view) == ("subject", "")

    def __str__(self) -> str:
        """The word for it, or what it is made of."""
        return _WORD_OF.get(self) or self._told()

    def _told(self) -> str:
        layer = f" of {self.layer}" if self.layer != "head" else ""
        whose = "others' " if self.whose == "others" else ""
        of = f"{self.of} " if self.of != "target" else ""
        view = f" under {self.view}" if self.view else ""
        return f"{whose}{of}{self.what}{layer}{view}"


class Input:
    """Words for what most measures ask for."""

    LOGITS = Ask("logits")  # (n, k) of the target, identity view
    PROBS = Ask("probs")  # (n, k) softmax of those
    VIEW_PROBS = Ask("probs", view="views")  # (v, n, k), a matrix a non-identity view
    COPY_PROBS = Ask("probs", view="copies")  # (v, n, k) on random copies
    PREDICTED = Ask("predicted")  # (n,) predicted classes
    COPY_PREDICTED = Ask("predicted", view="copies")  # (v, n) on random copies
    COPY_FEATURES = Ask("features", view="copies")  # (v, n, d) on random copies
    HEAD_LOGITS = Ask("logits", view="task")  # (t, n, t) of a pretext head
    FEATURES = Ask("features")  # (n, d) what enters the head
    LABELS = Ask("labels")  # (n,) of the target: what makes an outcome of a metric
    SOURCE_LOGITS = Ask("logits", of="source")  # (s, k) on the labelled source set
    SOURCE_PROBS = Ask("probs", of="source")  # (s, k)
    SOURCE_LABELS = Ask("labels", of="source")  # (s,)
    TRAIN_FEATURES = Ask("features", of="train")  # (m, d) on the training split
    TRAIN_LABELS = Ask("labels", of="train")  # (m,)
    SOURCE_FEATURES = Ask("features", of="source")  # (s, d)
    SOURCE_PREDICTED = Ask("predicted", of="source")  # (s,) predicted classes
    PEER_PREDICTED = Ask("predicted", whose="others")  # (m, n) of the other models
    # (m, s), the same models in order
    SOURCE_PEER_PREDICTED = Ask("predicted", of="source", whose="others")


#: Every word of `Input`, in small letters.
WORDS: dict[str, Ask] = {
    name.lower(): ask for name, ask in vars(Input).items() if isinstance(ask, Ask)
}
_WORD_OF = {ask: word for word, ask in WORDS.items()}


def checked_asks(asked: Iterable[Ask | str]) -> tuple[Ask, ...]:
    """What a measure declares, where words stand for asks too.

    Raises
    ------
    TypeError
        If one is neither.

    Examples
    --------
    >>> checked_asks(["probs", Ask("labels", of="source")]) == (
    ...     Input.PROBS, Input.SOURCE_LABELS
    ... )
    True
    """
    found = []
    for one in asked:
        ask = WORDS.get(one) if isinstance(one, str) else one
        if not isinstance(ask, Ask):
            raise TypeError(
                f"an input must be an Ask or one of {', '.join(WORDS)}, got {one!r}"
            )
        found.append(ask)
    return tuple(found)
