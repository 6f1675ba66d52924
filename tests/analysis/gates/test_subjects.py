"""Which rows a gate, a rule or an option means: metric, model and axes."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.gates import GateSyntaxError, parse, parse_rule
from harness.analysis.gates.subjects import Subject
from harness.measurement import Axes, axis_text, label_of


def row(metric="knn", model="linear", **axes):
    """A row of a report, as far as it can be meant."""
    return SimpleNamespace(metric=metric, model=model, axes=Axes.of(axes))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("knn", True),
        ("knn[k=5]", True),
        ("knn[k=5.0]", True),
        ("knn[k=5,layer=stage2]", True),
        ("knn[layer=stage*, k=5]", True),
        ("knn[linear, k=5]", True),
        ("k*[li*,k=?]", True),
        ("knn[linear]", True),
        ("knn[k=50]", False),
        ("knn[k=5,layer=stage3]", False),
        ("knn[k=5,depth=1]", False),
        ("knn[lenet,k=5]", False),
        ("knn[all,k=5]", False),
        ("probe[k=5]", False),
    ],
)
def test_a_subject_means_rows_with_each_value_that_it_names(text, meant):
    """Axes that it does not name may have any value; numbers are equal as numbers."""
    assert Subject.parse(text).selects(row(k="5", layer="stage2")) == meant


def test_all_models_together_along_an_axis():
    """The word "all" beside an axis means the fit over all models."""
    both = Subject.parse("knn[all,k=5]")

    assert both.selects(row(model=None, k="5"))
    assert not both.selects(row(model=None, k="20"))
    assert not both.selects(row(model="linear", k="5"))


def test_a_model_whose_name_looks_like_an_axis_is_meant_as_before():
    """Where the row has no such axis, brackets hold the name of a model."""
    gate = parse("entropy[lr=0.1,wd=1]: interior r2 > 0")

    assert gate.subject.selects(row(metric="entropy", model="lr=0.1,wd=1"))
    assert not gate.subject.selects(row(metric="entropy", model="lr=0.1"))
    assert not gate.subject.selects(row(metric="entropy", lr="0.2", wd="1"))


@pytest.mark.parametrize("text", ["knn[a,b,k=5]", "knn[,k=5]", "knn[k=5,k=6]", "k[k=5"])
def test_what_is_no_subject_is_refused_with_what_must_stand(text):
    """One model at most, each axis once, brackets that close."""
    with pytest.raises(GateSyntaxError, match=r"must (stand|follow)"):
        parse(f"{text}: interior r2 > 0")


@pytest.mark.parametrize(
    "text",
    [
        "knn[k=5,layer=a:b]: interior r2 > 0",
        "knn[resnet*,k=5]: transfer rmse <= 3",
        "entropy: interior r2 > 0",
        "entropy[resnet*]: interior r2 > 0",
    ],
)
def test_a_gate_reads_back_as_it_is_written(text):
    """A colon in brackets is of the value."""
    assert str(parse(text)) == text


def test_rules_and_predictions_name_axes_too():
    """A prediction by a metric names the model elsewhere."""
    assert str(parse_rule("knn[k=5]: r2 drops 0.1")) == "knn[k=5]: r2 drops 0.1"
    gate = parse("predicted accuracy on night by knn[k=5, layer=a] > 0.5")
    assert (gate.metric, gate.axes) == ("knn", Axes((("k", "5"), ("layer", "a"))))
    with pytest.raises(GateSyntaxError, match="after 'by' must stand METRIC"):
        parse("predicted accuracy on night by knn[linear,k=5] > 0.5")


NAMES = st.from_regex(r"\A[a-z_]\w{0,5}\Z").filter(str.isidentifier)


@given(st.dictionaries(NAMES, st.text(), max_size=3))
def test_any_value_can_be_named_in_a_gate_and_read_from_a_table(values):
    """What an axis' value is called has no bracket, comma, or line break."""
    axes = Axes.of({name: axis_text(value) for name, value in values.items()})

    assert Axes.parse(str(axes)) == axes
    subject = Subject.parse(label_of("knn", axes))
    assert dict(subject.axes).keys() == dict(axes).keys()
    for value in dict(axes).values():
        assert len(value) <= 48
        assert value.isprintable()


def test_long_values_that_differ_stay_two():
    """Their texts end in a digest of the whole."""
    assert axis_text("a" * 100) != axis_text("a" * 101)


def test_numbers_along_an_axis_are_sorted_by_size():
    """Before texts, which are sorted as such."""
    values = ["10", "b", "2", "0.5", "nan", "-1"]
    axes = sorted((Axes.of({"k": v}) for v in values), key=lambda one: one.order)

    assert [dict(one)["k"] for one in axes] == ["-1", "0.5", "2", "10", "b", "nan"]
