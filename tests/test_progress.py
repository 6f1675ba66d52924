"""Lines about long work: how far, how fast, how long."""

import time as real_time

import pytest

from harness import progress
from harness.progress import Progress, Watch


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


def steps(watch, seconds):
    for name, long in seconds.items():
        watch.begin(name)
        real_time.sleep(long)
    watch.end()


def test_a_step_that_takes_long_is_named_with_what_is_left(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.5)
    told = []
    steps(Watch(told.append, 5), {"quick": 0.1, "slow": 0.9, "last": 0.1})

    assert told == ["slow: 1 s so far; 1 of 5 cells done, about 0 s left"]


def test_each_time_of_patience_is_told_and_nothing_after_the_end(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.3)
    told = []
    watch = Watch(told.append, 0)
    steps(watch, {"slow": 1.1})
    many = len(told)
    real_time.sleep(0.6)

    assert 2 <= many <= 3
    assert len(told) == many
    assert all(line.startswith("slow: ") and line.endswith(" so far") for line in told)


def test_what_tells_of_itself_is_not_told_of(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.5)
    told = []
    watch = Watch(told.append, 3)
    watch.begin("talks")
    for _ in range(6):
        real_time.sleep(0.15)
        watch.heard()
    watch.end()
    assert told == []


def test_the_first_step_does_not_know_how_long_the_others_take(clock):
    watch = Watch(print, 7)
    watch.begin("first")
    assert watch._line(12.0) == "first: 12 s so far; 0 of 7 cells done"
    clock[0] = 20.0
    watch.begin("second")
    assert watch._line(35.0) == (
        "second: 15 s so far; 1 of 7 cells done, about 2 min left"
    )
    watch.end()
