"""Findings about files are remembered while the files stay, and no longer."""

import os
import time
from types import SimpleNamespace

import pytest

from harness.datasets import remembered
from harness.datasets.remembered import Memory, digest_of, stamp
from harness.errors import BadData

OLD = 10**18  # ns since 1970: 2001


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"one")
    os.utime(path, ns=(OLD, OLD))
    return path


def asked(file, cache, finds, what="digest"):
    """A new process's question, which `finds` notes where it must be answered anew."""
    memory = Memory()
    memory.keep_in(cache)

    def find():
        finds.append(file.read_bytes())
        return f"text {len(finds)}"

    return memory.get(what, {file: stamp(file)}, find)


def test_what_is_known_is_not_found_out_again(file, tmp_path):
    """In another process either; another question about the file is another."""
    finds = []

    assert [asked(file, tmp_path / "c", finds) for _ in range(3)] == ["text 1"] * 3
    assert asked(file, tmp_path / "c", finds, what="size") == "text 2"
    assert finds == [b"one", b"one"]


def test_a_file_that_changed_is_read_again(file, tmp_path):
    """By its size, by its time; and by its entry's, where a tool puts back the time."""
    finds = []
    asked(file, tmp_path / "c", finds)
    file.write_bytes(b"longer")
    os.utime(file, ns=(OLD, OLD))
    asked(file, tmp_path / "c", finds)
    os.utime(file, ns=(OLD, OLD + 1))
    asked(file, tmp_path / "c", finds)
    time.sleep(0.02)
    file.write_bytes(b"LONGER")
    os.utime(file, ns=(OLD, OLD + 1))
    asked(file, tmp_path / "c", finds)

    assert finds == [b"one", b"longer", b"longer", b"LONGER"]


def test_a_file_as_young_as_the_clocks_ticks_is_not_remembered(file, tmp_path):
    """It could change again and bear the same time, as in git's index."""
    finds = []
    now = time.time_ns()
    for age in (remembered.RESOLUTION // 2, -(10**12)):  # and one of the future
        os.utime(file, ns=(now - age, now - age))
        asked(file, tmp_path / "c", finds)
        asked(file, tmp_path / "c", finds)

    assert len(finds) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content.replace(b"1", b"7", 1),
        lambda content: b"\xff" + content,
        lambda content: b"text 9\n" + content.partition(b"\n")[2],
    ],
    ids=["empty", "cut", "turned", "no text", "other text"],
)
def test_a_damaged_finding_is_as_good_as_none(file, tmp_path, damage):
    finds = []
    asked(file, tmp_path / "c", finds)
    (kept,) = (tmp_path / "c" / "remembered").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))

    assert asked(file, tmp_path / "c", finds) == "text 2"
    assert asked(file, tmp_path / "c", finds) == "text 2"
    assert len(finds) == 2


def test_a_cache_that_cannot_be_written_only_costs_time(file, tmp_path):
    (tmp_path / "c").write_text("a file, no folder")
    finds = []

    assert [asked(file, tmp_path / "c", finds) for _ in range(2)] == [
        "text 1",
        "text 2",
    ]


def test_findings_that_nobody_uses_make_room(file, tmp_path, monkeypatch):
    """On the disk and in the process; the one that is asked for stays."""
    monkeypatch.setattr(remembered, "ROOM", 8)
    memory = Memory()
    memory.keep_in(tmp_path / "c")
    folder = tmp_path / "c" / "remembered"
    finds = []
    asked(file, tmp_path / "c", finds, "used")
    for number in range(30):
        memory.get(str(number), {file: stamp(file)}, lambda: "x")
        for age, path in enumerate(sorted(folder.iterdir(), key=os.path.getmtime)):
            os.utime(path, ns=(OLD + age, OLD + age))
        asked(file, tmp_path / "c", finds, "used")

    assert len(list(folder.iterdir())) <= 8
    assert len(memory._found) <= 8
    assert len(finds) == 1


def test_paths_are_whole_ones(file, tmp_path, monkeypatch):
    """The same name in another folder is another file."""
    finds = []
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        file.with_name(name).joinpath("b").hardlink_to(file)
    for name in ("x", "y"):
        monkeypatch.chdir(tmp_path / name)
        relative = type(file)("b")
        asked(relative, tmp_path / "c", finds)

    assert len(finds) == 2


def test_a_digest_is_of_the_file_that_was_seen(file):
    known = stamp(file)

    assert digest_of(file, known)[:8] == "7692c3ad"  # sha256sum of "one"
    file.write_bytes(b"two")
    with pytest.raises(BadData, match=r"a.bin has changed since this run first looked"):
        digest_of(file, known)
    file.unlink()
    with pytest.raises(BadData, match=r"a.bin cannot be read: No such file"):
        digest_of(file, known)
    with pytest.raises(BadData, match=r"a.bin cannot be looked at: No such file"):
        stamp(file)


def test_another_file_of_the_same_times_is_read(tmp_path, monkeypatch):
    """Many clocks tick every few ms: files that one script writes bear the same time.

    One comes in the other's place with its folder, which changes neither.
    """
    real = os.stat

    def ticking(path, **how):
        found = real(path, **how)
        return SimpleNamespace(
            **{
                n: getattr(found, n) for n in ("st_size", "st_ino", "st_dev", "st_mode")
            },
            st_mtime_ns=OLD,
            st_ctime_ns=OLD,
        )

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.bin").write_bytes(name.encode())
    link, finds = tmp_path / "data", []
    monkeypatch.setattr(remembered.os, "stat", ticking)
    for name in ("one", "two", "one"):
        link.unlink(missing_ok=True)
        link.symlink_to(tmp_path / name)
        asked(link / "a.bin", tmp_path / "c", finds)
    monkeypatch.undo()

    assert finds == [b"one", b"two"]
