"""The representation suite: constants as axes, tables by layer, what is skipped."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.analysis.published_layers import PUBLISHED
from harness.errors import BadData, HarnessError, MissingData
from harness.measurement import Axes, Measurement
from harness.report.table import Range
from harness.settings import Settings
from suites.representation.constants import neighbours
from suites.representation.few import TUNED, few_labels_of, few_labels_table
from suites.representation.labelled import chosen_lists, list_parameters
from suites.representation.section import RepresentationSection, network_of

SUITE = Path(__file__).parents[2] / "suites" / "representation"
NETWORKS = """
import torch

class Deep(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stage1 = torch.nn.Conv2d(1, 4, 3)
        self.stage2 = torch.nn.Conv2d(4, 6, 2)
        self.fc = torch.nn.Linear(6, 3)

    def forward(self, images):
        return self.fc(self.stage2(self.stage1(images).relu()).mean((2, 3)))

def broken():
    network = Deep()
    torch.nn.init.constant_(network.stage2.weight, float("nan"))
    return network

def pytest_harness_register(registry):
    registry.add_base_entry(TOY)
    registry.add_model(
        "deep", base="toy", build=Deep, head="fc", mean=(0.5,), std=(1.0,),
    )
    registry.add_model(
        "enc", base="toy", build=Deep, head="fc", mean=(0.5,), std=(1.0,),
        kind="encoder",
    )
    registry.add_dataset(
        "few", base="toy", domain="interior", load=lambda: images(20, seed=0)
    )
    registry.add_dataset(
        "made", base="toy", domain="interior", load=lambda: images(20, seed=0),
        traits={"corruption": "fog", "severity": 1},
    )
"""


@pytest.fixture
def suite(toy: pytest.Pytester) -> pytest.Pytester:
    """Two networks with stages, one of them an encoder, and the suite in a folder."""
    (toy.path / "test_suite.py").unlink()
    conftest = (toy.path / "conftest.py").read_text()
    toy.makeconftest(conftest.partition("def pytest_harness_register")[0] + NETWORKS)
    toy.makeini("[pytest]\nharness_base = toy\nharness_families = few\n")
    shutil.copytree(
        SUITE, toy.path / "representation", ignore=lambda *_: ["__pycache__"]
    )
    return toy


def run(toy, *arguments, apart=False):
    """The result, and the JSON report; in a process of its own where torch trains.

    Its optimisers load modules that cannot be loaded twice.
    """
    start = toy.runpytest_subprocess if apart else toy.runpytest_inprocess
    result = start("representation", "-q", "--harness-report-json=r.json", *arguments)
    return result, json.loads((toy.path / "r.json").read_text())


def test_constants_are_axes_and_layers_columns(suite):
    """Of every stage and the head."""
    arguments = (
        *("--representation-knn", "k1-majority-euclidean,k5-0.5-cosine"),
        *(
            "--harness-models",
            "deep",
            "-k",
            "(knn or linear_probe or few_labels) and not tuned",
        ),
        *("--representation-shares", "0.5"),
    )
    result, report = run(suite, *arguments)

    # 2 ways of 2 kNN, a probe and a share, of 3 layers
    result.assert_outcomes(passed=(2 * 2 + 1 + 1) * 3, deselected=None)
    rows = [row for row in report["measurements"] if row["metric"] == "knn"]
    assert {row["dataset"] for row in rows} == {"few"}
    assert {row["axes"]["layer"] for row in rows} == {
        *("stage1-grid", "stage2-grid", "head"),
    }
    assert {(r["axes"]["k"], r["axes"]["T"], r["axes"]["distance"]) for r in rows} == {
        ("1", "majority", "euclidean"),
        ("5", "0.5", "cosine"),
    }
    assert {row["label_free"] for row in report["measurements"]} == {False}
    assert all(row["facts"]["chance"] for row in rows)
    (probe,) = (
        one
        for one in report["sections"]["representation"]["of"]
        if one["measure"] == "linear_probe"
    )
    assert probe["layers"] == ["stage1-grid", "stage2-grid", "head"]
    (deep,) = probe["models"]
    stages = [deep["values"][name] for name in ("stage1-grid", "stage2-grid")]
    assert deep["peak_before_last"] == pytest.approx(max(stages) - stages[1])
    result.stdout.fnmatch_lines(
        ["linear accuracy by layer on few*", "In percent. Chance: 33.3."]
    )
    assert "knn along" not in result.stdout.str().lower()

    again, _ = run(suite, *arguments)
    again.stdout.fnmatch_lines(["cells: 18 found in the store*"])


def test_sets_that_are_made_of_others_are_measured_where_they_are_asked_for(suite):
    """By the option; else they are left out, of measures of embeddings too."""
    suite.makeini("[pytest]\nharness_base = toy\n")
    arguments = ("--harness-models", "deep", "-k", "linear_probe or rankme")
    _, unasked = run(suite, *arguments)
    _, asked = run(suite, *arguments, "--harness-families", "few,made")

    sets = [{r["dataset"] for r in one["measurements"]} for one in (unasked, asked)]
    assert sets == [{"few"}, {"few", "made"}]


def test_layers_are_chosen_as_elsewhere(suite):
    """The option says more than the suite's marker."""
    _, report = run(
        suite,
        *("--harness-layers", "stage1", "--harness-models", "deep"),
        *("-k", "linear_probe"),
    )

    assert [row["axes"]["layer"] for row in report["measurements"]] == ["stage1"]


def test_an_encoder_has_neighbours_and_probes(suite):
    """It needs no logits, and has no accuracy."""
    result, report = run(
        suite, "--harness-models", "enc", "-k", "linear_probe or precision_at_k"
    )

    result.assert_outcomes(passed=3 + 2 * 3, deselected=None)
    values = {row["metric"]: row["value"] for row in report["measurements"]}
    assert values["linear_probe"] > 1 / 3


def test_too_many_neighbours_are_skipped_with_the_reason(suite):
    result, _ = run(
        suite,
        *("--representation-knn", "k61-majority-cosine", "--harness-models", "deep"),
        *("-k", "test_knn and head", "-rs"),
    )

    result.assert_outcomes(skipped=2, deselected=None)
    text = re.sub(r"\s+", " ", result.stdout.str())
    assert "`k` must be at most 60, the images that can be neighbours, got 61" in text


def test_the_bank_has_a_size_of_its_own(suite):
    """Beside that of the sets that are judged; another one is measured anew."""
    options = (
        *("--representation-knn", "k31-majority-cosine", "--harness-models", "deep"),
        *("-k", "test_knn and not leave and head", "--harness-max-images", "10", "-rs"),
    )
    few, _ = run(suite, *options, "--harness-bank-images", "30")
    more, report = run(suite, *options, "--harness-bank-images", "31")
    same, _ = run(suite, *options, "--harness-bank-images", "31")

    text = re.sub(r"\s+", " ", few.stdout.str())
    assert "`k` must be at most 30, the images that can be neighbours, got 31" in text
    assert [row["images"] for row in report["measurements"]] == [10]
    assert "found in the store" not in more.stdout.str()
    same.stdout.fnmatch_lines(["cells: 1 found in the store*"])


def test_a_class_that_the_bank_lacks_is_skipped_with_the_reason(suite):
    conftest = (suite.path / "conftest.py").read_text()
    changed = conftest.replace(
        "train=content", "train=lambda settings: rare(settings)"
    ).replace(
        "TOY = Base(",
        "def rare(settings):\n    pixels, labels = images(5)\n"
        "    pixels, labels = pixels[labels < 2], labels[labels < 2]\n"
        '    return checked_images("toy", pixels, labels, TOY, Domain.INTERIOR)\n\n'
        "TOY = Base(",
    )
    suite.makeconftest(changed)
    result, _ = run(
        suite, "--harness-models", "deep", "-k", "linear_probe and head", "-rs"
    )

    result.assert_outcomes(skipped=1, deselected=None)
    text = re.sub(r"\s+", " ", result.stdout.str())
    assert "must have every class of the images, but 2 is absent from it" in text


def test_neighbours_among_the_images_themselves_need_no_training_images(suite):
    """What has a bank fails, and says what it looked for."""
    conftest = (suite.path / "conftest.py").read_text()
    lost = (
        "from harness.errors import MissingData\n"
        "from pathlib import Path\n\n"
        "def lost(settings):\n"
        "    raise MissingData('training images', [Path('away')], 'fetch them')\n\n"
        "TOY = Base("
    )
    changed = conftest.replace("train=content", "train=lost").replace(
        "TOY = Base(", lost
    )
    suite.makeconftest(changed)
    result, report = run(
        suite,
        *("--harness-models", "deep", "--representation-k", "5", "-rs"),
        *("-k", "head and (precision or leave_one_out or linear_probe)"),
        *("--representation-knn", "k5-majority-cosine"),
    )

    result.assert_outcomes(passed=3, errors=1, deselected=None)
    measured = {row["metric"] for row in report["measurements"]}
    assert measured == {"precision_at_k", "r_precision", "knn_leave_one_out"}
    assert "training images not found; looked at away" in result.stdout.str()


def test_features_that_are_not_finite_are_refused(suite):
    conftest = (suite.path / "conftest.py").read_text()
    suite.makeconftest(conftest.replace("build=Deep", "build=broken"))
    result = suite.runpytest_inprocess(
        "representation", "-q", "--harness-models=deep", "-k", "linear_probe"
    )

    assert result.ret != 0
    assert "nan" in result.stdout.str() + result.stderr.str()


def test_duplicates_across_the_splits_are_counted_on_request(suite):
    """The target is another draw of noise, the training split is its own."""
    conftest = (suite.path / "conftest.py").read_text()
    suite.makeconftest(
        f"{conftest}\n    registry.add_dataset(\n"
        "        'same', base='toy', load=lambda: images(5)\n    )\n"
    )
    _, report = run(
        suite,
        *("--harness-models", "deep", "-k", "duplicates_of_train"),
        *("--harness-families", "few,same"),
    )

    shares = {
        row["dataset"]: row["value"]
        for row in report["measurements"]
        if row["metric"] == "duplicates_of_train"
    }
    assert shares == {"few": 0.0, "same": 1.0}
    assert {row["label_free"] for row in report["measurements"]} == {False}


def test_a_bank_too_large_for_the_solver_is_learnt_by_minibatches(suite):
    """Under a name of its own, for two ways never meet in one column."""
    name = "logistic_probe"
    options = ("--harness-models", "deep", "-k", f"{name} and head")
    _, solved = run(suite, *options)
    path = suite.path / "representation" / "test_features.py"
    text = path.read_text().replace("<= LARGEST", "<= LARGEST * 0")
    path.write_text(text.replace("Steps(", "Steps(count=200, "))
    _, stepped = run(suite, *options, apart=True)

    (one,), (other,) = (r["measurements"] for r in (solved, stepped))
    assert (one["metric"], other["metric"]) == (name, f"{name}_minibatch")
    assert other["value"] == pytest.approx(one["value"], abs=0.05)
    assert other["facts"]["chance"] == one["facts"]["chance"]
    assert other["interval"][0] <= other["value"] <= other["interval"][1]


@pytest.mark.slow
def test_few_labels_are_probed_and_all_weights_fine_tuned(suite):
    """By the same images; those that a list names too, of an encoder as well."""
    (suite.path / "mine.txt").write_text("\n".join(map(str, range(0, 60, 2))))
    arguments = (
        *("--harness-models", "deep,enc", "--harness-layers", "head"),
        *("-k", "few_labels or listed", "--representation-shares", "0.2,0.5"),
        *("--representation-fine-tuning", "5-0.01"),
        *("--representation-label-lists", "mine.txt"),
    )
    result, report = run(suite, *arguments, apart=True)

    result.assert_outcomes(passed=2 * (2 + 2 + 1 + 1), deselected=None)
    rows = [r for r in report["measurements"] if r["metric"].endswith("fine_tuned")]
    recipe = {"steps": "5", "rate": "0.01"}
    assert [row["axes"] for row in rows if row["model"] == "enc"] == [
        {"share": "0.2", **recipe},
        {"share": "0.5", **recipe},
        {"labels": "mine", **recipe},
    ]
    assert all(
        row["interval"][0] <= row["value"] <= row["interval"][1] and row["facts"]
        for row in report["measurements"]
    )
    assert {row["facts"]["chance"] for row in rows} == {"0.3333333333333333"}
    assert all("backbone at 0.1" in row["facts"]["fine_tuning"] for row in rows)
    assert {row["label_free"] for row in report["measurements"]} == {False}
    drawn, listed = report["sections"]["representation"]["few"]
    assert drawn["labels"] == ["0.2", "0.5"]
    assert drawn["recipe"] == "5 steps, rate 0.01"
    assert listed["probed"].keys() == listed["tuned"].keys() == {"deep", "enc"}
    result.stdout.fnmatch_lines(
        [
            "accuracy with few labels on few: probe of the head, and all weights fine*",
            "model*20 %*20 % tuned*50 %*50 % tuned*",
            "In percent; 95 % intervals over draws. Chance: 33.3.",
            "model*mine*mine tuned*",
        ]
    )
    assert "fine_tuned along" not in result.stdout.str()

    (suite.path / "mine.txt").write_text("\n".join(map(str, range(30))))
    again, _ = run(suite, *arguments, apart=True)
    again.stdout.fnmatch_lines(["cells: 4 measured, 8 found in the store"])


def test_without_a_list_its_tests_are_skipped_with_the_reason(suite):
    result, _ = run(suite, "--harness-models", "deep", "-k", "listed", "-rs")

    result.assert_outcomes(skipped=4, deselected=None)
    text = re.sub(r"\s+", " ", result.stdout.str())
    assert (
        "no list of labelled images of base toy is published; name files with "
        "--representation-label-lists" in text
    )


def test_a_published_list_is_taken_where_it_lies(tmp_path):
    """By its name, or all at hand; a file of one's own beside it."""
    folder = tmp_path / "imagenet_subsets"
    folder.mkdir()
    (folder / "1percent.txt").write_text("n01440764_3.JPEG\n")
    settings = Settings(data_root=tmp_path, cache_dir=tmp_path / "c", store=tmp_path)
    here = SimpleNamespace(base=SimpleNamespace(name="imagenet"), settings=settings)

    published = {"1percent": folder / "1percent.txt"}
    assert chosen_lists("", here, tmp_path) == published
    assert chosen_lists("1percent, my/few.txt", here, tmp_path) == {
        **published,
        "few": tmp_path / "my" / "few.txt",
    }
    with pytest.raises(MissingData, match=r"published list 10percent of base imagenet"):
        chosen_lists("10percent", here, tmp_path)
    with pytest.raises(HarnessError, match=r"lists of different names"):
        chosen_lists("a/few.txt,b/few.txt", here, tmp_path)
    with pytest.raises(BadData, match=r"must name 12,811 images .*, got 1"):
        list_parameters("", here, tmp_path)


def test_duplicates_are_not_run_unasked(suite):
    _, report = run(suite, "--harness-models", "deep")

    assert "duplicates_of_train" not in {r["metric"] for r in report["measurements"]}
    measured = {row["metric"] for row in report["measurements"]}
    assert measured.isdisjoint({"logistic_probe", *TUNED, "listed_labels"})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--representation-knn", "k20"), "*must be of dino*got 'k20'*"),
        (
            ("--representation-knn", "k5-0-cosine"),
            "*must be of dino*got 'k5-0-cosine'*",
        ),
        (
            ("--representation-knn", "k5-0.1-euclidean"),
            "*must have majorities of euclidean*write k5-majority-euclidean*",
        ),
        (("--representation-k", "0"), "*must be whole numbers from 1*got '0'*"),
        (("--representation-shares", "2"), "*must be shares above 0*got '2'*"),
        (
            ("--representation-fine-tuning", "0-0.1", "-k", "fine_tuned"),
            "*must be of STEPS-RATE*got '0-0.1'*",
        ),
        (
            ("--representation-label-lists", "away.txt", "-k", "listed"),
            "*list of labelled images not found; looked at *away.txt*",
        ),
        (("--harness-layers", "stage7"), "*unknown layer 'stage7'*"),
    ],
)
def test_bad_options_are_refused_before_anything_runs(suite, arguments, words):
    result = suite.runpytest_inprocess("representation", "-q", *arguments)

    assert result.ret != 0
    found = [*result.stdout.lines, *result.stderr.lines]
    pytest.LineMatcher(found).fnmatch_lines([words])


