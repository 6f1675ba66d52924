"""`harness report` on what a run wrote: the same numbers again, in other forms."""

import json
from dataclasses import replace
from functools import reduce

import pytest

from harness.analysis.detail import detail
from harness.analysis.headlines import headlines
from harness.cli import main
from harness.measurement import Measurement
from harness.report.run_file.json import plain
from harness.report.run_file.reopening import reopen, write_json
from harness.report.run_file.table_files import write_csv, write_parquet
from harness.report.section import Shown
from harness.report.sections.details import Details
from harness.report.sections.gates import Gates
from harness.report.sections.lines import Lines
from harness.report.sections.metric_tables import Fits
from harness.report.sections.predictions import Predictions
from harness.report.sections.ranks import Ranks
from harness.report.summary import summary_of
from harness.report.table import Column, Table
from harness.report.terminal import report_text
from tests.report.pages import sample

# A table of a report, whose only column is shown in no way that there is.
TABLE = Table(columns=(Column(name="c", form=".3f"),), rows=())
SHOWN = plain(Shown(name="s", title="s", parts=(TABLE,)))
SHOWN["parts"][0]["columns"][0]["form"] = "odd"


@pytest.fixture(scope="module")
def found():
    """A summary with something in every part, chance levels and a detail too."""
    made = sample()
    facts = {"device": "cpu", "precision": "float32", "chance": "0.1"}
    chances = {row.label: (0.1,) for row in made.correlations}
    fits = Fits(correlations=made.correlations, chances=chances)
    return replace(
        made.having(fits).having(Details(details=(detail(made.correlations[0]),))),
        measurements=tuple(
            replace(m, facts=facts)
            for m in sorted(made.measurements, key=lambda m: m.cell)
        ),
        interrupted=True,
    )


@pytest.fixture
def report(found, tmp_path, monkeypatch):
    """The summary as JSON."""
    monkeypatch.setenv("COLUMNS", "100")
    write_json(tmp_path / "r.json", found)
    return tmp_path / "r.json"


def test_json_reads_back_as_the_same_objects(found, report):
    again = reopen(report)

    assert plain(again) == plain(found)
    assert again == found


def test_an_infinite_number_survives(found, tmp_path):
    """A surprise is infinitely far where most residuals are the same."""
    (one,) = found.of(Details).details
    far = replace(one.surprises[0], deviations=float("inf"))
    odd = found.having(Details(details=(replace(one, surprises=(far,)),)))
    write_json(tmp_path / "odd.json", odd)

    assert '"deviations": "inf"' in (tmp_path / "odd.json").read_text()
    assert reopen(tmp_path / "odd.json") == odd


@pytest.mark.parametrize("flags", [[], ["--short"]])
def test_the_tables_are_those_of_the_run(found, report, capsys, flags):
    assert main(["report", str(report), *flags]) == 0

    printed = capsys.readouterr().out
    opening, start, rest = printed.partition("interrupted; cells")
    assert opening.startswith("base toy\nmodels net0, net1")
    assert start + rest == report_text(found, width=100, short=bool(flags))
    assert "(chance 0.1)" in printed or flags


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_measurements_are_fitted_to_the_same_numbers(found, tmp_path, write):
    if write is write_parquet:
        pytest.importorskip("pyarrow")
    path = tmp_path / "any.name"
    write(path, found)

    again = reopen(path)

    assert again.correlations == found.correlations
    for kind in (Ranks, Lines):
        assert again.of(kind) == found.of(kind)
    made = found.of(Predictions).predictions
    # Labels of some images are in no measurement: headlines are of forecasts again.
    assert again.of(Predictions) == Predictions(
        predictions=made, headlines=headlines(made)
    )
    assert again.measurements == found.measurements


@pytest.fixture
def of_few(found):
    """The same of few images: forecasts start from what the test split says of such."""
    few = {"resample_mean": "0.5", "resample_error": "0.25"}
    rows = (replace(m, facts={**m.facts, **few}) for m in found.measurements)
    return summary_of(tuple(rows))


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_forecasts_of_few_images_are_the_same_again(found, of_few, tmp_path, write):
    if write is write_parquet:
        pytest.importorskip("pyarrow")
    write(tmp_path / "any.name", of_few)

    again = reopen(tmp_path / "any.name")

    assert again.measurements == of_few.measurements
    assert again.of(Predictions) == of_few.of(Predictions)
    assert again.of(Predictions).predictions != found.of(Predictions).predictions


