"""Keys: options of heads change the cells that use a head, and no others."""

from dataclasses import replace
from pathlib import Path

from harness.fixtures.pretext import head_parameters
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings


def test_only_cells_with_a_head_depend_on_its_options():
    settings = Settings(cache_dir=Path("cache"), store=Path("store"))
    slower = replace(settings, head_learning_rate=1e-3)
    run, other = (Run(s, Registry(), tell=print) for s in (settings, slower))
    for fixture in ("rotation_head", "jigsaw_head"):
        names = ["predictions", fixture]
        assert head_parameters(run, names) != head_parameters(other, names)
        assert head_parameters(run, names) == head_parameters(run, names)
    assert head_parameters(run, ["predictions", "jigsaws"]) == {}


def test_head_options_reach_the_recipe():
    from harness.fixtures.pretext import head_recipe

    settings = Settings(
        cache_dir=Path("cache"),
        store=Path("store"),
        head_epochs=3,
        head_batch_size=8,
        head_learning_rate=0.5,
        head_images=70,
        head_seed=4,
    )
    recipe = head_recipe(settings)
    assert (recipe.epochs, recipe.batch_size, recipe.images) == (3, 8, 70)
    assert (recipe.learning_rate, recipe.seed) == (0.5, 4)
