"""Options: one table for the command line, the environment and the ini file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest

from harness.activation import Activation
from harness.errors import HarnessError
from harness.queries import possible_path, safe_name, split_query
from harness.settings import (
    EngineSpec,
    ModelSpec,
    OwnBase,
    OwnData,
    PopulationSpec,
    SaidGeometry,
    Shard,
)
from harness.traits import Trait, checked_traits, read_trait

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting: ``--harness-NAME``, ``HARNESS_NAME``, ini ``harness_NAME``.

    Attributes
    ----------
    field
        Name in `Settings`.
    parse
        From text to value; raises ValueError with what was expected.
    help
        What it does, with its default.
    many
        Repeatable on the command line; lines elsewhere.
    flag
        Takes no value on the command line.
    commas
        One text of parts joined by commas, which TOML may hold as a list.
    adds
        What is set in one place is added to what is set in the others.
    strict
        What is set to nothing is refused, and not taken for not set: a variable that
        is missing in CI must not switch off what the exit status hangs on.
    """

    field: str
    parse: Callable[[str], Any]
    help: str
    metavar: str = ""
    many: bool = False
    flag: bool = False
    commas: bool = False
    adds: bool = False
    strict: bool = False

    @property
    def name(self) -> str:
        """As written after ``--harness-`` and ``harness_``."""
        return "gate" if self.field == "gates" else self.field.replace("_", "-")

    @property
    def ini(self) -> str:
        """The ini twin."""
        return f"harness_{self.field}"

    @property
    def dest(self) -> str:
        """Where pytest's parser puts the value."""
        return f"harness_{self.field}"


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError(f"must not be empty, got {text!r}")
    return text.strip()


def name_or_path(text: str) -> str:
    """What names a saved run, or the file of one."""
    possible_path(f"{_text(text)}.json")
    return _text(text)


def _count(low: int, high: int = 10**9) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low:
            raise ValueError(f"must be a whole number of at least {low}, got {text!r}")
        if number > high:
            raise ValueError(f"must be a whole number of at most {high}, got {number}")
        return number

    return parse


whole_number = _count  # of commands too


def _shard(text: str) -> Shard:
    number, _, of = text.partition("/")
    if not (number.strip().isdecimal() and of.strip().isdecimal()):
        raise ValueError(f"must be written I/N, for instance 1/8, got {text!r}")
    shard = Shard(number=int(number), of=int(of))
    if not 1 <= shard.number <= shard.of <= _MOST_SHARDS:
        raise ValueError(
            f"must be one of 1/N to N/N, for N of at most {_MOST_SHARDS}, got {text!r}"
        )
    return shard


_MOST_SHARDS = 1_000_000


def _engine(text: str) -> EngineSpec:
    query = text.partition("?")[2]
    names = [part.partition("=")[0] for part in query.split("&")]
    target, options = split_query(text, names)
    return EngineSpec(target=target, options=tuple(options.items()))


def _number(rule: str, fits: Callable[[float], bool]) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not fits(number):
            raise ValueError(f"must be {rule}, got {text!r}")
        return number

    return parse


_positive = _number("a positive number", lambda x: 0 < x < float("inf"))
_not_negative = _number("a number of at least 0", lambda x: 0 <= x < float("inf"))
_share = _number("a number from 0 to below 1", lambda x: 0 <= x < 1)
_positive_share = _number("a number between 0 and 1", lambda x: 0 < x < 1)


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)", re.IGNORECASE)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_YEAR = 366 * 24 * 3600


def _duration(text: str) -> float:
    """Seconds, of 90, 90s, 45m or 5.5h."""
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2].lower()] if found else 0.0
    if not 0 < seconds <= _YEAR:
        raise ValueError(f"must be a time such as 90s, 45m or 5.5h, got {text!r}")
    return seconds


_LARGEST = 10**18  # bytes
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])(i?)b", re.IGNORECASE)


