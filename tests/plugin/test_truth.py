"""Accuracy under a dataset's own truth, from every way that it can come in by."""

import json
from fnmatch import fnmatchcase

import numpy as np
import pytest

RNG = np.random.default_rng(0)
SETS = [[0], [0, 1], [], [2]] * 5
SUITE = """
import pytest
from harness.metrics.label_free.agreement import agreement
from harness.metrics.label_free.nuclear_norm import nuclear_norm

def test_nuclear_norm(measure): measure(nuclear_norm)
def test_agreement(measure, peers): measure(agreement)
def test_logits(predictions, model, dataset):
    import numpy as np
    np.save(f"{model.name}.{dataset.name.replace('/', '-')}.npy", predictions.logits())
def test_labels(dataset, record): record("labels", float(dataset.labels().mean()))
"""


def report(pytester, *arguments):
    path = pytester.path / "report.json"
    path.unlink(missing_ok=True)
    result = pytester.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    return result, json.loads(path.read_text()) if path.exists() else None


def folder(path, labels=None, sets=None):
    path.mkdir()
    np.save(path / "data.npy", RNG.integers(0, 256, (20, 4, 4, 1), dtype=np.uint8))
    if labels is not None:
        np.save(path / "labels.npy", labels)
    if sets is not None:
        (path / "labels.json").write_text(json.dumps(sets))


def rows_of(found, dataset, metric="nuclear_norm"):
    return {
        m["model"]: m
        for m in found["measurements"]
        if m["dataset"] == dataset and m["metric"] == metric
    }


@pytest.fixture
def suite(toy):
    """The toy grid with metrics without labels, peers, and one that asks for labels."""
    toy.makepyfile(test_suite=SUITE)
    return toy


def test_acceptable_labels_give_the_accuracy_of_every_row(suite):
    """Any of them is right, images without one are left out; the fits have it."""
    folder(suite.path / "cam", sets=SETS)

    result, found = report(suite, "--harness-data=cam", "-k", "nuclear or logits")

    assert result.ret == 0
    for model, row in rows_of(found, "cam").items():
        predicted = np.load(suite.path / f"{model}.cam.npy").argmax(axis=1)
        right = [p in s for p, s in zip(predicted, SETS, strict=True) if s]
        assert row["accuracy"] == sum(right) / 15
        assert row["facts"]["truth"] == (
            "any of several labels; 5 of 20 images have none, left out"
        )
        assert float(row["facts"]["top1_chance"]) == pytest.approx(4 / 9)
        assert "top1_full" not in row["facts"]
        assert row["label_free"]
    points = {
        p["dataset"]: p["y"] for row in found["correlations"] for p in row["points"]
    }
    assert points["cam"] in {r["accuracy"] for r in rows_of(found, "cam").values()}
    assert all("truth" not in r["facts"] for r in rows_of(found, "out1").values())
    result.stdout.fnmatch_lines(["*cam: 20 images; 5 without a label, left out*"])


def test_a_mask_costs_no_second_pass_and_both_accuracies_are_kept(suite, monkeypatch):
    """Whoever asked first: peers are run before the pair's own accuracy is known."""
    from harness.answers.predictions import Predictions

    passes = []
    once = Predictions._run

    def counted(self, *asked):
        passes.append(self._dataset.name)
        return once(self, *asked)

    monkeypatch.setattr(Predictions, "_run", counted)
    labels = np.array([0, 2] * 10)
    folder(suite.path / "cam", labels=labels)
    (suite.path / "few.txt").write_text("a\nc\n")

    result, found = report(
        suite,
        "--harness-data=cam?classes=few.txt",
        "--harness-data=cam?name=plain",
        *("--harness-families=in0", "-k", "nuclear or agreement or logits"),
    )

    assert result.ret == 0
    assert passes.count("cam") == passes.count("plain") > 0
    for model, row in rows_of(found, "cam").items():
        logits = np.load(suite.path / f"{model}.cam.npy")
        masked = np.array([0, 2])[logits[:, [0, 2]].argmax(axis=1)]
        assert row["accuracy"] == (masked == labels).mean()
        full = float(row["facts"]["top1_full"])
        assert full == (logits.argmax(axis=1) == labels).mean()
        assert full < row["accuracy"]
        assert row["facts"]["truth"] == "one label; 2 of 3 classes"
        assert row["facts"]["top1_chance"] == "0.5"


