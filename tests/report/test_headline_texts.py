"""Headlines in words, in every form of the report."""

from dataclasses import replace
from html import escape

import pytest

from harness.analysis.headlines import Advice, Headline, Trust
from harness.analysis.labelling import labelled_interval
from harness.report.html import page
from harness.report.markdown import markdown
from harness.report.run_file.reopening import contents
from harness.report.sections.headlines import (
    LIST,
    first_sentence,
    headline_texts,
    next_sentence,
)
from harness.report.sections.predictions import Predictions
from harness.report.terminal import report_text
from harness.report.writers.markdown import escaped
from tests.report.pages import sample

TRUSTED = Headline(
    model="resnet",
    dataset="photos",
    images=150,
    accuracy=0.948,
    low=0.911,
    high=0.993,
    level=0.95,
    by="8 estimates",
    trust=Trust.YES,
    reasons=("all is as it was",),
    raw=0.938,
    raw_by="cott",
    advice=Advice(label=112, low=0.924, high=0.966, sure=True),
)
LABELS = labelled_interval([True] * 57 + [False] * 3, None, None, 150)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            TRUSTED,
            "about 95 of 100 right, between 91 and 100 (95 %); cott as it is says 94",
        ),
        (
            replace(TRUSTED, trust=Trust.CARE, raw=None, raw_by=""),
            "about 95 of 100 right, between 91 and 100 (95 %, with care)",
        ),
        (
            replace(TRUSTED, trust=Trust.NO, raw=None, raw_by=""),
            "not known; about 95 of 100 right, 91 to 100, is not to be trusted",
        ),
        (
            replace(TRUSTED, accuracy=None, low=None, high=None),
            "not known; cott as it is says 94",
        ),
        (
            replace(TRUSTED, by="cott as it is"),  # no need to say it again
            "about 95 of 100 right, between 91 and 100 (95 %)",
        ),
        (
            replace(TRUSTED, by="60 labels", labels_used=True, raw=None),
            "about 95 of 100 right, between 91 and 100 (95 %), by 60 labels",
        ),
        (
            replace(TRUSTED, accuracy=0.953, low=0.953, high=0.953),
            "95.3 of 100 right: all images have a label",
        ),
    ],
)
def test_the_first_sentence_says_how_many_of_100_are_right(one, said):
    """And where that is not to be believed, begins with it."""
    assert first_sentence(one) == f"resnet on photos: {said}"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            TRUSTED,
            f"label 112 of its 150 images ({LIST}), for an interval half as wide, "
            "about 92 to 97 of 100.",
        ),
        (
            replace(TRUSTED, labelled=LABELS),
            f"label 52 more of its 150 images ({LIST}), for an interval half as wide, "
            "about 92 to 97 of 100.",
        ),
        (
            replace(TRUSTED, advice=Advice(label=60, low=0.4, high=0.6, sure=False)),
            f"label 60 of its 150 images ({LIST}), for an interval of at most 20 "
            "points, whatever is true.",
        ),
        (
            replace(TRUSTED, advice=Advice(label=150, low=0.9, high=0.9, sure=True)),
            f"label 150 of its 150 images ({LIST}): only all of them give more.",
        ),
        (
            replace(TRUSTED, advice=None),
            "nothing; no image is without a label.",
        ),
    ],
)
def test_the_last_sentence_says_what_to_do(one, said):
    """So many labels, and what they give."""
    assert next_sentence(one) == said


def test_of_many_headlines_a_terminal_shows_the_first_sentence_alone():
    """The page has all of each."""
    few = list(headline_texts([TRUSTED] * 8))
    many = list(headline_texts([TRUSTED] * 9))

    assert {part.where for part in few} == {()}
    assert [part.where for part in many[:3]] == [(), ("page",), ("page",)]
    assert len(many) == 3 * 9 + 1
    assert many[-1].where == ("terminal", "markdown")
    assert "--harness-report-html" in many[-1].text
    assert "--harness-report-json" in many[-1].text


def test_of_many_headlines_those_not_to_be_trusted_keep_their_reasons():
    """The first twelve of them."""
    doubted = replace(TRUSTED, trust=Trust.NO)
    many = list(headline_texts([TRUSTED, *[doubted] * 14]))

    reasons = many[1:-1:3]
    assert all("rust it: all is as it was." in part.text for part in reasons)
    assert [part.where for part in reasons] == [
        ("page",),
        *[()] * 12,
        *[("page",)] * 2,
    ]


def test_it_opens_the_section_in_every_form():
    """On a terminal of 80 columns too, before the table."""
    found = sample()
    one = found.of(Predictions).headlines[0]
    first = first_sentence(one)
    assert first.startswith("net0 on night: about ")

    shown = report_text(found, width=80)
    lines = shown[shown.index("\npredicted accuracy\n") :].splitlines()[2:]
    assert first.startswith(lines[0])
    assert max(map(len, lines)) <= 80
    assert shown.index(lines[0]) < shown.index("dataset   model")
    assert escaped(first) in markdown(found)
    assert f'<p class="strong">{escape(first)}</p>' in page(found)
    (kept,) = (h for h in contents(found)["headlines"] if h["model"] == one.model)
    assert kept["reasons"] == list(one.reasons)