def test_a_table_of_an_earlier_version_has_no_facts(found, tmp_path):
    write_csv(tmp_path / "m.csv", found)
    lines = (tmp_path / "m.csv").read_text().splitlines()
    earlier = [line.rpartition(",")[0] for line in lines]
    (tmp_path / "m.csv").write_text("\n".join(earlier))

    assert reopen(tmp_path / "m.csv").measurements == found.measurements


def said_of_damaged(path, summary, old, new, capsys):
    """Why a table of measurements is refused, of which one part is another."""
    write_csv(path, summary)
    path.write_text(path.read_text().replace(old, new, 1))
    assert main(["report", str(path)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('""0.5""', '""half""', "must have a number as resample_mean, got 'half'"),
        ("resample_mean", "mean", "must have a number as resample_mean, got None"),
        ('""0.25""', "0.25", "must be an object of texts, got {"),
        ('"{""resample', '"[""resample', "must be an object of JSON, got '[\"resample"),
    ],
)
def test_facts_that_no_forecast_could_be_made_of_are_refused(
    of_few, tmp_path, capsys, old, new, message
):
    said = said_of_damaged(tmp_path / "m.csv", of_few, old, new, capsys)

    assert f"m.csv, line 2: `facts` {message}" in said


def test_every_other_form_is_written_from_it(found, report, tmp_path):
    pytest.importorskip("matplotlib")
    names = ("html", "md", "csv", "json")
    forms = [part for n in names for part in (f"--{n}", str(tmp_path / f"again.{n}"))]
    plots = ["--plots", str(tmp_path / "plots")]

    assert main(["report", str(report), "--short", *forms, *plots]) == 0

    assert (tmp_path / "again.json").read_bytes() == report.read_bytes()
    verdicts = found.of(Gates).verdicts
    failed = sum(not verdict.passed for verdict in verdicts)
    told = f"{failed} of {len(verdicts)} gates FAILED"
    assert told in (tmp_path / "again.html").read_text()
    assert (tmp_path / "again.md").read_text().startswith("## Accuracy without labels")
    assert reopen(tmp_path / "again.csv").measurements == found.measurements
    assert (tmp_path / "plots" / "rising.svg").exists()


