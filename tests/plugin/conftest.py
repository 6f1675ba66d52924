"""A toy grid for nested pytest runs: two linear models, seven sets of 4x4 images."""

import os

import numpy.fft  # noqa: F401 - as torch
import pytest
import torch  # noqa: F401 - nested runs in this process cannot import it twice

CONFTEST = """
import numpy as np
import torch
from harness.datasets.family import Base
from harness.datasets.own import checked_images
from harness.measurement import Domain

rng = np.random.default_rng(0)
PATTERNS = rng.uniform(40, 215, size=(3, 4, 4, 1))

def images(noise, n=60, seed=1):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    pixels = PATTERNS[labels] + rng.normal(0, noise, size=(n, 4, 4, 1))
    return np.clip(pixels, 0, 255).astype(np.uint8), labels

def network(sharpness):
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3))
    weights = torch.tensor(PATTERNS.reshape(3, 16) / 255 - 0.5, dtype=torch.float32)
    with torch.no_grad():
        network[1].weight.copy_(sharpness * weights)
        network[1].bias.copy_(-sharpness * (weights**2).sum(1) / 2)
    return network

def content(settings):
    pixels, labels = images(5)
    return checked_images("toy", pixels, labels, TOY, Domain.INTERIOR)

TOY = Base(
    name="toy", classes=("a", "b", "c"), size=(4, 4, 1), train=content, test=content,
    locate=lambda settings: "made here", description="", source="", licence="",
)

def pytest_harness_register(registry):
    registry.add_base_entry(TOY)
    for name, sharpness in (("sharp", 8.0), ("soft", 2.0)):
        registry.add_model(
            name, base="toy", build=lambda s=sharpness: network(s), head="1",
            mean=(0.5,), std=(1.0,),
        )
    for i, noise in enumerate((20, 60, 100, 160)):
        registry.add_dataset(
            f"in{i}", base="toy", domain="interior",
            load=lambda noise=noise, i=i: images(noise, seed=i),
        )
    for i, noise in enumerate((40, 80, 120)):
        registry.add_dataset(
            f"out{i}", base="toy",
            load=lambda noise=noise, i=i: images(noise, seed=9 + i),
        )
"""

SUITE = """
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def test_average_confidence(predictions, record):
    record(average_confidence, predictions.logits())

def test_nuclear_norm(predictions, record):
    record(nuclear_norm, predictions.probs())
"""


@pytest.fixture
def toy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory with the toy grid, two metrics, and no trace of the outer run.

    Of other plugins there is xdist alone, whatever is installed.
    """
    for name in list(os.environ):
        if name.startswith(("HARNESS_", "PYTEST_XDIST", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p harness -p xdist")
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(pytester.path / "cache"))
    pytester.makeini("[pytest]\nharness_base = toy\nharness_families = in*,out*\n")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_suite=SUITE)
    return pytester
