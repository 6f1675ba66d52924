"""What pytest and the harness are told of the representation suite."""

import pytest

from .choosing import ChoosingSection
from .labelled import OfOneModel
from .section import RepresentationSection

#: Of the digits: one network four ways, and the others untrained.
BESIDE = (
    *("nin", "nin-jigsaw", "nin-rotation", "nin-random"),
    *("lenet-random", "resnet-random", "vgg-random"),
)


def pytest_harness_register(registry):
    """Its part of the report, and what trained networks are held against."""
    registry.add_section(RepresentationSection())
    registry.add_section(ChoosingSection())
    for name in BESIDE:
        registry.add_usual("digits", name)


def pytest_addoption(parser):
    """Constants of the protocols: each is an axis of its numbers."""
    group = parser.getgroup("representation suite")
    group.addoption(
        "--representation-knn",
        default="k1-majority-cosine,dino",
        metavar="HOW,...",
        help="how neighbours vote: dino, instdisc, lightly, solo-learn, or "
        "kK-T-DISTANCE, such as k20-0.07-cosine and k5-majority-euclidean",
    )
    group.addoption(
        "--representation-k",
        default="1,10",
        metavar="K,...",
        help="numbers of neighbours that retrieval looks at",
    )
    group.addoption(
        "--representation-shares",
        default="0.01,0.05,0.1",
        metavar="SHARE,...",
        help="shares of the training labels that few_labels is shown",
    )
    group.addoption(
        "--representation-per-class",
        default="20,100",
        metavar="K,...",
        help="images of each class that first_labels is shown",
    )
    group.addoption(
        "--representation-fine-tuning",
        default="300-0.003",
        metavar="STEPS-RATE,...",
        help="steps of fine-tuning, and the learning rate of its new last layer",
    )
    group.addoption(
        "--representation-label-lists",
        default="",
        metavar="LIST,...",
        help="lists of labelled training images: a published one by its name "
        "(1percent or 10percent of imagenet), or a file with an image on each line; by "
        "default the published ones that are at hand",
    )


@pytest.fixture(scope="session")
def of_one_model() -> OfOneModel:
    """What was made for the model whose turn it is."""
    return OfOneModel()
