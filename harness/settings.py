"""Settings: what a run was asked to do, from command line, environment and ini file."""

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from harness.traits import Trait

TOP_1 = "accuracy"  # the outcome that metrics are fitted against by default


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidGeometry:
    """How pictures are prepared, as a user says it.

    Attributes
    ----------
    resize
        Pixels that the shorter side is brought to.
    crop
        Pixels of either side of the square that is then cut from the middle.
    interpolation
        Of the resizing; empty for bilinear.
    """

    resize: int
    crop: int
    interpolation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBase:
    """A folder of the user's own that holds the splits of a base.

    Attributes
    ----------
    path
        Where it is.
    name
        Of the base; empty to take the folder's.
    size
        Pixels of either side that pictures are brought to, both sides at once; None to
        have them all of one size, or at a geometry.
    channels
        1 or 3 of pictures; None for 3.
    geometry
        How pictures of any size are prepared; None where they have one size.
    interpolation
        Of `size`; empty for bilinear.
    classes
        A file with the class of each output, in order; None to take the folders'.
    broken
        "skip" to leave pictures out that cannot be read; empty to refuse them.
    """

    path: Path
    name: str = ""
    size: int | None = None
    channels: int | None = None
    geometry: SaidGeometry | None = None
    interpolation: str = ""
    classes: Path | None = None
    broken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """A folder or file of the user's own, and what was said about it.

    Attributes
    ----------
    path
        Where it is.
    name
        Of its family; empty to take the path's.
    role
        "interior", "exterior", "target" or "test"; empty to decide by its labels.
    resize
        Bring pictures to the base's size, both sides at once.
    geometry
        How pictures are brought to the size of a base whose images have one; None to
        have no picture cut.
    interpolation
        Of `resize`; empty for the base's.
    broken
        "skip" to leave pictures out that cannot be read; empty to refuse them.
    cropped
        Pictures were resized and cropped when they were made.
    traits
        Facts of its datasets, by name.
    classes
        A file that says which of the base's classes are answers.
    mapping
        "mean" or "max": how classes that stand for one answer speak together.
    several
        Labels of one image hold all at once, instead of any being acceptable.
    """

    path: Path
    name: str = ""
    role: str = ""
    resize: bool = False
    geometry: SaidGeometry | None = None
    interpolation: str = ""
    broken: str = ""
    cropped: bool = False
    traits: tuple[tuple[str, Trait], ...] = ()
    classes: Path | None = None
    mapping: str = ""
    several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A network of the user's own, named on the command line.

    Attributes
    ----------
    target
        ``package.module:factory``, ``file.py:factory``, ``torchvision:NAME``,
        ``timm:NAME``, ``hub:REPOSITORY:NAME``, or the path of an exported model.
    name
        Of the model; empty to take the target's.
    head
        Dotted name of the layer that features enter; empty to look for it.
    mean, std
        Per channel, of images scaled to [0, 1], or one number for all channels; empty
        to take what the weights or the network declare.
    weights
        A file, or a published name; empty for none.
    kind
        "classifier", or "encoder" for a network that gives features and no logits.
    activation
        "softmax", or "sigmoid" of a network trained with one binary question a class;
        empty for what is known of the target, or else a softmax.
    layers
        Dotted names of the parts that features can be taken of; empty for all that a
        dry run finds.
    class_list
        A file with the class of each output, in order; empty for none.
    geometry
        How pictures of any size are prepared for it; None to take what the weights or
        the network declare.
    folder
        What relative paths start from.
    """

    target: str
    name: str = ""
    head: str = ""
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    weights: str = ""
    kind: str = "classifier"
    activation: str = ""
    layers: tuple[str, ...] = ()
    class_list: str = ""
    geometry: SaidGeometry | None = None
    folder: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationSpec:
    """A population of networks, named on the command line.

    Attributes
    ----------
    target
        One that is registered, or a model that the harness trains, or records of
        networks that others trained, as a pattern of files; or several of these with a
        ``+`` between them, which make up one.
    name
        Of a population that is not registered; empty to put it together.
    networks, epochs
        How many of a model, and how long each is trained; None for as many as usual.
    label_noise
        A population each whose training labels are drawn at random so far; empty for
        one, of the recipe.
    split
        Which images records are of that do not say it; empty for those of the test.
    """

    target: str
    name: str = ""
    networks: int | None = None
    epochs: int | None = None
    label_noise: tuple[float, ...] = ()
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several parts of a run, which no process need know all of.

    Attributes
    ----------
    number, of
        Which, from 1, and of how many.
    """

    number: int
    of: int

    def __str__(self) -> str:
        """As it is given."""
        return f"{self.number}/{self.of}"

    def holds(self, name: str) -> bool:
        """Whether a group is in this part: by its name alone, on every machine alike.

        Examples
        --------
        >>> [Shard(number=i, of=3).holds("resnet on fog") for i in (1, 2, 3)]
        [False, True, False]
        """
        return part_of(name, self.of) == self.number