def test_numbers_without_labels_are_those_of_all_classes(suite):
    """A mask is the accuracy's own: the images are the same to every metric."""
    folder(suite.path / "cam", labels=np.array([0, 2] * 10))
    (suite.path / "few.txt").write_text("a\nc\n")
    values = []
    for query in ("", "?classes=few.txt"):
        _, found = report(suite, f"--harness-data=cam{query}", "-k", "nuclear")
        values.append([r["value"] for r in rows_of(found, "cam").values()])

    assert values[0] == values[1]


def test_who_asks_for_one_label_is_skipped_where_there_is_none(suite):
    """With the dataset's name and what there is instead."""
    folder(suite.path / "cam", sets=SETS)

    result, found = report(
        suite, "--harness-data=cam", "--harness-families=in0", "-k", "labels"
    )

    assert result.ret == 0
    assert {m["dataset"] for m in found["measurements"]} == {"in0"}
    result.stdout.fnmatch_lines(
        ["skipped: test_labels *images of cam have not one label of the base each*"]
    )


def test_another_truth_is_another_dataset_to_the_store(suite):
    """The same one is found again."""
    folder(suite.path / "cam", labels=np.array([0, 2] * 10))
    (suite.path / "few.txt").write_text("a\nc\n")
    stored = []
    for query in ("", "?classes=few.txt", "?classes=few.txt", ""):
        _, found = report(
            suite,
            f"--harness-data=cam{query}",
            *("--harness-families=in0", "-k", "nuclear"),
        )
        stored.append(found["counts"].get("stored", 0))

    assert stored == [0, 2, 4, 4]


def test_corrupted_versions_keep_the_truth(suite):
    """NAME-c of a folder is measured as the folder is."""
    folder(suite.path / "cam", sets=SETS)

    result, found = report(
        suite,
        "--harness-data=cam",
        *("--harness-families=cam-c", "-k", "nuclear and contrast"),
    )

    assert result.ret == 0
    rows = [m for m in found["measurements"] if m["family"] == "cam-c"]
    assert len(rows) == 10
    assert all("5 of 20 images" in m["facts"]["truth"] for m in rows)


def test_a_conftest_gives_a_truth(suite):
    """A map to two answers, by the largest logit; or sets that the function returns."""
    suite.makeconftest(
        (suite.path / "conftest.py")
        .read_text()
        .replace(
            "    for i, noise in enumerate((40, 80, 120)):\n",
            """
    from harness.datasets.class_map import ClassMap
    from harness.datasets.truth import Truth
    pets = ClassMap.grouped("abc", {"x": ["a", "b"], "y": ["c"]}, "max")
    registry.add_dataset(
        "outmap", base="toy", load=lambda: images(90)[0],
        truth=Truth.one(np.arange(60) % 3 // 2, pets),
    )
    registry.add_dataset(
        "outsets", base="toy",
        load=lambda: (images(90)[0], [[c % 3, 0] for c in range(60)]),
    )
    for i, noise in enumerate((40, 80, 120)):
""",
        )
    )

    result, found = report(suite, "-k", "nuclear or logits")

    assert result.ret == 0
    true = np.arange(60) % 3
    for model, row in rows_of(found, "outmap").items():
        predicted = np.load(suite.path / f"{model}.outmap.npy").argmax(axis=1)
        assert row["accuracy"] == ((predicted == 2) == (true == 2)).mean()
        sets = rows_of(found, "outsets")[model]
        assert sets["accuracy"] == ((predicted == true) | (predicted == 0)).mean()


OUTCOMES = """
def test_top_5(measure): measure("top_5")
def test_accuracy(measure): measure("accuracy")
def test_likelihood(measure): measure("negative_log_likelihood")
"""


