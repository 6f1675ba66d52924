"""Answers that are kept: read to the bit, known by all that decides them, sealed."""

import errno
import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from harness.answers import keeping
from harness.answers.keeping import Keeping, arithmetic, bytes_of, read_answers
from harness.answers.ledger import FEATURES, LOGITS, NEW, Ledger
from harness.answers.predictions import Predictions
from harness.arrays import confidence
from harness.datasets.dataset import Dataset
from harness.datasets.images import ArrayImages
from harness.measurement import Domain
from harness.models.classifier import Classifier
from harness.views import IDENTITY, ROTATIONS, View

K, N = 5, 70


class Counting(torch.nn.Module):
    """A linear layer that counts its calls."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(64, K)
        self.calls = 0

    def forward(self, images):
        self.calls += 1
        return self.linear(images.flatten(1))


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    return Classifier(
        name="random",
        network=Counting().eval().requires_grad_(False),
        mean=(0.5,),
        std=(0.25,),
        classes=K,
        head="linear",
        fingerprint="",
    )


@pytest.fixture
def dataset():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(N, 8, 8, 1), dtype=np.uint8)
    return Dataset(
        name="photos",
        family="photos",
        domain=Domain.EXTERIOR,
        load=lambda: ArrayImages(pixels=pixels, labels=None),
    )


DECIDES = {"arithmetic": {"device": "cpu"}, "precision": "float32", "batch_size": 64}
OF = {"network": "weights", "dataset": "pixels", "images": N}


@pytest.fixture
def told():
    return []


@pytest.fixture
def keep(tmp_path, told):
    """Makes what a run keeps answers with."""

    def make(kind="logits", *, anew=False, **decides):
        whole = {**DECIDES, **decides}
        return Keeping(tmp_path / "answers", kind, whole, told.append, anew=anew)

    return make


def asking(run, classifier, dataset, /, **of):
    """What a run has to ask about a network on a dataset."""
    kept = run.of("random on photos", lambda: {**OF, **of})
    return Predictions(lambda: classifier, dataset, kept=kept)


def gone():
    raise AssertionError("the network was asked for")


def without_network(run, dataset):
    kept = run.of("random on photos", lambda: OF)
    return Predictions(gone, dataset, kept=kept)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("view", [IDENTITY, ROTATIONS[1]])
def test_a_later_run_reads_logits_to_the_bit_without_the_network(
    keep, classifier, dataset, view
):
    plain = Predictions(lambda: classifier, dataset)
    first = asking(keep(), classifier, dataset).logits(view)

    run = keep()
    later = without_network(run, dataset)

    assert later.logits(view).tobytes() == plain.logits(view).tobytes()
    assert later.logits(view).tobytes() == first.tobytes()
    assert later.probs(view).tobytes() == plain.probs(view).tobytes()
    assert later.predicted(view).tolist() == plain.predicted(view).tolist()
    for name in ("softmax", "sigmoid"):
        expected = plain.confidence(view, name).tobytes()
        assert later.confidence(view, name).tobytes() == expected
    assert run.take() == Ledger(read=1)


def test_predictions_give_classes_and_confidences_and_no_logits(
    keep, classifier, dataset
):
    """To the bit of those of the logits; who asks for these has the network run."""
    plain = Predictions(lambda: classifier, dataset)
    first = keep("predictions")
    asking(first, classifier, dataset).predicted()
    assert first.take().passes == {NEW: 1}

    later = without_network(keep("predictions"), dataset)
    assert later.predicted().tolist() == plain.predicted().tolist()
    for name in ("softmax", "sigmoid"):
        expected = confidence(plain.logits(), name).tobytes()
        assert later.confidence(activation=name).tobytes() == expected
    with pytest.raises(AssertionError, match="network was asked for"):
        later.logits()

    run = keep("predictions")
    said = asking(run, classifier, dataset)
    said.predicted()
    calls = classifier.network.calls
    assert said.logits().tobytes() == plain.logits().tobytes()
    assert classifier.network.calls > calls
    assert run.take().passes == {LOGITS: 1}


def test_features_are_not_kept_and_a_pass_for_them_says_so(keep, classifier, dataset):
    """They come along where logits are not kept yet."""
    run = keep()
    said = asking(run, classifier, dataset)
    said.logits()
    features = said.features()
    assert run.take().passes == {NEW: 1}

    run = keep()
    said = asking(run, classifier, dataset)
    logits = said.logits()
    assert said.features().tobytes() == features.tobytes()
    assert run.take().passes == {FEATURES: 1}
    assert said.logits().tobytes() == logits.tobytes()


def test_what_a_run_with_logits_kept_serves_one_that_keeps_predictions(
    keep, classifier, dataset
):
    asking(keep("logits"), classifier, dataset).logits()

    later = without_network(keep("predictions"), dataset)
    assert later.predicted().tolist() == later.logits().argmax(axis=1).tolist()


@pytest.mark.parametrize(
    "other",
    [
        {"arithmetic": {"device": "cuda"}},
        {"precision": "bfloat16"},
        {"batch_size": 63},
        {"geometry": {"resize": 256}},
        {"of": {"network": "other weights"}},
        {"of": {"dataset": "other pixels"}},
        {"view": ROTATIONS[0]},
        {"view": View(name="identity", tiles=(1, 0, 2, 3))},
        {"view": View(name="identity", tiles=(0, 1, 2, 3), fit="crop")},
    ],
    ids=str,
)
def test_whatever_decides_the_answers_is_in_their_name(
    keep, classifier, dataset, other
):
    """Each other thing is a pass of its own."""
    asking(keep(), classifier, dataset).logits()
    decides = {k: v for k, v in other.items() if k not in ("of", "view")}
    run = keep(**decides)

    calls = classifier.network.calls
    said = asking(run, classifier, dataset, **other.get("of", {}))
    said.logits(other.get("view", IDENTITY))

    assert classifier.network.calls > calls
    assert run.take().read == 0


def test_names_of_models_datasets_and_views_decide_nothing(keep, classifier, dataset):
    asking(keep(), classifier, dataset).logits()

    kept = keep().of("another on others", lambda: OF)
    found = kept.logits(View(name="another"))

    assert found.shape == (N, K)


def test_code_of_passes_is_in_the_name(keep, classifier, dataset, monkeypatch):
    asking(keep(), classifier, dataset).logits()
    monkeypatch.setattr(keeping, "source_digest", lambda module: "changed")

    assert keep().of("", lambda: OF).logits(IDENTITY) is None


def test_arithmetic_is_of_versions_device_and_flags(monkeypatch):
    """A pinned version, a build and a flag: each makes another."""
    usual = arithmetic("cpu")
    assert usual == arithmetic("cpu:0")
    assert usual["versions"]["torch"] in torch.__version__
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    assert arithmetic("cpu") != usual
    monkeypatch.undo()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "MMX")
    assert arithmetic("cpu") != usual
    monkeypatch.undo()
    monkeypatch.setattr(keeping, "version", lambda name: "9.9.9")
    assert arithmetic("cpu") != usual


def test_recalculating_reads_nothing_and_writes_anew(
    keep, classifier, dataset, tmp_path
):
    asking(keep(), classifier, dataset).logits()
    (path,) = files(tmp_path)
    content = path.read_bytes()
    path.write_bytes(b"")
    run = keep(anew=True)
    calls = classifier.network.calls
    asking(run, classifier, dataset).logits()

    assert classifier.network.calls > calls
    assert path.read_bytes() == content
    assert (run.take().written, keep().of("", lambda: OF).logits(IDENTITY).shape) == (
        1,
        (N, K),
    )


def test_what_is_there_is_written_once(keep, classifier, dataset, tmp_path):
    asking(keep(), classifier, dataset).logits()
    (path,) = files(tmp_path)
    inode = path.stat().st_ino

    run = keep()
    said = asking(run, classifier, dataset)
    said.features()  # a pass, whose logits are there
    assert run.take().written == 0
    assert path.stat().st_ino == inode


def test_a_file_is_one_of_safetensors_and_is_mapped(
    keep, classifier, dataset, tmp_path
):
    logits = asking(keep(), classifier, dataset).logits()
    (path,) = files(tmp_path)

    assert load_file(path)["logits"].astype(np.float64).tobytes() == logits.tobytes()
    (found,) = read_answers(path).values()
    assert isinstance(found.base, np.memmap)
    assert not found.flags.writeable


@pytest.mark.parametrize("kind", ["logits", "predictions"])
@pytest.mark.parametrize(("images", "classes"), [(1, 2), (1000, 256), (3, 70_000)])
def test_the_size_that_is_told_is_that_of_a_file(keep, kind, images, classes, tmp_path):
    """But for the header, whose versions and units are not in this one."""
    rows = np.zeros((images, classes), dtype=np.float32)
    rows[:, -1] = 1
    kept = keep(kind).of("random on photos", lambda: {**OF, "images": images})
    kept.offer(IDENTITY, rows)
    (path,) = files(tmp_path)

    assert 0 < bytes_of(kind, images, classes) - path.stat().st_size < 2500
    if kind == "predictions":
        assert kept.predicted(IDENTITY).tolist() == [classes - 1] * images


def damaged(path, how):
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[:-5])
    if how == "empty":
        path.write_bytes(b"")
    if how == "longer":
        path.write_bytes(content + b"\0")
    if how == "turned":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    if how == "nested":
        path.write_bytes((99_999).to_bytes(8, "little") + b"[" * 99_999)


@pytest.mark.parametrize("how", ["cut", "empty", "longer", "turned", "nested"])
def test_a_damaged_file_is_named_and_made_anew(
    keep, classifier, dataset, tmp_path, told, how
):
    logits = asking(keep(), classifier, dataset).logits()
    (path,) = files(tmp_path)
    damaged(path, how)

    run = keep()
    calls = classifier.network.calls
    assert asking(run, classifier, dataset).logits().tobytes() == logits.tobytes()
    assert classifier.network.calls > calls

    (line,) = told
    assert str(path) in line
    assert "random on photos" in line
    assert "made anew" in line
    ledger = run.take()
    assert len(ledger.damaged) == 1
    assert (ledger.written, ledger.read) == (1, 0)
    assert without_network(keep(), dataset).logits().tobytes() == logits.tobytes()


def test_no_file_stands_for_another(keep, classifier, dataset, tmp_path, told):
    """One that was put under another's name is none."""
    said = asking(keep(), classifier, dataset)
    said.logits()
    (path,) = files(tmp_path)
    said.logits(ROTATIONS[0])
    (turned,) = set(files(tmp_path)) - {path}
    path.replace(turned)

    assert keep().of("", lambda: OF).logits(ROTATIONS[0]) is None
    assert len(told) == 1


