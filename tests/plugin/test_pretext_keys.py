"""Keys: options of heads change the cells that use a head, and no others."""

from dataclasses import replace
from pathlib import Path

from harness.fixtures.pretext import pretext_parameters
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings


def test_only_cells_with_a_head_depend_on_its_options():
    settings = Settings(cache_dir=Path("cache"), store=Path("store"))
    slower = replace(settings, head_learning_rate=1e-3)
    run, other = (Run(s, Registry(), tell=print) for s in (settings, slower))
    for fixture in ("rotation_head", "jigsaw_head"):
        names = ["predictions", fixture]
        assert pretext_parameters(run, names) != pretext_parameters(other, names)
        assert pretext_parameters(run, names) == pretext_parameters(run, names)
    assert pretext_parameters(run, ["predictions"]) == {}


def test_only_cells_with_jigsaws_depend_on_the_permutations():
    settings = Settings(cache_dir=Path("cache"), store=Path("store"))
    more = replace(settings, jigsaw_permutations=24)
    same = replace(settings, jigsaw_permutations=24, jigsaw_set="all")
    one, two, three = (Run(s, Registry(), tell=print) for s in (settings, more, same))
    names = ["predictions", "jigsaws"]
    assert pretext_parameters(one, names) != pretext_parameters(two, names)
    assert pretext_parameters(two, names) == pretext_parameters(three, names)
    assert pretext_parameters(two, ["rotation_head"]) == pretext_parameters(
        one, ["rotation_head"]
    )


def test_head_options_reach_the_recipe():
    from harness.fixtures.pretext import head_recipe

    settings = Settings(
        cache_dir=Path("cache"),
        store=Path("store"),
        head_epochs=3,
        head_batch_size=8,
        head_learning_rate=0.5,
        head_momentum=0.5,
        head_weight_decay=0.25,
        head_milestones=(3,),
        head_held_out=0.5,
        head_images=70,
        head_seed=4,
    )
    recipe = head_recipe(settings)
    assert (recipe.epochs, recipe.batch_size, recipe.images) == (3, 8, 70)
    assert (recipe.learning_rate, recipe.seed) == (0.5, 4)
    assert (recipe.momentum, recipe.weight_decay) == (0.5, 0.25)
    assert (recipe.milestones, recipe.held_out) == ((3,), 0.5)
