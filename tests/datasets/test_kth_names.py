"""Names of KTH-TIPS2b: all that there are, and some that there are not."""

from collections import Counter
from pathlib import PurePath

import pytest

from harness.datasets.readers.kth_names import CLASSES, kth_picture
from harness.errors import BadData


def names():
    """As published: 11 classes, 4 samples, 9 scales, 12 images."""
    for number, folder in enumerate(CLASSES):
        for sample in "abcd":
            for scale in range(2, 11):
                for image in range(1, 13):
                    yield PurePath(
                        f"{folder}/sample_{sample}/{40 + number}{sample}-scale_{scale}"
                        f"_im_{image}_col.png"
                    )


def test_every_picture_has_its_factors():
    found = [kth_picture(name) for name in names()]

    assert len(found) == len(set(found)) == 4752
    assert sum(one.is_test for one in found) == 1188
    assert found == sorted(found)  # by number: 2, 3, ..., 10
    assert Counter(one.pose for one in found) == dict.fromkeys(
        ("frontal", "right", "left"), 4752 // 3
    )
    assert Counter(one.light for one in found) == dict.fromkeys(
        ("frontal", "above", "side", "ambient"), 4752 // 4
    )
    of = {one.image: (one.pose, one.light) for one in found}
    assert of[1] == ("frontal", "frontal")
    assert of[11] == ("right", "ambient")
    assert of[9] == ("left", "side")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cork/sample_a/16a-scale_1_im_1_col.png", "got sample a in sample_a, 1 and 1"),
        ("cork/sample_a/16a-scale_2_im_13_col.png", "2 and 13"),
        ("cork/sample_b/16a-scale_2_im_1_col.png", "got sample a in sample_b"),
        ("glass/sample_a/16a-scale_2_im_1_col.png", "must be called CLASS/"),
        ("cork/sample_a/16a_scale_2_im_1.png", "must be called CLASS/"),
    ],
    ids=range(5),
)
def test_other_names_are_refused(name, message):
    with pytest.raises(BadData, match=message):
        kth_picture(PurePath(name))
