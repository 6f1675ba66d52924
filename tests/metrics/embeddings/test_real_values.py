"""Measures of embeddings of ResNet-20 on CIFAR-10: numbers that are known."""

import pytest

from harness.metrics.embeddings.alpha_req import alpha_req
from harness.metrics.embeddings.effective_rank import effective_rank
from harness.metrics.embeddings.nesum import nesum
from harness.metrics.embeddings.participation_ratio import participation_ratio
from harness.metrics.embeddings.rankme import rankme
from harness.metrics.embeddings.self_clustering import self_clustering
from harness.metrics.embeddings.stable_rank import stable_rank
from harness.metrics.embeddings.uniformity import uniformity
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_resnet20_on_all_test_images(data_root, weights_root, tmp_path):
    """To three decimals, which are of another processor's features."""
    if not (data_root / "cifar10-jpeg75").is_dir():
        pytest.skip(f"{data_root} has no cifar10-jpeg75, whose numbers are known")
    settings = Settings(
        base="cifar10",
        data_root=data_root,
        weights_root=weights_root,
        cache_dir=tmp_path,
        store=tmp_path,
    )
    run = Run(settings, Registry(), tell=print)
    z = run.predict("resnet20", run.source).features()
    near = {"rel": 0, "abs": 1e-3}

    assert z.shape == (10_000, 64)
    assert effective_rank(z) == pytest.approx(28.5525, **near)
    assert rankme(z) == pytest.approx(28.5532, **near)
    assert effective_rank(z - z.mean(axis=0)) == pytest.approx(37.0491, **near)
    assert participation_ratio(z) == pytest.approx(9.0868, **near)
    assert nesum(z) == pytest.approx(4.5208, **near)
    assert stable_rank(z) == pytest.approx(1.6033, **near)
    assert alpha_req(z, first=1, last=64) == pytest.approx(1.5402, **near)
    assert alpha_req(z) == pytest.approx(1.9035, **near)  # ranks 11 to 64
    assert uniformity(z[:2000]) == pytest.approx(-1.3024, **near)
    assert self_clustering(z[:2000]) == pytest.approx(0.4147, **near)
    first = {n: rankme(z[:n]) for n in (64, 128, 500, 2000)}
    known = {64: 22.950, 128: 26.359, 500: 28.056, 2000: 28.406}
    assert first == pytest.approx(known, **near)
