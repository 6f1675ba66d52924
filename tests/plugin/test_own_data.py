"""Data of a user's own from the command line: folders of images, files of outputs."""

import builtins
import io
import json
import os

import numpy as np
import pytest
from PIL import Image

from harness.datasets.geometry import Geometry
from harness.sampling import sampled_rows

RNG = np.random.default_rng(0)


def report(pytester, *arguments):
    path = pytester.path / "report.json"
    path.unlink(missing_ok=True)
    result = pytester.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    return result, json.loads(path.read_text()) if path.exists() else None


def script(text):
    """The JSON at the start of what follows a tag of a script."""
    return json.loads(text.partition("</script>")[0])


def folder(path, n=20, labels=True):
    path.mkdir()
    np.save(path / "data.npy", RNG.integers(0, 256, (n, 4, 4, 1), dtype=np.uint8))
    if labels:
        np.save(path / "labels.npy", np.arange(n) % 3)


def test_a_folder_is_a_dataset_whatever_families_were_chosen(toy):
    folder(toy.path / "camera")
    folder(toy.path / "street", labels=False)

    result, found = report(
        toy, "--harness-data=camera", "--harness-data=street?name=road", "-k", "nuclear"
    )

    assert result.ret == 0
    rows = {(m["dataset"], m["domain"]): m for m in found["measurements"]}
    assert rows["camera", "exterior"]["accuracy"] is not None
    assert rows["road", "target"]["accuracy"] is None
    assert ("in0", "interior") in rows


def test_traits_of_a_folder_are_in_every_file(toy):
    """Also where the cell was found in the store under other traits, or none."""
    pytest.importorskip("pyarrow")
    from harness.report.run_file.table_files import read_csv, read_parquet

    folder(toy.path / "camera")
    for query, traits in (
        ("", {}),
        ("?trait.weather=fog&trait.severity=3", {"weather": "fog", "severity": 3}),
    ):
        result, found = report(
            toy,
            f"--harness-data=camera{query}",
            "-k",
            "nuclear",
            "--harness-report-csv=m.csv",
            "--harness-report-parquet=m.parquet",
            "--harness-report-html=r.html",
        )

        assert result.ret == 0
        assert found["counts"].get("stored", 0) == (16 if query else 0)
        rows = [m["traits"] for m in found["measurements"] if m["dataset"] == "camera"]
        points = [
            p["traits"]
            for row in found["correlations"]
            for p in row["points"]
            if p["dataset"] == "camera"
        ]
        assert rows == [traits] * 2
        assert points == [traits] * 4  # each model alone, and both together
        tables = read_csv(toy.path / "m.csv"), read_parquet(toy.path / "m.parquet")
        for read in tables:
            assert [m.traits for m in read if m.dataset == "camera"] == [traits] * 2
        data = (toy.path / "r.html").read_text().partition('id="data">')[2]
        known = {name: told for name, _, _, told, _ in script(data)["datasets"]}
        assert known["camera"] == ("weather fog, severity 3" if query else "")


