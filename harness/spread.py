"""Spread: tests that ask for fixtures of the grid become one for each place on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from harness.fixtures.by_traits import MARKER, kept_datasets, why_none
from harness.fixtures.cells import (
    aggregates_of,
    asked_beside,
    gates_of,
    run_of,
)
from harness.fixtures.on_request import note_left_out
from harness.fixtures.ours import gets_ours, is_harness
from harness.protocol.garbage import rest
from harness.protocol.others import check_markers

if TYPE_CHECKING:
    from harness.run import Run


def spread(metafunc: pytest.Metafunc) -> None:
    """Spread a test that asks for our fixtures of the grid over it.

    Raises
    ------
    pytest.Collector.CollectError
        If what it asks for, or what its markers say, cannot be.
    """
    from harness.errors import HarnessError

    if note_left_out(metafunc.definition):
        return  # one item, which is deselected, and not one a cell
    _check_gates(metafunc)
    _check_aggregates(metafunc)
    _check_pair(metafunc)
    asked = _asked_of_grid(metafunc)
    if _is_ours(metafunc, "population"):
        _spread_populations(metafunc)
    if not asked:
        return
    check_markers(metafunc.definition)
    run = run_of(metafunc.config)
    _check_choice(metafunc, asked)
    if _is_ours(metafunc, "pretext_task") and "task" not in _marked(metafunc):
        metafunc.parametrize("task", tuple(run.registry.tasks))
    try:
        kept = _kept(metafunc, run) if "dataset" in asked else ()
        if "dataset" in asked and not kept:
            _skip_all(metafunc, asked)
            return
        if _is_ours(metafunc, "layer"):
            from harness.fixtures.layers import layered, usual_layers

            usual = usual_layers(metafunc.definition)
            together = tuple(name for name in asked if name != "family")
            places = [
                place
                for place in layered(run, together, usual)
                if "dataset" not in together or place.values[1] in kept
            ]
            metafunc.parametrize(
                (*together, "layer"), places, indirect=True, scope="session"
            )
            rest(len(places))
            asked = tuple(name for name in asked if name not in together)
        if asked == ("model", "dataset") and not run.is_plain:
            run.check_models()
            pairs = [
                pytest.param(*pair, id=called)
                for pair, called in zip(run.pairs, run.pair_ids, strict=True)
                if pair[1] in kept
            ]
            if not pairs:
                _skip_all(metafunc, asked)
                return
            metafunc.parametrize(asked, pairs, indirect=True, scope="session")
            rest(len(pairs))
            return
        if "model" in asked:
            run.check_models()
        names: dict[str, Iterable[str]] = {
            "model": run.models,
            "dataset": kept,
            "family": run.families,
        }
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    for name in asked:
        ids = tuple(names[name])
        metafunc.parametrize(name, ids, ids=ids, indirect=True, scope="session")
        rest(len(run.models) * len(run.datasets))


def _kept(metafunc: pytest.Metafunc, run: Run) -> tuple[str, ...]:
    """The datasets that the test's markers keep: all of them without any."""
    markers = metafunc.definition.iter_markers(MARKER)
    return kept_datasets(markers, run.datasets, asked=bool(run.settings.families))


def _skip_all(metafunc: pytest.Metafunc, asked: tuple[str, ...]) -> None:
    """One test in place of those that no dataset is for, with the reason."""
    reason = why_none(metafunc.definition.iter_markers(MARKER))
    nothing = pytest.param(
        *(None for _ in asked), marks=pytest.mark.skip(reason=reason), id="none"
    )
    metafunc.parametrize(asked, [nothing], indirect=True, scope="session")
    if _is_ours(metafunc, "layer"):
        metafunc.parametrize("layer", ["none"], indirect=True, scope="session")


def _check_choice(metafunc: pytest.Metafunc, asked: tuple[str, ...]) -> None:
    """Refuse a choice of datasets of a test that asks for none."""
    marked = metafunc.definition.get_closest_marker(MARKER) is not None
    if marked and "dataset" not in asked:
        raise pytest.Collector.CollectError(
            f"{metafunc.definition.nodeid} is marked {MARKER} and asks for no dataset; "
            "take the marker away, or ask for `dataset`"
        )


