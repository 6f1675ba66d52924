"""Whatever is written where a gate or a rule is meant: it is read, or refused."""

import math
import re
import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.analysis.gates import Gate, GateSyntaxError, parse, parse_rule
from harness.analysis.gates.aggregates import OfFamily
from harness.analysis.gates.fits import DOMAINS, STATISTICS
from harness.analysis.gates.rows import WORDS as WORDS_OF_ROWS
from harness.analysis.gates.rows import OfRows
from harness.analysis.gates.sections import OfSection
from harness.analysis.gates.texts import OPERATORS
from harness.measurement import Axes

WORDS = (
    *("m", "*", "knn", "[", "]", "[all]", "[k=5]", "[lr=0.1,resnet*]", ":", ",", "="),
    *("interior", "exterior", "transfer", "r2", "rmse", "rho", "n", "pearson"),
    *("value", "outcome", "aggregate", "mean_over_severities", "scorecard.best", "."),
    *(">=", ">", "<=", "<", "==", "≥", "0.5", "1e309", "nan", "-1", "80%", "٣"),
    *("1e-400", "-inf", "infinity", "1_0", "0x1", "-0.0", "%", "1e999%"),
    *("predicted", "accuracy", "on", "by", "for", "at", "low", "high", "cam*"),
    *("drops", "rises", "changes", "by", "beyond", "chance"),
    *(" ", "  ", "\n", "\t", "\0", "\u2028", "é", "\ud800", "'", "\\"),
)
TAKEN = (*DOMAINS, *STATISTICS, *WORDS_OF_ROWS)  # and so not an aggregate's name
RIGHT = (
    "m: interior r2 >= 0.5",
    "knn[resnet*, k=5]: exterior spearman > -1e-3",
    "predicted accuracy on cam* by knn[k=5] for m at low >= 80%",
    "m[k=5,all]: transfer rmse rises by 1 beyond chance",
    "r2 drops 0.05",
    "knn[linear,k=5] on c/fog[13]: value <= 60%",
    "m on interior: outcome > .5",
    "scorecard.best[a b] < 3",
)


@st.composite
def mutated(draw):
    """A right text with something taken out, put in, doubled or moved."""
    text = draw(st.sampled_from(RIGHT))
    for _ in range(draw(st.integers(1, 3))):
        i, j = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        part = draw(st.sampled_from(("", text[i:j] * 2, *WORDS)) | st.text(max_size=2))
        text = text[:i] + part + text[j:]
    return text


written = st.one_of(
    st.text(),
    mutated(),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
)


@pytest.mark.parametrize("parse", [parse, parse_rule], ids=["gate", "rule"])
@given(text=written)
@example(text="")
@example(text=RIGHT[0])
@example(text=RIGHT[2])
@example(text=RIGHT[3])
def test_a_text_is_read_or_refused_in_one_line(parse, text):
    """What is read says the same when it is written again; nothing else is raised.

    What is refused says where in the text, what was expected, and an example.
    """
    try:
        found = parse(text)
    except GateSyntaxError as error:
        said = str(error)
    else:
        again = parse(str(found))
        assert again == found
        assert str(again) == str(found)
        assert math.isfinite(found.threshold)
        assert found.text == text
        return

    assert len(said.splitlines()) == 1
    assert said.isprintable()
    assert said.startswith((f"gate {text!r}: ", f"rule {text!r}: "))
    expected, _, where = said.rpartition(" At ")
    assert re.search(r"must|missing|may|expected|twice|no fit", expected)
    at = re.fullmatch(r"(the end|character (\d+): (.*))\. Example: (.*)", where)
    if at[2]:
        assert 1 <= int(at[2]) <= len(text)
        rest = text[int(at[2]) - 1 :].strip()
        assert at[3] in (repr(rest), repr(f"{rest[:40]}..."))


NAMES = st.from_regex(r"[a-z*?][a-z0-9_.*?/-]{0,9}", fullmatch=True)
IDENTIFIERS = st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True)
QUANTITIES = st.one_of(
    st.builds(OfRows, st.sampled_from(WORDS_OF_ROWS)),
    st.builds(OfFamily, IDENTIFIERS.filter(lambda name: name not in TAKEN)),
)