def test_a_conftest_gives_traits(toy):
    """Two severities of one corruption are one unit only within a family."""
    toy.makeconftest(
        (toy.path / "conftest.py")
        .read_text()
        .replace(
            "load=lambda noise=noise, i=i: images(noise, seed=9 + i),",
            "load=lambda noise=noise, i=i: images(noise, seed=9 + i),"
            " traits={'corruption': 'noise', 'severity': i},",
        )
    )

    result, found = report(toy, "-k", "nuclear")

    assert result.ret == 0
    traits = {m["dataset"]: m["traits"] for m in found["measurements"]}
    assert traits["out2"] == {"corruption": "noise", "severity": 2}
    assert traits["in0"] == {}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--harness-data=camera?", "*give a fact after the question mark*rename it*"),
        ("--harness-data=nowhere", "*data nowhere not found; looked at nowhere*"),
        ("--harness-data=camera?rol=x", "*unknown fact 'rol'*did you mean role*"),
        ("--harness-data=camera?role=test", "*role of interior, exterior, target*"),
        ("--harness-data=camera?name=in0", "*two families are called in0*"),
        ("--harness-outputs=camera", "*file of outputs not found*"),
    ],
)
def test_what_cannot_be_is_a_usage_error(toy, option, message):
    folder(toy.path / "camera")

    result, _ = report(toy, option)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_images_found_and_what_was_passed_over_stand_in_every_report(toy):
    """Beside each folder: in the opening lines, the terminal, JSON, Markdown, HTML."""
    folder(toy.path / "camera")
    (toy.path / "camera" / "notes.txt").write_text("")

    result, found = report(
        toy,
        "--harness-data=camera",
        "--harness-report-md=r.md",
        "--harness-report-html=r.html",
        *("-k", "nuclear"),
    )

    said = "20 images; passed over: 1 .txt (notes.txt)"
    result.stdout.fnmatch_lines([f"harness: data camera: {said}"])
    result.stdout.fnmatch_lines(["cells: *", f"data camera: {said}"])
    assert found["found"] == {
        "camera": {"images": 20, "notes": ["passed over: 1 .txt (notes.txt)"]}
    }
    assert f"| camera | {said} |" in (toy.path / "r.md").read_text()
    assert f"camera</b>: {said}" in (toy.path / "r.html").read_text()


def test_a_damaged_picture_is_a_usage_error_before_the_run(toy):
    """However far back it is; a mere collection reads no pictures."""
    (toy.path / "camera" / "b").mkdir(parents=True)
    for i in range(3):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(
            toy.path / "camera" / "b" / f"{i}.png"
        )
    (toy.path / "camera" / "b" / "2.png").write_bytes(b"")

    result, _ = report(toy, "--harness-data=camera")
    collected, _ = report(toy, "--harness-data=camera", "--collect-only")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: picture camera/b/2.png cannot be read: *"])
    assert collected.ret == 0


def test_a_run_that_finds_all_opens_no_picture(toy, monkeypatch):
    """What it must know of the files, it remembers from the run before."""
    from harness.datasets.remembered import MEMORY

    folder(toy.path / "arrays")
    for name in ("a", "b"):
        (toy.path / "camera" / name).mkdir(parents=True)
        Image.fromarray(RNG.integers(0, 256, (4, 4), dtype=np.uint8)).save(
            toy.path / "camera" / name / "1.png"
        )
    images = [*toy.path.glob("camera/*/*.png"), *toy.path.glob("arrays/*.npy")]
    for path in images:
        os.utime(path, (10**9, 10**9))
    opened = []

    def noting(plain):
        def opens(file, *args, **kwargs):
            opened.append(os.path.abspath(file) if not isinstance(file, int) else "")
            return plain(file, *args, **kwargs)

        return opens

    def pixels_read():
        """Files of images; of a .npy the kind and shape are looked at."""
        del opened[:]
        MEMORY._found.clear()
        with monkeypatch.context() as patch:
            patch.setattr(builtins, "open", noting(builtins.open))
            patch.setattr(io, "open", noting(io.open))
            arguments = "--harness-data=camera", "--harness-data=arrays"
            result, found = report(toy, *arguments, "-k", "nuclear")
        assert result.ret == 0
        seen = [m["value"] for m in found["measurements"]]
        return {p.name for p in images if str(p) in opened}, seen

    first, values = pixels_read()
    again, found = pixels_read()

    assert first == {"1.png", "data.npy", "labels.npy"}
    assert again == {"data.npy", "labels.npy"}
    assert found == values


