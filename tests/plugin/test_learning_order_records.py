"""Populations of records, of several kinds, and tables of images, in the suite."""

import json
import pickle

import numpy as np
import pytest

from harness.metrics.learning_order.agreement import agreements
from harness.models.recorder import Recorder
from harness.store import Store
from tests.plugin.test_learning_order_suite import order as order
from tests.plugin.test_learning_order_suite import run

LABELS = np.arange(60) % 3
THEIRS = ("--harness-population", "runs/*.npz?name=theirs")


def recorded(
    folder, *, networks=3, epochs=3, splits=("test",), labels=LABELS, **options
):
    """Files of networks that get the first images of each class right first."""
    rng = np.random.default_rng(0)
    (folder / "runs").mkdir()
    right = np.zeros((networks, epochs, len(labels)), dtype=bool)
    for net in range(networks):
        recorder = Recorder(
            folder / "runs" / f"seed{net}.npz",
            labels=dict.fromkeys(splits, labels),
            **options,
        )
        for epoch in range(epochs):
            right[net, epoch] = np.arange(60) < 20 * (epoch + 1) - rng.integers(
                1, 9, 60
            )
            said = np.where(right[net, epoch], LABELS, (LABELS + 1) % 3)
            if labels.ndim == 2:
                said = np.eye(3, dtype=bool)[said]
            recorder(**dict.fromkeys(splits, said))
    return right


def kept_skips(order):
    """Reasons that a later run will not look into again."""
    lines = Store(order.path / ".harness").lines()
    return {line.skipped.reason for line in lines if line.skipped}


def of(report, population, split="test"):
    return next(
        one
        for one in report["sections"]["learning-order"]["of"]
        if (one["population"], one["split"]) == (population, split)
    )


def test_records_of_others_are_a_population(order):
    """Joined to the base by all labels in their order; no network is asked."""
    right = recorded(order.path)
    result, report = run(order, *THEIRS, "--harness-families", "in0")

    assert "failed" not in result.parseoutcomes()
    found = of(report, "theirs")
    expected = agreements(right)
    assert [one["agreement"] for one in found["epochs"]] == [a.value for a in expected]
    assert [one["networks"] for one in found["sizes"]] == [2, 3]
    assert found["sizes"][-1]["agreement"] == expected[-1].value
    assert [one["statistic"] for one in found["related"]] == ["luminance"]
    assert found["related"][0]["p"] > 1 / 201 - 1e-9
    assert "population_agreement" not in {r["metric"] for r in report["measurements"]}
    assert "has records, and no networks to ask" in " ".join(
        order.runpytest_inprocess("order", "-rs", *THEIRS).stdout.str().split()
    )
    (pictures,) = report["sections"]["learning-order"]["pictured"]
    assert pictures["split"] == "test"


def test_records_that_prove_nothing_have_no_images_but_tables(order):
    """Names that nobody knows: statistics are skipped, a CSV of these names is not."""
    names = np.array([f"x/{i}.png" for i in range(60)])
    right = recorded(order.path, ids={"test": names})
    score = right.mean(axis=(0, 1))
    rows = [f"{i}.png,{score[i]},{i % 2}" for i in range(59, 4, -1)]
    (order.path / "t.csv").write_text("image,easy,odd\n" + "\n".join(rows))
    result, report = run(
        order, *THEIRS, "-rs", "-k", "not unlabelled", "--learning-order-table", "t.csv"
    )

    assert "failed" not in result.parseoutcomes()
    related = {one["statistic"]: one for one in of(report, "theirs")["related"]}
    assert set(related) == {"easy", "odd"}
    assert related["easy"]["overall"][0] == pytest.approx(1)
    assert related["easy"]["joined"] == 55
    assert related["easy"]["p"] == pytest.approx(1 / 201)
    assert abs(related["odd"]["overall"][0]) < 0.4
    text = " ".join(result.stdout.str().split())
    assert (
        "names of images must be of the test images of base toy, which 60 of 60" in text
    )
    assert report["sections"]["learning-order"]["pictured"] == []
    assert not any("names of images" in reason for reason in kept_skips(order))


def test_answers_of_people_are_held_to_labels_that_records_alone_have(order):
    """One line where they do not belong, and no way through the code."""
    recorded(order.path, ids={"test": np.array([f"x/{i}.png" for i in range(60)])})
    people = ("-k", "human_entropy", "--learning-order-soft-labels", "people.npy")
    np.save(order.path / "people.npy", np.eye(3)[LABELS[:59]])
    result = order.runpytest_inprocess("order", "-q", *THEIRS, *people)

    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "people.npy must have a row for each of 60 test images, got 59" in text
    assert "probs = soft_labels" not in text


def test_a_table_may_name_images_by_their_pixels(order):
    """Of trained networks on a base of arrays; one of other images is told apart."""
    from harness import image_ids

    namespace = {}
    exec((order.path / "conftest.py").read_text().split("def network")[0], namespace)
    ids = image_ids(namespace["images"](5)[0])
    rows = [f"{name},{i}" for i, name in enumerate(ids)]
    (order.path / "places.csv").write_text("\n".join(rows))
    (order.path / "others.csv").write_text("a,1\nb,2\n")
    tables = ("--learning-order-table", "places.csv", "--learning-order-table")
    result, report = run(order, "-rs", "-k", "side_table", *tables, "others.csv")

    result.assert_outcomes(passed=2, skipped=2)
    assert of(report, "lines")["related"][0]["joined"] == 60
    assert "and names 0 of 60" in " ".join(result.stdout.str().split())
    assert not kept_skips(order)  # what pictures are called is in no key
    (order.path / "bad.csv").write_text("a,1\na,2\n")
    bad = order.runpytest_inprocess("order", *tables, "bad.csv")
    bad.stdout.fnmatch_lines(["*must name an image once, and names 'a' twice*"])


