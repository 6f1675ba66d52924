"""The store on disks that are full, and with lines that nobody wrote."""

import errno
import os

import pytest

from harness.errors import HarnessError
from harness.measurement import Domain, Measurement
from harness.store import Recorded, Store


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


ODD = {
    "nested": "[" * 200_000,
    "text": '["a"]',
    "number": "3",
    "null": "null",
    "nothing": "[]",
    "no row": "[3]",
    "torn": recorded().line()[:-9],
    "facts": recorded().line().replace('"facts": {}', '"facts": "x"'),
    "fact": recorded().line().replace('"facts": {}', '"facts": {"x": 3}'),
    "metric": recorded().line().replace('"m"', "3"),
    "key": recorded().line().replace('"k"', "[]"),
    "value": recorded().line().replace("0.5", '"x"'),
    "no value": recorded().line().replace("0.5", "null"),
    "NaN": recorded().line().replace("0.5", "NaN"),
    "huge": recorded().line().replace("0.5", "9" * 400),
    "very huge": recorded().line().replace("0.5", "9" * 9000),
    "truth": recorded().line().replace("0.5", "true"),
    "accuracy": recorded().line().replace("null", "[]"),
    "images": recorded().line().replace("3", "0.5"),
    "domain": recorded().line().replace("interior", "inside"),
    "more": recorded().line().replace('"facts"', '"fact": 1, "facts"'),
    "null byte": "\0" * 100,
    "surrogate": "\udcff",
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