@given(data=st.data())
def test_no_turned_byte_changes_a_number(tmp_path_factory, data):
    """Either all is as it was written or nothing is read."""
    folder = tmp_path_factory.getbasetemp() / "turned"
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    of = {**OF, "images": 4}
    kept = Keeping(folder, "logits", {}).of("a on b", lambda: of)
    for path in files(folder):
        path.unlink()
    kept.offer(IDENTITY, rows)
    (path,) = files(folder)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    found = Keeping(folder, "logits", {}).of("a on b", lambda: of).logits(IDENTITY)
    assert found is None or found.tobytes() == rows.tobytes()


def test_a_full_disk_is_said_once_and_costs_nothing_that_was_measured(
    keep, classifier, dataset, tmp_path, told, monkeypatch
):
    def full(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    run = keep()
    said = asking(run, classifier, dataset)
    plain = Predictions(lambda: classifier, dataset)

    assert said.logits().tobytes() == plain.logits().tobytes()
    said.logits(ROTATIONS[0])

    (line,) = told
    assert "No space left on device" in line
    assert str(tmp_path / "answers") in line
    assert "harness cache prune" in line
    ledger = run.take()
    assert ledger.written == 0
    assert "No space left on device" in ledger.refused
    assert files(tmp_path) == []


def test_many_at_once_leave_one_whole_file(keep, tmp_path):
    """As processes of a run do, or shards that share a cache."""
    rows = np.random.default_rng(0).normal(size=(N, K)).astype(np.float32)
    ready = threading.Barrier(8)

    def write():
        kept = keep(anew=True).of("a on b", lambda: OF)
        ready.wait()
        kept.offer(IDENTITY, rows)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (path,) = files(tmp_path)
    assert read_answers(path)["logits"].tobytes() == rows.tobytes()


def test_a_file_that_is_removed_while_it_is_read_stays_readable(
    keep, classifier, dataset, tmp_path
):
    """A cache may be pruned beside a run."""
    first = asking(keep(), classifier, dataset).logits()
    later = without_network(keep(), dataset)
    later.predicted()
    (path,) = files(tmp_path)
    path.unlink()

    assert later.logits().tobytes() == first.tobytes()


def test_the_key_is_a_digest_of_what_the_file_says_it_is_of(
    keep, classifier, dataset, tmp_path
):
    asking(keep(), classifier, dataset).logits()
    (path,) = files(tmp_path)
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    facts = json.loads(content[8 : 8 + length])["__metadata__"]
    identity = json.loads(facts["answers"])["identity"]

    assert hashlib.sha256(identity.encode()).hexdigest() == path.stem
    assert json.loads(identity)["network"] == "weights"
    assert "random" not in identity


def test_a_ledger_crosses_a_process_border_and_adds_up():
    one = Ledger(read=1, written=2, size=3, passes={NEW: 1}, damaged=["a"])
    other = replace(one, passes={NEW: 2, LOGITS: 1}, damaged=["b"], refused="full")
    whole = Ledger()
    for part in (one, other):
        whole.add(Ledger.from_json(part.to_json()))

    assert whole == Ledger(
        read=2,
        written=4,
        size=6,
        passes={NEW: 3, LOGITS: 1},
        damaged=["a", "b"],
        refused="full",
    )
    assert not Ledger()
    assert whole
