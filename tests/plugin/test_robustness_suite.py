"""The robustness suite: numbers of sets, sequences and networks, each by hand."""

import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torchvision.transforms  # noqa: F401 - nested runs cannot import it twice

from harness.analysis.aggregates import Aggregated
from harness.datasets.class_map import ClassMap
from harness.errors import UndefinedMetricError
from harness.measurement import Axes
from suites.robustness.finding import find
from suites.robustness.sureness import Sureness

SUITE = Path(__file__).parents[2] / "suites" / "robustness"
WORN = """
def pytest_harness_register(registry):
    register_toys(registry)
    from dataclasses import replace
    from harness.datasets.family import Family
    from harness.datasets.own import own_dataset

    def datasets(settings):
        return tuple(
            replace(
                own_dataset(
                    f"worn/{c}-{s}", Domain.EXTERIOR,
                    lambda c=c, s=s: images(80 * s + (40 if c == "snow" else 0)), TOY,
                    {"corruption": c, "severity": s, "made": "harness"},
                ),
                family="worn",
            )
            for c in ("fog", "snow") for s in (1, 2)
        )

    registry.add_family(
        Family(name="worn", base="toy", domain=Domain.EXTERIOR, datasets=datasets,
               description="")
    )
"""


@pytest.fixture
def suite(toy: pytest.Pytester) -> pytest.Pytester:
    """The toy grid with the suite in a folder of its own."""
    (toy.path / "test_suite.py").unlink()
    shutil.copytree(SUITE, toy.path / "robustness", ignore=lambda *_: ["__pycache__"])
    return toy


@pytest.fixture
def saved(suite):
    """Writes logits of one model, `net`, and returns how they are named."""

    def save(name, logits, labels=None, query=""):
        arrays = {"net": np.asarray(logits, dtype=np.float64)}
        if labels is not None:
            arrays["labels"] = np.asarray(labels)
        np.savez(suite.path / f"{name}.npz", **arrays)
        return f"--harness-outputs={name}.npz{query}"

    (suite.path / "few.txt").write_text("0\n1\n")
    suite.makeini("[pytest]\n")
    return save


def run(toy, *arguments):
    """The result, the rows, and what the section found."""
    result = toy.runpytest_inprocess(
        "robustness", "-q", "--harness-report-json=r.json", *arguments
    )
    report = json.loads((toy.path / "r.json").read_text())
    return result, report["measurements"], report["sections"].get("robustness")


def one(rows, metric, dataset, **axes):
    """The one row of a metric on a dataset at a place along axes."""
    (row,) = (
        row
        for row in rows
        if (row["metric"], row["dataset"]) == (metric, dataset)
        and axes.items() <= row["axes"].items()
    )
    return row


# Classes 0, 1, 2; the third is no answer of the masked sets.
TEST = [[3, 1, 0], [1, 3, 0], [0, 1, 3], [2, 1, 5], [1, 2, 0]]
LABELS = [0, 1, 2, 0, 0]


def test_a_masked_set_is_held_against_the_masked_clean_images(suite, saved):
    """Of 4 clean images of classes 0 and 1, 3 are right under the mask, 2 among all."""
    few = [[2, 1, 9], [0, 1, 0], [1, 2, 0], [1, 2, 9]]  # masked: 0, 1, 1, 1
    result, rows, found = run(
        suite,
        saved("test", TEST, LABELS, "?role=test"),
        saved("few", few, [0, 1, 0, 1], "?classes=few.txt"),
        *("-k", "accuracy or top1"),
    )

    row = one(rows, "accuracy", "few")
    assert (row["value"], row["facts"]["top1_full"]) == (0.75, "0.25")
    assert (row["label_free"], row["facts"]["chance"]) == (False, "0.5")
    assert row["interval"] == pytest.approx([0.300642, 0.954413], abs=1e-6)
    assert one(rows, "accuracy", "test")["value"] == 0.6
    difference = one(rows, "top1_diff", "few")
    assert difference["value"] == 0.0  # 3 of 4 against 3 of 4
    low, high = difference["interval"]
    assert low == -high < -0.4
    result.assert_outcomes(passed=3, skipped=1, deselected=None)
    result.stdout.fnmatch_lines(
        [
            "In percent. full: top-1 among all classes; clean:*; diff: top-1 less *",
            "*its images are the clean ones themselves*",
        ]
    )
    assert "RMS" not in result.stdout.str()

    test, masked = found["sets"]
    assert (test["name"], masked["name"]) == ("test", "few")
    (net,) = masked["networks"]
    scores = {name: score["value"] for name, score in net["scores"].items()}
    assert scores == {
        "accuracy": 0.75, "top1_full": 0.25, "top1_clean": 0.75, "top1_diff": 0.0
    }  # fmt: skip


