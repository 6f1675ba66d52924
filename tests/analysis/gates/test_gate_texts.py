"""Whatever is written where a gate or a rule is meant: it is read, or refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.analysis.gates import GateSyntaxError, parse, parse_rule

WORDS = (
    *("m", "*", "knn", "[", "]", "[all]", "[k=5]", "[lr=0.1,resnet*]", ":", ",", "="),
    *("interior", "exterior", "transfer", "r2", "rmse", "rho", "n", "pearson"),
    *(">=", ">", "<=", "<", "==", "≥", "0.5", "1e309", "nan", "-1", "80%", "٣"),
    *("predicted", "accuracy", "on", "by", "for", "at", "low", "high", "cam*"),
    *("drops", "rises", "changes", "by", "beyond", "chance"),
    *(" ", "  ", "\n", "\t", "\0", "\u2028", "é", "\ud800", "%", "'", "\\"),
)
written = st.one_of(
    st.text(),
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=12).map("".join),
)


@pytest.mark.parametrize("parse", [parse, parse_rule], ids=["gate", "rule"])
@given(text=written)
@example(text="")
@example(text="m: interior r2 >= 0.5")
@example(text="predicted accuracy on cam* by knn[k=5] for m at low >= 80%")
@example(text="m[k=5,all]: transfer rmse rises by 1 beyond chance")
def test_a_text_is_read_or_refused_in_one_line(parse, text):
    """What is read says the same when it is written again; nothing else is raised."""
    try:
        found = parse(text)
    except GateSyntaxError as error:
        said = str(error)
    else:
        assert parse(str(found)) == found
        return

    assert len(said.splitlines()) == 1
    assert said.startswith((f"gate {text!r}: ", f"rule {text!r}: "))
    assert "Example: " in said
