"""Keys by construction: every setting and module has a role, and keeps to it."""

import dataclasses
import json
from pathlib import Path

import pytest

from harness import code
from harness.fixtures.asked import LATE
from harness.fixtures.calibrate import calibration_parameters
from harness.fixtures.copies import TARGET, copies_parameters
from harness.fixtures.grid import train_parameters
from harness.fixtures.population import POPULATION_CODE
from harness.fixtures.pretext import HEAD_CODE, pretext_parameters
from harness.keys import SHARED_CODE
from harness.metrics import METRICS
from harness.registry import Registry
from harness.run import Run
from harness.settings import (
    ROLES,
    EngineSpec,
    ModelSpec,
    OwnData,
    PopulationSpec,
    Role,
    Settings,
    Shard,
)

HERE = Path("here")
# What a setting is changed to, where a number more or another path is no change.
CHANGED = {
    "base": "outputs",
    "models": ("linear",),
    "model": (ModelSpec(target="nets.py:net"),),
    "families": ("test",),
    "layers": ("stage1",),
    "max_images": 7,
    "bank_images": 7,
    "train_seed": 7,
    "population": (PopulationSpec(target="lenet"),),
    "data": (OwnData(path=HERE),),
    "outputs": (OwnData(path=HERE),),
    "device": "cpu",
    "precision": "bfloat16",
    "decoder": "pil",
    "keep": "logits",
    "batch_size": 3,
    "jigsaw_set": "distant",
    "jigsaw_permutations": 5,
    "jigsaw_fit": "resize",
    "calibrate": "temperature",
    "outcome": "brier_score",
    "head_milestones": (1, 2),
    "head_images": 7,
    "shard": Shard(number=1, of=2),
    "engine": EngineSpec(target="processes"),
    "group_timeout": 7.0,
    "time_limit": 7.0,
    "gates": ("a: interior r2 >= 0",),
    "save_run": "one",
    "compare": "one",
    "fail_on": ("accuracy",),
    "report": "short",
    "detail": ("entropy",),
    "resample": "set",
}
# Modules of the harness by which values come, but whose working is known by what comes:
# readers by pixels and labels, builders by the network, transformations by their code,
# which each of them names; and the keys' own.
KNOWN_BY_CONTENT = (
    *("artifacts", "code", "contents", "digests", "download", "errors", "measurement"),
    "extras",  # how messages call them
    "lasting",
    *("grid", "keys", "plan", "printable", "progress", "queries", "renamed", "run"),
    "saving",  # of what was said
    "settings",
    *("store", "traits"),
    *("fixtures", "fixtures.asked", "metrics", "metrics.numerics"),
    *("models.normalisation", "models.yours", "models.yours.dry_run"),
    *("models.yours.conduct", "models.yours.factories", "models.yours.geometries"),
    *("models.yours.class_lists", "models.yours.specs", "models.yours.zoos"),
    *("fixtures.by_traits", "fixtures.layers", "fixtures.on_request"),  # which choose
    "layer_choice",
    *("models.entry", "models.population", "models.recipe", "models.trained_here"),
    *("models.trainings", "models.untrained", "tasks"),
    *("models.pretext.colours", "models.pretext.geometry"),
    *("tasks.jigsaw", "tasks.rotation"),  # by the views that they choose
    *("tasks.frozen", "tasks.jpeg_lattice"),  # which suites/pretext imports itself
)


def changed(settings, name):
    """The settings with one of them changed."""
    if name in CHANGED:
        value = CHANGED[name]
    else:
        now = getattr(settings, name)
        if isinstance(now, Path | None):
            value = HERE
        else:
            value = not now if isinstance(now, bool) else now + 1
    other = dataclasses.replace(settings, **{name: value})
    assert other != settings
    return other


def keys(settings):
    """What a test that uses nothing, and one that uses everything, put into a key."""
    registry = Registry()
    run = Run(settings, registry, tell=print)
    run.base = registry.bases["digits"]
    plain = run.test_key(test="t", source="s", others={})
    late = (
        pretext_parameters(run, LATE)
        | copies_parameters(run, LATE)
        | calibration_parameters(run, LATE, None)
        | train_parameters(run, LATE)
    )
    return plain, json.dumps([run.parameters, late], sort_keys=True, default=str)


@pytest.fixture(scope="module")
def settings():
    # A grid that does not divide the images, since only then it matters how they fit.
    return Settings(
        cache_dir=Path("cache"),
        store=Path("store"),
        jigsaw_grid=3,
        jigsaw_permutations=4,
        jigsaw_fit="crop",
    )


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(Settings)])
def test_every_setting_does_to_keys_what_its_role_says(settings, name):
    """A setting without a role fails: say in `harness.settings` what it is."""
    role = ROLES[name]
    plain, whole = keys(settings)
    other_plain, other_whole = keys(changed(settings, name))

    assert (plain != other_plain) == (role is Role.EVERY)
    assert (whole != other_whole) == (role in (Role.EVERY, Role.SOME))


def test_roles_are_of_settings():
    assert ROLES.keys() == {field.name for field in dataclasses.fields(Settings)}


def test_every_module_that_makes_numbers_is_in_a_key_or_known_by_what_comes():
    """A new module that fixtures import needs a place in one of the two lists."""
    package = Path(code.__file__).parent
    waiting = [*package.glob("fixtures/*.py"), package / "run.py"]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            found = [place for _, place in code._imported(path)]
            waiting += [place for place in found if package in place.parents]
    roots = [*SHARED_CODE, *HEAD_CODE, *POPULATION_CODE, TARGET.partition(":")[0]]
    roots += ["harness.models.training"]  # part of what weights trained here go by
    roots += [metric.fn.__module__ for metric in METRICS]
    keyed = {path for root in roots for path in code._neighbourhood(root)}
    names = {
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(
            ".__init__"
        )
        for path in seen - keyed
    }

    left = {name for name in names if not name.startswith("datasets.")}
    assert sorted(left - set(KNOWN_BY_CONTENT)) == []


def test_releases_of_the_libraries_are_in_every_key(settings, monkeypatch):
    """Two parts of their versions: a patch release leaves what is stored."""
    versions = dict.fromkeys(code.STACK, "1.2.3")
    monkeypatch.setattr("harness.code.version", versions.get)
    before, _ = keys(settings)

    versions["torch"] = "1.2.4+cpu"
    assert keys(settings)[0] == before

    versions["torch"] = "1.3.0"
    assert keys(settings)[0] != before
