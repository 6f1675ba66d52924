"""Neighbours and probes on the features of every layer, with the labels of a bank.

The bank is the training split. k, T, the distance and the share of labels are axes.
"""

import numpy as np
import pytest

from harness.answers.predictions import Predictions
from harness.datasets.dataset import Dataset
from harness.datasets.label_lists import listed_rows, read_list
from harness.datasets.made.sample import TakenImages
from harness.errors import HarnessError
from harness.fixtures.cells import run_of
from harness.fixtures.on_request import is_left_out
from harness.measurement import Domain
from harness.metrics.numerics.uncertainty import mean_interval, share_interval
from harness.metrics.outcomes.chance import prevalence
from harness.metrics.representation.bank import drawn_per_class, most_common
from harness.metrics.representation.duplicates import duplicates_across
from harness.metrics.representation.few_labels import (
    DRAWS,
    few_labels,
    first_labels,
    images_per_class,
)
from harness.metrics.representation.knn import knn, knn_leave_one_out
from harness.metrics.representation.linear_probe import LINEAR_PROBE, linear_probe
from harness.metrics.representation.logistic_probe import LARGEST, logistic_probe
from harness.metrics.representation.retrieval import (
    hit_at_k,
    map_at_r,
    precision_at_k,
    r_precision,
    recall_at_k,
)
from harness.sampling import sampled_rows
from harness.tasks.fine_tuning import FineTuning
from harness.tasks.minibatch import Steps, minibatch_right

from .arrays import Share, labels_of, pixels_of
from .constants import (
    WHOLE_SETS,
    neighbours,
    recipes,
    shares,
    temperature_of,
    whole,
)
from .labelled import chosen_lists, list_digest, list_parameters, tuned_right

pytestmark = [
    pytest.mark.harness_on_request(folder=True),
    WHOLE_SETS,
    pytest.mark.harness_layers("stage*-grid", "conv?-grid", "head"),
]


def pytest_generate_tests(metafunc):
    """A test for each constant of its protocol."""
    if is_left_out(metafunc.definition):
        return
    names, option = metafunc.fixturenames, metafunc.config.getoption
    if "distance" in names:
        text = option("representation_knn", "k1-majority-cosine,dino")
        metafunc.parametrize(("k", "T", "distance"), neighbours(text))
    elif "k" in names:
        text = option("representation_k", "1,10")
        metafunc.parametrize("k", whole("--representation-k", text))
    if "share" in names:
        text = option("representation_shares", "0.01,0.05,0.1")
        metafunc.parametrize("share", shares("--representation-shares", text))
    if "rate" in names:
        text = option("representation_fine_tuning", "300-0.003")
        metafunc.parametrize(("steps", "rate"), recipes(text))
    if "labels" in names:
        text = option("representation_label_lists", "")
        folder = metafunc.config.invocation_params.dir
        found = list_parameters(text, run_of(metafunc.config), folder)
        metafunc.parametrize(("labels", "_digest"), found)
    if "per_class" in names:
        text = option("representation_per_class", "20,100")
        found = whole("--representation-per-class", text)
        metafunc.parametrize("per_class", found)


@pytest.fixture
def alone(model, dataset, predictions, layer):
    """(n, d) features that the layer has of the images, and their (n,) classes."""
    labels = labels_of(model, dataset)
    return predictions.features(layer=layer), labels


@pytest.fixture
def with_bank(alone, train, layer):
    """The same behind (m, d) features and (m,) classes of the training images."""
    return train.predictions.features(layer=layer), train.labels, *alone


@pytest.fixture
def listed(labels, _digest, model, request):
    """Numbers of the images of a list, among all training images."""
    run, text = model.run, request.config.getoption("representation_label_lists", "")
    file = chosen_lists(text, run, request.config.invocation_params.dir)[labels]
    names = read_list(file, run.base.name)
    if list_digest(names) != _digest:
        raise HarnessError(f"{file} has changed while the run lasted; run it again")
    return listed_rows(names, run.train.load(), file)


@pytest.fixture
def with_listed(alone, listed, labels, model, layer, of_one_model):
    """As `with_bank`, behind features and classes of the listed images."""
    run, images = model.run, TakenImages(model.run.train.load(), listed)

    def shown():
        return Predictions(
            model.classifier,
            Dataset(
                name=f"train, {labels}",
                family="train",
                domain=Domain.INTERIOR,
                load=lambda: images,
            ),
            device=run.device,
            batch_size=run.batch_size,
            count=run.count_forward,
            layers=run.layers.declared(model.name),
            tell=run.tell,
        )

    predictions = of_one_model.get(model, ("listed", labels), shown)
    return predictions.features(layer=layer), images.labels, *alone