class TestOutcomes:
    """Measures of the labels are of the dataset's truth too."""

    @pytest.fixture
    def saved(self, toy):
        """Seven classes, 20 images; what each is labelled is for the test to say."""
        toy.makeini("[pytest]\n")
        toy.makepyfile(test_suite=OUTCOMES)
        return toy

    @pytest.fixture
    def logits(self):
        return RNG.normal(size=(20, 7)) * 2

    def test_under_a_mask_they_are_of_the_answers_alone(self, saved, logits):
        """Labels, logits and chance: the row's accuracy is the outcome's."""
        labels = np.array([0, 2, 3, 4, 6] * 4)
        (saved.path / "few.json").write_text("[0, 2, 3, 4, 6, 5]")
        np.savez(saved.path / "cam.npz", m=logits, labels=labels)

        result, found = report(saved, "--harness-outputs=cam.npz?classes=few.json")

        assert result.ret == 0
        rows = {m["metric"]: m for m in found["measurements"]}
        masked = np.delete(logits, 1, axis=1)
        numbers = np.where(labels > 1, labels - 1, labels)
        top = np.argsort(-masked, axis=1)[:, :5]
        shares = np.exp(masked) / np.exp(masked).sum(axis=1, keepdims=True)
        assert rows["accuracy"]["value"] == rows["accuracy"]["accuracy"]
        assert rows["accuracy"]["value"] == (top[:, 0] == numbers).mean()
        assert rows["top_5"]["value"] == (top == numbers[:, None]).any(axis=1).mean()
        assert rows["negative_log_likelihood"]["value"] == pytest.approx(
            -np.log(shares[np.arange(20), numbers]).mean()
        )
        assert not any(row["label_free"] for row in rows.values())

    def test_of_several_labels_any_is_right_or_the_reason_is_told(self, saved, logits):
        """Of the images that have one; a likelihood needs one label an image."""
        table = np.zeros((20, 7), dtype=bool)
        for i, row in enumerate(SETS):
            table[i, row] = True
        np.savez(saved.path / "cam.npz", m=logits, labels=table)

        result, found = report(saved, "--harness-outputs=cam.npz")

        assert result.ret == 0
        rows = {m["metric"]: m for m in found["measurements"]}
        assert set(rows) == {"accuracy", "top_5"}
        top = np.argsort(-logits, axis=1)[:, :5]
        right = [bool({*t} & {*s}) for t, s in zip(top, SETS, strict=True) if s]
        assert rows["top_5"]["value"] == np.mean(right)
        assert rows["accuracy"]["value"] == rows["accuracy"]["accuracy"]
        assert {"chance", "prevalence"}.isdisjoint(rows["top_5"]["facts"])
        assert rows["top_5"]["facts"]["counted"] == "15"
        low, high = rows["accuracy"]["interval"]
        assert low < rows["accuracy"]["value"] < high
        result.stdout.fnmatch_lines(
            ["skipped: test_likelihood *needs one label an image, got any of several*"]
        )