def test_each_network_meets_pictures_at_its_own_geometry(toy):
    """On a base of any size; the same folder, and the same test, for all."""
    path = toy.path / "conftest.py"
    text = path.read_text().replace(
        "size=(4, 4, 1), ", "size=(4, 4, 1), geometry=Geometry(resize=5, crop=4), "
    )
    text = text.replace(
        "    return network\n",
        "    if sharpness > 4:\n        network.resize, network.size = 8, 4\n"
        "    return network\n",
    )
    path.write_text(f"from harness.datasets.geometry import Geometry\n{text}")
    toy.makepyfile(
        test_suite="""
        def test_brightness(predictions, record):
            record("brightness", float(predictions.features().mean()))
        """
    )
    (toy.path / "camera").mkdir()
    pictures = [
        Image.fromarray(RNG.integers(0, 256, shape, dtype=np.uint8))
        for shape in ((12, 9), (20, 31))
    ]
    for number, picture in enumerate(pictures):
        picture.save(toy.path / "camera" / f"{number}.png")

    result, found = report(toy, "--harness-data=camera", "-k", "camera")

    assert result.ret == 0
    values = {m["model"]: m["value"] for m in found["measurements"]}
    for model, geometry in (
        ("sharp", Geometry(resize=8, crop=4)),
        ("soft", Geometry(resize=5, crop=4)),
    ):
        pixels = np.stack([geometry(picture) for picture in pictures])
        assert values[model] == pytest.approx(pixels.mean() / 255 - 0.5, abs=1e-6)