def test_knn(record, with_bank, k, T, distance):  # noqa: N803 - the axis is called so
    options = {"k": k, "temperature": temperature_of(T), "distance": distance}
    record(knn, *with_bank, **options)


def test_knn_leave_one_out(record, alone, k, T, distance):  # noqa: N803
    options = {"k": k, "temperature": temperature_of(T), "distance": distance}
    record(knn_leave_one_out, *alone, **options)


def test_precision_at_k(record, alone, k):
    record(precision_at_k, *alone, k=k)


def test_hit_at_k(record, alone, k):
    record(hit_at_k, *alone, k=k)


def test_recall_at_k(record, alone, k):
    record(recall_at_k, *alone, k=k)


def test_r_precision(record, alone):
    record(r_precision, *alone)


def test_map_at_r(record, alone):
    record(map_at_r, *alone)


def test_linear_probe(record, with_bank):
    record(linear_probe, *with_bank)


@pytest.mark.harness_on_request
def test_logistic_probe(record, with_bank, model):
    """By a solver; of too many numbers for it by minibatches, under that name."""
    if with_bank[0].size <= LARGEST:
        record(logistic_probe, *with_bank)
        return
    right = minibatch_right(*with_bank, steps=Steps(device=model.run.device))
    low, high = share_interval(right)
    found = Share(
        value=float(right.mean()), low=low, high=high, chance=most_common(*with_bank)
    )
    record("logistic_probe_minibatch", found)


def test_few_labels(record, with_bank, share):
    record(few_labels, *with_bank, share=share)


@pytest.mark.harness_on_request
def test_first_labels(record, with_bank, per_class):
    record(first_labels, *with_bank, per_class=per_class)


@pytest.mark.harness_on_request
def test_few_labels_fine_tuned(
    record, model, dataset, train, share, steps, rate, of_one_model
):
    """All weights, from the very images that `few_labels` draws."""
    run = model.run
    bank = sampled_rows(len(run.train.load()), run.limit_of(run.train))
    each = images_per_class(train.labels, share)
    rights = []
    for seed in range(DRAWS):
        rows = bank[drawn_per_class(train.labels, each, seed)]
        how = FineTuning(steps=steps, rate=rate, seed=seed)
        rights.append(tuned_right(model, dataset, rows, how, of_one_model).mean())
    low, high = mean_interval(np.array(rights), bounds=(0, 1))
    found = Share(
        value=float(np.mean(rights)),
        low=low,
        high=high,
        chance=prevalence(labels_of(model, dataset)),
        facts={"draws": str(DRAWS), **how.facts},
    )
    record("few_labels_fine_tuned", found)


@pytest.mark.harness_on_request
@pytest.mark.usefixtures("train")  # so that its images are in the keys
def test_listed_labels(record, with_listed):
    """A linear probe of the images of a list, its penalty chosen among them."""
    low, high = LINEAR_PROBE.interval(*with_listed)
    value, chance = linear_probe(*with_listed), most_common(*with_listed)
    record("listed_labels", Share(value=value, low=low, high=high, chance=chance))


@pytest.mark.harness_on_request
@pytest.mark.usefixtures("train")
def test_listed_labels_fine_tuned(
    record, model, dataset, listed, steps, rate, of_one_model
):
    """All weights, from the images of a list."""
    how = FineTuning(steps=steps, rate=rate)
    right = tuned_right(model, dataset, listed, how, of_one_model)
    low, high = share_interval(right)
    found = Share(
        value=float(right.mean()),
        low=low,
        high=high,
        chance=prevalence(labels_of(model, dataset)),
        facts={"images_learnt_from": str(len(listed)), **how.facts},
    )
    record("listed_labels_fine_tuned", found)


@pytest.mark.harness_on_request
def test_duplicates_of_train(record, model, dataset, train):
    """Share of the images that the training split has too, and of the wrong class."""
    found = duplicates_across(
        *(pixels_of(model, model.run.train), train.labels),
        *(pixels_of(model, dataset), labels_of(model, dataset)),
    )
    record("duplicates_of_train", found.shared / found.images)
    record("contradicted_duplicates_of_train", found.contradicted / found.images)