def test_images_of_no_class_are_positives(suite, saved):
    """By the largest logit: outside 1 and 2.75, inside 3, 3.1, 3.2, 5 and 2.5."""
    inside = [[3, 1, 0], [1, 3.1, 0], [0, 1, 3.2], [2, 1, 5], [1, 2.5, 0]]
    outside = [[1, 0, 0], [2.75, 1, 0]]
    result, rows, found = run(
        suite,
        saved("test", inside, LABELS, "?role=test"),
        saved("out", outside, None, "?role=target&trait.outside=yes"),
        *("-k", "detection and max_logit"),
    )

    result.assert_outcomes(passed=1, deselected=None)
    auroc = one(rows, "auroc", "out", score="max_logit")
    assert auroc["value"] == pytest.approx(9 / 10)
    assert auroc["facts"]["chance"] == "0.5"
    precision = one(rows, "aupr_average_precision", "out", score="max_logit")
    assert precision["value"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert float(precision["facts"]["chance"]) == pytest.approx(2 / 7)
    assert not any(row["label_free"] for row in rows)
    (detections,) = found["outside"]
    assert detections["by_score"].keys() == {"max_logit"}
    assert len(detections["by_score"]["max_logit"]) == 5


def test_how_sure_a_network_is_and_of_which_mistakes(suite, saved):
    """Under the mask softmax (2, 1) and (1, 0): 0.731; the third class is no answer."""
    few = [[2, 1, 9], [0, 1, 9], [0, 3, 0], [9, 8, 10]]  # masked: 0, 1, 1, 0
    outside = [[0, 2, 0], [0, 0, 0]]
    result, rows, found = run(
        suite,
        saved("few", few, [0, 0, 0, 0], "?classes=few.txt"),
        saved("out", outside, None, "?role=target&trait.outside=yes"),
        *("-k", "overconfidence", "--harness-report-html=r.html"),
    )

    result.assert_outcomes(passed=2, deselected=None)
    row = one(rows, "overconfidence", "few")
    two, far = 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-3))
    assert row["value"] == pytest.approx((3 * two + far) / 4 - 0.5)
    assert row["label_free"] is False
    first, second = json.loads(row["facts"]["surest_mistakes"])
    assert first == [2, 1, pytest.approx(far)]
    assert second == [1, 1, pytest.approx(two)]
    alone = one(rows, "overconfidence", "out")
    sure = np.exp(2) / (np.exp(2) + 2)
    assert alone["value"] == pytest.approx((sure + 1 / 3) / 2)
    assert json.loads(alone["facts"]["confidences"]) == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
    assert not any(row["label_free"] for row in rows)
    assert [one["name"] for one in found["sure"]] == ["few", "out"]
    result.stdout.fnmatch_lines(["how sure net is", "few, +??.? *", "out, +??.? *"])


def test_images_without_a_right_answer_are_no_mistakes():
    """As of ReaL: they count in the confidences, and neither for nor against."""
    found = Sureness.of(
        np.array([1.0, 0.6, 0.8]),
        np.array([0, 1, 2]),
        np.array([False, False, True]),
        np.array([False, True, True]),
    )

    assert [one.image for one in found.surest] == [1]
    assert found.value == pytest.approx((0.6 + 0.8 - 1) / 2)
    assert sum(found.counts) == 3


def test_the_surest_mistakes_are_pictured(suite):
    """With what is said and what is right below; not where nobody will see them."""
    arguments = ("-k", "overconfidence and out2", "--harness-models=soft")
    result, _, found = run(suite, *arguments, "--harness-report-html=r.html")

    result.stdout.fnmatch_lines(["the surest mistakes of soft: * pictures *"])
    pictures = [picture for one in found["sure"] for picture in one["mistakes"]]
    assert pictures
    assert all(", not " in picture["text"] for picture in pictures)
    assert "data:image/png" in (suite.path / "r.html").read_text()


