"""`harness train`, as it is called."""

import multiprocessing
import os
import queue
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test
from safetensors.torch import load_file

from harness.artifacts import write_summed
from harness.cli import main
from harness.commands import train_workers
from harness.commands.arguments import settings_of
from harness.commands.train_workers import Order
from harness.errors import HarnessError
from harness.models import training
from harness.models.recipe import Recipe
from harness.models.record import read_record
from harness.models.self_classifier.options import SelfClassifier
from harness.models.training import _write_checkpoint
from harness.settings import Settings


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("HARNESS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "cache"))


def test_it_writes_weights_that_a_run_takes_and_a_record(tmp_path, capsys):
    assert main(["train", "--model", "linear", "--epochs", "2"]) == 0
    out = capsys.readouterr().out
    assert "% of 511 test images right" in out
    assert f"--harness-models linear --harness-weights-root {tmp_path}" in out
    (path,) = (tmp_path / "cache" / "models").glob("digits-linear-*.record.npz")
    assert f"record of every epoch: {path}" in out
    record = read_record(path)
    assert record.predicted["train"].shape == (2, 776)
    assert record.predicted["test"].shape == (2, 511)
    share = record.accuracy_on("test")[-1]
    assert f"{share:.2%} of 511" in out

    from harness.datasets.bases import DIGITS
    from harness.models.entries import DIGITS_ENTRIES

    settings = Settings(weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path)
    entry = next(e for e in DIGITS_ENTRIES if e.name == "linear")
    classifier = entry.load(settings, DIGITS, "cpu", print)
    test = DIGITS.test(settings)
    images = torch.from_numpy(np.array(test.pixels)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        answers = classifier.network(classifier.normalise(images)).argmax(1).numpy()
    assert (answers == record.predicted["test"][-1]).all()


LINEAR = ["train", "--model", "linear", "--epochs", "2"]


def made(tmp_path):
    """What lies in the cache, by name: bytes of weights and records."""
    folder = tmp_path / "cache" / "models"
    files = [*folder.glob("*.safetensors"), *folder.glob("*.npz")]
    return {path.name: path.read_bytes() for path in files}


def stop_after(monkeypatch, epochs):
    """Have the next training end after so many of its epochs, as if it were killed."""
    checkpoint = training._write_checkpoint

    def write(path, state):
        checkpoint(path, state)
        if len(state["epochs"]) == epochs:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "_write_checkpoint", write)


def test_epochs_are_told_and_a_second_call_trains_nothing(capsys):
    arguments = [*LINEAR, "--seed", "3"]
    assert main(arguments) == 0
    assert "epoch 2/2, loss" in capsys.readouterr().err
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "% of 511 test images right" in captured.out
    assert not captured.err


def test_what_was_killed_goes_on_after_its_last_epoch(tmp_path, capsys, monkeypatch):
    """The network and the record are the same to the last bit; so with the others."""
    assert main([*LINEAR, "--networks", "2"]) == 0
    whole = made(tmp_path)
    shutil.rmtree(tmp_path / "cache")
    capsys.readouterr()
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        assert main([*LINEAR, "--networks", "2"]) == 130
    assert "seed 0, epoch 1/2" not in capsys.readouterr().err

    assert main([*LINEAR, "--networks", "2"]) == 0

    captured = capsys.readouterr()
    assert "going on from" in captured.out
    assert "seed 0, epoch 1/2" not in captured.err
    assert "seed 0, epoch 2/2" in captured.err
    assert made(tmp_path) == whole
    assert not list(tmp_path.rglob("*.checkpoint"))


def test_several_networks_are_of_seeds_that_follow_each_other(tmp_path, capsys):
    """Each is what it would be alone; one that is there is not trained again."""
    assert main([*LINEAR, "--train-seed", "4"]) == 0
    one = made(tmp_path)
    capsys.readouterr()

    assert main([*LINEAR, "--train-seed", "3", "--networks", "3"]) == 0

    captured = capsys.readouterr()
    assert [f"seed {s}: " in captured.out for s in range(2, 7)] == [0, 1, 1, 1, 0]
    assert "seed 4, epoch" not in captured.err
    assert "s left" in captured.err
    assert captured.out.count("% of 511 test images right") == 3
    three = made(tmp_path)
    assert len(three) == 6
    assert one.items() < three.items()
    records = [read_record(p) for p in (tmp_path / "cache").rglob("*.npz")]
    assert sorted(record.facts["seed"] for record in records) == [3, 4, 5]


def test_workers_train_what_one_process_does(tmp_path, capsys):
    """To the last bit, where each has as many threads."""
    assert main([*LINEAR, "--networks", "2"]) == 0
    alone = made(tmp_path)
    shutil.rmtree(tmp_path / "cache")
    capsys.readouterr()

    assert main([*LINEAR, "--networks", "2", "--workers", "2"]) == 0

    err = capsys.readouterr().err
    assert "seed 0, epoch 2/2" in err
    assert "seed 1, epoch 2/2" in err
    assert made(tmp_path) == alone
    assert not multiprocessing.active_children()


def in_workers(monkeypatch, *messages, exitcode=0):
    """Have workers say this, and be gone."""

    @contextmanager
    def workers(order, seeds, n):
        told = queue.Queue()
        for message in messages:
            told.put(message)
        yield [SimpleNamespace(is_alive=lambda: False, exitcode=exitcode)], told

    monkeypatch.setattr(train_workers, "_workers", workers)


def test_an_error_in_a_worker_is_the_commands(capsys, monkeypatch):
    """In one line; what the worker says of it is what the training does."""
    wild = ["--optimiser", "sgd", "--learning-rate", "1e30"]
    assert main([*LINEAR, *wild]) == 2
    line = capsys.readouterr().err.partition("train: ")[2]
    in_workers(monkeypatch, ("tell", "waiting for it"), ("failed", "the loss is inf"))
    assert main([*LINEAR, "--networks", "2", "--workers", "2"]) == 2
    err = capsys.readouterr().err
    assert "harness: waiting for it\nharness train: the loss is inf\n" in err

    settings = Settings(cache_dir=Path("cache"), store=Path())
    recipe = Recipe(epochs=1, learning_rate=1e30, optimiser="sgd")
    order = Order(
        model="linear", recipe=recipe, seeds=(0,), splits=("test",), settings=settings
    )
    told = queue.Queue()
    monkeypatch.setattr(signal, "signal", lambda *what: None)
    train_workers._work(order, [0], 0, told)
    *steps, last = told.queue
    assert {kind for kind, *_ in steps} == {"step"}
    assert last[0] == "failed"
    assert last[1].startswith(line[:11])


def test_a_worker_that_the_system_ends_is_no_success(capsys, monkeypatch):
    in_workers(monkeypatch, exitcode=-9)
    assert main([*LINEAR, "--networks", "2", "--workers", "2"]) == 2
    assert "a worker ended with status -9; the same command" in capsys.readouterr().err


def test_the_record_may_be_of_the_test_split_alone(tmp_path):
    """Asked for both later, it is made anew; a record of more is taken for less."""
    both = {"test", "train", "during"}
    for record, splits in (("test", {"test"}), ("both", both)):
        assert main([*LINEAR, "--record", record]) == 0
        (path,) = (tmp_path / "cache").rglob("*.record.npz")
        assert set(read_record(path).predicted) == splits
    assert main([*LINEAR, "--record", "test"]) == 0
    assert set(read_record(path).predicted) == splits


def test_logits_are_recorded_where_they_are_asked_for(tmp_path, capsys):
    """The same network with a record of more; and none of what has no classes."""
    assert main(LINEAR) == 0
    (path,) = (tmp_path / "cache").rglob("*.record.npz")
    first = read_record(path)
    assert not first.logits
    assert main([*LINEAR, "--record-logits", "--label-noise", "0"]) == 0
    second = read_record(path)
    assert second.facts["weights"] == first.facts["weights"]
    assert second.logits["test"].shape == (2, 511, 10)
    assert (second.logits["test"].argmax(2) == second.predicted["test"]).mean() > 0.99
    told = main([*LINEAR, "--record-logits", "--objective", "rotation"])
    assert (told, "leave it or --objective out" in capsys.readouterr().err) == (2, True)


def test_labels_drawn_at_random_are_recorded_beside_the_true_ones(tmp_path):
    assert main([*LINEAR, "--label-noise", "0.5"]) == 0
    (path,) = (tmp_path / "cache").rglob("*.record.npz")
    record = read_record(path)
    same = (record.labels["train"] == record.true["train"]).mean()
    assert same == pytest.approx(0.55, abs=0.05)
    assert set(record.true) == {"train", "during"}
    assert record.right_truly("train").mean() > record.right("train").mean()


@pytest.mark.parametrize("damaged", ["*.record.npz", "*.safetensors"])
def test_what_is_damaged_is_named_and_made_anew(tmp_path, capsys, damaged):
    assert main(LINEAR) == 0
    whole = made(tmp_path)
    (path,) = (tmp_path / "cache").rglob(damaged)
    path.write_bytes(path.read_bytes()[:-3])
    capsys.readouterr()

    assert main(LINEAR) == 0

    err = capsys.readouterr().err
    assert f"{path} cannot be read as it was written; it is made anew" in err
    assert made(tmp_path) == whole


def test_a_record_of_other_weights_is_made_anew(tmp_path):
    """As a run's of before, which had another number of threads and kept no record."""
    assert main(LINEAR) == 0
    whole = made(tmp_path)
    (path,) = (tmp_path / "cache").rglob("*.safetensors")
    write_summed(path, path.read_bytes()[:-1] + b"\x01", what="weights")
    assert main(LINEAR) == 0
    assert made(tmp_path) == whole


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "lenett"], "unknown trainable model 'lenett'; did you mean lenet"),
        (["--model", "lenet", "--base", "digit"], "unknown base 'digit'"),
        (["--model", "lenet", "--out", "x.pt"], "--out must end in .safetensors"),
        (
            ["--model", "lenet", "--epochs", "3", "--keep-epochs", "2,4"],
            "--keep-epochs must be of the epochs 1 to 3, got 4",
        ),
        (["--model", "lenet", "--epochs", "0"], "`epochs` and `batch_size` must be"),
        (["--model", "lenet", "--networks", "2", "--out", "x"], "--out is of one netw"),
        (["--model", "resnet20", "--base", "cifar10"], "base cifar10 not found"),
    ],
)
def test_bad_input_is_named_before_anything_is_trained(arguments, message, capsys):
    assert main(["train", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_settings_come_from_the_environment_too(monkeypatch, tmp_path):
    import argparse

    from harness.commands.train import add_arguments

    monkeypatch.setenv("HARNESS_DATA_ROOT", str(tmp_path))
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert settings_of(parser.parse_args(["--model", "x"])).data_root == tmp_path


def test_a_place_that_cannot_be_is_named(tmp_path, capsys):
    """A file where a folder should be."""
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "w.safetensors"

    assert main(["train", "--model", "linear", "--out", str(out)]) == 2
    assert f"--out {out} cannot be made" in capsys.readouterr().err


def test_a_checkpoint_that_cannot_be_written_is_named(tmp_path):
    """Before the next epoch is begun."""
    with pytest.raises(HarnessError, match=r"checkpoint .*gone.* cannot be written"):
        _write_checkpoint(tmp_path / "gone" / "w.checkpoint", {})


def test_an_objective_without_labels_trains_the_same_network(tmp_path, capsys):
    """Its clusters are matched with classes before it says how many are right."""
    order = ["--objective", "self_classifier", "--heads", "10,12", "--epochs", "1"]
    assert main(["train", "--model", "lenet", *order]) == 0
    out = capsys.readouterr().out
    assert "where each class found without labels is one of theirs (acc_hybrid)" in out
    assert "run it with --harness-models lenet-selfclassifier --harness-weig" in out
    record = read_record(next((tmp_path / "cache" / "models").glob("*.record.npz")))
    assert record.has_clusters
    assert record.facts["recipe"]["objective"]["heads"] == [10, 12]
    assert record.accuracy_on("test")[-1] >= record.labels["test"].size / 511 / 10

    from harness.datasets.bases import DIGITS
    from harness.models.entries import SELF_CLASSIFIERS

    settings = Settings(weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path)
    entry = next(e for e in SELF_CLASSIFIERS if e.name == "lenet-selfclassifier")
    classifier = entry.load(settings, DIGITS, "cpu", print)
    with torch.inference_mode():
        assert classifier.network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_sigmoids_train_a_classifier_that_says_so(tmp_path, capsys):
    """Of any model's network, under a name of its own."""
    order = ["--objective", "sigmoid", "--epochs", "2"]
    assert main(["train", "--model", "linear", *order]) == 0
    out = capsys.readouterr().out
    assert "% of 511 test images right" in out
    assert "run it with --harness-models linear-sigmoid --harness-weights-root" in out
    record = read_record(next((tmp_path / "cache" / "models").glob("*.record.npz")))
    assert record.facts["recipe"]["loss"] == "binary_cross_entropy"
    assert (record.task, record.has_clusters) == ("", False)
    assert record.accuracy_on("test")[-1] > 0.5

    from harness.datasets.bases import DIGITS
    from harness.models.entry import activation_of
    from harness.registry import Registry

    settings = Settings(weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path)
    entry = Registry().model("digits", "linear-sigmoid")
    assert activation_of(entry) == "sigmoid"
    assert entry.locate(settings) == str(
        tmp_path / "digits-linear-sigmoid-trained.safetensors"
    )
    classifier = entry.load(settings, DIGITS, "cpu", print)
    with torch.inference_mode():
        assert classifier.network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def under_torchrun(processes, arguments):
    """Run `harness` in so many processes that train together."""
    torchrun = ["-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [
            *(sys.executable, *torchrun, f"--nproc_per_node={processes}"),
            *("-m", "harness", *arguments),
        ],
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(Path(__file__).parent.parent.parent),
        },
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_two_processes_of_torchrun_train_what_one_does(tmp_path, capsys, monkeypatch):
    """Of a Self-Classifier with batch norms, several heads and a queue.

    The last batch has parts of unlike size: 11 images and 10.
    """
    arguments = ["train", "--model", "vgg", "--objective", "self_classifier"]
    arguments += ["--heads", "10,12", "--queue", "64", "--images", "149"]
    arguments += ["--epochs", "2", "--batch-size", "64", "--optimiser", "sgd"]
    arguments += ["--learning-rate", "0.02"]
    assert main([*arguments, "--out", "one.safetensors"]) == 0
    told = capsys.readouterr().out
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(tmp_path / "of two"))
    done = under_torchrun(2, [*arguments, "--out", "two.safetensors"])

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("weights: two.safetensors") == 1  # the first one tells
    one, two = load_file("one.safetensors"), load_file("two.safetensors")
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        np.testing.assert_allclose(two[name], tensor, rtol=1e-3, atol=1e-5)
    records = [
        read_record(next((tmp_path / cache / "models").glob("*.record.npz")))
        for cache in ("cache", "of two")
    ]
    assert records[1].loss == pytest.approx(records[0].loss, rel=1e-5)
    assert (records[1].predicted["test"] == records[0].predicted["test"]).mean() > 0.99
    assert "acc_hybrid" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet", "--heads", "10,20"], "--heads is of a Self-Classifier, and lenet"),
        (
            ["lenet-sigmoid", "--objective", "cross_entropy"],
            "--objective cross_entropy does not train lenet-sigmoid; write --model len",
        ),
        (
            ["lenet-selfclassifier", "--objective", "cross_entropy"],
            "--objective cross_entropy does not train lenet-selfclassifier",
        ),
        (
            ["mlp", "--objective", "self_classifier"],
            "unknown trainable model 'mlp-selfclassifier'",
        ),
        (["lenet-selfclassifier", "--heads", "1"], "`heads` must name"),
    ],
)
def test_an_objective_that_does_not_fit_is_refused(arguments, message, capsys):
    assert main(["train", "--model", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_pretext_task_trains_an_encoder_of_any_model(tmp_path, capsys):
    """Its record is of the task's questions, one for each image."""
    order = ["--objective", "jigsaw", "--permutations", "6", "--epochs", "1"]
    assert main(["train", "--model", "lenet", *order]) == 0
    out = capsys.readouterr().out
    assert "of 511 test images whose tiles are put in order" in out
    assert "run it with --harness-models lenet-jigsaw --harness-weights-root" in out
    record = read_record(next((tmp_path / "cache" / "models").glob("*.record.npz")))
    assert record.task == "jigsaw"
    assert not record.has_clusters
    assert record.facts["recipe"]["objective"]["permutations"] == 6
    assert record.labels["test"].tolist() == [i % 6 for i in range(511)]
    assert f"{record.accuracy_on('test')[-1]:.2%} of 511" in out


def test_what_jpeg_gives_away_of_rotation_is_said():
    """White noise, as it is and saved."""
    import io

    from PIL import Image

    from harness.commands.train import given_away
    from harness.datasets.images import ArrayImages

    noise = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
    saved = []
    for image in noise:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "JPEG", quality=75)
        saved.append(np.asarray(Image.open(content)))
    said = given_away(ArrayImages(pixels=np.stack(saved), labels=None))
    assert said.startswith("of 100.0% of 40 test images JPEG's lattice tells quarter t")
    assert given_away(ArrayImages(pixels=noise, labels=None)) == ""
    assert given_away(ArrayImages(pixels=noise[:, :7, :7], labels=None)) == ""


def test_supervised_is_another_word_for_cross_entropy(tmp_path, capsys):
    assert main([*LINEAR, "--objective", "supervised"]) == 0
    assert "test images right\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet", "--gap", "1"], "--gap is of jigsaw and context, and lenet is trai"),
        (
            ["lenet-rotation", "--gap", "1"],
            "lenet-rotation is trained on rotation; add --objective jigsaw",
        ),
        (
            ["lenet-rotation", "--objective", "jigsaw"],
            "--objective jigsaw does not train lenet-rotation; write --model lenet",
        ),
        (
            ["lenet-rotation", "--objective", "supervised"],
            "--objective supervised does not train lenet-rotation",
        ),
        (["lenet-jigsaw", "--jitter", "2"], "--jitter of a jigsaw must be 0, got 2"),
        (["lenet-context", "--gap", "9"], "`gap` and `jitter` must leave patches"),
        (["lenet-colorization"], "colorization must have images in colour"),
        (["linear-rotation"], "there is nothing before that of this one"),
        (["lenett-rotation"], "unknown trainable model 'lenett-rotation'"),
    ],
)
def test_a_pretext_task_that_does_not_fit_is_refused(arguments, message, capsys):
    assert main(["train", "--model", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--zoom", "1"], "--zoom: must be two numbers parted by a comma"),
        (["--local-zoom", "a,b"], "--local-zoom: must be two numbers"),
        (["--heads", "a"], "--heads: must be whole numbers parted by commas"),
        (["--milestones", "1,"], "--milestones: must be whole numbers parted by"),
    ],
)
def test_lists_of_numbers_that_are_none_are_refused_in_words(option, message, capsys):
    with pytest.raises(SystemExit):
        main(["train", "--model", "lenet-selfclassifier", *option])
    assert message in capsys.readouterr().err


