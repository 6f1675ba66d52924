"""The tables of models: what their rows say must hold together."""

import subprocess
import sys
from dataclasses import replace

import pytest

from harness.code import resolve, source_digest
from harness.datasets.families import FAMILIES
from harness.errors import MissingData
from harness.metrics import METRICS
from harness.models.entries import CIFAR10_ENTRIES, ENTRIES
from harness.models.entry import Published
from harness.models.published.agreeing import AGREEING_ENTRIES
from harness.models.published.pretext_nets import PRETEXT_NETS
from harness.registry import Registry
from harness.settings import Settings

PUBLISHED = [entry for entry in ENTRIES if isinstance(entry.weights, Published)]

every_entry = pytest.mark.parametrize(
    "entry", ENTRIES, ids=[f"{entry.base}-{entry.name}" for entry in ENTRIES]
)
every_published = pytest.mark.parametrize(
    "entry", PUBLISHED, ids=[entry.name for entry in PUBLISHED]
)


@pytest.fixture
def settings(tmp_path):
    """Settings of a machine without any weights."""
    return Settings(cache_dir=tmp_path / "cache", store=tmp_path / "store")


@every_entry
def test_scales_are_of_images_between_0_and_1(entry):
    channels = Registry().bases[entry.base].size[2]
    assert len(entry.mean) == len(entry.std) == channels
    assert all(0 <= value < 1 for value in entry.mean)  # 0 and 1: not normalised
    assert all(0 < value <= 1 for value in entry.std)
    assert entry.accuracy is None or 0.39 < entry.accuracy < 1


@every_entry
def test_code_is_where_the_row_says(entry):
    assert callable(resolve(entry.build))
    assert len(source_digest(entry.build)) == 16


def test_names_are_new_and_blur_no_selection():
    """`-k` matches parts of ids: a metric's or family's name must select that alone."""
    names = [(entry.base, entry.name) for entry in ENTRIES]
    words = {metric.name for metric in METRICS} | {family.name for family in FAMILIES}

    assert len(set(names)) == len(names)
    assert words > {"accuracy", "entropy", "interior"}
    assert not [(name, word) for _, name in names for word in words if word in name]


@every_published
def test_a_file_can_be_had_and_is_not_anybodys(entry):
    """By a download that is checked, or by advice that names the source."""
    weights = entry.weights
    if weights.url:
        places = "https://github.com/", "https://download.pytorch.org/models/"
        assert weights.url.startswith(places)
        assert weights.url.endswith(f"/{weights.filename}")
        # All sources put the beginning of the digest into the name.
        assert len(weights.sha256) == 8
        assert f"-{weights.sha256}." in weights.filename
    else:
        assert entry.source in weights.advice
        assert "/" in weights.filename or "-" in weights.filename


@every_published
def test_absent_weights_say_what_to_do(entry, settings):
    with pytest.raises(MissingData) as caught:
        entry.locate(settings)
    text = str(caught.value)

    assert entry.name in text
    assert str(settings.cache_dir / "weights") in text
    assert entry.weights.url in text
    assert entry.weights.advice in text
    assert ("--harness-download" in text) == bool(entry.weights.url)


def test_sources_scale_images_differently():
    """Their numbers disagree, so none may be taken for the other's."""
    scales = {(entry.source, entry.mean, entry.std) for entry in CIFAR10_ENTRIES}

    assert len({scale[0] for scale in scales}) == len(scales) == 4


def test_the_registry_takes_all_rows():
    registry = Registry()
    rows = [
        (base, name) for base in registry.bases for name in registry.models_of(base)
    ]

    own = [entry for entry in PRETEXT_NETS if entry.base == "cifar10"]
    own += [entry for entry in AGREEING_ENTRIES if entry.base == "cifar10"]
    assert len(registry.models_of("cifar10")) == len(CIFAR10_ENTRIES) + len(own) == 50
    assert sorted(rows) == sorted((entry.base, entry.name) for entry in ENTRIES)


def test_tables_import_nothing_heavy():
    """In a process of its own: here torch is loaded already."""
    code = (
        "import sys, harness.models.entries;"
        "sys.exit(str({'torch', 'torchvision', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "set()"


def test_only_models_that_are_named_are_downloaded(tmp_path):
    """A zoo is not fetched because its base was chosen."""
    entry = next(e for e in CIFAR10_ENTRIES if e.weights.url)
    settings = Settings(cache_dir=tmp_path, store=tmp_path, download=True)
    with pytest.raises(MissingData, match="name the model with --harness-models"):
        entry.locate(settings)
    named = replace(settings, models=(entry.name,))
    assert entry.locate(named) == entry.weights.url