def test_a_mask_is_put_on_logits_and_on_the_clean_images():
    """Of the clean images those of its classes alone are held against."""
    suite = runpy.run_path(str(SUITE / "answers.py"))
    few = ClassMap.subset(("a", "b", "c"), ["a", "b"])
    dataset = SimpleNamespace(name="few", classes=few)
    said = SimpleNamespace(
        logits=lambda: np.array(TEST), predicted=lambda: np.argmax(TEST, axis=1)
    )
    source = SimpleNamespace(labels=np.array(LABELS), predictions=said)

    assert suite["clean_rows"](dataset, source).tolist() == [1, 1, 0, 1, 1]
    assert suite["is_clean_right"](dataset, source).tolist() == [1, 1, 1, 0]
    assert suite["restricted"](dataset, np.array(TEST))[3].tolist() == [2.0, 1.0]
    whole = SimpleNamespace(name="all", classes=None)
    assert suite["is_clean_right"](whole, source).tolist() == [1, 1, 1, 0, 0]
    assert suite["restricted"](whole, np.array(TEST)).shape == (5, 3)
    source.labels = np.full(5, 2)
    with pytest.raises(UndefinedMetricError, match="no image of the test split is of"):
        suite["clean_rows"](dataset, source)


def test_frames_are_compared_as_their_perturbation_says(suite, saved):
    """Of 0, 1, 0: by the frame before two flips of two, by the first one of two."""
    frames = 2 * np.eye(6)[[0, 1, 0, 2, 2, 2]]
    _, rows, found = run(
        suite,
        saved("snow", frames, None, "?trait.perturbation=snow&trait.frames=3"),
        saved("hiss", frames, None, "?trait.perturbation=shot_noise&trait.frames=3"),
        *("-k", "flip or top_5_distance"),
    )

    assert one(rows, "flip_probability", "snow")["value"] == 0.5
    assert one(rows, "flip_probability", "hiss")["value"] == 0.25
    # From 0, 1, 2, 3, 4 to 1, 0, 2, 3, 4 and back: 2 each of two comparisons.
    assert one(rows, "top_5_distance", "snow")["value"] == 1.0
    kinds = {
        p["family"]: list(p["scores"]["flip_probability"]) for p in found["perturbed"]
    }
    assert kinds == {"hiss": ["shot_noise"], "snow": ["snow"]}

    result, rows, _ = run(
        suite,
        "--harness-outputs=snow.npz?trait.perturbation=snow&trait.frames=3",
        *("-k", "flip", "--harness-max-images=4"),
    )
    assert rows == []
    result.stdout.fnmatch_lines(["*takes frames of one sequence apart*"])


def test_made_sequences_have_means_of_their_own_and_say_that_they_are_made(suite):
    """Of images of 32x32 under the ten of CIFAR-10-P; without rates by AlexNet's."""
    conftest = suite.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        .replace("size=(3, 4, 4, 1)", "size=(3, 32, 32, 1)")
        .replace("(n, 4, 4, 1)", "(n, 32, 32, 1)")
        .replace("size=(4, 4, 1)", "size=(32, 32, 1)")
        .replace("Linear(16, 3)", "Linear(1024, 3)")
        .replace("reshape(3, 16)", "reshape(3, 1024)")
    )
    result, rows, found = run(
        suite,
        *("--harness-families=in0-p", "--harness-models=soft"),
        *("--harness-max-images=62", "-k", "flip"),
    )

    assert len(rows) == 10
    (made,) = found["perturbed"]
    (mean,) = made["over"]["mean_made_flip_probability"]
    assert mean == pytest.approx(np.mean([row["value"] for row in rows]))
    assert 0 < mean < 1
    assert set(made["over"]) == {"mean_made_flip_probability"}
    assert made["use"].endswith("never to be put beside published ones.")
    assert {row["traits"]["frames"] for row in rows} == {31, 21, 16}
    assert {row["images"] for row in rows} == {62, 42, 48}
    result.stdout.fnmatch_lines(["over perturbations, in0-p"])


def test_errors_are_averaged_over_severities_then_corruptions(suite):
    """mCE is undefined where corruptions are missing, and names them."""
    conftest = suite.path / "conftest.py"
    text = conftest.read_text()
    conftest.write_text(
        text.replace("def pytest_harness_register", "def register_toys") + WORN
    )
    result, rows, found = run(
        suite, "--harness-families=in0,worn", "-k", "accuracy or consistency"
    )

    (worn,) = found["corrupted"]
    assert (worn["networks"], worn["datasets"]) == (["sharp", "soft"], 4)
    for place, model in enumerate(worn["networks"]):
        errors = {
            row["dataset"]: 1 - row["value"]
            for row in rows
            if (row["metric"], row["model"]) == ("accuracy", model)
        }
        fog = (errors["worn/fog-1"] + errors["worn/fog-2"]) / 2
        snow = (errors["worn/snow-1"] + errors["worn/snow-2"]) / 2
        assert worn["errors"]["fog"][place] == pytest.approx(fog)
        assert worn["errors"]["snow"][place] == pytest.approx(snow)
        mean = worn["over"]["mean_over_corruptions"][place]
        assert mean == pytest.approx((fog + snow) / 2)
        assert 0 < mean < 1
    assert "gaussian_noise" in worn["over"]["unnormalised_mce"][0]["reason"]
    assert "mce" not in worn["over"]
    assert "never to be put beside published ones" in worn["use"]
    result.stdout.fnmatch_lines(
        ["*error (%) by corruption, worn*", "*needs 8 networks*and there are 2*"]
    )
    sections = json.loads((suite.path / "r.json").read_text())["sections"]
    assert "scorecard" not in sections
    assert sections["aggregates"]["values"]  # for gates and files
    result.stdout.no_fnmatch_line("mean_over_severities")


