"""Options: every path and every number is held to what can be, by the table."""

import pytest

from harness.cli import main
from harness.options import OPTIONS
from harness.registry import Registry
from harness.settings import Settings

PATHS = [o for o in OPTIONS if o.metavar in ("DIR", "PATH", "FOLDER", "FILE", "SPEC")]
PATHS += [o for o in OPTIONS if o.field in ("compare", "save_run")]
ODD = {
    "long": "n" * 300,
    "long part": "a/" + "n" * 300 + "/b",
    "long path": "abcdefgh/" * 1000 + "a",
    "NUL": "a\0b",
    "loop": "{loop}/a",
}


def by_name(option):
    """For test ids."""
    return option.name


def test_every_path_of_the_table_is_tried():
    """An option of a type that is a path is one of these."""
    kinds = {o.field: str(Settings.__annotations__[o.field]) for o in OPTIONS}
    paths = {field for field, kind in kinds.items() if "Path" in kind}

    assert {"data_root", "store", "report_json", "plots"} <= paths
    assert paths <= {option.field for option in PATHS}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("option", PATHS, ids=by_name)
def test_a_path_that_cannot_be_is_refused(option, odd, tmp_path):
    """By the parser, and so before anything is looked for."""
    (tmp_path / "loop").symlink_to("loop")
    text = ODD[odd].format(loop=tmp_path / "loop")

    with pytest.raises(ValueError, match=r"must be a path that can be, got '.*': \w"):
        option.parse(text)


@pytest.mark.parametrize(
    "spec", ["nets.py:net?weights={long}", "{long}.py:net", "{long}.pt2"]
)
def test_paths_in_a_model_are_paths(spec):
    """Of its weights, of its code and of its graph."""
    option = next(o for o in OPTIONS if o.field == "model")

    with pytest.raises(ValueError, match="File name too long"):
        option.parse(spec.format(long="n" * 300))


@pytest.mark.parametrize(
    ("facts", "kind", "layers"),
    [
        ("f.py:net", "classifier", ()),
        ("f.py:net?kind=encoder", "encoder", ()),
        ("timm:vit?num_classes=0&weights=DEFAULT", "encoder", ()),
        ("f.py:net?layers=stage1,body.2", "classifier", ("stage1", "body.2")),
    ],
)
def test_a_model_says_its_kind_and_its_layers(facts, kind, layers):
    """A classifier unless it says otherwise, in our word or in timm's."""
    option = next(o for o in OPTIONS if o.field == "model")

    spec = option.parse(facts)
    assert (spec.kind, spec.layers) == (kind, layers)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "f.py:net?kind=head",
            "has kind, which must be one of classifier, encoder, got 'head'",
        ),
        ("f.py:net?num_classes=0", "may give num_classes=0 alone, and to timm"),
        ("timm:vit?num_classes=10", "may give num_classes=0 alone, and to timm"),
        ("timm:vit?num_classes=0&kind=classifier", "must not be a classifier of num"),
    ],
)
def test_a_kind_that_cannot_be_is_refused(text, message):
    option = next(o for o in OPTIONS if o.field == "model")

    with pytest.raises(ValueError, match=message):
        option.parse(text)


NUMBERS = {
    "interior": "400000",
    "seed": "18446744073709551616",
    "train_seed": "18446744073709551616",
    "head_seed": "18446744073709551616",
    "batch_size": "100000000000000000000",
    "head_batch_size": "100000000000000000000",
    "jigsaw_grid": "3000",
    "jigsaw_permutations": "100000",
    "max_images": "1" + "0" * 30,
    "bank_images": "1" + "0" * 30,
    "head_images": "1" + "0" * 30,
    "head_epochs": "1" + "0" * 30,
}


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_beyond_what_can_run_is_refused(field):
    """At once and with the bound; and so is one with more digits than Python reads."""
    option = next(o for o in OPTIONS if o.field == field)

    with pytest.raises(ValueError, match=rf"at most \d+, got {NUMBERS[field]}"):
        option.parse(NUMBERS[field])
    with pytest.raises(ValueError, match="must be a whole number"):
        option.parse("9" * 9000)


def test_every_whole_number_of_the_table_has_a_bound():
    """A new option is among these, or has none."""
    whole = {
        o.field
        for o in OPTIONS
        if str(Settings.__annotations__[o.field]) in ("<class 'int'>", "int | None")
    }

    assert whole - {"decoded_cache"} == set(NUMBERS)  # which is a size


@pytest.mark.parametrize(
    "text", ["cuda:99999999999999999999", "cuda:\N{SUPERSCRIPT TWO}"]
)
def test_a_device_number_is_a_number(text):
    """Few digits, and of those that int reads."""
    option = next(o for o in OPTIONS if o.field == "device")

    with pytest.raises(ValueError, match="cuda:N"):
        option.parse(text)


@pytest.mark.parametrize(
    "command",
    [
        ("report", "{long}"),
        ("report", "a.csv", "--json", "{long}"),
        ("compare", "{long}", "b.json"),
        ("compare", "a", "b", "--store", "{long}"),
        ("train", "--model", "linear", "--out", "{long}"),
        ("train", "--model", "linear", "--data-root", "{long}"),
    ],
)
def test_a_command_refuses_such_a_path_too(command, capsys):
    """In one line, status 2."""
    with pytest.raises(SystemExit) as caught:
        main([part.format(long="n" * 300) for part in command])

    assert caught.value.code == 2
    assert "must be a path that can be, got 'nnn" in capsys.readouterr().err


def test_families_that_the_help_says_run_on_request_do():
    registry = Registry()
    help_ = next(option.help for option in OPTIONS if option.field == "families")

    for base, name in (("digits", "interior-a"), ("imagenet", "imagenet-o")):
        assert name in help_.partition("on request")[2]
        assert registry.families_of(base)[name].on_request
