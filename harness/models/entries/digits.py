"""Models of the base ``digits``: small, trained here within seconds.

Accuracies are not published anywhere, so none are expected.
"""

from harness.models.entry import ModelEntry, Recipe, Trained

# Of the 776 training images.
MEAN = (0.308,)
STD = (0.377,)


def _entry(name: str, parameter_count: int, recipe: Recipe) -> ModelEntry:
    return ModelEntry(
        name=name,
        base="digits",
        build=f"harness.models.architectures.digits:{name}",
        mean=MEAN,
        std=STD,
        head="head",
        weights=Trained(recipe=recipe),
        source="trained by the harness",
        licence="Apache-2.0",
        parameter_count=parameter_count,
    )


DIGITS_ENTRIES = (
    _entry(
        "onebrain",
        20,
        Recipe(epochs=40, batch=64, learning_rate=0.5, weight_decay=0),
    ),
    _entry("linear", 650, Recipe(epochs=12, batch=64, learning_rate=3e-3)),
    _entry("mlp", 8_970, Recipe(epochs=30, batch=64, learning_rate=3e-3)),
    _entry("lenet", 7_832, Recipe(epochs=40, batch=64, learning_rate=3e-3)),
    _entry("resnet", 38_202, Recipe(epochs=20, batch=64, learning_rate=3e-3)),
    _entry("vgg", 25_370, Recipe(epochs=20, batch=64, learning_rate=3e-3, shift=1)),
)