@given(
    st.builds(
        Gate,
        metric=NAMES,
        model=NAMES.filter(lambda name: name != "all"),
        axes=st.dictionaries(IDENTIFIERS, NAMES, max_size=2).map(Axes.of),
        datasets=NAMES,
        quantity=QUANTITIES,
        operator=st.sampled_from(sorted(OPERATORS)),
        threshold=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_what_a_gate_on_rows_or_families_prints_parses_to_the_same_gate(gate):
    """Whatever its datasets and its threshold."""
    assert parse(str(gate)) == gate


@given(IDENTIFIERS, NAMES, st.floats(allow_nan=False, allow_infinity=False))
def test_what_a_gate_on_a_section_prints_parses_to_the_same_gate(section, name, limit):
    """Without a subject."""
    gate = Gate(quantity=OfSection(section, name), operator="<", threshold=limit)

    assert parse(str(gate)) == gate


@pytest.mark.parametrize("text", RIGHT)
def test_the_texts_that_are_mutated_are_right(text):
    """As gates, or as rules."""
    (parse_rule if re.search("drops|rises", text) else parse)(text)


@pytest.mark.parametrize(
    ("text", "problem", "where"),
    [
        (
            "m: valeu",
            "got 'valeu'; did you mean 'value'?",
            "At character 4: 'valeu'.",
        ),
        ("m: value", "the operator is missing at the end", "At the end."),
        ("m: value > half", "must be a finite number or a percentage, got 'half'", ""),
        ("m: value > nan", "got 'nan'", "At character 12: 'nan'."),
        ("m: value > 1e309", "got '1e309'", ""),
        ("m: value > inf%", "got 'inf%'", ""),
        ("m: outcome >= 60 %", "nothing may follow the number, got '%'", ""),
        ("m on : value > 1", "datasets are missing after 'on'", "At character 5: ':"),
        ("m[all]: value > 1", "'all' means one fit over all models", "'[all]: value"),
        (
            "m on fog: interior r2 > 1",
            "a fit is of a whole domain and no datasets can be named; of values they "
            "can: m on fog: value > 0",
            "At character 3: 'on fog: interior r2 > 1'.",
        ),
        (
            "m: interior r2 drops 0.1",
            "got 'drops'; moves since an earlier run are for --harness-fail-on",
            "At character 16: 'drops 0.1'.",
        ),
        ("s.q", "the operator is missing at the end", ""),
        ("s.q > ", "the number is missing at the end", ""),
        ("s.q >= much", "must be a finite number or a percentage, got 'much'", ""),
        ("s interior > 1", "a ':' must follow the metric", "At character 2"),
        ("s.q interior", "a ':' must follow the metric", "At character 4"),
        ("predicted on cam >= 1", "it must start with 'predicted accuracy on'", ""),
    ],
)
def test_a_refusal_says_what_was_expected_and_where(text, problem, where):
    """In the part of the text that is wrong."""
    with pytest.raises(GateSyntaxError) as info:
        parse(text)

    assert problem in str(info.value)
    assert where in str(info.value)


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("m: value > 1e-400", 0.0),
        ("m: value > -0.0", 0.0),
        ("m: value > 1_000", 1000.0),
        ("m: value > 1e300", 1e300),
        ("m: value > 250%", 2.5),
        ("m: value > -5%", -0.05),
        ("m: interior r2 > 1e-400", 0.0),
        ("s.q > 58%", 0.58),
    ],
)
def test_odd_numbers_are_what_python_reads(text, threshold):
    """Too small is 0; too large is refused, as is what is no number."""
    assert parse(text).threshold == threshold


def test_a_metric_may_be_called_predicted():
    """Before a colon it is a metric's name."""
    assert parse("predicted: interior r2 > 0").metric == "predicted"
    gate = parse("predicted on fog: value > 0")
    assert (gate.metric, gate.datasets) == ("predicted", "fog")


UNITS = (
    *("[", "]", "[]", "[[", ":", " ", " on ", "on ", "a", "[a", "a]:", "k=5,", "a on "),
    *("predicted accuracy on ", "by ", "<", "a.", "beyond chance ", "9", "\n:"),
)


@pytest.mark.parametrize("start", ["", "m[k=5] on x", "m: ", "predicted accuracy on "])
def test_a_long_text_takes_no_long_time(start):
    """Of 30,000 letters: nothing goes over them more than a few times."""
    began = time.process_time()
    for unit in UNITS:
        text = start + unit * (30_000 // len(unit))
        for whole in (text, f"{text}: value > 1", f"m[{text}]: value > 1"):
            for rule in (parse, parse_rule):
                with suppress(GateSyntaxError):
                    rule(whole)
    assert time.process_time() - began < 5