def _spread_populations(metafunc: pytest.Metafunc) -> None:
    """Over those that are chosen; a test is skipped, with the cure, if none is."""
    from harness.errors import HarnessError

    try:
        names = run_of(metafunc.config).populations
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    none = pytest.mark.skip(
        reason="no population was chosen: --harness-population 'MODEL?networks=5', or "
        "registry.add_population in a conftest"
    )
    # An empty set would be skipped without a word of what to do.
    chosen = names or (pytest.param(None, marks=none, id="none"),)
    metafunc.parametrize("population", chosen, indirect=True, scope="session")


def _asked_of_grid(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    """Which of our fixtures of the grid a test is spread over.

    `record` takes a model and a dataset where the test says nothing, and only a model
    where it asks for that, or for a family, and for no dataset; of a population it
    takes what the test asks for.
    """
    grid = ("model", "dataset", "family")
    asked = tuple(name for name in grid if _is_ours(metafunc, name))
    info = metafunc.definition._fixtureinfo
    if not gets_ours(info, "record"):
        return asked
    beside = asked_beside(metafunc.definition, "record")
    own = beside.intersection(asked)
    if _is_ours(metafunc, "population"):
        _check_population(metafunc, beside)
        asked = tuple(name for name in asked if name in own)
    if {"dataset", "family"} <= own:
        raise pytest.Collector.CollectError(
            f"{metafunc.definition.nodeid} must record for a `dataset` or for a "
            "`family`, and asks for both; `dataset.family` is a family's name"
        )
    if "family" in own or ("model" in own and "dataset" not in own):
        return tuple(name for name in asked if name != "dataset")
    return asked


def _check_population(metafunc: pytest.Metafunc, beside: frozenset[str]) -> None:
    """Refuse to record for a population and a model at once."""
    for name in ("model", *_OF_A_PAIR):
        if name in beside and gets_ours(metafunc.definition._fixtureinfo, name):
            raise pytest.Collector.CollectError(
                f"{metafunc.definition.nodeid} must record for a `population` or for a "
                f"model, and asks for `{name}` too, which is of a model; a population "
                "has `networks`, `records` and `predictions(dataset)`"
            )


def _check_gates(metafunc: pytest.Metafunc) -> None:
    """Refuse a misspelt gate in a marker while nothing has run yet."""
    if texts := gates_of(metafunc.definition):
        from harness.analysis.gates import parse

        try:
            for text in texts:
                parse(text)
        except ValueError as error:
            raise pytest.Collector.CollectError(str(error)) from None


def _check_aggregates(metafunc: pytest.Metafunc) -> None:
    """Refuse an unknown aggregate in a marker while nothing has run yet."""
    if names := aggregates_of(metafunc.definition):
        from harness.errors import UnknownName

        known = run_of(metafunc.config).registry.aggregates
        for name in names:
            if name not in known:
                error = UnknownName("aggregate", name, known)
                raise pytest.Collector.CollectError(str(error))


def _check_pair(metafunc: pytest.Metafunc) -> None:
    """Refuse a `model` or `dataset` of a project's own where our others need ours."""
    info = metafunc.definition._fixtureinfo
    needing = [f for f in _OF_A_PAIR if gets_ours(info, f)]
    for name in ("model", "dataset"):
        asked = [
            f
            for f in needing
            if any(name in one.argnames for one in info.name2fixturedefs[f])
        ]
        if asked and not _is_ours(metafunc, name):
            raise pytest.Collector.CollectError(
                f"fixture or parameter `{name}` of {metafunc.definition.nodeid} must "
                f"be the harness's, which its `{asked[0]}` is of, got one of its own; "
                "give that another name"
            )


# Our fixtures that say something of a model, or of a model and a dataset.
_OF_A_PAIR = (
    *("accuracy", "copies", "jigsaw_head", "layer", "measure", "peers"),
    *("predictions", "pretext_head", "record", "rotation_head", "source"),
    *("source_peers", "train"),
)


def _marked(metafunc: pytest.Metafunc) -> set[str]:
    """The parameters that a test's marks give."""
    marks = metafunc.definition.iter_markers("parametrize")
    given = [mark.kwargs.get("argnames", (mark.args or ("",))[0]) for mark in marks]
    lists = [one.split(",") if isinstance(one, str) else one for one in given]
    return {name.strip() for names in lists for name in names}


def _is_ours(metafunc: pytest.Metafunc, name: str) -> bool:
    """Whether a test would get our fixture: not its own parameter or override."""
    if name not in metafunc.fixturenames:
        return False
    definitions = metafunc.definition._fixtureinfo.name2fixturedefs.get(name, ())
    return bool(definitions) and is_harness(definitions[-1])
