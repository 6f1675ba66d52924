"""Measurement: the record of one cell, able to cross a process border."""

import hashlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple, Self

from harness.traits import Trait, is_test_split

# Texts that very many measurements have in common: each is kept once.
_SHARED = ("metric", "model", "dataset", "family", "test")
_LARGEST = sys.float_info.max
#: Numbers, words, the head; by size; by what stands between digits, and digits.
Rank = tuple[int, float, tuple[str | int, ...]]
_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False)


class Axes(tuple[tuple[str, str], ...]):
    """Names and values of what a metric was varied along; as text ``k=5,layer=fc``."""

    __slots__ = ()

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Self:
        """From values by name, in the one order that equal axes have: by name."""
        return cls(sorted(values.items()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`; values hold no comma: see `axis_text`.

        Raises
        ------
        ValueError
            If a part is not NAME=VALUE.
        """
        parts = [part.partition("=") for part in text.split(",") if text]
        if not all(name.isidentifier() and equals for name, equals, _ in parts):
            raise ValueError(f"axes must be written NAME=VALUE,..., got {text!r}")
        return cls.of({name: value for name, _, value in parts})

    def __str__(self) -> str:
        """Without brackets: what stands in those of a label or a gate."""
        return ",".join(f"{name}={value}" for name, value in self)

    @property
    def order(self) -> tuple[tuple[str, Rank], ...]:
        """A key to sort by: by name, then by value as `rank` has it."""
        return tuple((name, rank(value)) for name, value in self)


def rank(value: str) -> Rank:
    """Where a value of an axis stands: numbers by their size, then words.

    Digits in words count as numbers, so stage9 is before stage10; the head of a network
    is after all its other layers.

    Examples
    --------
    >>> sorted(["head", "stage10", "20", "stage9", "conv", "5"], key=rank)
    ['5', '20', 'conv', 'stage9', 'stage10', 'head']
    """
    if (number := number_of(value)) is not None:
        return 0, number, (value,)
    parts = re.split(r"([0-9]+)", value)
    words = tuple(int(part) if i % 2 else part for i, part in enumerate(parts))
    return (2 if value == "head" else 1), 0.0, words


def number_of(text: str) -> float | None:
    """The finite number that a text is, if it is one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def axis_text(value: object) -> str:
    """What an axis' value is called: on one line, bounded, and fit for brackets.

    A longer one ends in a digest of the whole, so that two stay two.

    Examples
    --------
    >>> axis_text(0.5), axis_text("a[0],  b")
    ('0.5', 'a(0); b')
    """
    whole = str(value)
    plain = "".join(c if c.isprintable() else " " for c in whole)
    plain = " ".join(plain.translate(_FIT).split())
    if len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain[: _LONGEST - 9]}~{digest}"


_LONGEST = 48
_FIT = str.maketrans({"[": "(", "]": ")", ",": ";"})


NO_AXES = Axes()  # most measurements share it


class Named:
    """Base of what belongs to one metric along some axes: one name for people."""

    __slots__ = ()
    metric: str
    axes: Axes

    @property
    def label(self) -> str:
        """The metric's name, with its axes in brackets where it has any."""
        return label_of(self.metric, self.axes)

    @property
    def series(self) -> tuple[str, Axes]:
        """What rows, fits and gates are joined by."""
        return self.metric, self.axes

    @property
    def order(self) -> tuple[Any, ...]:
        """What they are sorted by: numbers along an axis by their size."""
        return self.metric, self.axes.order


def label_of(metric: str, axes: Axes) -> str:
    """The name of a metric along axes.

    Examples
    --------
    >>> label_of("knn", Axes.of({"layer": "fc", "k": "5"})), label_of("knn", Axes())
    ('knn[k=5,layer=fc]', 'knn')
    """
    return f"{metric}[{axes}]" if axes else metric


def in_order(series: Iterable[tuple[str, Axes]]) -> list[tuple[str, Axes]]:
    """Metrics and axes in the order of reports."""
    return sorted(series, key=lambda one: (one[0], one[1].order))


class Place(NamedTuple):
    """Where a number belongs: what it is of, and on what.

    Attributes
    ----------
    subject
        The model, or the population of networks.
    dataset, family
        What it was measured on. Both are empty for a number of the subject alone, as
        one read from a log of its training, and the dataset for one of a whole family.
    axes
        What else tells it from other numbers of the same metric.
    """

    subject: str
    dataset: str = ""
    family: str = ""
    axes: Axes = NO_AXES

    @property
    def on(self) -> str:
        """The dataset, or the family, or nothing."""
        return self.dataset or self.family


class Domain(StrEnum):
    """Where a dataset comes from, as far as the fits are concerned."""

    INTERIOR = "interior"
    EXTERIOR = "exterior"
    TARGET = "target"
    NONE = ""  # of a number of a model alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement(Named):
    """One metric of one model on one dataset; or on a family; or of the model alone.

    Attributes
    ----------
    metric, model, dataset
        The cell. Names are for people; `key` is the cell's identity. The model may be a
        population; without a dataset the number is of the family, or of the model.
    family, domain
        The dataset's family, and how the fits use it: only what has a dataset.
    value
        The metric's value, a finite float in the metric's own unit.
    accuracy
        Top-1 accuracy of the model on the dataset in [0, 1]; None without labels.
    images
        Number of images measured.
    traits
        Facts of the dataset by name: its corruption and severity, its split.
    seconds
        What the cell cost beyond the forward passes it shares with others.
    key
        sha256 over weights, data, test, source and settings; see `harness.store`.
    version
        Digest of the metric's source, for metrics that declare one; else empty.
    test
        Node id of the test without its parameters.
    parameters
        The options of the metric's function, as recorded.
    estimate
        The value is itself an estimate of accuracy, not only correlated with it.
    facts
        What ran where: device, precision, digests of weights and data; the chance
        level of a metric that has one; the temperature of calibrated confidences;
        signs that assumptions fail, which the report gathers.
    axes
        What else tells this value from others of the metric: parameters of the test,
        and keywords of `record`.
    label_free
        No label of the dataset's images was looked at for it. What is not so is
        reported, and never fitted, ranked or predicted with.
    interval
        How far the value would move with other images, at 95 %; None where that is not
        known.
    outcome
        What is fitted in place of accuracy, where the run chose it: see
        ``facts["outcome"]``; None where it has no value here, and by default.
    """

    metric: str
    model: str
    dataset: str
    family: str
    domain: Domain
    value: float
    accuracy: float | None
    images: int
    seconds: float
    key: str
    version: str = ""
    test: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    estimate: bool = False
    facts: dict[str, str] = field(default_factory=dict)
    traits: dict[str, Trait] = field(default_factory=dict)
    axes: Axes = NO_AXES
    label_free: bool = True
    interval: tuple[float, float] | None = None
    outcome: float | None = None

    @property
    def place(self) -> Place:
        """Where it belongs."""
        return Place(self.model, self.dataset, self.family, self.axes)

    @property
    def file(self) -> str:
        """Name of the file of its test, without folders."""
        return self.test.partition("::")[0].rpartition("/")[2]

    @property
    def folder(self) -> str:
        """Name of the folder of that file, or nothing."""
        return self.test.partition("::")[0].rpartition("/")[0].rpartition("/")[2]

    @property
    def of_test_split(self) -> bool:
        """Whether it is of the base's test split as it is, by the dataset's traits."""
        return self.domain is Domain.INTERIOR and is_test_split(self.traits)

    @property
    def cell(self) -> tuple[Any, ...]:
        """What reports sort by: metric and axes, model, dataset or family."""
        return *self.order, self.model, self.dataset, self.family

    def called(self, **names: Any) -> Self:
        """The same under other names and traits; itself if it has them already."""
        if all(getattr(self, name) == value for name, value in names.items()):
            return self
        return replace(self, **names)

    def to_json(self) -> str:
        """One line of JSON; floats survive the round trip exactly."""
        # `asdict` would copy every value, and takes ten times as long.
        values = {name: getattr(self, name) for name in self.__slots__}
        values["axes"] = dict(self.axes)
        return _ENCODER.encode(values)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json` after `json.loads`.

        Raises
        ------
        TypeError, ValueError, KeyError
            If a field is missing, unknown or not of its kind.
        """
        if not isinstance(fields, dict):
            raise TypeError(f"a measurement must be an object, got {fields!r:.60}")
        for name, (kind, fits) in _FIELDS.items():
            if not fits(found := fields.get(name)):
                raise TypeError(f"`{name}` must be {kind}, got {_shown(found)}")
        facts, traits = fields.get("facts") or {}, fields.get("traits") or {}
        check_facts(facts)
        return cls(
            **{
                **fields,
                **{name: sys.intern(fields[name]) for name in _SHARED},
                "domain": Domain(fields["domain"]),
                "facts": {sys.intern(k): sys.intern(v) for k, v in facts.items()},
                "traits": {sys.intern(k): v for k, v in traits.items()},
                "axes": Axes.of(fields["axes"]) if fields.get("axes") else NO_AXES,
                "interval": tuple(ends) if (ends := fields.get("interval")) else None,
            }
        )


def with_split(row: Measurement) -> Measurement:
    """A row that was kept, with the trait by which the test split is known.

    Saved outputs of earlier versions said by the family's name alone that they were it.
    """
    said = row.family == "test" and row.domain is Domain.INTERIOR
    if not said or "split" in row.traits:
        return row
    return replace(row, traits={**row.traits, "split": "test"})


def check_facts(facts: Mapping[str, str]) -> None:
    """Refuse facts that a fit or a table could not be made of.

    Raises
    ------
    TypeError
        If one that is a number by its name is none, or lacks those that go with it.
    """
    for names in _NUMBERS:
        if not names.isdisjoint(facts):
            for name in sorted(names):
                try:
                    float(facts.get(name, "nothing"))
                except ValueError:
                    shown = _shown(facts.get(name))
                    raise TypeError(
                        f"`facts` must have a number as {name}, got {shown}"
                    ) from None


# Facts that are numbers: those of one set are there together.
_NUMBERS = (
    frozenset({"resample_mean", "resample_error"}),
    frozenset(
        f"shares_{n}" for n in ("moved", "accuracy", "images", "source", "value")
    ),
    *(
        frozenset({name})
        for name in (
            "chance",
            "counted",
            "line_r2",
            "marginal_gap",
            "prevalence",
            "saturated",
            "source_ece",
            "temperature",
            "top1_chance",
            "top1_full",
        )
    ),
)


def _shown(found: object) -> str:
    """What a message has of a value; Python writes no integer of very many digits."""
    if isinstance(found, int) and abs(found) >= 1 << 64:
        return "an integer beyond all sizes"
    return f"{found!r:.60}"


def _is_number(found: object) -> bool:
    """Whether it is a finite number that a float can hold; a truth value is none."""
    return type(found) in (float, int) and -_LARGEST <= found <= _LARGEST  # type: ignore[operator]


def _is_interval(found: object) -> bool:
    if found is None:
        return True
    if not isinstance(found, (list, tuple)) or len(found) != 2:
        return False
    return all(map(_is_number, found)) and found[0] <= found[1]


def _is_count(found: object) -> bool:
    return type(found) is int and 0 <= found < 1 << 63


def _is_text(found: object) -> bool:
    return type(found) is str


def _is_trait(found: object) -> bool:
    return _is_text(found) or _is_number(found)


def _is_texts(found: object) -> bool:
    if found is None:
        return True
    return isinstance(found, dict) and all(map(_is_text, found.values()))


# What each field must be; those with a default may be missing.
_FIELDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    **dict.fromkeys(
        ("metric", "model"), ("a name", lambda found: _is_text(found) and found != "")
    ),
    **dict.fromkeys(("dataset", "family", "test", "key"), ("a text", _is_text)),
    **dict.fromkeys(("value", "seconds"), ("a finite number", _is_number)),
    "accuracy": (
        "a number from 0 to 1, or null",
        lambda found: found is None or (_is_number(found) and 0 <= found <= 1),  # type: ignore[operator]
    ),
    "interval": ("two rising numbers, or null", _is_interval),
    "outcome": (
        "a finite number, or null",
        lambda found: found is None or _is_number(found),
    ),
    "images": ("a whole number of at least 0", _is_count),
    "version": ("a text", lambda found: found is None or _is_text(found)),
    **dict.fromkeys(
        ("estimate", "label_free"),
        ("a truth value", lambda found: found in (None, False, True)),
    ),
    "parameters": ("an object", lambda found: found is None or isinstance(found, dict)),
    **dict.fromkeys(("facts", "axes"), ("an object of texts", _is_texts)),
    "traits": (
        "an object of texts and numbers",
        lambda found: (
            found is None
            or (isinstance(found, dict) and all(map(_is_trait, found.values())))
        ),
    ),
}