def test_a_sample_of_a_sorted_folder_has_every_class(toy):
    """And the same images whoever asks: labels fit predictions."""
    toy.makepyfile(
        test_suite="""
        import numpy as np
        def test_sample(predictions, accuracy, source, dataset, record):
            record("classes", len(set(dataset.labels(9).tolist())))
        """
    )
    (toy.path / "camera").mkdir()
    pixels = RNG.integers(0, 256, (60, 4, 4, 1), dtype=np.uint8)
    np.save(toy.path / "camera" / "data.npy", pixels)
    np.save(toy.path / "camera" / "labels.npy", np.arange(60) // 20)

    _, found = report(toy, "--harness-data=camera", "--harness-max-images=9")

    (row, *_) = [m for m in found["measurements"] if m["dataset"] == "camera"]
    assert (row["value"], row["images"]) == (3, 9)


OUTPUT_SUITE = """
from harness.metrics.label_free.agreement import agreement
from harness.metrics.label_free.aline import aline_s
from harness.metrics.label_free.atc import atc_mc
from harness.metrics.label_free.average_confidence import average_confidence
from harness.metrics.label_free.effective_invariance import rotation_invariance
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.views import ROTATIONS

def test_average_confidence(measure): measure(average_confidence)
def test_nuclear_norm(predictions, record): record(nuclear_norm, predictions.probs())
def test_atc_mc(measure): measure(atc_mc)
def test_agreement(measure, peers): measure(agreement)
def test_rotation_invariance(measure): measure(rotation_invariance, views=ROTATIONS)
def test_accuracy(accuracy, record):
    record("accuracy", accuracy)
def test_head(rotation_head, predictions, record):
    record("head", rotation_head.logits(predictions).mean())
"""


def outputs(path, seed, n=60, models=9, sharp=1.0, labels=True):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    noise = rng.normal(size=(models, n, 3)) * np.linspace(0.3, 2, models)[:, None, None]
    logits = sharp * np.eye(3)[truth] + noise
    arrays = {"models": [f"m{i}" for i in range(models)], "logits": logits}
    np.savez(path, **arrays, **({"labels": truth} if labels else {}))
    return logits, truth


@pytest.fixture
def saved(toy):
    toy.makeini("[pytest]\n")
    toy.makepyfile(test_suite=OUTPUT_SUITE)
    return toy


def test_outputs_are_measured_without_images(saved):
    """Values as from the arrays; what needs views or networks is skipped, with why."""
    outputs(saved.path / "val.npz", 0)
    logits, truth = outputs(saved.path / "cam.npz", 1, sharp=0.7)

    result, found = report(
        saved, "--harness-outputs=val.npz?role=test", "--harness-outputs=cam.npz"
    )

    assert result.ret == 0
    result.assert_outcomes(passed=90, skipped=36)
    rows = {
        (m["metric"], m["model"], m["dataset"]): m["value"]
        for m in found["measurements"]
    }
    shares = (logits.argmax(2) == truth).mean(1)
    assert rows["accuracy", "m3", "cam"] == shares[3]
    largest = np.exp(logits[5]).max(1) / np.exp(logits[5]).sum(1)
    assert rows["average_confidence", "m5", "cam"] == pytest.approx(largest.mean())
    result.stdout.fnmatch_lines(
        [
            "accuracy on the line",
            "cam * 9 *",
            "skipped: test_head *no network is at hand*",
            "skipped: test_rotation_invariance * without views*",
        ]
    )


def test_samples_of_outputs_keep_their_labels(saved):
    logits, truth = outputs(saved.path / "cam.npz", 1)

    _, found = report(
        saved,
        "--harness-outputs=cam.npz",
        "--harness-max-images=20",
        *("-k", "accuracy"),
    )

    rows = sampled_rows(60, 20)
    shares = (logits.argmax(2) == truth)[:, rows].mean(1)
    values = {m["model"]: m["value"] for m in found["measurements"]}
    assert values == {f"m{i}": share for i, share in enumerate(shares)}


def test_models_are_measured_where_their_outputs_are(saved):
    """A model that one file lacks has no cell there; peers are those that are."""
    outputs(saved.path / "val.npz", 0, models=3)
    outputs(saved.path / "cam.npz", 1, models=4)

    result, found = report(
        saved,
        "--harness-outputs=val.npz?role=test",
        "--harness-outputs=cam.npz",
        "-k",
        "nuclear or agreement",
    )

    assert result.ret == 0
    pairs = {(m["model"], m["dataset"]) for m in found["measurements"]}
    assert ("m3", "cam") in pairs
    assert ("m3", "test") not in pairs
    assert len(pairs) == 7


def test_without_a_source_what_needs_one_says_so(saved):
    outputs(saved.path / "cam.npz", 1, labels=False)

    result, found = report(saved, "--harness-outputs=cam.npz", "-k", "atc or nuclear")

    assert result.ret == 0
    assert {m["metric"] for m in found["measurements"]} == {"nuclear_norm"}
    result.stdout.fnmatch_lines(["skipped: test_atc_mc *role=test*"])


def test_outputs_are_found_again_until_the_file_changes(saved):
    outputs(saved.path / "cam.npz", 1)
    arguments = ("--harness-outputs=cam.npz", "-k", "nuclear")
    report(saved, *arguments)

    _, again = report(saved, *arguments)
    outputs(saved.path / "cam.npz", 2)
    _, changed = report(saved, *arguments)

    assert again["counts"]["stored"] == 9
    assert changed["counts"]["measured"] == 9


def test_arrays_that_change_while_they_are_measured_are_refused(toy):
    """What was read later would be kept under the digest of what was there before."""
    folder = toy.path / "camera"
    folder.mkdir()
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 255, (2, 30, 4, 4, 1), dtype=np.uint8)
    data = folder / "data.npy"
    np.save(data, first)
    np.save(folder / "other.npy", second)
    toy.makepyfile(
        test_suite=f"""
        import os
        from pathlib import Path

        def test_confidence(model, predictions, record):
            record("confidence", predictions.probs().max())

        def test_last(model, dataset, record):
            other = Path({str(folder)!r}) / "other.npy"
            if other.exists():
                os.replace(other, other.with_name("data.npy"))
            record("last", 1)
        """
    )
    arguments = (f"--harness-data={folder}", "--harness-models=soft,sharp")
    chosen = (*arguments, "-k", "camera")
    changing = toy.runpytest_inprocess(*chosen)
    np.save(data, first)
    path = toy.path / "report.json"
    again = toy.runpytest_inprocess(*chosen, f"--harness-report-json={path}")
    anew = toy.path / "anew.json"
    toy.runpytest_inprocess(
        *chosen, "--harness-recalculate", f"--harness-report-json={anew}"
    )

    assert changing.ret == pytest.ExitCode.TESTS_FAILED
    changing.stdout.fnmatch_lines(["*data.npy has changed since this run first look*"])
    assert again.ret == 0
    found, true = (
        {
            (m["metric"], m["model"]): m["value"]
            for m in json.loads(one.read_text())["measurements"]
        }
        for one in (path, anew)
    )
    assert found == true