def test_protocols_are_lists_of_k():
    assert neighbours("dino,lightly") == [
        *((k, "0.07", "cosine") for k in (10, 20, 100, 200)),
        (200, "0.1", "cosine"),
    ]


def row(model, layer, value, metric="linear_probe"):
    """As the suite records it, on the test split."""
    from harness.measurement import Axes, Domain

    return Measurement(
        metric=metric,
        model=model,
        dataset="test",
        family="test",
        domain=Domain.INTERIOR,
        value=value,
        accuracy=None,
        images=100,
        seconds=0.0,
        key="",
        version="",
        test="test_features.py::test_linear_probe",
        axes=Axes.of({"layer": layer}),
        label_free=False,
        facts={"chance": "0.1"},
    )


def test_networks_of_one_kind_stand_together_with_their_twin():
    """The twin first, then what was trained without labels; peaks can be gated."""
    values = {
        "vgg": (0.5, 0.7, 0.9),
        "vgg-random": (0.4, 0.375, 0.25),
        "vgg-rotation": (0.5, 0.625, 0.5),
    }
    rows = [
        row(model, f"stage{i}-grid", value)
        for model, some in values.items()
        for i, value in enumerate(some, start=1)
    ]
    section = RepresentationSection()
    found = section.find(rows, None)

    (one,) = found.of
    names = [model.model for model in one.models]
    assert names == ["vgg-random", "vgg-rotation", "vgg"]
    assert one.chance == 0.1
    assert section.quantities(found) == pytest.approx(
        {
            "peak_before_last of vgg-random on test": 0.15,
            "peak_before_last of vgg-rotation on test": 0.125,
            "peak_before_last of vgg on test": 0.0,
            "over_random of vgg-rotation on test": 0.25,
            "over_random of vgg on test": 0.65,
        }
    )
    table, curve, text, *published = section.tables(found)
    assert [column.name for column in table.columns] == [
        *("model", "stage1", "stage2", "stage3", "drop", "over random"),
    ]
    assert curve.at == ("stage1", "stage2", "stage3")
    assert table.title == "linear accuracy by layer on test, maps as grid"
    assert "untrained" in text.text
    assert len(published) == len(PUBLISHED)