def size_in_bytes(text: str) -> int:
    """Bytes, of 20GB or 1.5 GiB; 0 for none."""
    if text.strip() == "0":
        return 0
    if (found := _SIZE.fullmatch(text.strip())) is None:
        raise ValueError(f"must be 0 or a size such as 20GB or 500MiB, got {text!r}")
    number, unit, binary = found.groups()
    power = 1 + "kmgt".index(unit.lower())
    size = float(number) * (1024 if binary else 1000) ** power
    if size > _LARGEST:
        raise ValueError(f"must be at most {_LARGEST // 10**12}TB, got {text!r}")
    return int(size)


def _milestones(text: str) -> tuple[int, ...]:
    try:
        epochs = tuple(int(part) for part in text.split(","))
    except ValueError:
        epochs = (-1,)
    if epochs == (0,):
        return ()
    if min(epochs) < 1 or list(epochs) != sorted(set(epochs)):
        raise ValueError(
            f"must be rising numbers of epochs joined by commas, or 0, got {text!r}"
        )
    return epochs


_PART = re.compile(r"(?:\[[^\[\]]*\]|[^,])+")  # commas in brackets are of the name


def _names(text: str) -> tuple[str, ...]:
    parts = _PART.findall(text)
    names = tuple(part.strip() for part in parts if part.strip())
    if not names:
        raise ValueError(f"must be names or patterns joined by commas, got {text!r}")
    return names


def _folder(text: str) -> Path:
    path = possible_path(text)
    if not path.is_dir():
        raise ValueError(f"must be an existing folder, got {text!r}")
    return path


def _one_of(*known: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in known:
            raise ValueError(f"must be one of {', '.join(known)}, got {text!r}")
        return text

    return parse


def _device(text: str) -> str:
    kind, _, index = text.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps", "xpu") or (
        index and not (index.isascii() and index.isdigit() and len(index) < 4)
    ):
        raise ValueError(f"must be auto, cpu, cuda, cuda:N, mps or xpu, got {text!r}")
    return text


def _own(*roles: str) -> Callable[[str], OwnData]:
    def parse(text: str) -> OwnData:
        path, facts = split_query(text, OWN_FACTS)
        role = facts.get("role", "")
        if role and role not in roles:
            raise ValueError(f"must have a role of {', '.join(roles)}, got {role!r}")
        if (name := facts.get("name", "")) != (name and safe_name(name)):
            raise ValueError(f"must have a name like {safe_name(name)!r}, got {name!r}")
        return OwnData(
            path=possible_path(path),
            name=name,
            role=role,
            resize="crop" not in facts and _yes(facts.get("resize", "")),
            geometry=_geometry(facts) if "crop" in facts else None,
            interpolation=_known_fact("interpolation", facts, INTERPOLATIONS),
            broken=_known_fact("broken", facts, ("skip",)),
            cropped=_yes(facts.get("cropped", "")),
            traits=_traits(path, facts),
            classes=possible_path(facts["classes"]) if "classes" in facts else None,
            mapping=_known_fact("mapping", facts, ("mean", "max")),
            several=_known_fact("labels", facts, ("any", "several")) == "several",
        )

    return parse


#: What may follow the question mark of --harness-data and --harness-outputs.
OWN_FACTS = (
    *("name", "role", "resize", "crop", "interpolation", "broken", "cropped"),
    *("trait.", "classes", "mapping", "labels"),
)
#: Of a network's pictures, and of those that are stretched to a base's size.
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")


def _geometry(facts: dict[str, str]) -> SaidGeometry | None:
    """What ``resize=256&crop=224&interpolation=bicubic`` says; None without the two."""
    pixels = {
        n: _fact(n, _count(1, 10_000), facts) for n in ("resize", "crop") if n in facts
    }
    if not pixels:
        return None
    if len(pixels) == 1:
        raise ValueError(
            "must give resize (pixels of the shorter side) and crop (of the square in "
            f"the middle) together, got {next(iter(pixels))} alone"
        )
    if pixels["crop"] > pixels["resize"]:
        raise ValueError(
            f"must have a crop of at most resize, got crop={pixels['crop']} of "
            f"resize={pixels['resize']}"
        )
    interpolation = _known_fact("interpolation", facts, INTERPOLATIONS)
    return SaidGeometry(**pixels, interpolation=interpolation)


