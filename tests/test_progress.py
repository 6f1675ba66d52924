"""Lines about long work: how far, how fast, how long."""

import pytest

from harness import progress
from harness.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set."""
    time = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: time[0])
    return time


def test_the_rate_is_told_and_the_time_that_is_left(clock):
    told = []
    far = Progress("net on set, images", 50_000, told.append)

    far.step(500)  # too early to tell
    clock[0] = 20.0
    far.step(500)
    clock[0] = 25.0  # told just now
    far.step(500)
    clock[0] = 1000.0
    far.step(48_500)  # done

    assert told == [
        "net on set, images: 1,000 of 50,000, 50 a second, 16 min left",
    ]


def test_slow_work_is_told_by_the_minute(clock):
    told = []
    far = Progress("net", 4, told.append)

    clock[0] = 60.0
    far.step()

    assert told == ["net: 1 of 4, 1 a minute, 3 min left"]
