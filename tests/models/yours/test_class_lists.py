"""Lists of classes that a network's outputs are said to have."""

import json

import pytest

from harness.datasets.bases.imagenet import IMAGENET
from harness.datasets.bases.imagenet_classes import NAMES, WNIDS
from harness.errors import BadData, MissingData
from harness.models.yours.class_lists import check_order
from harness.models.yours.specs import spec_model
from harness.settings import ModelSpec, Settings


def test_the_base_s_order_passes(tmp_path):
    """As a list, with names behind, and as Keras and torchvision have it in JSON."""
    both = list(zip(WNIDS, NAMES, strict=True))
    for name, text in {
        "plain.txt": "\n".join(WNIDS) + "\n",
        "words.txt": "\n".join(f"{wnid} {title}, x" for wnid, title in both),
        "list.json": json.dumps(WNIDS),
        "index.json": json.dumps({str(i): pair for i, pair in enumerate(both)}),
    }.items():
        (tmp_path / name).write_text(text)
        check_order(tmp_path / name, IMAGENET)


def test_a_header_line_is_refused(tmp_path):
    """It gives a right classifier 1.7 % instead of 45."""
    file = tmp_path / "wnids.txt"
    file.write_text("# in index order\n" + "\n".join(WNIDS))

    with pytest.raises(BadData, match=r"got 1001, the first '# in index order'"):
        check_order(file, IMAGENET)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("background", *WNIDS[:-1]), r"output 0 is 'background' and not 'n01440764'"),
        ((*WNIDS[:500], *reversed(WNIDS[500:])), r"output 500 is"),
        (WNIDS[:-1], r"got 999"),
        ((), r"got 0"),
    ],
)
def test_another_order_is_refused(tmp_path, classes, message):
    file = tmp_path / "wnids.txt"
    file.write_text("\n".join(classes))

    with pytest.raises(BadData, match=message):
        check_order(file, IMAGENET)


def test_what_is_no_list_is_refused(tmp_path):
    with pytest.raises(MissingData, match="class_list=FILE"):
        check_order(tmp_path / "none.txt", IMAGENET)
    for text in ("{", "3", '{"a": "b"}', "[[]]"):
        (tmp_path / "bad.json").write_text(text)
        with pytest.raises(BadData, match="must be a JSON list of classes"):
            check_order(tmp_path / "bad.json", IMAGENET)


def test_a_model_is_refused_before_it_is_built(tmp_path):
    (tmp_path / "list.txt").write_text("\n".join(reversed(WNIDS)))
    spec = ModelSpec(
        target="no_such_module:network", class_list="list.txt", folder=tmp_path
    )
    settings = Settings(base="imagenet", cache_dir=tmp_path, store=tmp_path)

    with pytest.raises(BadData, match=r"in the order of base imagenet"):
        spec_model(spec, "imagenet").check(settings, IMAGENET, print)
