"""Every published number is found again, and each known mistake gives another."""

import csv

import numpy as np
import pytest

from harness.analysis.alexnet import mean_error
from harness.analysis.fits.scales import Scale
from harness.analysis.on_the_line import accuracy_line
from harness.datasets.class_map import ClassMap
from harness.datasets.truth import Truth
from harness.selftest import corruptions, lines, perturbations, real_labels
from harness.selftest.check import FOLDER, run_checks

MODULES = (real_labels, corruptions, perturbations, lines)
CHECKS = [check for module in MODULES for check in module.CHECKS]
pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def folder(data_root):
    found = data_root / FOLDER
    if not found.is_dir():
        pytest.skip(f"{found} is absent")
    return found


@pytest.fixture(scope="module")
def timm(folder):
    if not (folder / "timm").is_dir():
        pytest.skip(f"{folder / 'timm'} is absent")
    return lines.timm_table(folder)


@pytest.fixture(scope="module")
def bed(folder):
    if not (folder / lines._TESTBED).is_file():
        pytest.skip(f"{folder / lines._TESTBED} is absent")
    return lines.table_of_the_testbed(folder)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.title)
def test_published_numbers_are_found_again(check, folder):
    if missing := check.missing(folder):
        pytest.skip(f"{', '.join(missing)} absent")
    outcome = run_checks([check], folder)

    assert outcome.broken == {}
    apart = [(one.name, one.found) for one in outcome.compared if not one.agrees]
    assert apart == []
    assert len(outcome.compared) == len(check.published)


# --- ReaL -----------------------------------------------------------------------------