def test_label_noise_is_drawn_once_and_spares_the_test_split(tmp_path, capsys):
    """Of 776 training images about 45 % get another label, the same for both seeds."""
    arguments = ("train", "--model", "linear", "--epochs", "1", "--networks", "2")
    assert main([*arguments, "--label-noise", "0.5"]) == 0
    assert main([*arguments]) == 0

    from harness.datasets.bases import DIGITS

    settings = Settings(cache_dir=tmp_path, store=tmp_path)
    true = {s: getattr(DIGITS, s)(settings).labels for s in ("train", "test")}
    records = [read_record(p) for p in tmp_path.rglob("*.record.npz")]
    noisy = [r for r in records if "label_noise" in r.facts["recipe"]]
    clean = [r for r in records if "label_noise" not in r.facts["recipe"]]
    assert (len(noisy), len(clean)) == (2, 2)
    for record in records:
        assert np.array_equal(record.labels["test"], true["test"])
    changed = [(r.labels["train"] != true["train"]).mean() for r in noisy]
    assert changed[0] == changed[1] == pytest.approx(0.45, abs=0.04)
    assert all(np.array_equal(r.labels["train"], true["train"]) for r in clean)
    digests = {r.facts["images"]["train"] for r in noisy}
    assert len(digests) == 1
    assert digests.isdisjoint(r.facts["images"]["train"] for r in clean)


