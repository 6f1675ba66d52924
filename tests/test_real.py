"""The real thing: published weights on real images give the numbers that are known."""

import csv
import json

import numpy as np
import pytest

from harness.answers.predictions import Predictions
from harness.datasets.dataset import Dataset
from harness.datasets.family import Base
from harness.datasets.geometry import Geometry
from harness.datasets.readers.picture_sets import PictureImages
from harness.errors import BadData
from harness.metrics.clustering.acc import acc_one_to_one
from harness.metrics.clustering.adjusted import ami, ari
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.effective_invariance import (
    jigsaw_invariance,
    rotation_invariance,
)
from harness.metrics.label_free.entropy import entropy
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.numerics.kmeans import Norm, kmeans
from harness.metrics.outcomes.accuracy import accuracy
from harness.models.yours.specs import spec_model
from harness.registry import Registry
from harness.run import Run
from harness.settings import ModelSpec, Settings
from harness.views import ROTATIONS, jigsaws

pytestmark = pytest.mark.real


@pytest.fixture
def run(data_root, weights_root, tmp_path):
    """CIFAR-10 with the real data and weights."""
    if not (data_root / "cifar10-jpeg75").is_dir():
        pytest.skip(f"{data_root} has no cifar10-jpeg75, whose numbers are known")
    settings = Settings(
        base="cifar10",
        data_root=data_root,
        weights_root=weights_root,
        cache_dir=tmp_path,
        store=tmp_path,
    )
    return Run(settings, Registry(), tell=print)


def test_real_photographs_at_the_geometry_of_a_network(
    data_root, weights_root, tmp_path
):
    """Known counts of right answers, of networks of several sizes and interpolations.

    Other software, and another order of summation, gave counts within 3.
    """
    folder = data_root / "imagenet-sample" / "nips2017-dev"
    networks = weights_root / "imagenet" / "networks.py"
    if not (folder.is_dir() and networks.is_file()):
        pytest.skip(f"{data_root} or {weights_root} has no sample of ImageNet")
    with (folder / "images.csv").open() as file:
        truth = {
            row["ImageId"]: int(row["TrueLabel"]) - 1 for row in csv.DictReader(file)
        }
    files = sorted((folder / "images").glob("*.jpg"))
    base = Base(
        name="photographs",
        classes=tuple(map(str, range(1000))),
        size=(224, 224, 3),
        train=lambda settings: pytest.fail("not asked for"),
        test=lambda settings: pytest.fail("not asked for"),
        locate=str,
        description="",
        source="",
        licence="",
        geometry=Geometry(resize=256, crop=224),
    )
    images = PictureImages(
        folder,
        files,
        [truth[file.stem] for file in files],
        classes=1000,
        size=base.size,
        geometry=base.geometry,
    )
    dataset = Dataset(
        name="sample", family="sample", domain="exterior", load=lambda: images
    )
    settings = Settings(cache_dir=tmp_path, store=tmp_path)
    for name, side, right in (
        ("mobilenet_v1_025_128", 128, 431),
        ("squeezenet1_1", 224, 504),
    ):
        entry = spec_model(ModelSpec(target=f"{networks}:{name}"), base.name)
        network = entry.load(settings, base, "cpu", print)
        predicted = Predictions(lambda net=network: net, dataset).predicted()

        assert network.geometry.crop == side
        assert int((predicted == images.labels).sum()) == pytest.approx(right, abs=3)


def test_accuracy_of_resnet56_on_all_test_images(run):
    """Of recompressed images: on the original ones it reaches 0.934."""
    test = run.datasets["test"]
    predictions = run.predict("resnet56", test)

    assert accuracy(predictions.logits(), test.labels()) == pytest.approx(
        0.832, abs=5e-4
    )


def test_metrics_of_resnet20_on_all_test_images(run):
    """As another implementation found them, to the digits it gives.

    On the original images the accuracy is 0.917.
    """
    test = run.datasets["test"]
    predictions = run.predict("resnet20", test)
    probs = predictions.probs()

    right = accuracy(predictions.logits(), test.labels())
    assert right == pytest.approx(0.8103, abs=5e-4)
    assert nuclear_norm(probs) == pytest.approx(0.94827, abs=1e-4)
    assert average_confidence(predictions.logits()) == pytest.approx(0.9348, abs=1e-4)
    assert entropy(predictions.logits()) == pytest.approx(0.1706, abs=1e-4)
    turned = predictions.view_probs(ROTATIONS)
    assert rotation_invariance(probs, turned) == pytest.approx(0.32227, abs=1e-4)
    puzzled = predictions.view_probs(jigsaws(2, 4)[1:])
    assert jigsaw_invariance(probs, puzzled) == pytest.approx(0.50837, abs=1e-4)


