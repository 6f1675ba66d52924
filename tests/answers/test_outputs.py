"""Saved outputs: what files may hold, what they must not, and what is asked of them."""

import numpy as np
import pytest

from harness.answers.outputs import SavedPredictions, read_outputs, saved_base
from harness.arrays import softmax
from harness.datasets.dataset import SOURCE
from harness.errors import BadData, HarnessError, MissingData, UndefinedMetricError
from harness.settings import OwnData
from harness.views import ROTATIONS

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(2, 30, 4)).astype(np.float32)
LABELS = np.arange(30) % 4


def saved(path, **arrays):
    path.parent.mkdir(exist_ok=True)
    np.savez(path, **arrays)
    return path


@pytest.fixture
def logits_file(tmp_path):
    return saved(tmp_path / "cam.npz", models=["a", "b"], logits=LOGITS, labels=LABELS)


def test_logits_are_given_back(logits_file):
    outputs = read_outputs(logits_file)
    one = SavedPredictions(outputs, "b", None)

    assert (len(one), outputs.classes) == (30, 4)
    assert (one.logits() == LOGITS[1]).all()
    assert one.logits().dtype == np.float64
    assert (one.probs() == softmax(LOGITS[1].astype(np.float64))).all()
    assert (one.predicted() == LOGITS[1].argmax(1)).all()
    assert len(SavedPredictions(outputs, "b", 7).logits()) == 7


def test_one_array_a_model_is_the_same(logits_file, tmp_path):
    named = saved(tmp_path / "n.npz", a=LOGITS[0], b=LOGITS[1], labels=LABELS)

    one, two = read_outputs(logits_file), read_outputs(named)

    assert one.models.keys() == two.models.keys()
    assert all((one.models[m] == two.models[m]).all() for m in one.models)


def test_what_was_not_saved_is_undefined(logits_file, tmp_path):
    path = saved(
        tmp_path / "p.npz", models=["a"], predictions=LABELS[None], labels=LABELS
    )
    classes = SavedPredictions(read_outputs(path), "a", None)
    logits = SavedPredictions(read_outputs(logits_file), "a", None)

    assert (classes.predicted() == LABELS).all()
    with pytest.raises(UndefinedMetricError, match="no logits"):
        classes.probs()
    with pytest.raises(UndefinedMetricError, match="without views"):
        logits.view_probs(ROTATIONS)
    with pytest.raises(UndefinedMetricError, match="without features"):
        logits.features()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"models": ["a"], "labels": LABELS}, "neither `logits` nor `predictions`"),
        ({"models": ["a"], "logits": LOGITS}, "names 1 model but `logits` holds 2"),
        ({"models": ["a", "a"], "logits": LOGITS}, "each once"),
        ({"labels": LABELS}, "at least one model"),
        ({"a": LOGITS[0], "b": LOGITS[1, :5]}, r"model b .* got shape \(5, 4\)"),
        ({"a": LABELS.astype(float)}, "whole class numbers"),
        ({"a": LABELS - 1}, "whole class numbers from 0"),
        ({"a": np.full((3, 2), np.nan)}, "3 of 3 rows have nan"),
        ({"a": softmax(LOGITS[0])}, "model a .* its rows are probabilities"),
        (
            {"a": softmax(LOGITS[0]).astype(np.float16)},
            "they sum to 1; save the logits",
        ),
        ({"a": softmax(LOGITS[0]).round(2)}, "they sum to 1; save the logits"),
        ({"a": 100 * softmax(LOGITS[0])}, "they sum to 100; save the logits"),
        ({"a": 1 / (1 + np.exp(-LOGITS[0]))}, r"all 120 numbers are in \[0, 1\]"),
        ({"a": LOGITS[0], "labels": LABELS[:9]}, "must be 30 whole numbers"),
        (
            {"a": LOGITS[0], "labels": LABELS + 1},
            r"0..3, got 1..4; .* count from 1: subtract 1",
        ),
        ({"a": LABELS, "labels": LABELS - 1}, r"must be 0 or more, got -1\.\.2"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path, arrays, message):
    path = saved(tmp_path / "bad.npz", **arrays)

    with pytest.raises(BadData, match=message) as refused:
        read_outputs(path)
    assert str(path) in str(refused.value)


