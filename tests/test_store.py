"""The store on disks that are full, and with lines that nobody wrote."""

import errno
import os

import pytest

from harness.errors import HarnessError
from harness.measurement import Domain, Measurement
from harness.store import Recorded, Skipped, Store


def recorded(key="k"):
    """What one test recorded."""
    row = Measurement(
        metric="m",
        model="a",
        dataset="d",
        family="f",
        domain=Domain.INTERIOR,
        value=0.5,
        accuracy=None,
        images=3,
        seconds=0.0,
        key=key,
    )
    return Recorded(rows=(row,))


def skipped(**changed):
    """What a test without a value recorded."""
    fields = {"key": "k", "reason": "flat\udcff", "names": {"traits": {"n": 0.1}}}
    return Recorded(skipped=Skipped(**{**fields, "code": "c", **changed}))


@pytest.fixture
def full(monkeypatch):
    """A disk that takes so many bytes more; says how many are left."""
    left = {"bytes": 10**9}
    write = os.write

    def scarce(descriptor, data):
        if not left["bytes"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = write(descriptor, data[: left["bytes"]])
        left["bytes"] -= done
        return done

    monkeypatch.setattr("harness.store.os.write", scarce)
    return left


def test_a_line_that_does_not_fit_is_taken_back(full, tmp_path):
    """The lines before it are whole, and so is one after it when there is room."""
    store = Store(tmp_path)
    store.append(recorded("one"))
    full["bytes"] = 20
    for _ in range(2):
        with pytest.raises(HarnessError, match=r"No space left.*--harness-store"):
            store.append(recorded("two"))
    assert Store(tmp_path).read()[0].keys() == {"one"}
    assert store.path.read_bytes().endswith(b"\n")

    full["bytes"] = 10**9
    store.append(recorded("three"))
    store.close()

    found, unread = Store(tmp_path).read()
    assert (found.keys(), unread) == ({"one", "three"}, 0)


def test_a_torn_line_of_two_runs_costs_itself_alone(full, tmp_path, monkeypatch):
    """Where another run went on behind it, it is not cut off but closed."""
    one, other = Store(tmp_path), Store(tmp_path)
    one.append(recorded("one"))
    other.open()
    full["bytes"] = 20
    fstat = os.fstat

    def later(descriptor):
        full["bytes"] = 10**9
        monkeypatch.setattr("harness.store.os.fstat", fstat)
        os.write(descriptor, b"[...\n")  # the other run's line
        return fstat(descriptor)

    monkeypatch.setattr("harness.store.os.fstat", later)
    with pytest.raises(HarnessError):
        one.append(recorded("two"))
    one.append(recorded("three"))

    assert Store(tmp_path).read()[0].keys() == {"one", "three"}


def without_sum(line):
    """As earlier versions wrote it."""
    rows, comma, _ = line.rpartition(', "crc32 ')
    assert comma
    return f"{rows}]"


def test_no_changed_character_makes_another_number(tmp_path):
    """Each of a line in turn, to its neighbour and to what is no UTF-8."""
    one = recorded()
    line = one.line().encode()
    rows = len(without_sum(one.line())) - 1
    for change in (1, 4, 0x80):
        changed = [
            line[:i] + bytes([line[i] ^ change]) + line[i + 1 :]
            for i in range(len(line))
        ]
        (tmp_path / "results.jsonl").write_bytes(b"\n".join(changed))

        found = list(Store(tmp_path).lines())

        assert len(found) == len(line)
        assert found[:rows] == [None] * rows
        assert all(read.rows == one.rows for read in found if read)


def test_that_there_is_no_value_replaces_one_and_is_replaced(tmp_path):
    """Whatever the reason is made of."""
    for later in (skipped(), recorded()):
        store = Store(tmp_path)
        store.append(later)
        store.close()
        ((key, found),) = Store(tmp_path).read()[0].items()
        assert (key, found) == ("k", later.skipped or later.rows)


def test_a_changed_digit_between_processes_is_refused():
    line = recorded().line().replace("0.5", "0.6")

    with pytest.raises(ValueError, match=r"must end in its sum, crc32 .*got crc32 "):
        Recorded.from_line(line)


def test_lines_of_earlier_versions_have_no_sum_and_are_read(tmp_path):
    """They stay as they are, beside new ones and in front of them."""
    (tmp_path / "results.jsonl").write_text(without_sum(recorded("old").line()) + "\n")
    store = Store(tmp_path)
    store.append(recorded("new"))
    store.close()

    found, unread = Store(tmp_path).read()

    assert (found["old"], found["new"]) == (recorded("old").rows, recorded("new").rows)
    assert unread == 0


def test_a_store_goes_on_where_files_cannot_be_read_at_a_place(tmp_path, monkeypatch):
    """As on Windows, behind a line that is torn and behind one that is not."""
    monkeypatch.delattr(os, "pread")
    (tmp_path / "results.jsonl").write_text(recorded("torn").line()[:-9])
    for key in ("one", "two"):
        store = Store(tmp_path)
        store.append(recorded(key))
        store.close()

    found, unread = Store(tmp_path).read()

    assert (found.keys(), unread) == ({"one", "two"}, 1)


# Of a line without a sum, which tells all of them.
PLAIN = without_sum(recorded().line())
ODD = {
    "nested": "[" * 200_000,
    "text": '["a"]',
    "number": "3",
    "null": "null",
    "nothing": "[]",
    "no row": "[3]",
    "torn": PLAIN[:-9],
    "facts": PLAIN.replace('"facts": {}', '"facts": "x"'),
    "fact": PLAIN.replace('"facts": {}', '"facts": {"x": 3}'),
    "metric": PLAIN.replace('"m"', "3"),
    "key": PLAIN.replace('"k"', "[]"),
    "value": PLAIN.replace("0.5", '"x"'),
    "no value": PLAIN.replace("0.5", "null"),
    "NaN": PLAIN.replace("0.5", "NaN"),
    "huge": PLAIN.replace("0.5", "9" * 400),
    "very huge": PLAIN.replace("0.5", "9" * 9000),
    "truth": PLAIN.replace("0.5", "true"),
    "accuracy": PLAIN.replace("null", "[]"),
    "images": PLAIN.replace("3", "0.5"),
    "domain": PLAIN.replace("interior", "inside"),
    "more": PLAIN.replace('"facts"', '"fact": 1, "facts"'),
    "null byte": "\0" * 100,
    "surrogate": "\udcff",
    "skip without a key": skipped(key=None).line(),
    "skip without names": skipped(names=[]).line(),
    "skip with more": skipped().line().replace('"code"', '"more": 1, "code"'),
    "skip that changed": skipped().line().replace("flat", "flab"),
    "two skips": "[{0}, {0}]".format(skipped().line().rpartition(", ")[0][1:]),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_line_is_passed_over_and_counted(odd, tmp_path):
    """Its cell is measured again; the lines around it are read."""
    lines = [recorded("one").line(), ODD[odd], recorded("two").line(), ""]
    text = "\n".join(lines).encode(errors="surrogateescape")
    (tmp_path / "results.jsonl").write_bytes(text)

    found, unread = Store(tmp_path).read()

    assert (found.keys(), unread) == ({"one", "two"}, 1)


@pytest.mark.parametrize("what", ["folder", "fifo", "full", "file", "long", "null"])
def test_a_store_that_cannot_be_is_named(what, tmp_path):
    """At once, with the option."""
    folder = tmp_path / "store"
    folder.mkdir()
    if what == "folder":
        (folder / "results.jsonl").mkdir()
    elif what == "fifo":
        os.mkfifo(folder / "results.jsonl")
    elif what == "full":
        (folder / "results.jsonl").symlink_to("/dev/full")
    elif what == "file":
        folder = tmp_path / "file" / "store"
        (tmp_path / "file").touch()
    else:
        folder = tmp_path / ("n" * 300 if what == "long" else "a\0b")

    with pytest.raises(HarnessError, match=r"cannot be written.*--harness-store"):
        Store(folder).open()
