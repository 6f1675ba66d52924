"""Checks: what agrees, what differs, what is skipped by name, what cannot be read."""

import pytest

from harness.cli import main
from harness.selftest import corruptions, lines, perturbations, real_labels
from harness.selftest.check import Check, run_checks

MODULES = (real_labels, corruptions, perturbations, lines)
CHECKS = [check for module in MODULES for check in module.CHECKS]


def check(found, published="76.70", units=0.5, files=()):
    return Check(
        title="one",
        files=files,
        published={"mce": published},
        found=lambda folder: {"mce": found},
        source="here",
        units=units,
    )


@pytest.mark.parametrize(
    ("found", "published", "units", "agrees"),
    [
        (76.7049, "76.70", 0.5, True),
        (76.7051, "76.70", 0.5, False),
        (76.7051, "76.70", 1.0, True),
        (76.5, "77", 0.5, True),
        (float("nan"), "77", 0.5, False),
        (-0.28524, "-.2852", 0.5, True),
    ],
)
def test_numbers_agree_to_the_last_digit_that_was_printed(
    found, published, units, agrees, tmp_path
):
    outcome = run_checks([check(found, published, units)], tmp_path)

    assert [one.agrees for one in outcome.compared] == [agrees]
    assert outcome.passed is agrees


def test_what_is_not_there_is_skipped_and_what_cannot_be_read_fails(tmp_path):
    (tmp_path / "there.csv").write_text("")

    def broken(folder):
        raise KeyError("corruption")

    bad = Check(
        title="bad", files=("there.csv",), published={}, found=broken, source="here"
    )
    away = check(1.0, files=("there.csv", "away.csv"))
    outcome = run_checks([away, bad], tmp_path)

    assert outcome.skipped == {"one": ("away.csv",)}
    assert outcome.broken == {"bad": "KeyError: 'corruption'"}
    assert outcome.compared == ()
    assert not outcome.passed
    assert run_checks([away], tmp_path).passed


def test_titles_and_numbers_are_told_apart():
    assert len({one.title for one in CHECKS}) == len(CHECKS)
    for one in CHECKS:
        assert one.published
        assert one.files


# --- the command ----------------------------------------------------------------------

PERTURBATIONS = """model,perturbation,flip_prob,top5_distance,alexnet_flip_prob
{rows}"""


def flips(folder, change=1.0):
    """The published file, as far as it is read, with all probabilities changed."""
    rows = [
        f"{model},{name},{change * float(rate) / 100 * base},1,1"
        for model, rate in perturbations._NETWORKS.items()
        for name, base in perturbations.alexnet.FLIP_PROBABILITIES.items()
    ]
    folder = folder / "published-results"
    folder.mkdir()
    path = folder / "imagenet_p_resnext_wsl_results.csv"
    path.write_text(PERTURBATIONS.format(rows="\n".join(rows)))
    return path


def test_what_is_at_hand_is_checked_and_the_rest_skipped(tmp_path, capsys):
    flips(tmp_path)
    assert main(["selftest", "--data-root", str(tmp_path)]) == 0

    out = " ".join(capsys.readouterr().out.split())
    assert "mFR of resnext101_32x8d " in out
    assert "5 of 5 published numbers found again" in out
    assert "skipped ReaL of a ResNet-50: not there: cleanlab/" in out
    assert "DIFFERS" not in out


def test_a_number_that_differs_is_shown_and_the_status_is_1(tmp_path, capsys):
    flips(tmp_path, change=1.001)
    assert main(["selftest", "--data-root", str(tmp_path)]) == 1

    out = " ".join(capsys.readouterr().out.split())
    assert out.count("DIFFERS") == 5
    assert "0 of 5 published numbers found again" in out


def test_a_damaged_table_is_named_and_the_status_is_1(tmp_path, capsys):
    path = flips(tmp_path)
    path.write_text(path.read_text().replace(",snow,", ",spatter,"))
    assert main(["selftest", "--data-root", str(tmp_path)]) == 1

    out = " ".join(capsys.readouterr().out.split())
    assert "FAILED ImageNet-P of ResNeXts: ValueError: imagenet_p_resnext_wsl" in out


def test_no_table_at_all_is_bad_input(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("HARNESS_DATA_ROOT", raising=False)
    assert main(["selftest"]) == 2
    assert "--data-root must be the folder" in capsys.readouterr().err
    assert main(["selftest", "--data-root", str(tmp_path)]) == 2
    assert "published tables not found; looked at" in capsys.readouterr().err