class TestSavedOutputs:
    def save(self, path, **labels):
        logits = RNG.normal(size=(2, 20, 4))
        np.savez(path, models=["m0", "m1"], logits=logits, **labels)
        return logits

    @pytest.fixture
    def saved(self, suite):
        suite.makeini("[pytest]\n")
        return suite

    def test_label_sets_in_either_form(self, saved):
        """(n, k) truth values, or labels one after another with their counts."""
        table = np.zeros((20, 4), dtype=bool)
        for i, row in enumerate(SETS):
            table[i, row] = True
        flat = np.concatenate([np.array(row, dtype=int) for row in SETS])
        counts = np.array([len(row) for row in SETS])
        logits = {
            "one": self.save(saved.path / "one.npz", labels=table),
            "two": self.save(saved.path / "two.npz", labels=flat, label_counts=counts),
        }

        result, found = report(
            saved,
            *("--harness-outputs=one.npz", "--harness-outputs=two.npz?labels=several"),
            *("-k", "nuclear"),
        )

        assert result.ret == 0
        for name, array in logits.items():
            rows = rows_of(found, name)
            for i in (0, 1):
                predicted = array[i].argmax(axis=1)
                right = [p in s for p, s in zip(predicted, SETS, strict=True) if s]
                assert rows[f"m{i}"]["accuracy"] == sum(right) / 15
        assert rows["m0"]["facts"]["truth"].startswith("several labels; 5 of 20")

    def test_a_sample_without_a_right_answer_is_skipped(self, saved):
        """With its reason: there is nothing that accuracy could be of."""
        table = np.zeros((20, 4), dtype=bool)
        table[-1, 0] = True
        self.save(saved.path / "cam.npz", labels=table)

        result, found = report(
            saved,
            *("--harness-outputs=cam.npz", "--harness-max-images=1", "-k", "nuclear"),
        )

        assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
        assert found["measurements"] == []
        result.stdout.fnmatch_lines(
            ["skipped: test_nuclear_norm *none of the 1 images has a right answer*"]
        )

    def test_masks_and_maps(self, saved):
        """By numbers, since saved classes have no names."""
        (saved.path / "few.json").write_text("[0, 3]")
        (saved.path / "map.json").write_text('{"x": [0, 1], "y": [2]}')
        few = np.array([0, 3] * 10)
        pair = np.array([0, 1] * 10)
        logits = {
            "few": self.save(saved.path / "few.npz", labels=few),
            "map": self.save(saved.path / "map.npz", labels=pair),
        }

        result, found = report(
            saved,
            "--harness-outputs=few.npz?classes=few.json",
            "--harness-outputs=map.npz?classes=map.json&mapping=mean",
            *("-k", "nuclear"),
        )

        assert result.ret == 0
        masked = np.array([0, 3])[logits["few"][1][:, [0, 3]].argmax(axis=1)]
        assert rows_of(found, "few")["m1"]["accuracy"] == (masked == few).mean()
        shares = np.exp(logits["map"][1])
        second = shares[:, 2] > shares[:, :2].mean(axis=1)
        row = rows_of(found, "map")["m1"]
        assert row["accuracy"] == (second == pair).mean()
        predicted = logits["map"][1].argmax(axis=1)
        full = np.array([0, 0, 1, -1])[predicted] == pair
        assert float(row["facts"]["top1_full"]) == full.mean()

    def test_predicted_classes_do_where_they_say_the_answer(self, saved):
        """All of them answers, and no probabilities asked for."""
        (saved.path / "few.json").write_text("[0, 3]")
        np.savez(
            saved.path / "few.npz",
            models=["m0"],
            predictions=np.array([[0, 3, 3, 0]]),
            labels=np.array([0, 0, 3, 3]),
        )

        result, found = report(
            saved, "--harness-outputs=few.npz?classes=few.json", "-k", "labels"
        )

        assert result.ret == 0
        assert [m["accuracy"] for m in found["measurements"]] == [0.5]

    @pytest.mark.parametrize(
        ("labels", "query", "message"),
        [
            (
                {"labels": np.eye(20, 4, dtype=int)},
                "",
                "truth values*save them as bool",
            ),
            ({"labels": np.ones((20, 3), bool)}, "", "*(20, 4) truth values*"),
            (
                {"labels": np.arange(5), "label_counts": np.ones(20, int)},
                "",
                "*must be 20, as `label_counts` says, got 5*",
            ),
            (
                {"labels": np.arange(5), "label_counts": np.ones(19, int)},
                "",
                "*`label_counts` in * must be 20 whole numbers*",
            ),
            ({"label_counts": np.ones(20, int)}, "", "*but no `labels`*"),
            ({"labels": np.ones((20, 4), bool)}, "?role=test", "*role=test*"),
            ({"labels": np.arange(20) % 4}, "?labels=several", "*one each*"),
            ({"labels": np.arange(20) % 4}, "?classes=few.json", "*among the 2 of 4*"),
            ({"labels": np.arange(20) % 4}, "?classes=no.json", "*no.json*"),
            ({"labels": np.arange(20) % 4}, "?mapping=max", "*classes=FILE*"),
            ({}, "?classes=few.json", "*has no labels*"),
        ],
    )
    def test_what_does_not_fit_is_refused_before_anything_runs(
        self, saved, labels, query, message
    ):
        """By the name of the array and the file."""
        (saved.path / "few.json").write_text("[0, 3]")
        self.save(saved.path / "cam.npz", **labels)

        result, _ = report(saved, f"--harness-outputs=cam.npz{query}")

        assert result.ret == pytest.ExitCode.USAGE_ERROR
        line = " ".join(result.stderr.str().split())
        assert fnmatchcase(line, f"*{message}*")

    def test_predicted_classes_that_are_no_answer_are_refused(self, saved):
        """They do not say which answer is largest; nor, of a mean, do any."""
        (saved.path / "few.json").write_text("[0, 3]")
        (saved.path / "map.json").write_text('{"x": [0, 3], "y": [1, 2]}')
        np.savez(
            saved.path / "few.npz",
            models=["m0"],
            predictions=np.array([[0, 1, 3, 0]]),
            labels=np.array([0, 0, 1, 1]),
        )
        for query, message in (
            ("classes=few.json", "must be logits for 2 of 4 classes: 1 of 4 predicted"),
            ("classes=map.json", "mapping=mean is of probabilities"),
        ):
            result, _ = report(saved, f"--harness-outputs=few.npz?{query}")

            assert result.ret == pytest.ExitCode.USAGE_ERROR
            assert message in " ".join(result.stderr.str().split())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("mapping=sum", "*must have mapping mean or max, got 'sum'*"),
        ("labels=all", "*must have labels any or several, got 'all'*"),
        ("classes=no.txt", "*no.txt*"),
        ("classes=few.txt&role=target", "*no label is looked at*"),
    ],
)
def test_facts_that_cannot_be_are_usage_errors(suite, query, message):
    """In one line each, before anything runs."""
    folder(suite.path / "cam", labels=np.array([0, 2] * 10))
    (suite.path / "few.txt").write_text("a\nc\n")

    result, found = report(suite, f"--harness-data=cam?{query}")

    assert (result.ret, found) == (pytest.ExitCode.USAGE_ERROR, None)
    result.stderr.fnmatch_lines([message])
