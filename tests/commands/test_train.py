"""`harness train`, as it is called."""

import os

import numpy as np
import pytest
import torch
import torch.optim  # its lazy imports would run in the middle of a test

from harness.cli import main
from harness.commands.arguments import settings_of
from harness.errors import HarnessError
from harness.models.training import _write_checkpoint


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("HARNESS_"):
            monkeypatch.delenv(name)


def test_it_writes_weights_that_a_run_takes_and_a_record(tmp_path, capsys):
    assert main(["train", "--model", "linear", "--epochs", "2"]) == 0
    out = capsys.readouterr().out
    assert "% of 511 test images right" in out
    assert f"--harness-models linear --harness-weights-root {tmp_path}" in out
    with np.load("digits-linear-trained.record.npz") as record:
        assert record["right_train"].shape == (2, 776)
        assert record["right_test"].shape == (2, 511)
        share = record["right_test"][-1].mean()
    assert f"{share:.2%} of 511" in out

    from harness.datasets.bases import DIGITS
    from harness.models.entries import DIGITS_ENTRIES
    from harness.settings import Settings

    settings = Settings(weights_root=tmp_path, cache_dir=tmp_path, store=tmp_path)
    entry = next(e for e in DIGITS_ENTRIES if e.name == "linear")
    classifier = entry.load(settings, DIGITS, "cpu", print)
    test = DIGITS.test(settings)
    images = torch.from_numpy(np.array(test.pixels)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        answers = classifier.network(classifier.normalise(images)).argmax(1).numpy()
    assert (answers == test.labels).mean() == share


def test_epochs_are_told_and_a_second_call_goes_on(capsys):
    arguments = ["train", "--model", "linear", "--epochs", "2", "--seed", "3"]
    assert main(arguments) == 0
    assert "epoch 2/2, loss" in capsys.readouterr().err
    assert main(arguments) == 0  # all epochs are in the checkpoint
    captured = capsys.readouterr()
    assert "going on from" in captured.out
    assert "epoch" not in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "lenett"], "unknown trainable model 'lenett'; did you mean lenet"),
        (["--model", "lenet", "--base", "digit"], "unknown base 'digit'"),
        (["--model", "lenet", "--out", "x.pt"], "--out must end in .safetensors"),
        (["--model", "lenet", "--epochs", "0"], "`epochs` and `batch_size` must be"),
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