def test_clusters_of_resnet20s_features_beside_its_head(run):
    """More images are right by k-means, which has seen no label, than by the head.

    By another implementation, five starts: accuracy, AMI and ARI.
    """
    test = run.datasets["test"]
    predictions = run.predict("resnet20", test)
    labels, features = test.labels(), predictions.features()
    options = {"k": 10, "n_init": 5, "seed": 0}
    found = {
        norm: kmeans(features, norm=norm, **options).clusters
        for norm in (Norm.RAW, Norm.L2)
    }
    measures = (acc_one_to_one, ami, ari)

    def said(clusters):
        return [measure(clusters, labels) for measure in measures]

    assert said(found[Norm.L2]) == pytest.approx([0.8253, 0.6783, 0.6582], abs=3e-3)
    assert said(found[Norm.RAW])[::2] == pytest.approx([0.8220, 0.6476], abs=3e-3)
    assert said(predictions.predicted()) == pytest.approx(
        [0.8103, 0.6636, 0.6300], abs=5e-4
    )


def test_corrupt_weights_are_refused_before_they_are_read(run, tmp_path, weights_root):
    """The sum in the published name does not fit a file that lost a byte."""
    entry = run.registry.model("cifar10", "resnet20")
    whole = next(weights_root.rglob(entry.weights.filename)).read_bytes()
    (tmp_path / entry.weights.filename).write_bytes(whole[:-1])
    settings = Settings(
        base="cifar10", weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path
    )

    with pytest.raises(BadData, match="must begin with 12fca82f"):
        entry.load(settings, run.base, "cpu", print)


def test_mnist_shrunk_looks_like_the_digits(data_root, tmp_path):
    """Means and spreads of ink are near those of the bundled scans."""
    from harness.datasets.families import FAMILIES

    settings = Settings(data_root=data_root, cache_dir=tmp_path, store=tmp_path)
    family = next(f for f in FAMILIES if f.name == "mnist-8x8")
    (dataset,) = family.datasets(settings)
    images = dataset.load()

    assert images.pixels.shape[1:] == (8, 8, 1)
    assert len(images.pixels) == len(images.labels)
    assert np.bincount(images.labels).min() > 0
    digits = Registry().bases["digits"].test(settings).pixels
    assert images.pixels.mean() == pytest.approx(digits.mean(), rel=0.35)


def test_a_linear_classifier_learns_mnist_in_seconds(data_root, tmp_path):
    """Trained on first use, and found again; on the images at hand, many or few."""
    if not (data_root / "MNIST").is_dir():
        pytest.skip(f"{data_root} has no MNIST")
    settings = Settings(
        base="mnist",
        models=("linear",),
        interior=3,
        data_root=data_root,
        cache_dir=tmp_path,
        store=tmp_path,
        device="cpu",
    )
    told = []
    run = Run(settings, Registry(), tell=told.append)

    right = {
        name: accuracy(run.predict("linear", dataset).logits(), dataset.labels())
        for name, dataset in run.datasets.items()
    }
    assert right["test"] > 0.85
    assert all(right[f"interior/{i:04d}"] < right["test"] for i in range(3))
    assert sum("once" in line for line in told) == 1


def test_thirty_published_models_are_on_the_line(data_root, pytester, monkeypatch):
    """Their saved classes on CIFAR-10 and CIFAR-10.1, as a user would run them."""
    monkeypatch.delenv("HARNESS_DATA_ROOT", raising=False)
    folder = data_root / "published-predictions"
    if not folder.is_dir():
        pytest.skip(f"{data_root} has no published-predictions")
    pytester.makepyfile(
        test_suite="""
        from harness.metrics.label_free.agreement import agreement
        from harness.metrics.label_free.aline import aline_d, aline_s

        def test_accuracy(accuracy, record): record("accuracy", accuracy)
        def test_agreement(measure, peers): measure(agreement)
        def test_aline_s(measure, peers): measure(aline_s)
        def test_aline_d(measure, peers): measure(aline_d)
        """
    )
    result = pytester.runpytest_subprocess(
        f"--harness-outputs={folder / 'cifar10_test.npz'}?role=test",
        f"--harness-outputs={folder / 'cifar10.1_v6.npz'}",
        "--harness-report-json=report.json",
        "-p",
        "no:cacheprovider",
    )
    assert result.ret == 0
    found = json.loads((pytester.path / "report.json").read_text())

    (line,) = found["lines"]
    assert line["dataset"] == "cifar10.1_v6"
    probit, linear = line["lines"]["probit"], line["lines"]["linear"]
    assert probit["n"] == 30
    slope, x_mean, y_mean = probit["line"].values()
    assert slope == pytest.approx(0.9496, abs=1e-3)
    assert y_mean - slope * x_mean == pytest.approx(-0.3811, abs=1e-3)
    assert probit["r2"] == pytest.approx(0.9840, abs=1e-3)
    assert probit["spearman"] == pytest.approx(0.9710, abs=1e-3)
    assert linear["r2"] == pytest.approx(0.9897, abs=1e-3)

    errors = {
        name: 100
        * np.mean(
            [
                abs(m["value"] - m["accuracy"])
                for m in found["measurements"]
                if m["metric"] == name and m["dataset"] == "cifar10.1_v6"
            ]
        )
        for name in ("agreement", "aline_s", "aline_d")
    }
    assert errors["aline_s"] == pytest.approx(1.14, abs=0.05)
    assert errors["aline_d"] == pytest.approx(1.14, abs=0.05)
    assert errors["agreement"] == pytest.approx(2.8, abs=0.05)
