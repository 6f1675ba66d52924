"""Batches side by side: the same as one after the other, in order and bounded."""

import os

import pytest
import torch

from harness.answers.threads import cores, side_by_side


@pytest.fixture(autouse=True)
def three_threads():
    """As on a machine with three cores, whatever this one has."""
    usual = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(usual)


def test_answers_come_in_the_order_of_the_items():
    assert list(side_by_side(lambda n: n * n, range(50), 3)) == [
        n * n for n in range(50)
    ]
    assert not list(side_by_side(abs, [], 3))


def test_each_call_has_one_thread_and_pytorch_has_its_own_back_afterwards():
    seen = set(side_by_side(lambda _: torch.get_num_threads(), range(20), 3))

    assert seen == {1}
    assert torch.get_num_threads() == 3


def test_items_are_taken_a_few_ahead_and_no_more():
    """A generator of large batches would otherwise fill the memory."""
    taken = []
    items = (taken.append(n) or n for n in range(1000))
    answers = side_by_side(abs, items, 3)

    next(answers)
    assert len(taken) <= 2 * 3 + 1
    answers.close()
    assert len(taken) <= 2 * 3 + 1


def test_an_error_ends_it():
    """The first in order is raised, and no more items are taken."""
    taken = []

    def halve(n):
        if n % 10 == 9:
            raise ValueError(f"odd: {n}")
        return n // 2

    with pytest.raises(ValueError, match="odd: 9"):
        list(side_by_side(halve, (taken.append(n) or n for n in range(1000)), 3))
    assert len(taken) < 30
    assert torch.get_num_threads() == 3


@pytest.mark.parametrize(
    ("bound", "quota", "count"),
    [
        ({0, 1, 2}, {}, 3),
        ({5}, {"cpu.max": "400000 100000\n"}, 1),
        (range(64), {"cpu.max": "400000 100000\n"}, 4),
        (range(64), {"cpu.max": "150000 100000\n"}, 2),
        (range(64), {"cpu.max": "5000 100000\n"}, 1),
        (range(64), {"cpu.max": "max 100000\n"}, 64),
        (range(8), {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100"}, 8),
        (range(8), {"cpu/cpu.cfs_quota_us": "300", "cpu/cpu.cfs_period_us": "100"}, 3),
    ],
)
def test_cores_are_those_that_the_process_may_use(
    tmp_path, monkeypatch, bound, quota, count
):
    """Affinity and the quota of a container count, not what the machine has."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(bound), raising=False)
    for name, text in quota.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert cores(tmp_path) == count