def test_few_images_are_the_same_for_all_networks(tmp_path, capsys):
    """With their labels, drawn evenly; noise in labels comes on top."""
    arguments = ("train", "--model", "linear", "--epochs", "1", "--images", "97")
    assert main([*arguments, "--networks", "2"]) == 0
    assert main([*arguments, "--label-noise", "1"]) == 0

    from harness.datasets.bases import DIGITS
    from harness.sampling import sampled_rows

    images = DIGITS.train(Settings(cache_dir=tmp_path, store=tmp_path))
    rows = sampled_rows(len(images), 97)
    records = [read_record(p) for p in tmp_path.rglob("*.record.npz")]
    noisy, *clean = sorted(
        records, key=lambda r: "label_noise" not in r.facts["recipe"]
    )
    assert len(clean) == 2
    for record in clean:
        assert record.facts["recipe"]["images"] == 97
        assert record.predicted["train"].shape == (1, 97)
        assert np.array_equal(record.labels["train"], images.labels[rows])
    assert noisy.labels["train"].shape == (97,)
    assert not np.array_equal(noisy.labels["train"], images.labels[rows])
    assert len({record.facts["images"]["train"] for record in records}) == 2


def test_more_images_than_there_are_is_refused(capsys):
    arguments = ["train", "--model", "linear", "--images"]
    assert main([*arguments, "777"]) == 2
    assert (
        "`images` must be at most the 776 training images of base digits, got 777; "
        "leave it out for all of them"
    ) in capsys.readouterr().err
    assert main([*arguments, "0"]) == 2
    assert "`images` must be at least 1, got 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label_noise": 1.5}, "from 0 to 1, got 1.5"),
        ({"label_noise": 0.5, "objective": SelfClassifier()}, "learns without labels"),
    ],
    ids=range(2),
)
def test_label_noise_that_cannot_be(change, message):
    with pytest.raises(ValueError, match=message):
        Recipe(epochs=1, learning_rate=0.1, **change)


