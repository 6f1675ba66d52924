"""What metrics are from, as BibTeX."""

import re
from dataclasses import replace

from harness.metrics import METRICS
from harness.metrics.references import references, references_of
from harness.report.files import write_files
from tests.report.pages import measurements, sample, summary

# A year, or an arXiv number: what a source cites by.
CITES = re.compile(r"arXiv:\d{4}\.\d{5}|arXiv:\d{4}\.\d{4}|\b(?:19|20)\d\d\b")
NEEDED = {
    "article": {"author", "title", "journal", "year"},
    "inproceedings": {"author", "title", "booktitle", "year"},
    "book": {"author", "title", "publisher", "year"},
    "misc": {"author", "title"},
}


def fields_of(reference):
    """The kind of an entry, and its fields."""
    kind = re.match(r"@(\w+)\{", reference.entry)[1]
    return kind, dict(re.findall(r"^  (\w+) = \{(.*)\},$", reference.entry, re.M))


def test_every_source_of_a_metric_is_known():
    """One entry for each year that a source names, and as many as it has numbers."""
    for metric in METRICS:
        found = references_of(metric.source)
        years = re.findall(
            r"\b(?:19|20)\d\d\b", re.sub(r"arXiv:\S+", "", metric.source)
        )
        numbers = re.findall(r"arXiv:(\d{4}\.\d{4,5})", metric.source)
        said = {fields_of(one)[1].get("eprint") for one in found}
        assert len(found) >= len(years), metric.name
        assert set(numbers) <= said, metric.name


def test_years_of_entries_are_those_of_the_sources():
    """An entry is not taken for another paper of the same names."""
    for metric in METRICS:
        years = set(
            re.findall(r"\b(?:19|20)\d\d\b", re.sub(r"arXiv:\S+", "", metric.source))
        )
        found = {fields_of(one)[1].get("year") for one in references_of(metric.source)}
        assert years <= found, metric.name


def test_entries_are_whole():
    """Each has what its kind needs, a key of its own, and braces that close."""
    keys = [one.key for one in references()]

    assert len(keys) == len(set(keys)) > 50
    assert keys == sorted(keys)
    for one in references():
        kind, fields = fields_of(one)
        assert NEEDED[kind] <= fields.keys(), one.key
        assert one.entry.count("{") == one.entry.count("}"), one.key
        assert "cited" not in fields
        assert one.key.startswith(re.match(r"[a-z]+", one.key)[0])
        if "year" in fields:
            assert fields["year"] in one.key, one.key
        assert ("archiveprefix" in fields) == ("eprint" in fields)
        assert one.entry.isascii(), one.key  # BibTeX sorts no other letters


def test_every_entry_is_some_metrics():
    """What is not cited goes."""
    used = {one.key for metric in METRICS for one in references_of(metric.source)}

    assert {one.key for one in references()} == used


def test_a_run_has_the_entries_of_its_metrics(tmp_path):
    """Each once, in order of the keys; along an axis it is the same metric."""
    made = summary(measurements(("cott", "cot", "atc_mc"), models=2))
    write_files({"report_bib": tmp_path / "m.bib"}, made)

    text = (tmp_path / "m.bib").read_text()
    assert re.findall(r"^@\w+\{(.+),$", text, re.M) == [
        "garg2022leveraging",
        "lu2023characterizing",
    ]
    assert "eprint = {2201.04234}" in text


def test_a_metric_of_the_users_own_cites_by_its_source(tmp_path):
    """What the run says; an unknown one is named, and its text is no entry."""
    run = {"sources": {"rising": "Shannon 1948", "falling": "@misc{x, y}\n@misc{z, a}"}}
    write_files({"report_bib": tmp_path / "m.bib"}, replace(sample(), run=run))

    text = (tmp_path / "m.bib").read_text()
    assert text.count("@") == text.count("@article{shannon1948mathematical") == 1
    assert "falling: (at)misc{x, y} (at)misc{z, a}" in text