def test_several_kinds_are_one_population(order):
    """Networks that are trained here and records of others, of the same images."""
    recorded(order.path, networks=2)
    mixed = ("--harness-population", "lines+runs/seed*.npz?name=both")
    result, report = run(order, *mixed, "--harness-families", "in0", "-k", "test_order")

    assert "failed" not in result.parseoutcomes()
    (two,) = of(report, "both")["kinds"]
    assert two["kinds"] == "lines and seed"
    assert of(report, "both")["networks"] == 5
    assert two["across"] <= 1
    assert two["within_expected"] is not None
    assert of(report, "both")["sizes"][-1]["networks"] == 5
    result.stdout.fnmatch_lines(["*kinds of networks against each other*"])

    for path in (order.path / "runs").iterdir():
        path.unlink()
    (order.path / "runs").rmdir()
    recorded(order.path, networks=2, epochs=2)
    result, _ = run(order, *mixed, "-k", "test_order_agreement")
    text = " ".join(result.stdout.str().split())
    assert "must have as many epochs each, got 3 of line and 2 of" in text


def test_what_was_said_during_the_epoch_is_a_split_of_its_own(order):
    """Of networks that are trained here, beside what they say after it; of others."""
    result, report = run(order, "-k", "order_agreement or learned")

    result.assert_outcomes(passed=6, deselected=result.parseoutcomes()["deselected"])
    after, during = (of(report, "lines", split) for split in ("train", "during"))
    assert after["epochs"][0]["accuracy"] != during["epochs"][0]["accuracy"]

    recorded(order.path, splits=("train",), when="during")
    result, report = run(order, *THEIRS, "-k", "order_agreement or correlation")
    assert "failed" not in result.parseoutcomes()
    splits = [one["split"] for one in report["sections"]["learning-order"]["of"]]
    assert splits == ["during"]


def test_several_labels_are_right_as_a_whole(order):
    """Nothing is within classes then, and the base's labels do not prove the images."""
    right = recorded(order.path, labels=np.eye(3, dtype=bool)[LABELS])
    result, report = run(order, *THEIRS, "-k", "not unlabelled")

    assert "failed" not in result.parseoutcomes()
    found = of(report, "theirs")
    assert found["epochs"][0]["accuracy"] == pytest.approx(right[:, 0].mean())
    assert not found["related"]


def test_published_pickles_are_a_population(order):
    (order.path / "runs").mkdir()
    names = sorted(f"/d/{'abc'[i % 3]}/{i:02}.png" for i in range(60))
    for net in range(2):
        said = [[float((i + net) % 3) for i in range(60)] for _ in range(2)]
        path = order.path / "runs" / f"{net}.pickle"
        path.write_bytes(pickle.dumps([names, *said]))
    asked = ("--harness-population", "runs/*.pickle?split=train&name=paper")
    result, report = run(order, *asked, "-k", "order_agreement")

    assert "failed" not in result.parseoutcomes()
    splits = [one["split"] for one in report["sections"]["learning-order"]["of"]]
    assert splits == ["during"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("none/*.npz", "records none/[*].npz not found; looked at *none"),
        ("lines?split=test", "must be run as it is registered"),
        ("runs/a.npz?epochs=3", "is of records, whose networks and epochs"),
        ("a.pickle?split=val", "must have split train or test, got 'val'"),
        (
            "lines?label_noise=2",
            "must give label_noise shares in [[]0, 1] as numbers*got '2'",
        ),
        ("lines+lnes", "unknown trainable model 'lnes'"),
        ("lines+lines", "must be of two others at least"),
    ],
    ids=range(7),
)
def test_what_cannot_be_is_refused_at_once(order, option, message):
    (order.path / "runs").mkdir()
    (order.path / "runs" / "a.npz").write_bytes(b"")
    result = order.runpytest_inprocess("order", "--harness-population", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_labels_at_random_are_a_population_each():
    """Of a bundled model: one name a share, and nothing is trained by naming them."""
    from pathlib import Path

    from harness.models.population import chosen_names
    from harness.options import OPTIONS
    from harness.registry import Registry
    from harness.settings import Settings

    parse = next(one.parse for one in OPTIONS if one.field == "population")
    spec = parse("mlp?networks=2&label_noise=0,.25,1")
    registry = Registry()
    settings = Settings(cache_dir=Path(), store=Path(), population=(spec,))
    registry.add_chosen_populations(settings)
    known = registry.populations_of("digits")

    assert list(known) == ["mlp-x2-noise0", "mlp-x2-noise0.25", "mlp-x2-noise1"]
    assert list(chosen_names(spec, ())) == list(known)
    recipes = [one.members[0].weights.recipe for one in known.values()]
    assert [recipe.label_noise for recipe in recipes] == [0, 0.25, 1]
    assert json.loads(json.dumps(recipes[0].identity())).get("label_noise") is None