def test_several_sets_under_corruption_are_kept_apart():
    """A family of them has a table for each."""

    def mean(member, value, name="mean_over_corruptions", **axes):
        return Aggregated(
            aggregate=name, metric="accuracy", model="net", family="cams-c",
            value=value, datasets=10, axes=Axes.of({"member": member, **axes}),
        )  # fmt: skip

    found = find([], [mean("day", 0.75), mean("night", 0.5)])
    assert [(one.family, one.over) for one in found.corrupted] == [
        ("cams-c/day", {"mean_over_corruptions": (0.25,)}),
        ("cams-c/night", {"mean_over_corruptions": (0.5,)}),
    ]
    (only,) = find([], [mean("day", 0.75, "mce")]).corrupted
    assert (only.datasets, only.over) == (10, {"mce": (0.75,)})
    assert find([], []) is None


def test_networks_that_err_on_the_same_images_agree_wholly(suite):
    """Both toys answer alike; of a set that both are right on there is no kappa."""
    _, rows, found = run(suite, "--harness-families=in0,out2", "-k", "consistency")

    assert {row["dataset"] for row in rows} == {"out2"}
    assert {row["axes"]["other"] for row in rows} == {"sharp", "soft"}
    assert [row["value"] for row in rows] == [1.0, 1.0]
    assert [pair["others"].keys() for pair in found["consistency"]] == [
        {"soft"}, {"sharp"}
    ]  # fmt: skip


def test_eight_networks_have_a_line_and_what_lies_beyond_it(suite, saved):
    """Seven lose a tenth in the logits of probit, one loses nothing."""
    n, models = 200, [f"m{i}" for i in range(8)]
    labels = np.zeros(n, dtype=int)
    here = [60 + 15 * i for i in range(8)]
    there = [h - 20 for h in here[:7]] + [here[7]]
    for name, counts in (("test", here), ("new", there)):
        said = np.array([np.arange(n) >= count for count in counts], dtype=int)
        np.savez(
            suite.path / f"{name}.npz", models=models, predictions=said, labels=labels
        )
    result, _, found = run(
        suite,
        *("--harness-outputs=test.npz?role=test", "--harness-outputs=new.npz"),
        *("-k", "accuracy"),
    )

    (line,) = found["lines"]
    assert set(line["line"]["lines"]) == {"probit", "logit", "linear"}
    beyond = line["beyond"]
    assert max(beyond, key=beyond.get) == "m7"
    assert beyond["m7"] > 0.02
    result.stdout.fnmatch_lines(["*effective robustness (points)*"])


@pytest.mark.parametrize(
    ("traits", "words"),
    [
        ({"source": "imagenet-v2", "split": "top-images"}, "proxy of a test set"),
        ({"source": "tiny-images", "split": "test"}, "proxy of a test set"),
        ({"source": "imagenet", "split": "val", "labels": "real"}, "for the end"),
        ({"source": "imagenet-a"}, "rare in nature"),
        ({"source": "imagenet-r"}, "rendered"),
        ({"source": "imagenet-o", "outside": "yes"}, "reject"),
        ({"source": "imagenet-c", "corruption": "fog", "severity": 1}, "AlexNet"),
        ({"corruption": "fog", "made": "harness"}, "never to be put beside published"),
        ({"source": "imagenet", "split": "val", "classes": "imagenet-r"}, "same mask"),
        ({"source": "mnist", "split": "test"}, "Collected elsewhere"),
        ({"split": "test"}, "chosen by"),
        ({}, "Collected elsewhere"),
    ],
)
def test_every_set_says_what_it_is_for(traits, words):
    assert words in runpy.run_path(str(SUITE / "uses.py"))["use_of"](traits)
