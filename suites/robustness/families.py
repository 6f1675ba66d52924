"""Families: tables of corruptions and of sequences, by network in the columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.report.table import Column, Part, Table

from .tables import estimate

if TYPE_CHECKING:
    from .found import Corrupted, Perturbed, Values

#: Aggregates with their heads, and what they are multiplied by.
_OVER = {
    "mean_over_corruptions": ("error (%)", 100.0),
    "unnormalised_mce": ("unnorm. mCE (%)", 100.0),
    "mce": ("mCE (%)", 100.0),
    "relative_mce": ("relative mCE (%)", 100.0),
    "mce_of_the_extra_four": ("mCE of 4 (%)", 100.0),
    "mean_flip_probability": ("mean FP (%)", 100.0),
    "mean_made_flip_probability": ("mean FP (%)", 100.0),
    "mfr": ("mFR (%)", 100.0),
    "mean_top_5_distance": ("mean T5D", 1.0),
    "mean_made_top_5_distance": ("mean T5D", 1.0),
}
_OF_ALEXNET = " mCE and CE are in units of AlexNet's errors, which are 100."
_FLIPS_OF_ALEXNET = "mFR in units of AlexNet's flip probabilities, which are 100; "
_SEQUENCES = {
    "flip_probability": ("flip probability (%)", 100.0),
    "top_5_distance": ("top-5 distance", 1.0),
}


def corruption_parts(families: Sequence[Corrupted]) -> Iterable[Part]:
    """By corruption a row; then what is made of all of them."""
    for one in families:
        for title, by_corruption in (
            ("error (%) by corruption", one.errors),
            ("CE (%) by corruption", one.by_alexnet),
        ):
            if by_corruption:
                yield Table(
                    title=f"{title}, {one.family}",
                    columns=(Column(name="corruption"), *_networks(one.networks)),
                    rows=tuple((name, *some) for name, some in by_corruption.items()),
                    note="Severities are averaged first.",
                )
        if one.over:
            yield _over(
                f"over corruptions, {one.family}: {one.datasets} sets",
                one.networks,
                one.over,
                "error: the mean over corruptions of the mean over severities of each; "
                "unnorm. mCE: the same of the fifteen of ImageNet-C, at five "
                f"severities.{_OF_ALEXNET if one.by_alexnet else ''} {one.use}",
            )


def sequence_parts(families: Sequence[Perturbed]) -> Iterable[Part]:
    """By perturbation a row, of flips and of distances; then their means."""
    for one in families:
        for metric, (title, scale) in _SEQUENCES.items():
            if by_kind := one.scores.get(metric):
                yield Table(
                    title=f"{title}, {one.family}",
                    columns=(
                        Column(name="perturbation"),
                        *_networks(one.networks, scale=scale, form=".2f"),
                    ),
                    rows=tuple(
                        (kind, *(score and estimate(score) for score in scores))
                        for kind, scores in by_kind.items()
                    ),
                    note="Frames of noise are compared with the first, others with the "
                    f"one before. {one.use}",
                )
        if one.over:
            yield _over(
                f"over perturbations, {one.family}",
                one.networks,
                one.over,
                "FP: flip probability, over the perturbations. "
                f"{_FLIPS_OF_ALEXNET if 'mfr' in one.over else ''}T5D is not divided "
                "by anything.",
            )


def _networks(
    names: Sequence[str], *, scale: float = 100.0, form: str = ".1f"
) -> Iterable[Column]:
    """A column each; where a terminal has no room the last ones go first."""
    for i, name in enumerate(names):
        yield Column(name=name, form=form, scale=scale, goes=max(0, i - 1))


def _over(
    title: str, networks: Sequence[str], over: Mapping[str, Values], note: str
) -> Table:
    names = [name for name in _OVER if name in over]
    return Table(
        title=title,
        columns=(
            Column(name="model"),
            *(
                Column(name=_OVER[name][0], form=".2f", scale=_OVER[name][1])
                for name in names
            ),
        ),
        rows=tuple(
            (model, *(over[name][i] for name in names))
            for i, model in enumerate(networks)
        ),
        note=note,
    )