def test_networks_whose_stages_are_called_alike_stand_in_one_table():
    """Of others the columns would be empty."""
    rows = [
        *(row("nin", f"conv{i}-grid", 0.5) for i in (1, 2)),
        *(row("vgg", f"stage{i}-grid", 0.5) for i in (1, 2)),
        *(row("resnet", f"stage{i}-grid", 0.5) for i in (1, 2, 3)),
        *(row(name, "head", 0.5) for name in ("nin", "vgg", "resnet", "mlp")),
    ]
    found = RepresentationSection().find(rows, None)

    assert {one.layers: {m.model for m in one.models} for one in found.of} == {
        ("conv1-grid", "conv2-grid", "head"): {"nin"},
        ("stage1-grid", "stage2-grid", "stage3-grid", "head"): {"resnet", "vgg"},
        ("head",): {"mlp"},
    }


def test_fine_tuning_stands_beside_the_probe_of_the_same_labels():
    """Shares by size, twins first, intervals beside their values."""
    recipe = {"steps": "300", "rate": "0.003"}
    made = [
        (model, "few_labels_fine_tuned", {"share": share, **recipe}, value)
        for model, share, value in (
            ("vgg", "0.1", 0.75),
            ("vgg", "0.01", 0.5),
            ("vgg-random", "0.1", 0.25),
        )
    ]
    made += [
        ("vgg", "few_labels", {"share": "0.1", "layer": "head"}, 0.625),
        ("vgg", "few_labels", {"share": "0.1", "layer": "stage1"}, 0.125),
    ]
    rows = [
        replace(
            row(model, "", value, metric),
            axes=Axes.of(axes),
            interval=(value - 0.125, value + 0.125),
        )
        for model, metric, axes, value in made
    ]
    (found,) = few_labels_of(rows)
    table = few_labels_table(found, ["vgg-random", "vgg", "lenet"])

    assert found.labels == ("0.01", "0.1")
    assert table.title.endswith("fine-tuned (300 steps, rate 0.003)")
    assert [column.name for column in table.columns] == [
        *("model", "1 %", "1 % tuned", "95 %"),
        *("10 %", "10 % tuned", "95 %"),
    ]
    assert table.rows == (
        ("vgg-random", None, None, None, None, 0.25, Range(low=0.125, high=0.375)),
        (
            *("vgg", None, 0.5, Range(low=0.375, high=0.625)),
            *(0.625, 0.75, Range(low=0.625, high=0.875)),
        ),
    )