#: What may follow the question mark of --harness-base, where it is a folder.
BASE_FACTS = (
    *("name", "size", "channels", "classes", "resize", "crop", "interpolation"),
    "broken",
)


def said_base(text: str) -> OwnBase:
    """What --harness-base says of a folder.

    Raises
    ------
    ValueError
        If a fact is unknown, or cannot be beside another.
    """
    path, facts = split_query(text, BASE_FACTS)
    if (name := facts.get("name", "")) != (name and safe_name(name)):
        raise ValueError(f"must have a name like {safe_name(name)!r}, got {name!r}")
    geometry = _geometry(facts)
    if geometry and "size" in facts:
        raise ValueError(
            "must give size (both sides at once) or resize and crop (the shorter side, "
            f"then the middle), got both in {text!r}"
        )
    if "interpolation" in facts and not (geometry or "size" in facts):
        raise ValueError(
            "must give an interpolation beside size, or resize and crop, which it is "
            f"of, got {text!r}"
        )
    return OwnBase(
        path=possible_path(path),
        name=name,
        size=_fact("size", _count(1, 10_000), facts) if "size" in facts else None,
        channels=int(_known_fact("channels", facts, ("1", "3")) or 0) or None,
        geometry=geometry,
        interpolation=_known_fact("interpolation", facts, INTERPOLATIONS),
        classes=possible_path(facts["classes"]) if "classes" in facts else None,
        broken=_known_fact("broken", facts, ("skip",)),
    )


def _base(text: str) -> str:
    """A name, or a folder and what is said of it, which is held to its rules here."""
    if "?" in _text(text):
        said_base(text)
    return text.strip()


def _known_fact(name: str, facts: dict[str, str], known: Sequence[str]) -> str:
    value = facts.get(name, "")
    if value and value not in known:
        raise ValueError(f"must have {name} {' or '.join(known)}, got {value!r}")
    return value


def _traits(path: str, facts: dict[str, str]) -> tuple[tuple[str, Trait], ...]:
    found = {
        name.removeprefix("trait."): read_trait(value)
        for name, value in facts.items()
        if name.startswith("trait.")
    }
    try:
        return tuple(checked_traits(path, found).items())
    except HarnessError as error:
        raise ValueError(f"has a trait that cannot be: {error}") from None


def _spec(text: str) -> ModelSpec:
    target, facts = split_query(text, _SPEC_FACTS)
    if (name := facts.get("name", "")) != (name and safe_name(name)):
        raise ValueError(f"must have a name like {safe_name(name)!r}, got {name!r}")
    file, _, factory = target.rpartition(":")
    possible_path(file if factory and file.endswith(".py") else target)
    if "weights" in facts:
        possible_path(facts["weights"])
    if "class_list" in facts:
        possible_path(facts["class_list"])
    return ModelSpec(
        target=target,
        name=name,
        head=facts.get("head", ""),
        mean=_numbers("mean", facts, "finite", lambda x: abs(x) < float("inf")),
        std=_numbers("std", facts, "positive", lambda x: 0 < x < float("inf")),
        weights=facts.get("weights", ""),
        kind=_kind(target, facts),
        activation=_activation(target, facts),
        layers=_fact("layers", _names, facts) if "layers" in facts else (),
        class_list=facts.get("class_list", ""),
        geometry=_geometry(facts),
    )


_SPEC_FACTS = (
    *("name", "head", "mean", "std", "weights", "kind", "layers", "num_classes"),
    *("class_list", "activation", "resize", "crop", "interpolation"),
)


def _kind(target: str, facts: dict[str, str]) -> str:
    """Of a model; timm's own word for an encoder is a network of no classes."""
    kind = "classifier"
    if "kind" in facts:
        kind = _fact("kind", _one_of("classifier", "encoder"), facts)
    if "num_classes" not in facts:
        return kind
    if not target.startswith("timm:") or facts["num_classes"] != "0":
        raise ValueError(
            "may give num_classes=0 alone, and to timm:NAME: other networks have the "
            f"base's classes, or are told to have none by kind=encoder, got {target!r}"
        )
    if facts.get("kind") == "classifier":
        raise ValueError("must not be a classifier of num_classes=0; leave one out")
    return "encoder"