def test_the_known_mistakes_of_real_labels(folder):
    """Empty sets as errors, the order of folders for numbers, doubled numbers."""
    (check,) = real_labels.CHECKS
    if missing := check.missing(folder):
        pytest.skip(f"{', '.join(missing)} absent")
    predicted = np.load(folder / real_labels._PREDICTED, allow_pickle=False)
    numbers = np.array(real_labels.file_numbers(folder))
    real = real_labels.real_labels(folder)

    right = Truth.sets([real[n - 1] for n in numbers], 1000).right(predicted)
    assert 100 * right.mean() == pytest.approx(72.704, abs=5e-4)
    unordered = Truth.sets(real, 1000).accuracy(predicted)
    assert 100 * unordered == pytest.approx(0.1388, abs=5e-5)
    # The example of its own page names the image of the i-th labels, from 0, i + i.
    half = numbers % 2 == 0
    doubled = Truth.sets([real[n // 2] for n in numbers[half]], 1000)
    counted = doubled.counted.sum()
    assert counted == 23_485
    assert 100 * doubled.accuracy(predicted[half]) == pytest.approx(0.1405, abs=5e-5)


@pytest.mark.parametrize(
    ("letter", "full", "outside"),
    [("a", 77.33, 18.9), ("r", 76.50, 18.7), ("o", 74.67, 16.7)],
)
def test_without_a_mask_predictions_fall_outside_the_classes(
    folder, letter, full, outside
):
    """Clean images of 200 classes by predictions among 1,000: a fifth are no answer."""
    (check,) = real_labels.CHECKS
    listed = folder / f"imagenet_{letter}_wnids_indices.txt"
    if missing := [*check.missing(folder), *([] if listed.is_file() else [listed])]:
        pytest.skip(f"{missing} absent")
    words = [one.split() for one in listed.read_text().splitlines()]
    chosen = [int(one[1]) for one in words if one[0] != "#"]
    few = ClassMap.subset([str(c) for c in range(1000)], chosen)
    predicted, labels = (
        np.load(folder / name, allow_pickle=False).astype(np.int64)
        for name in (real_labels._PREDICTED, real_labels._LABELS)
    )
    inside = np.isin(labels, chosen)
    truth = Truth.one(labels[inside], few)

    assert len(truth) == 10_000
    assert 100 * truth.accuracy(predicted[inside]) == pytest.approx(full, abs=5e-3)
    away = (few.answer_of(predicted[inside]) < 0).mean()
    assert 100 * away == pytest.approx(outside, abs=0.05)


# --- corruptions ----------------------------------------------------------------------


def rows(path):
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_network_of_the_reference_table(folder):
    """Fourteen, to the digits of other code; ratios averaged over cells are another."""
    table = {r["model"]: r for r in rows(folder / lines._TESTBED)}
    own = corruptions.in_the_testbed(table["alexnet"])
    reference = [
        r for r in rows(folder / "imagenet_c_mce_reference.csv") if r["unnorm"]
    ]

    assert len(reference) == 14
    for row in reference:
        members = corruptions.in_the_testbed(table[row["model"]])
        clean = float(table[row["model"]]["val"]) / 100
        alex = float(table["alexnet"]["val"]) / 100
        found = {
            "clean_err": 1 - clean,
            "unnorm": mean_error(members),
            "mCE_table": corruptions.alexnet.mean_corruption_error(members),
            "mCE_testbed": corruptions.over_own(members, own),
            "rel_mCE": relative_to_own(members, clean, own, alex),
        }
        expected = {name: float(row[name]) / 100 for name in found}
        assert found == pytest.approx(expected, abs=2e-6)
        naive = np.mean(
            [
                (1 - mine) / (1 - theirs)
                for (_, mine), (_, theirs) in zip(members, own, strict=True)
            ]
        )
        cells = 100 * naive, float(row["mCE_testbed"])
        assert row["model"] == "alexnet" or abs(cells[0] - cells[1]) > 0.01


def relative_to_own(members, clean, own, own_clean):
    mine, theirs = (
        np.array([value for _, value in some]).reshape(15, 5).mean(axis=1)
        for some in (members, own)
    )
    return ((clean - mine) / (own_clean - theirs)).mean()


def test_images_that_are_resized_again_are_another_set(folder):
    """76.70 of the files as they are, 78.20 resized once more; and made in memory."""
    found = {
        one.name: one.found for one in run_checks(corruptions.CHECKS, folder).compared
    }
    if not {"mCE", "mCE of resnet50"} <= found.keys():
        pytest.skip("tables are absent")
    assert found["mCE of resnet50"] - found["mCE"] == pytest.approx(1.50, abs=0.01)

    table = rows(folder / lines._TESTBED)
    column = "imagenet-c.{}.{}_{}".format
    fog = [
        float(r[column("fog", 3, "in-memory")]) - float(r[column("fog", 3, "on-disk")])
        for r in table
        if r[column("fog", 3, "in-memory")] and r[column("fog", 3, "on-disk")]
    ]
    assert len(fog) >= 200
    assert 8 < np.mean(fog) < 14
    (resnet,) = (r for r in table if r["model"] == "resnet50")
    apart = [float(resnet[column("pixelate", 3, w)]) for w in ("in-memory", "on-disk")]
    assert apart[0] - apart[1] == pytest.approx(-10.0, abs=0.05)


# --- A, R, Sketch, V2 -----------------------------------------------------------------


def test_two_laboratories_agree_to_half_a_point(timm, bed):
    """torchvision's weights by the testbed and by timm."""
    expected = {
        ("resnet50", "resnet50.tv_in1k@224"): {
            ("val", "val"): (76.130, 76.156),
            ("imagenetv2-matched-frequency-format-val", "V2"): (63.21, 63.19),
            ("imagenet-sketch", "Sketch"): (24.092, 24.064),
            ("imagenet-r", "R"): (36.173, 36.157),
        },
        ("resnet18", "resnet18.tv_in1k@224"): {("imagenet-a", "A"): (1.147, 1.120)},
        ("vgg16", "vgg16.tv_in1k@224"): {("imagenet-a", "A"): (2.627, 2.560)},
        ("resnet101", "resnet101.tv_in1k@224"): {
            ("imagenet-a", "A"): (4.720, 4.560),
            ("imagenetv2-matched-frequency-format-val", "V2"): (65.45, 65.94),
        },
    }
    for models, sets in expected.items():
        for names, values in sets.items():
            pairs = zip((bed, timm), models, names, strict=True)
            found = [100 * one(*place) for place in pairs]
            assert found == pytest.approx(values, abs=6e-3)
            assert abs(found[0] - found[1]) <= 0.5


def one(table, model, dataset):
    return table.column(dataset)[table.models.index(model)]


def test_a_network_that_a_set_was_filtered_by_is_missing_or_0(timm, bed):
    """It was chosen to be wrong on all of ImageNet-A: a join must not lose it."""
    assert one(bed, "resnet50", "imagenet-a") == 0
    assert np.isnan(one(timm, "resnet50.tv_in1k@224", "A"))
    assert np.isfinite(one(timm, "resnet50.tv_in1k@224", "val"))
    _, x, y = bed.pair("val", "imagenet-a")
    clipped = accuracy_line(x, y, x_images=50_000, y_images=7_500)
    assert clipped.n == len(x) == 335
    assert lines.line_of(bed, "val", "imagenet-a").n == 334


def test_published_accuracies_of_the_testbed(bed):
    """Of A as in its paper; errors of R; the other two of V2; R's clean classes."""
    expected = {
        "imagenet-a": {
            **{"alexnet": 1.77, "squeezenet1_1": 1.12, "vgg16": 2.63},
            **{"vgg19_bn": 2.95, "densenet121": 2.16, "resnet18": 1.15},
            **{"resnet34": 1.87},
        },
        "imagenet-r": {
            "resnet50": 100 - 63.83,
            "resnet50_deepaugment": 100 - 57.83,
            "resnet50_deepaugment_augmix": 100 - 53.23,
        },
        "val-on-imagenet-r-classes": {"resnet50": 100 - 7.88},
        "imagenetv2-threshold-0.7-format-val": {"resnet50": 72.29},
        "imagenetv2-top-images-format-val": {"resnet50": 77.73},
    }
    for dataset, values in expected.items():
        found = {model: 100 * one(bed, model, dataset) for model in values}
        assert found == pytest.approx(values, abs=0.0051)


def test_sketch_has_50_889_images(bed):
    """Accuracies are whole numbers of right images of these, and not of 50,000."""
    found = bed.column("imagenet-sketch")
    found = found[np.isfinite(found)]
    whole = {
        n: (np.abs(found * n - np.round(found * n)) < 5e-3).mean()
        for n in (50_889, 50_000)
    }

    assert whole[50_889] == 1.0
    assert whole[50_000] < 0.05


def test_timm_counts_whole_images(timm):
    """Of each set the published number of images, to what three decimals tell."""
    images = {"val": 50_000, "ReaL": 46_837, "V2": 10_000, "Sketch": 50_889}
    images |= {"A": 7_500, "R": 30_000, "A clean": 10_000, "R clean": 10_000}
    there = np.isfinite(timm.column("val"))
    names = [m for m, known in zip(timm.models, there, strict=True) if known]
    assert len(names) == 1556
    assert len({name.rpartition("@")[0] for name in names}) == 1266
    # The table of ImageNet-A has one that the others lack: a join must not lose it.
    assert set(timm.models) - set(names) == {"resmlp_24_224.fb_dino@224"}
    for dataset, n in images.items():
        accuracies = timm.column(dataset)
        count = accuracies[np.isfinite(accuracies)] * n
        assert (np.abs(count - np.round(count)) <= 5.6e-6 * n).all()


# --- lines ----------------------------------------------------------------------------

SCALES = {"none": Scale.LINEAR, "logit": Scale.LOGIT, "probit": Scale.PROBIT}
NAMES = {
    **{"imagenet": "val", "real": "ReaL", "v2mf": "V2", "sketch": "Sketch"},
    **{"a": "A", "r": "R", "a_clean": "A clean", "r_clean": "R clean"},
}


def best(table):
    """Of each network at its best image size on val: the points are independent."""
    top: dict[str, int] = {}
    val = table.column("val")
    for i, model in enumerate(table.models):
        if np.isnan(val[i]):
            continue
        name = model.rpartition("@")[0]
        if name not in top or val[i] > val[top[name]]:
            top[name] = i
    return sorted(top.values())


@pytest.mark.parametrize("name", ["reference", "best_per_model"])
def test_lines_to_six_digits_as_by_other_code(folder, timm, name):
    """Raw, logit and probit, with three correlations; of all rows and one a network."""
    reference = rows(folder / f"timm_accuracy_on_the_line_{name}.csv")
    kept = best(timm) if name == "best_per_model" else list(range(len(timm.models)))
    assert len(reference) >= 10
    for row in reference:
        x, y = (timm.column(NAMES[row[side]])[kept] for side in ("x", "y"))
        there = np.isfinite(x) & (y > 0)
        line = accuracy_line(x[there], y[there], scale=SCALES[row["scale"]])
        found = {
            **{"n": line.n, "pearson": line.pearson, "spearman": line.spearman},
            **{"kendall": line.kendall, "R2": line.r2},
            **{"slope": line.line.slope, "intercept": line.line.intercept},
        }
        expected = {key: float(row[key]) for key in found}
        assert found == pytest.approx(expected, abs=2e-6)


def test_the_interval_of_a_correlation_over_networks(timm):
    """Pearson from val to V2, 95 % of bootstrap draws: .9896 to .9916."""
    from harness.analysis.fits import weighted

    _, x, y = timm.pair("val", "V2")
    draws = np.random.default_rng(0).integers(0, len(x), (400, len(x)))
    counts = np.stack([np.bincount(d, minlength=len(x)) for d in draws]).astype(float)
    found = np.percentile(weighted.pearson(x, y, counts), [2.5, 97.5])

    assert found == pytest.approx([0.9896, 0.9916], abs=3e-4)


def test_who_is_above_the_line(timm):
    """Networks of weakly labelled photographs on Sketch and A, EVA of CLIP on R."""
    expected = {
        ("val", "Sketch"): ("swsl", 19.9),
        ("A clean", "A"): ("swag_lc", 21.7),
        ("R clean", "R"): ("eva_giant_patch14_224.clip", 26.5),
    }
    for (x, y), (name, points) in expected.items():
        models, first, second = timm.pair(x, y)
        robust = lines.line_of(timm, x, y).effective_robustness(first, second)
        assert name in models[int(robust.argmax())]
        assert 100 * robust.max() == pytest.approx(points, abs=0.06)


def test_pearson_alone_hides_that_a_is_monotone(timm):
    """Spearman .98 where Pearson is .75: both are in every line."""
    line = lines.line_of(timm, "val", "A", Scale.LINEAR)

    assert line.pearson < 0.76
    assert line.spearman > 0.98
    assert line.x_range[0] < line.x_range[1]
