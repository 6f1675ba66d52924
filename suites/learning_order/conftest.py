"""What pytest and the harness are told of the learning order suite."""

from .section import LearningOrderSection


def pytest_harness_register(registry):
    """Its part of the report, and five small networks that take seconds to train."""
    from harness.models.recipe import Recipe

    registry.add_section(LearningOrderSection())
    if not registry.populations_of("digits"):
        registry.add_population(
            "mlp-x5-sgd",
            base="digits",
            model="mlp",
            recipe=Recipe(
                epochs=12,
                learning_rate=0.05,
                batch_size=64,
                optimiser="sgd",
                weight_decay=0.0,
                schedule="constant",
            ),
            seeds=range(5),
        )


def pytest_addoption(parser):
    """What the order is held against."""
    group = parser.getgroup("learning order suite")
    group.addoption(
        "--learning-order-statistics",
        default="",
        metavar="NAME,...",
        help="statistics of images, such as luminance,dct_share; by default all",
    )
    group.addoption(
        "--learning-order-soft-labels",
        default="",
        metavar="FILE",
        help="what people answered, an .npy of shares (n, classes) with a row for each "
        "test image in the order of the base's test split, such as CIFAR-10H's "
        "probs.npy; refused where its largest shares are not the labels of the rows",
    )
    group.addoption(
        "--learning-order-table",
        action="append",
        metavar="FILE",
        help="a CSV file of numbers of images (repeatable), such as search difficulty "
        "or edge strength: names of images first, then a number in each column, with "
        "a header or without; joined by the names of pictures, or of records",
    )
