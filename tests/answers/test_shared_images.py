"""Shared images: bounded, and the first that came stay."""

import torch

from harness.answers.shared_images import SharedImages


def block(size):
    return torch.zeros(size, dtype=torch.uint8)


def test_what_fits_is_kept_and_what_came_first_stays():
    shared = SharedImages(room=100)
    first, small = [block(40), block(30)], [block(30)]
    shared.offer("first", first)
    shared.offer("large", [block(31)])
    shared.offer("small", small)
    shared.offer("late", [block(1)])

    assert shared.find("first") is first
    assert shared.find("large") is None
    assert shared.find("small") is small
    assert shared.find("late") is None


def test_offering_again_takes_no_more_room():
    shared = SharedImages(room=100)
    shared.offer("a", [block(60)])
    shared.offer("a", [block(60)])
    shared.offer("b", [block(40)])

    assert shared.find("b") is not None