def damaged(content, change):
    match change:
        case "schema":
            content["schema"] = 99
        case "no schema":
            del content["schema"]
        case "key":
            del content["correlations"][1]["interior"]["r2"]
        case "extra":
            content["ranks"][0]["r3"] = 1
        case "kind":
            content["measurements"][0]["value"] = "high"
        case "domain":
            content["measurements"][0]["domain"] = "outer"
        case "pair":
            content["correlations"][0]["interior"]["x_range"] = [1.0]
        case "gate":
            del content["verdicts"][0]["passed"]
    return content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("schema", "has schema 99, and this version reads 2"),
        ("no schema", "is no report of harness: it has no `schema`"),
        ("key", "report.correlations[1].interior lacks r2 of a LineFit"),
        ("extra", "ranks[0] has r3, unknown of a Rank; a later version may have"),
        ("kind", "report.measurements[0].value must be float, got 'high'"),
        ("domain", "must be one of interior, exterior, target, got 'outer'"),
        ("pair", "interior.x_range must be 2 values, got [1.0]"),
        ("gate", "report.verdicts[0] lacks passed of a Verdict"),
    ],
)
def test_a_damaged_report_is_refused_with_the_place(report, capsys, change, message):
    content = damaged(json.loads(report.read_text()), change)
    report.write_text(json.dumps(content))

    assert main(["report", str(report)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("headlines", 0, "low"), 1e308, "cannot convert float infinity"),
        (("headlines", 0, "advice", "high"), "nan", "cannot convert float NaN"),
        (("correlations", 0, "interior", "n"), -1, "Out of range float values"),
        (
            ("predictions", 1, "predictor", "plane", "leave_one_out", "n"),
            0,
            "division by zero",
        ),
        (("shown",), [SHOWN], "report.shown[0].parts[0].columns[0]: the form of"),
    ],
    ids=["huge", "nan", "negative", "zero", "form"],
)
def test_numbers_that_no_run_finds_are_refused_by_file(
    report, capsys, place, value, message
):
    content = json.loads(report.read_text())
    *to, last = place
    reduce(lambda at, key: at[key], to, content)[last] = value
    report.write_text(json.dumps(content))

    assert main(["report", str(report), "--html", str(report.parent / "p.html")]) == 2
    assert f"r.json is damaged: {message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seconds,", "time,", "lacks the columns seconds"),
        ("interior", "inner", "line 3: `domain` must be one of interior, exterior, "),
        (",False,", ",no,", "line 2: `estimate` must be True or False, got 'no'"),
        (",1000,", ",many,", "line 2: `images` must be a whole number, got 'many'"),
        (",1000,", ",-4,", "line 2: `images` must be a whole number of at least 0, "),
        (",1000,", ",1000,,", "line 2: it has not as many cells as the header"),
        (",0.002,", ",nan,", "line 2: `seconds` must be a finite number, got 'nan'"),
        ('"{', '"[', "line 3: `traits` must be an object of JSON, got '["),
        ("\nfalling,", "\n,", "line 2: `metric` must be a name, got ''"),
        ("falling,net0", "falling,", "line 2: `model` must be a name, got ''"),
        (",k,,,", ",k,,0.5,", "line 2: `low` and `high` must both be numbers"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(
    found, tmp_path, capsys, old, new, message
):
    assert message in said_of_damaged(tmp_path / "m.csv", found, old, new, capsys)


@pytest.mark.parametrize(("mark", "called"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_table_that_a_spreadsheet_saved_otherwise_is_told_how(
    found, tmp_path, capsys, mark, called
):
    path = tmp_path / "m.csv"
    write_csv(path, found)
    path.write_text(path.read_text().replace(",", mark))

    assert main(["report", str(path)]) == 2
    assert f"columns joined by commas, got {called}; save it" in capsys.readouterr().err


def test_a_file_of_nothing_is_said_to_be_empty(report, tmp_path, capsys):
    empty = tmp_path / "empty.json"
    empty.touch()

    assert main(["report", str(empty)]) == 2
    assert "empty.json is empty" in capsys.readouterr().err
    assert main(["compare", str(report), str(empty)]) == 2
    assert "empty.json cannot be read: it is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "shown"), [(7, "7"), (10**5000, "an integer")], ids=["small", "beyond"]
)
def test_a_number_that_cannot_be_is_shown_where_it_can_be_written(found, value, shown):
    one = found.measurements[0]
    with pytest.raises(TypeError, match=rf"`accuracy` must be .*, got {shown}"):
        Measurement.from_dict({**json.loads(one.to_json()), "accuracy": value})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["r.json", "--percent"], "--percent is for tables of accuracies"),
        (["r.json", "--header-rows", "2"], "--header-rows is for tables"),
        (["r.json", "t.csv"], "printed alone: name only"),
        (["t.csv", "--short"], "--short is for a run's report"),
        (["t.csv", "--html", "x"], "--html is for a run's report"),
        (["t.csv", "--tables-csv", "x"], "--tables-csv is for a run's report"),
    ],
)
def test_options_of_the_other_kind_are_refused(
    report, tmp_path, capsys, arguments, message
):
    (tmp_path / "t.csv").write_text("model,val,v2\na,0.5,0.4\n")
    places = [str(tmp_path / a) if "." in a else a for a in arguments]

    assert main(["report", *places]) == 2
    assert message in capsys.readouterr().err


def test_every_option_is_written_with_dashes(report, tmp_path, capsys):
    """As those of pytest; the message of a file in the way too."""
    assert main(["report", str(report), "--tables-csv", str(report)]) == 2
    assert "--tables-csv must name a folder" in capsys.readouterr().err

    assert main(["report", str(report), "--tables-csv", str(tmp_path / "t")]) == 0
