"""Measurement: the record of one cell, able to cross a process border."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from harness.traits import Trait

# Texts that very many measurements have in common: each is kept once.
_SHARED = ("metric", "model", "dataset", "family", "test")
_LARGEST = sys.float_info.max
_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False)


class Domain(StrEnum):
    """Where a dataset comes from, as far as the fits are concerned."""

    INTERIOR = "interior"
    EXTERIOR = "exterior"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One metric of one model on one dataset.

    Attributes
    ----------
    metric, model, dataset
        The cell. Names are for people; `key` is the cell's identity.
    family, domain
        The dataset's family, and how the fits use it.
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
        The metric's parameters as recorded.
    estimate
        The value is itself an estimate of accuracy, not only correlated with it.
    facts
        What ran where: device, precision, digests of weights and data; the chance
        level of a metric that has one; the temperature of calibrated confidences;
        signs that assumptions fail, which the report gathers.
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

    @property
    def cell(self) -> tuple[str, str, str]:
        """The names that reports join by: metric, model, dataset."""
        return self.metric, self.model, self.dataset

    def called(self, **names: Any) -> Self:
        """The same under other names and traits; itself if it has them already."""
        if all(getattr(self, name) == value for name, value in names.items()):
            return self
        return replace(self, **names)

    def to_json(self) -> str:
        """One line of JSON; floats survive the round trip exactly."""
        # `asdict` would copy every value, and takes ten times as long.
        values = {name: getattr(self, name) for name in self.__slots__}
        return _ENCODER.encode(values)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """The inverse of `to_json` after `json.loads`.

        Raises
        ------
        TypeError, ValueError, KeyError
            If a field is missing, unknown or not of its kind.
        """
        for name, (kind, fits) in _FIELDS.items():
            if not fits(found := fields.get(name)):
                shown = f"{found!r:.60}" if not isinstance(found, int) else "an integer"
                raise TypeError(f"`{name}` must be {kind}, got {shown}")
        facts, traits = fields.get("facts") or {}, fields.get("traits") or {}
        return cls(
            **{
                **fields,
                **{name: sys.intern(fields[name]) for name in _SHARED},
                "domain": Domain(fields["domain"]),
                "facts": {sys.intern(k): sys.intern(v) for k, v in facts.items()},
                "traits": {sys.intern(k): v for k, v in traits.items()},
            }
        )


def _is_number(found: object) -> bool:
    """Whether it is a finite number that a float can hold; a truth value is none."""
    return type(found) in (float, int) and -_LARGEST <= found <= _LARGEST  # type: ignore[operator]


def _is_count(found: object) -> bool:
    return type(found) is int and 0 <= found < 1 << 63


def _is_text(found: object) -> bool:
    return type(found) is str


def _is_trait(found: object) -> bool:
    return _is_text(found) or _is_number(found)


# What each field must be; those with a default may be missing.
_FIELDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    **dict.fromkeys((*_SHARED, "key"), ("a text", _is_text)),
    **dict.fromkeys(("value", "seconds"), ("a finite number", _is_number)),
    "accuracy": (
        "a number from 0 to 1, or null",
        lambda found: found is None or (_is_number(found) and 0 <= found <= 1),  # type: ignore[operator]
    ),
    "images": ("a number of images", _is_count),
    "version": ("a text", lambda found: found is None or _is_text(found)),
    "estimate": ("a truth value", lambda found: found in (None, False, True)),
    "parameters": ("an object", lambda found: isinstance(found, dict | None)),
    "facts": (
        "an object of texts",
        lambda found: (
            found is None
            or (isinstance(found, dict) and all(map(_is_text, found.values())))
        ),
    ),
    "traits": (
        "an object of texts and numbers",
        lambda found: (
            found is None
            or (isinstance(found, dict) and all(map(_is_trait, found.values())))
        ),
    ),
}