def _activation(target: str, facts: dict[str, str]) -> str:
    """Of a classifier's logits; an encoder has none."""
    if "activation" not in facts:
        return ""
    if _kind(target, facts) == "encoder":
        raise ValueError("must be a classifier to have an activation; leave one out")
    return _fact("activation", _one_of(*Activation), facts)


def _population(text: str) -> PopulationSpec:
    target, facts = split_query(
        text, ("networks", "epochs", "name", "label_noise", "split")
    )
    if (name := facts.get("name", "")) != (name and safe_name(name)):
        raise ValueError(f"must have a name like {safe_name(name)!r}, got {name!r}")
    count = _count(1, 10_000)
    numbers = {n: _fact(n, count, facts) for n in ("networks", "epochs") if n in facts}
    noise = _numbers("label_noise", facts, "shares in [0, 1] as", lambda x: 0 <= x <= 1)
    return PopulationSpec(
        target=target,
        name=name,
        label_noise=noise,
        split=_known_fact("split", facts, ("train", "test")),
        **numbers,
    )


def _fact(fact: str, parse: Callable[[str], T], facts: dict[str, str]) -> T:
    """One of several facts: an error says which."""
    try:
        return parse(facts[fact])
    except ValueError as error:
        raise ValueError(f"has {fact}, which {error}") from error


def _numbers(
    fact: str, facts: dict[str, str], rule: str, fits: Callable[[float], bool]
) -> tuple[float, ...]:
    if fact not in facts:
        return ()
    try:
        numbers = tuple(float(part) for part in facts[fact].split(","))
    except ValueError:
        numbers = (float("nan"),)
    if not all(fits(number) for number in numbers):
        raise ValueError(
            f"must give {fact} {rule} numbers joined by commas, got {facts[fact]!r}"
        )
    return numbers


def _yes(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False}
    try:
        return known[text.strip().lower() or "false"]
    except KeyError:
        raise ValueError(f"must be true or false, got {text!r}") from None


