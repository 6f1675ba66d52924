"""Artifacts: whole or not at all, made once, waited for with a word and a limit."""

import errno
import os
import time

import filelock
import pytest

from harness import artifacts
from harness.artifacts import is_whole, made_once, write_whole
from harness.errors import HarnessError


def silent(text):
    """Hear nothing."""


def made(path, content=b"content", tell=silent):
    """An artifact, and how often it was made."""
    calls = []

    def make():
        calls.append(1)
        return content

    assert made_once(path, make, what="thing", tell=tell) == path
    return len(calls)


def test_an_artifact_is_made_once(tmp_path):
    """The second time it is found; no temporary file and no holder is left."""
    path = tmp_path / "deep" / "a.bin"

    assert made(path) == 1
    assert made(path) == 0

    assert path.read_bytes() == b"content"
    assert {p.name for p in path.parent.iterdir()} <= {
        "a.bin",
        "a.bin.sha256",
        "a.bin.lock",
    }


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p.write_bytes(b"conten"),
        lambda p: p.write_bytes(b""),
        lambda p: p.write_bytes(b"conteNt"),
        lambda p: p.with_name("a.bin.sha256").unlink(),
        lambda p: p.with_name("a.bin.sha256").write_bytes(b"\xff\0"),
    ],
    ids=["cut", "empty", "turned", "no sum", "no text"],
)
def test_a_damaged_artifact_is_made_anew_with_a_word(tmp_path, damage):
    """Whatever happened to the file or its sum."""
    path = tmp_path / "a.bin"
    made(path)
    damage(path)
    told = []

    assert made(path, tell=told.append) == 1

    assert told == [f"thing {path} cannot be read as it was written; it is made anew"]
    assert made(path) == 0


def test_a_whole_artifact_needs_no_right_to_write(tmp_path, monkeypatch):
    """A cache that others filled and that is read-only."""
    path = tmp_path / "a.bin"
    made(path)
    monkeypatch.setattr(artifacts, "locked", None)

    assert made(path) == 0


@pytest.fixture
def no_space(monkeypatch):
    """A full disk, below the files that are opened here."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)


def test_a_full_disk_is_found_before_the_work(tmp_path, no_space):
    """The message names the file, the reason and the option."""

    def make():
        raise AssertionError("too late")

    with pytest.raises(HarnessError, match=r"No space left.*--harness-cache-dir"):
        made_once(tmp_path / "a.bin", make, what="thing", tell=silent)
    assert not is_whole(tmp_path / "a.bin")


@pytest.mark.parametrize("place", ["file/a.bin", "/proc/nowhere/a.bin", "n" * 300])
def test_a_place_that_cannot_be_is_named_before_the_work(tmp_path, place):
    """A file where a folder must be, no folder of this system, too long a name."""
    (tmp_path / "file").touch()

    with pytest.raises(HarnessError, match=r"thing .* cannot be written: .*Errno"):
        made(tmp_path / place)


def test_a_failure_leaves_nothing_half_there(tmp_path):
    """What the maker raises comes through, and the lock is free again."""

    def make():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        made_once(tmp_path / "a.bin", make, what="thing", tell=silent)
    assert not (tmp_path / "a.bin").exists()
    assert made(tmp_path / "a.bin") == 1


def test_a_lock_is_waited_for_with_a_word_and_a_limit(tmp_path, monkeypatch):
    """The lock file is named; a holder that gives no sign of life is not waited for."""
    monkeypatch.setattr(artifacts, "PATIENCE", 0.05)
    monkeypatch.setattr(artifacts, "LIMIT", 0.2)
    path = tmp_path / "a.bin"
    told = []
    with (
        filelock.FileLock(f"{path}.lock", thread_local=False),
        pytest.raises(HarnessError, match=r"a\.bin\.lock is held by another process,"),
    ):
        made(path, tell=told.append)

    assert told == [f"waiting for {path}.lock, held by another process"]
    assert made(path) == 1


def test_a_holder_is_known_and_gives_signs_of_life(tmp_path, monkeypatch):
    """Who waits reads its number; the file is touched while the work goes on."""
    monkeypatch.setattr(artifacts, "BEAT", 0.01)
    path = tmp_path / "a.bin"
    holder = tmp_path / "a.bin.lock.holder"
    seen = set()

    def make():
        assert holder.read_text().startswith(f"process {os.getpid()} on ")
        end = time.monotonic() + 5
        while len(seen) < 3 and time.monotonic() < end:
            seen.add(holder.stat().st_mtime_ns)
            time.sleep(0.01)
        return b""

    made_once(path, make, what="thing", tell=silent)

    assert len(seen) == 3
    assert not holder.exists()


def test_links_stay_and_what_they_point_to_is_replaced(tmp_path):
    """As a shell's > does; a link to nothing makes the file."""
    (tmp_path / "old").write_text("old")
    for name in ("old", "new"):
        (tmp_path / f"to-{name}").symlink_to(tmp_path / name)
        write_whole(tmp_path / f"to-{name}", b"now", what="thing")
        assert (tmp_path / f"to-{name}").is_symlink()
        assert (tmp_path / name).read_bytes() == b"now"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, no_space):
    """And no temporary one."""
    (tmp_path / "a").write_text("old")

    with pytest.raises(HarnessError, match=r"thing .*No space left.*; mend"):
        write_whole(tmp_path / "a", b"new", what="thing", cure="mend it")

    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"
