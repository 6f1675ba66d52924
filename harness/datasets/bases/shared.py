"""The families that every base has: its test split, and interiors made of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.datasets.dataset import Dataset
from harness.datasets.family import Base, Family
from harness.datasets.images import sets_of
from harness.datasets.truth import KnownTruth, Truth
from harness.measurement import Domain
from harness.traits import TRANSFORMATIONS, Trait, together

if TYPE_CHECKING:
    from harness.datasets.dataset import Transformation
    from harness.settings import Settings

# Where the pools of the interior's other families come from, by letter.
OTHER_SOURCES = {
    "a": "https://github.com/Simon4Yan/Meta-set, group A",
    "b": "https://github.com/Simon4Yan/Meta-set, group B",
    "c": "Deng, Gould and Zheng, ICML 2021, arXiv:2106.05961",
    "d": "DeepAugment, Hendrycks et al., ICCV 2021, arXiv:2006.16241",
}


def _test(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    return (
        Dataset(
            name="test",
            family="test",
            domain=Domain.INTERIOR,
            load=partial(base.test, settings),
            traits={"split": "test"},
            known=_known(base, settings),
        ),
    )


def _known(base: Base, settings: Settings) -> KnownTruth | None:
    """The truth of a base's test images where several classes may hold of one."""
    if not base.several:
        return None

    def read() -> Truth:
        sets = sets_of(base.test(settings))
        assert sets is not None
        return Truth.sets(
            sets, len(base.classes), several=True, of=f"labels of base {base.name}"
        )

    return KnownTruth(read)


def _interior(base: Base, settings: Settings) -> tuple[Dataset, ...]:
    from harness.datasets.made.metaset import metaset
    from harness.datasets.made.pools import DEFAULT_POOL, GREY_POOL

    pool = DEFAULT_POOL if base.size[2] == 3 else GREY_POOL
    return tuple(
        Dataset(
            name=f"interior/{i:04d}",
            family="interior",
            domain=Domain.INTERIOR,
            load=partial(base.test, settings),
            known=_known(base, settings),
            transformations=made,
            seed=(settings.seed, i),
            traits=_traits("default", made),
        )
        for i, made in enumerate(
            metaset(settings.seed, i, pool) for i in range(settings.interior)
        )
    )


def _other_interior(letter: str, base: Base, settings: Settings) -> tuple[Dataset, ...]:
    from harness.datasets.made.metaset import metaset
    from harness.datasets.made.pools import OTHER_POOLS, in_one_pass

    colour, grey = OTHER_POOLS[letter]
    pool = colour if base.size[2] == 3 else grey
    return tuple(
        Dataset(
            name=f"interior-{letter}/{i:04d}",
            family=f"interior-{letter}",
            domain=Domain.INTERIOR,
            load=partial(base.test, settings),
            known=_known(base, settings),
            transformations=in_one_pass(made),
            # The letter's number, so that no pool shares the default pool's draws.
            seed=(settings.seed, i, 1 + list(OTHER_POOLS).index(letter)),
            traits=_traits(letter, made),
        )
        for i, made in enumerate(
            metaset(settings.seed, i, pool) for i in range(settings.interior)
        )
    )


def _traits(pool: str, made: tuple[Transformation, ...]) -> dict[str, Trait]:
    """Of what, from which pool, and by which transformations in turn."""
    names = together(one.name for one in made)
    return {"split": "test", "pool": pool, TRANSFORMATIONS: names}


def _other(base: Base, letter: str, source: str) -> Family:
    return Family(
        name=f"interior-{letter}",
        base=base.name,
        domain=Domain.INTERIOR,
        datasets=partial(_other_interior, letter, base),
        description=f"the test split under three of pool {letter.upper()} a set",
        source=source,
        licence=base.licence,
        on_request=True,
    )


def shared(base: Base) -> tuple[Family, ...]:
    """The families that every base has."""
    return (
        Family(
            name="test",
            base=base.name,
            domain=Domain.INTERIOR,
            datasets=partial(_test, base),
            description="the base's test split, untransformed",
            source=base.source,
            licence=base.licence,
        ),
        Family(
            name="interior",
            base=base.name,
            domain=Domain.INTERIOR,
            datasets=partial(_interior, base),
            description="the test split under three of seven transformations a set",
            source="Deng and Zheng, CVPR 2021, arXiv:2007.02915",
            licence=base.licence,
        ),
        *(_other(base, letter, source) for letter, source in OTHER_SOURCES.items()),
    )