def test_logits_in_half_precision_are_taken(tmp_path):
    """What is told apart is the content, not the type."""
    path = saved(tmp_path / "half.npz", a=LOGITS[0].astype(np.float16))

    assert read_outputs(path).classes == 4


def test_a_file_called_test_is_the_source_set_only_where_it_is_said(tmp_path):
    """Its name alone decides nothing."""
    labelled = saved(tmp_path / "test.npz", a=LOGITS[0], labels=LABELS)
    with pytest.raises(
        HarnessError, match=r"is called test and has labels: say .*role"
    ):
        saved_base([OwnData(path=labelled)])
    base, families, _ = saved_base([OwnData(path=labelled, role="test")])
    assert (base.test(None).labels == LABELS).all()
    assert [family.name for family in families] == ["test"]

    plain = saved(tmp_path / "plain" / "test.npz", a=LOGITS[0])
    base, families, models = saved_base([OwnData(path=plain)])
    assert [str(family.domain) for family in families] == ["target"]
    with pytest.raises(
        UndefinedMetricError, match="no file of outputs is the labelled"
    ):
        base.test(None)
    with pytest.raises(
        UndefinedMetricError, match="no file of outputs is the labelled"
    ):
        models[0].predict(SOURCE, None)


def test_text_is_no_file_of_arrays(tmp_path):
    """NumPy's own message tells how to load it unsafely."""
    path = tmp_path / "bad.npz"
    path.write_text("logits")

    with pytest.raises(BadData, match="holds no NumPy arrays; write it with") as found:
        read_outputs(path)
    assert "pickle" not in str(found.value)


def test_damaged_files_are_bad_data(tmp_path):
    path = tmp_path / "bad.npz"
    path.write_bytes(b"PK\x03\x04 and then nothing")

    with pytest.raises(BadData, match=r"cannot be read as an .npz"):
        read_outputs(path)


def test_a_changed_file_is_read_again(tmp_path):
    path = saved(tmp_path / "x.npz", a=LABELS)
    before = read_outputs(path)
    saved(path, a=np.concatenate([LABELS, LABELS]))

    assert (len(before), len(read_outputs(path))) == (30, 60)


def test_folders_names_and_roles(logits_file, tmp_path):
    saved(tmp_path / "two.npz", a=LOGITS[0], labels=LABELS)
    saved(tmp_path / "three.npz", a=LOGITS[0])
    owns = [
        OwnData(path=tmp_path / "two.npz", role="test"),
        OwnData(path=logits_file, name="camera"),
        OwnData(path=tmp_path / "three.npz"),
    ]
    base, families, models = saved_base(owns)

    assert len(base.classes) == 4
    assert {f.name: str(f.domain) for f in families} == {
        "test": "interior",
        "camera": "exterior",
        "three": "target",
    }
    covered = {m.name: list(m.files) for m in models}
    assert covered == {"a": ["test", "camera", "three"], "b": ["camera"]}
    assert [m.covers(SOURCE) for m in models] == [True, False]
    (tmp_path / "._a.npz").write_bytes(b"of a Mac")
    assert len(saved_base([OwnData(path=tmp_path)])[1]) == 3


def test_files_that_do_not_fit_together_are_refused(logits_file, tmp_path):
    wide = saved(tmp_path / "wide.npz", a=np.zeros((5, 7)))
    with pytest.raises(HarnessError, match=r"differ in their classes: 4 in .*7 in"):
        saved_base([OwnData(path=logits_file), OwnData(path=wide)])
    with pytest.raises(HarnessError, match="two files of outputs are called cam"):
        saved_base([OwnData(path=logits_file)] * 2)
    with pytest.raises(MissingData, match=r"nowhere.npz; name an .npz file"):
        saved_base([OwnData(path=tmp_path / "nowhere.npz")])
    plain = saved(tmp_path / "plain.npz", a=LABELS)
    with pytest.raises(BadData, match="no labels, which role=exterior needs"):
        saved_base([OwnData(path=plain, role="exterior")])