def test_no_peak_of_one_stage():
    section = RepresentationSection()
    found = section.find([row("mlp", "head", 0.9)], None)

    quantities = section.quantities(found)
    assert str(quantities["peak_before_last of mlp on test"]) == str(
        found.of[0].models[0].peak_before_last
    )
    assert not isinstance(found.of[0].models[0].peak_before_last, float)


def test_names_say_which_network_a_model_is():
    endings = ("", "-random", "-random2", "-selfclassifier", "-rotation", "-jigsaw")

    assert {network_of(f"resnet{one}") for one in endings} == {"resnet"}
    assert network_of("alexnet-bn") == network_of("alexnet-bn-random") == "alexnet-bn"


def test_a_network_is_held_against_no_twin_of_another_whose_name_begins_its_own():
    """AlexNet's twin has no batch normalisation."""
    values = {"alexnet": 0.5, "alexnet-random": 0.3, "alexnet-bn": 0.6}
    rows = [row(model, "head", value) for model, value in values.items()]
    section = RepresentationSection()
    quantities = section.quantities(section.find(rows, None))

    assert quantities["over_random of alexnet on test"] == pytest.approx(0.2)
    assert "over_random of alexnet-bn on test" not in quantities


def test_published_tables_have_the_shape_of_the_field():
    """Self-supervised ones peak before the last layer; the supervised one rises."""
    for one in PUBLISHED:
        assert {len(values) for values in one.rows.values()} == {len(one.layers)}
    for name, values in PUBLISHED[0].rows.items():
        rises = bool((np.diff(values) > 0).all())
        assert rises == (name == "ImageNet labels")
