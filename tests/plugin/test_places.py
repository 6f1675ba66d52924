"""Places for what a run writes: refused by name before anything is collected."""

import os
from pathlib import Path

import pytest

from harness.artifacts import check_cache, irreplaceable
from harness.errors import HarnessError
from harness.report.files import check_files
from harness.report.run_file.json import write_report


def device(path):
    """A file that is a device, or as near as a user without rights comes."""
    os.mkfifo(path)


def link(path):
    """To an older report."""
    path.with_name("old").write_text("old")
    path.symlink_to("old")


def protected(path):
    """A file that its owner does not want to lose; root could all the same."""
    path.write_text("old")
    path.chmod(0o444)


ODD = {
    "a device": device,
    "a link": link,
    "protected from writing": protected,
    "a folder": os.mkdir,
}


@pytest.mark.parametrize("field", ["report_json", "report_html", "report_csv"])
@pytest.mark.parametrize("why", ODD)
def test_a_report_replaces_nothing_but_a_file(why, field, tmp_path):
    """Before the run, and once more before it is written."""
    path = tmp_path / "report"
    ODD[why](path)
    before = path.lstat()

    with pytest.raises(HarnessError, match=rf"--harness-report-\w+ must name.*{why}"):
        check_files({field: path})
    with pytest.raises(HarnessError, match=rf"cannot be written: it is {why}"):
        write_report(path, "new")

    assert path.lstat() == before
    assert not (tmp_path / "old").exists() or (tmp_path / "old").read_text() == "old"


def test_dev_null_stays_what_it_is():
    """Root, the user of most containers, could replace it."""
    null = Path(os.devnull)

    assert irreplaceable(null) == "is a device, a pipe or a socket"
    with pytest.raises(HarnessError, match="it is a device"):
        write_report(null, "new")
    assert null.is_char_device()


def test_a_regular_file_is_replaced(tmp_path):
    """A report of an earlier run."""
    (tmp_path / "r").write_text("old")
    check_files({"report_json": tmp_path / "r"})
    write_report(tmp_path / "r", "new")

    assert (tmp_path / "r").read_text() == "new"


@pytest.mark.parametrize("other", ["r", "deep/../r", "linked/r"])
def test_two_reports_at_one_path_are_refused(other, tmp_path):
    """However the path is written."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path)

    with pytest.raises(
        HarnessError, match=r"report-md .*of its own.*report-json's too"
    ):
        check_files({"report_json": tmp_path / "r", "report_md": tmp_path / other})


def test_a_cache_that_cannot_be_is_refused_before_collection(toy):
    """A file in its place; a folder below one, or where there can be none."""
    (toy.path / "file").touch()
    result = toy.runpytest_inprocess("--harness-cache-dir=file")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: cache file cannot be written: *cache-dir"])
    for place in ("file/deep", "/proc/harness"):
        with pytest.raises(HarnessError, match=r"cache .*Errno.*--harness-cache-dir"):
            check_cache(toy.path / place)


def test_a_cache_that_can_be_read_only_may_hold_what_is_needed(tmp_path, monkeypatch):
    """An empty one may not."""
    (tmp_path / "models").mkdir()
    (tmp_path / "empty").mkdir()

    def forbidden(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)
    check_cache(tmp_path)
    with pytest.raises(HarnessError, match="Permission denied"):
        check_cache(tmp_path / "empty")


def test_a_store_that_is_a_file_is_refused_before_anything_is_measured(toy):
    (toy.path / "file").touch()
    result = toy.runpytest_inprocess("--harness-store=file")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --harness-store must name a folder, but *"])
    result.stdout.no_fnmatch_line("*collected*")


def test_a_path_is_said_with_its_option(toy):
    """In one line, status 4."""
    result = toy.runpytest_inprocess(f"--harness-report-html={'n' * 300}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --harness-report-html must be a path that *"])