def part_of(name: str, parts: int) -> int:
    """Which of several parts of a run a group is in, from 1."""
    digest = sha256(name.encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8]) % parts + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """What runs groups of tests elsewhere, named on the command line.

    Attributes
    ----------
    target
        One of `harness.engines`, or ``package.module:factory``.
    options
        Keyword arguments of the factory, all of them texts.
    """

    target: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every option of a run, validated one by one; see `harness.options` for the texts.

    `models` and `families` are patterns; empty means all of the base.
    """

    base: str = "digits"
    models: tuple[str, ...] = ()
    model: tuple[ModelSpec, ...] = ()
    families: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    interior: int = 40
    max_images: int | None = None
    bank_images: int | None = None
    seed: int = 0
    train_seed: int | None = None
    population: tuple[PopulationSpec, ...] = ()
    data: tuple[OwnData, ...] = ()
    outputs: tuple[OwnData, ...] = ()
    data_root: Path | None = None
    weights_root: Path | None = None
    cache_dir: Path
    store: Path
    download: bool = False
    decoder: str = "torchvision"
    decoded_cache: int = 0
    keep: Literal["none", "predictions", "logits"] = "none"
    device: str = "auto"
    precision: str = "float32"
    batch_size: int | None = None
    jigsaw_grid: int = 2
    jigsaw_set: str = "spaced"
    jigsaw_permutations: int | None = None
    jigsaw_fit: str = "refuse"
    calibrate: str = "none"
    outcome: str = TOP_1
    head_epochs: int = 25
    head_batch_size: int = 64
    head_learning_rate: float = 1e-2
    head_momentum: float = 0.9
    head_weight_decay: float = 1e-4
    head_milestones: tuple[int, ...] = (8, 14)
    head_held_out: float = 0.1
    head_images: int | None = None
    head_seed: int = 0
    recalculate: bool = False
    shard: Shard | None = None
    engine: EngineSpec | None = None
    group_timeout: float | None = None
    time_limit: float | None = None
    plan: bool = False
    gates: tuple[str, ...] = ()
    save_run: str | None = None
    compare: str | None = None
    fail_on: tuple[str, ...] = ()
    report: str = "full"
    detail: tuple[str, ...] = ()
    resample: str = "kind"
    report_json: Path | None = None
    report_csv: Path | None = None
    report_parquet: Path | None = None
    report_md: Path | None = None
    report_html: Path | None = None
    tables_csv: Path | None = None
    tables_parquet: Path | None = None
    tables_latex: Path | None = None
    report_bib: Path | None = None
    save_outputs: Path | None = None
    plots: Path | None = None
    labels: Path | None = None
    label_next: Path | None = None

    @property
    def training_seed(self) -> int:
        """Of networks that the harness trains: that of the data, unless it is given."""
        return self.seed if self.train_seed is None else self.train_seed


class Role(Enum):
    """What a setting is to the numbers of a cell, and so to its key in the store."""

    EVERY = "enters every key"
    SOME = "enters the keys of the cells that use it"
    CONTENT = "chooses, or says where to find, what is known by its content"
    NONE = "changes no number of a cell"


#: Of every setting: a new one needs its role here.
ROLES: dict[str, Role] = {
    **dict.fromkeys(("max_images", "outcome", "precision", "seed"), Role.EVERY),
    **dict.fromkeys(
        (
            *("bank_images", "calibrate", "jigsaw_fit", "jigsaw_grid"),
            *(
                "jigsaw_permutations",
                "jigsaw_set",
                "head_batch_size",
                "head_epochs",
                "head_held_out",
            ),
            *("head_images", "head_learning_rate", "head_milestones"),
            *("head_momentum", "head_seed", "head_weight_decay"),
        ),
        Role.SOME,
    ),
    **dict.fromkeys(
        (
            *("base", "models", "model", "families", "interior", "data", "outputs"),
            *("data_root", "weights_root", "cache_dir", "download", "train_seed"),
            *("population", "layers", "decoder"),
        ),
        Role.CONTENT,
    ),
    **dict.fromkeys(
        (
            # The last digits at most, and the report says where a number was made.
            *("device", "batch_size", "decoded_cache", "keep"),
            *("shard", "engine", "group_timeout", "time_limit", "plan"),
            *("store", "recalculate", "gates", "save_run", "compare", "fail_on"),
            *("report", "detail", "resample", "plots", "report_json", "report_csv"),
            *("report_parquet", "report_md", "report_html"),
            *("tables_csv", "tables_parquet", "tables_latex", "report_bib"),
            *("labels", "label_next", "save_outputs"),
        ),
        Role.NONE,
    ),
}


def of_every_key(settings: Settings) -> dict[str, Any]:
    """The settings that enter every cell's key."""
    every = (name for name, role in ROLES.items() if role is Role.EVERY)
    return {name: getattr(settings, name) for name in every}


# Of those that choose what is known by its content, what is said in a word; and what
# intervals go by. Where things lie is nobody's business.
_SAID = ("families", "interior", "layers", "train_seed", "decoder", "resample")


def told_settings(settings: Settings) -> dict[str, Any]:
    """What was chosen that may decide the numbers of a report, by option; JSON values.

    Examples
    --------
    >>> from pathlib import Path
    >>> told = told_settings(Settings(cache_dir=Path("c"), store=Path("s"), seed=7))
    >>> told["seed"], told["max-images"], "store" in told
    (7, None, False)
    """
    found = {}
    for name, role in ROLES.items():
        if role in (Role.EVERY, Role.SOME) or name in _SAID:
            value = getattr(settings, name)
            found[name.replace("_", "-")] = (
                list(value) if isinstance(value, tuple) else value
            )
    return found