def test_epochs_are_kept_as_a_shorter_training_ends(tmp_path, capsys):
    """Beside --out; under a constant rate of learning they are its whole trainings."""
    constant = ["train", "--model", "linear", "--schedule", "constant", "--out"]
    assert main([*constant, "a.safetensors", "--epochs", "1"]) == 0
    kept = ["--epochs", "3", "--keep-epochs", "3,1"]
    assert main([*constant, "w/b.safetensors", *kept]) == 0
    out = capsys.readouterr().out

    first, last = (tmp_path / "w" / f"b-epoch{n}.safetensors" for n in (1, 3))
    assert first.read_bytes() == (tmp_path / "a.safetensors").read_bytes()
    assert last.read_bytes() == (tmp_path / "w" / "b.safetensors").read_bytes()
    assert "weights after epoch 1: w/b-epoch1.safetensors" in out
    assert not (tmp_path / "w" / "b-epoch2.safetensors").exists()


def test_epochs_that_were_not_kept_are_trained_again(tmp_path, capsys, monkeypatch):
    """The weights stay the same; behind a checkpoint it is refused by name."""
    assert main(LINEAR) == 0
    before = made(tmp_path)
    assert main([*LINEAR, "--keep-epochs", "1"]) == 0
    after = made(tmp_path)
    assert "epoch 2/2, loss" in capsys.readouterr().err
    (kept,) = after.keys() - before.keys()
    assert kept.endswith(".epoch1.safetensors")
    weights = [name for name in before if name.endswith(".safetensors")]
    assert [after[name] for name in weights] == [before[name] for name in weights]

    longer = ["train", "--model", "linear", "--epochs", "3"]
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        assert main(longer) == 130
    assert main([*longer, "--keep-epochs", "2"]) == 2
    assert "epoch 2 was to be kept, but 2 are over without" in capsys.readouterr().err
    assert main([*longer, "--keep-epochs", "3"]) == 0  # that one is still to come