OPTIONS = (
    Option(
        field="base",
        parse=_base,
        metavar="NAME",
        help="what the models were trained on; it decides which models and families "
        "there are: digits (default, bundled, no download), cifar10, mnist, kmnist, "
        "fashionmnist, svhn, usps, imagenet (found by itself where all models are "
        "published weights of torchvision or timm), or a folder of your own with test/ "
        "and, for what learns, train/: one folder a class, or data.npy and labels.npy. "
        "Facts may follow: FOLDER?name=NAME&size=64, or &resize=256&crop=224, and "
        "&interpolation=bicubic&channels=1&classes=FILE&broken=skip",
    ),
    Option(
        field="models",
        parse=_names,
        commas=True,
        metavar="NAMES",
        help="models to run, names or wildcards joined by commas: 'linear,lenet', "
        "'resnet*' (default: every model of the base whose weights are at hand, but "
        "controls such as onebrain, which are run on request)",
    ),
    Option(
        field="model",
        parse=_spec,
        metavar="SPEC",
        many=True,
        help="a network of your own (repeatable; without --harness-models no others "
        "are run): package.module:factory, FILE.py:factory, FILE.pt2 (torch.export), "
        "FILE.onnx, torchvision:NAME, timm:NAME or hub:REPOSITORY:NAME; or a model of "
        "the base with other weights, such as a checkpoint: NAME?weights=FILE. Facts "
        "may follow: SPEC?name=NAME&mean=0.5,0.5,0.5&std=0.2,0.2,0.2&head=LAYER&"
        "weights=FILE or a published name, such as DEFAULT; &kind=encoder for one "
        "that gives features and no logits; &layers=PART,PART to have features of "
        "these parts alone; &class_list=FILE to have the order of its outputs checked; "
        "&activation=sigmoid for one that was trained with binary cross entropy; "
        "&resize=256&crop=224&interpolation=bicubic to say how pictures of any size "
        "are prepared for it",
    ),
    Option(
        field="families",
        parse=_names,
        commas=True,
        metavar="NAMES",
        help="dataset families to run, like --harness-models: 'interior', 'writers*' "
        "(default: every family of the base whose data are at hand, but those that are "
        "run on request, such as interior-a and imagenet-o). NAME-c is NAME "
        "under the 15 corruptions of CIFAR-10-C at 5 severities, NAME-c-extra under "
        "the other 4 (one of which, saturate, needs colour); cifar10-c is the test "
        "split under them, and NAME-p is NAME as sequences of frames under 10 "
        "perturbations",
    ),
    Option(
        field="layers",
        parse=_names,
        commas=True,
        metavar="NAMES",
        help="layers of the networks that tests of layers are run on, names or "
        "wildcards joined by commas: 'stage*,head' (default: those of the test's "
        "marker, or head, what enters the last layer). Maps are averaged over "
        "positions; NAME-max takes the largest, "
        "NAME-grid the largest in each cell of a grid, NAME-grid4 in one of 4 x 4",
    ),
    Option(
        field="interior",
        parse=_count(0, 20_000),
        metavar="N",
        help="how many datasets the family `interior` holds (default 40); set i is "
        "the same whatever N",
    ),
    Option(
        field="max_images",
        parse=_count(1),
        metavar="N",
        help="measure a sample of N images of each dataset, drawn evenly over it and "
        "the same for every model (default: all)",
    ),
    Option(
        field="bank_images",
        parse=_count(1),
        metavar="N",
        help="of the training images take a sample of N as the bank that neighbours, "
        "probes and distances of features know (default: as many as "
        "--harness-max-images says, or all); networks are trained on all",
    ),
    Option(
        field="seed",
        parse=_count(0, 2**63 - 1),
        metavar="N",
        help="seed of the data: which transformations the datasets that are made go "
        "through (default 0)",
    ),
    Option(
        field="train_seed",
        parse=_count(0, 2**63 - 1),
        metavar="N",
        help="seed of the networks that are trained here: their start, the order of "
        "images, augmentation (default: that of the data)",
    ),
    Option(
        field="population",
        parse=_population,
        metavar="NAME",
        many=True,
        help="networks of one recipe from several seeds, for tests that ask for "
        "`population` (repeatable): a model that the harness trains, "
        "MODEL?networks=5&epochs=20&name=NAME, from the seed of training on, with "
        "label_noise=0,.5 one for each share of random labels; or one that is "
        "registered (default: all of these); or records of others, 'runs/*.npz'; or "
        "several kinds as one, A+B",
    ),
    Option(
        field="data",
        parse=_own("interior", "exterior", "target"),
        metavar="FOLDER",
        many=True,
        help="a folder of your own images (repeatable): data.npy and labels.npy at any "
        "depth, or PNG and JPEG pictures in one folder a class; labels.json is for "
        "several labels an image, classes=FILE for fewer classes; without labels its "
        "accuracy is predicted. Facts may follow: "
        "FOLDER?name=NAME&role=interior|exterior|target&resize=yes (or &resize=36&"
        "crop=32) &interpolation=bicubic&broken=skip&trait.WORD=VALUE&"
        "classes=FILE&mapping=mean|max&labels=any|several",
    ),
    Option(
        field="outputs",
        parse=_own("interior", "exterior", "target", "test"),
        metavar="FILE",
        many=True,
        help="an .npz file of what models said about a dataset (repeatable; no images "
        "or networks are needed): arrays `models`, `logits` (m, n, k) or `predictions` "
        "(m, n), and `labels` (n,). FILE?role=test is the labelled source set; "
        "classes=FILE, mapping and labels as of --harness-data",
    ),
    Option(
        field="save_outputs",
        parse=possible_path,
        metavar="DIR",
        strict=True,
        help="save what every model says about every dataset, a file each, as "
        "--harness-outputs DIR reads it: logits, predicted classes, labels. What an "
        "earlier run has saved is kept; what no cell needed an answer for is answered "
        "after the last one",
    ),
    Option(
        field="data_root",
        parse=_folder,
        metavar="DIR",
        help="folder that holds the datasets in their published layouts",
    ),
    Option(
        field="weights_root",
        parse=_folder,
        metavar="DIR",
        help="folder that holds published weight files, at any depth",
    ),
    Option(
        field="cache_dir",
        parse=possible_path,
        metavar="DIR",
        help="where trained models and downloads are kept (default: the platform's "
        "cache directory)",
    ),
    Option(
        field="store",
        parse=possible_path,
        metavar="DIR",
        help="where measurements are kept, so that a later run finds them (default: "
        ".harness beside the ini file, or else in the current folder)",
    ),
    Option(
        field="download",
        parse=_yes,
        flag=True,
        help="fetch weights and datasets that are missing and may be downloaded; "
        "families of datasets beyond the base only where --harness-families names them",
    ),
    Option(
        field="decoder",
        parse=_one_of("torchvision", "pil"),
        metavar="NAME",
        help="of pictures of any size, what decodes JPEG and resizes: torchvision "
        "(default; about twice as fast, fewer than one byte in 100 differs, by 2 at "
        "most) or pil, to the bit as the transforms that weights were published with. "
        "Numbers of the two are kept apart in the store",
    ),
    Option(
        field="decoded_cache",
        parse=size_in_bytes,
        metavar="SIZE",
        help="room on the disk for decoded pictures, 20GB say, in the cache folder: "
        "later runs, and networks of the same geometry, read them in place of the "
        "files; a photograph at 224x224 takes 150 kB (default 0: none are kept)",
    ),
    Option(
        field="keep",
        parse=_one_of("none", "predictions", "logits"),
        metavar="WHAT",
        help="keep what networks answer in the cache folder, so that a metric added "
        "later costs no forward pass: logits, 4 bytes an image and class, or "
        "predictions, the class of each image and the confidence in it, 13 bytes an "
        "image; the size is told before the run (default none; docs/scale.md)",
    ),
    Option(
        field="device",
        parse=_device,
        metavar="NAME",
        help="where networks run: auto (default: a GPU if there is one), cpu, cuda, "
        "cuda:1, mps, xpu",
    ),
    Option(
        field="precision",
        parse=_one_of("float32", "bfloat16", "auto"),
        metavar="NAME",
        help="arithmetic of the forward passes: float32 (default), bfloat16 (about "
        "twice as fast where the device has units for it; heads stay in float32), auto "
        "(bfloat16 on such devices); metrics always reduce in float64",
    ),
    Option(
        field="batch_size",
        parse=_count(1, 2**20),
        metavar="N",
        help="images per call of a network (default: by the images' size and the kind "
        "of device, 64 of 32x32 pixels on a processor); it never changes which numbers "
        "are found in the store",
    ),
    Option(
        field="jigsaw_grid",
        parse=_count(2, 16),
        metavar="G",
        help="jigsaw views cut images into G x G tiles (default 2)",
    ),
    Option(
        field="jigsaw_permutations",
        parse=_count(2, 1000),
        metavar="K",
        help="how many tile permutations, the identity counted (default 4; 64 of a "
        "distant set)",
    ),
    Option(
        field="jigsaw_set",
        parse=_one_of("spaced", "all", "distant", "distant-mean"),
        metavar="NAME",
        help="which tile permutations: spaced (default: evenly, in lexicographic "
        "order, from the identity on), all (the 24 of a 2 x 2 grid), distant (the "
        "least Hamming distance as large as can be, for 64 of a 3 x 3 grid), "
        "distant-mean (the mean distance alone, which takes near-duplicates)",
    ),
    Option(
        field="jigsaw_fit",
        parse=_one_of("refuse", "crop", "resize"),
        metavar="HOW",
        help="images whose sides the jigsaw grid does not divide: refuse (default), "
        "crop (about the centre: the network sees smaller images), resize (to the "
        "nearest size that it divides, and back)",
    ),
    Option(
        field="calibrate",
        parse=_one_of("none", "temperature"),
        metavar="HOW",
        help="confidences that metrics take at their word: none (default, as the model "
        "says), temperature (logits divided by the number that makes the base's "
        "labelled test split most likely, fitted once for each model)",
    ),
    Option(
        field="outcome",
        parse=_text,
        metavar="NAME",
        help="what metrics are fitted against: accuracy (default), or another outcome "
        "of `harness list metrics`, such as balanced_accuracy or "
        "negative_log_likelihood; also one of your own that was registered",
    ),
    Option(
        field="head_epochs",
        parse=_count(1, 10**6),
        metavar="N",
        help="train the heads of rotation and jigsaw prediction for at most N epochs "
        "(default 25); the best on held-out training images is kept",
    ),
    Option(
        field="head_batch_size",
        parse=_count(1, 2**20),
        metavar="N",
        help="images per step of a head's training (default 64)",
    ),
    Option(
        field="head_learning_rate",
        parse=_positive,
        metavar="X",
        help="learning rate of a head's training (default 0.01)",
    ),
    Option(
        field="head_milestones",
        parse=_milestones,
        commas=True,
        metavar="N,N",
        help="after these epochs of a head's training the learning rate is a tenth of "
        "what it was (default 8,14; 0 for never)",
    ),
    Option(
        field="head_momentum",
        parse=_share,
        metavar="X",
        help="Nesterov momentum of a head's training (default 0.9; 0 for none)",
    ),
    Option(
        field="head_weight_decay",
        parse=_not_negative,
        metavar="X",
        help="weight decay of a head's training (default 0.0001)",
    ),
    Option(
        field="head_held_out",
        parse=_positive_share,
        metavar="X",
        help="share of the training images that choose a head's epoch and train "
        "nothing (default 0.1)",
    ),
    Option(
        field="head_images",
        parse=_count(2),
        metavar="N",
        help="train heads on a sample of N training images (default: all)",
    ),
    Option(
        field="head_seed",
        parse=_count(0, 2**63 - 1),
        metavar="N",
        help="seed of a head's start, split, order of images and labels (default 0)",
    ),
    Option(
        field="recalculate",
        parse=_yes,
        flag=True,
        help="measure every cell anew, also those found in the store",
    ),
    Option(
        field="shard",
        parse=_shard,
        metavar="I/N",
        strict=True,
        help="run the I-th of N parts, for instance 1/8, chosen by model and dataset "
        "alike on every machine, and neither judge nor report: harness merge joins the "
        "stores, and the same command without this option does",
    ),
    Option(
        field="engine",
        parse=_engine,
        metavar="ENGINE",
        strict=True,
        help="run groups of cells elsewhere and report them here: processes, "
        "'processes?workers=4', ray, or package.module:factory of any executor of "
        "concurrent.futures (docs/scale.md)",
    ),
    Option(
        field="group_timeout",
        parse=_positive,
        metavar="SECONDS",
        help="with --harness-engine, end a worker that takes longer over one model on "
        "one dataset; another tries once more, and then its cells have failed",
    ),
    Option(
        field="time_limit",
        parse=_duration,
        metavar="TIME",
        help="end the run after so long, 90s, 45m or 5.5h, with a report of what there "
        "is and exit status 75; the same command goes on from there",
    ),
    Option(
        field="plan",
        parse=_yes,
        flag=True,
        help="measure and store nothing but say what the run would take: cells, "
        "forward passes, images, memory, and hours as a short sample of it shows, also "
        "divided among machines (docs/scale.md)",
    ),
    Option(
        field="gates",
        parse=_text,
        metavar="GATE",
        many=True,
        adds=True,
        strict=True,
        help="fail the run unless a correlation holds, for instance "
        "'jigsaw_invariance: interior r2 >= 0.5' (repeatable); METRIC[MODEL] picks a "
        "model, METRIC[all] the fit over all models. Of a target: 'predicted accuracy "
        "on my-camera >= 0.8', judged at the low end of its interval. Of values: "
        "'knn[k=5] on fog*: value > 0.6'. Gates of the ini "
        "file, the environment, the command line and tests' markers are all judged",
    ),
    Option(
        field="save_run",
        parse=name_or_path,
        metavar="NAME",
        strict=True,
        help="keep this run's report in the store, to compare later runs with",
    ),
    Option(
        field="compare",
        parse=name_or_path,
        metavar="NAME",
        strict=True,
        help="compare with a saved run, or with a JSON report's path",
    ),
    Option(
        field="fail_on",
        parse=_text,
        metavar="RULE",
        many=True,
        adds=True,
        strict=True,
        help="with --harness-compare, fail the run where a statistic got worse, for "
        "instance 'transfer r2 drops 0.05' (repeatable); 'beyond chance' after the "
        "number forgives what other datasets explain. Rules of all places are judged",
    ),
    Option(
        field="report",
        parse=_one_of("full", "short", "none"),
        metavar="HOW",
        help="what the terminal shows: full (default), short (no table for each "
        "metric), none",
    ),
    Option(
        field="detail",
        parse=_names,
        commas=True,
        metavar="METRICS",
        help="print everything about these metrics, names or wildcards joined by "
        "commas: every statistic with its interval, robust and other fits, controls, "
        "transfer between families, the most surprising datasets",
    ),
    Option(
        field="resample",
        parse=_one_of("kind", "dataset"),
        metavar="UNIT",
        help="what intervals leave out as a whole: kind (default: a family's datasets "
        "of one corruption together, as their traits say), dataset (each by itself)",
    ),
    Option(
        field="report_json",
        parse=possible_path,
        metavar="PATH",
        help="write the report and every measurement as JSON",
    ),
    Option(
        field="report_csv",
        parse=possible_path,
        metavar="PATH",
        help="write the measurements as CSV, one row each",
    ),
    Option(
        field="report_parquet",
        parse=possible_path,
        metavar="PATH",
        help="write the measurements as Parquet (needs pyarrow)",
    ),
    Option(
        field="report_md",
        parse=possible_path,
        metavar="PATH",
        help="write a summary as Markdown, for a CI job's summary page: gates first",
    ),
    Option(
        field="report_html",
        parse=possible_path,
        metavar="PATH",
        help="write the report as one HTML page with tables to sort and a plot; it "
        "needs no network",
    ),
    Option(
        field="tables_csv",
        parse=possible_path,
        metavar="DIR",
        help="write each table of the report's sections as a CSV file",
    ),
    Option(
        field="tables_parquet",
        parse=possible_path,
        metavar="DIR",
        help="write each table of the report's sections as Parquet (needs pyarrow)",
    ),
    Option(
        field="tables_latex",
        parse=possible_path,
        metavar="DIR",
        help="write each table of the report's sections in LaTeX, and BibTeX of its "
        "metrics",
    ),
    Option(
        field="report_bib",
        parse=possible_path,
        metavar="PATH",
        help="write as BibTeX what the run's metrics are from",
    ),
    Option(
        field="plots",
        parse=possible_path,
        metavar="DIR",
        help="write a picture of accuracy against each metric, and one of all metrics, "
        "PNG, SVG and PDF (needs matplotlib)",
    ),
    Option(
        field="label_next",
        parse=possible_path,
        metavar="PATH",
        help="write as CSV which images of the targets to label next, drawn at random, "
        "as many as the headlines of the predictions say",
    ),
    Option(
        field="labels",
        parse=possible_path,
        metavar="PATH",
        strict=True,
        help="labels of some images of the targets: the file that --harness-label-next "
        "wrote, its column `label` filled in; the headlines are then of them",
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Put every option, and its ini twin, in a group of their own."""
    group = parser.getgroup("harness", "models that meet unlabelled data (harness)")
    group.addoption(
        "--harness-list",
        dest="harness_list",
        choices=("bases", "models", "families", "datasets", "metrics", "published"),
        default=None,
        help="print what there is to choose from, or numbers by layer that were "
        "published, and run nothing",
    )
    for option in OPTIONS:
        extra: dict[str, Any] = (
            {"action": "store_const", "const": "true"}
            if option.flag
            else {"action": "append" if option.many else "store"}
            | {"metavar": option.metavar}
        )
        group.addoption(
            f"--harness-{option.name}",
            dest=option.dest,
            default=None,
            help=option.help,
            **extra,
        )
        kind: Literal["linelist", "string"] = "linelist" if option.many else "string"
        parser.addini(
            option.ini, f"twin of --harness-{option.name}", type=kind, default=None
        )
