"""Statistics of images: known values, plain loops, and what always holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from scipy.fft import dctn

from harness.errors import HarnessError
from harness.metrics.image_statistics import STATISTICS
from harness.metrics.image_statistics.entropy import window_entropy, window_entropy_u8
from harness.metrics.image_statistics.frequency import dct_share
from harness.metrics.image_statistics.objects import object_share, object_share_union
from harness.metrics.image_statistics.pixels import grey
from harness.metrics.image_statistics.soft_labels import soft_label_entropy

some = settings(max_examples=30, deadline=None)
sides = st.tuples(st.integers(1, 3), st.integers(10, 14), st.integers(10, 14))
batches = st.tuples(sides, st.sampled_from([1, 3]), st.integers(1, 255)).flatmap(
    lambda drawn: nps.arrays(
        np.uint8, (*drawn[0], drawn[1]), elements=st.integers(0, drawn[2])
    )
)
CHECKED = [name for name in STATISTICS if name != "segments"]


def made():
    """Four images: flat, a ramp, a checkerboard and noise."""
    rows, columns = np.indices((32, 32))
    planes = [np.full((32, 32), 128), 8 * columns, 255 * ((rows + columns) % 2)]
    colour = [np.repeat(plane[..., None], 3, axis=2) for plane in planes]
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3))
    return np.stack([*colour, noise]).astype(np.uint8)


# Flat, ramp, checkerboard, noise; then the first five of CIFAR-10's test split, saved
# as JPEG.
KNOWN = {
    "window_entropy": (0, 3.321928094887, 1, 6.643856189775),
    "window_entropy_u8": (0, 3.321928094887, 1, 6.147467231493),
    "dct_share": (0, 0.29296875, 15.52734375, 83.30078125),
    "dct_share_energy": (0, 0.29296875, 18.65234375, 86.71875),
    "dct_largest": (16.061138823529, 15.559228235294, 15.9984, 16.488260441176),
    "segments": (1, 1, 3, 1),
    "edge_sobel_sum": (0, 44.008143180823, 1.9998, 157.607642031924),
    "rms_contrast": (0, 0.289636685397, 0.49995, 0.195408845992),
    "luminance": (0.501910588235, 0.486225882353, 0.49995, 0.515258138787),
    "colourfulness": (0, 0, 0, 140.443851757204),
    "saturation": (0, 0, 0, 0.661336137311),
}
CIFAR = {
    "window_entropy": "6.626842957261 6.528821447791 6.589739999027 6.536969937644 "
    "6.620834229942",
    "window_entropy_u8": "5.768677392945 5.705234716748 5.824207042877 5.533295992203 "
    "5.755097773198",
    "dct_share": "56.25 35.9375 44.53125 36.5234375 55.46875",
    "dct_share_energy": "63.4765625 44.921875 53.3203125 45.41015625 62.5",
    "dct_largest": "13.757715600490 19.328731237745 16.398987855392 19.110143897059 "
    "14.344645330882",
    "segments": "3 4 5 5 4",
    "edge_sobel_sum": "97.740904833062 112.220714103278 86.819111999336 "
    "86.152602405813 105.130031235867",
    "rms_contrast": "0.148715462998 0.305007650308 0.253245245006 0.208866052688 "
    "0.154442409774",
    "luminance": "0.429928612515 0.604022851180 0.512468370481 0.597191996783 "
    "0.448270166590",
    "colourfulness": "61.417454075187 24.644247504125 23.787210887212 21.250859702861 "
    "29.719993951427",
    "saturation": "0.405703804444 0.211750910860 0.215446026179 0.117351632904 "
    "0.303110635514",
}
MEANS = {  # and standard deviations, of all 10,000
    "window_entropy": (6.501984, 0.2600),
    "window_entropy_u8": (5.654095, 0.3509),
    "dct_share": (46.3235, 10.271),
    "dct_share_energy": (54.2873, 9.807),
    "segments": (4.1444, 1.7369),
    "edge_sobel_sum": (96.8655, 28.902),
    "rms_contrast": (0.195785, 0.0599),
    "luminance": (0.483752, 0.1221),
    "colourfulness": (30.6093, 16.894),
    "saturation": (0.277011, 0.1450),
}


def _needs(name):
    if name == "segments":
        pytest.importorskip("skimage", reason="scikit-image is not installed")


@pytest.mark.parametrize("name", KNOWN)
def test_made_images(name):
    _needs(name)

    assert STATISTICS[name](made()) == pytest.approx(KNOWN[name], abs=1e-9)


@pytest.fixture(scope="module")
def cifar(data_root):
    """The test split, saved as JPEG."""
    path = data_root / "cifar10-jpeg75" / "test" / "data.npy"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return np.load(path, mmap_mode="r")


@pytest.mark.real
@pytest.mark.parametrize("name", CIFAR)
def test_photographs(cifar, name):
    _needs(name)
    expected = [float(text) for text in CIFAR[name].split()]

    assert STATISTICS[name](cifar[:5]) == pytest.approx(expected, abs=1e-9)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", MEANS)
def test_all_photographs(cifar, name):
    _needs(name)
    values, (mean, spread) = STATISTICS[name](cifar), MEANS[name]

    assert values.mean() == pytest.approx(mean, rel=5e-6)
    assert values.std() == pytest.approx(spread, rel=1e-3)


def test_every_statistic_is_held_to_known_values():
    assert KNOWN.keys() == CIFAR.keys() == STATISTICS.keys()


@some
@given(batches)
def test_entropy_by_counting_in_each_window(images):
    exact, rounded = [], []
    for plane in grey(images):
        for greys, found in ((plane, exact), (np.rint(plane), rounded)):
            windows = np.lib.stride_tricks.sliding_window_view(greys, (10, 10))
            each = []
            for window in windows.reshape(-1, 100):
                share = np.unique(window, return_counts=True)[1] / 100
                each.append(-(share * np.log2(share)).sum())
            found.append(np.mean(each))

    assert window_entropy(images) == pytest.approx(exact, abs=1e-12)
    assert window_entropy_u8(images) == pytest.approx(rounded, abs=1e-12)


@some
@given(batches)
def test_share_of_coefficients_by_trying_each_number(images):
    expected = []
    for plane in grey(images):
        sizes = np.sort(np.abs(dctn(plane / 255, norm="ortho")).ravel())[::-1]
        whole = np.sqrt((sizes**2).sum())
        k = 1
        while whole and np.sqrt((sizes[:k] ** 2).sum()) / whole < 0.9998:
            k += 1
        expected.append(100 * (k - 1) / sizes.size)

    # Where a sum of squares lies on the bound its order may take one more or fewer.
    assert dct_share(images) == pytest.approx(expected, abs=100 / plane.size + 1e-9)


@pytest.mark.parametrize("name", CHECKED)
def test_each_image_by_itself(name):
    """A batch is no more than its images, in blocks or not, in colour or not."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (60, 33, 41, 3)).astype(np.uint8)
    together = STATISTICS[name](images)
    alone = [STATISTICS[name](images[i : i + 1])[0] for i in range(0, 60, 7)]

    assert together.shape == (60,)
    assert together[::7] == pytest.approx(alone, abs=1e-12)
    single = images[:3, :, :, :1]
    three = np.repeat(single, 3, axis=3)
    assert STATISTICS[name](single) == pytest.approx(STATISTICS[name](three), abs=1e-12)


@pytest.mark.parametrize("name", [*CHECKED, "segments"])
def test_what_is_no_image_is_refused(name):
    with pytest.raises(TypeError, match=r"uint8.*got float64"):
        STATISTICS[name](made() / 255)
    with pytest.raises(ValueError, match=r"got \(32, 32, 3\)"):
        STATISTICS[name](made()[0])
    with pytest.raises(ValueError, match=r"got \(4, 32, 32, 2\)"):
        STATISTICS[name](made()[..., :2])


def test_windows_need_room():
    with pytest.raises(ValueError, match="10 rows and columns at least, got 8 by 8"):
        window_entropy(np.zeros((1, 8, 8, 1), dtype=np.uint8))


def test_segments_say_what_is_to_be_installed(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "skimage.segmentation", None)
    with pytest.raises(
        HarnessError, match=r"pip install 'pytest-unlabelled\[segments\]'"
    ):
        STATISTICS["segments"](made())


def test_edges_as_in_scikit_image():
    filters = pytest.importorskip("skimage.filters")
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (3, 9, 12, 3)).astype(np.uint8)
    expected = [filters.sobel(plane / 255).sum() for plane in grey(images)]

    assert STATISTICS["edge_sobel_sum"](images) == pytest.approx(expected, abs=1e-9)


def test_objects_by_hand():
    """A box of half the height, one of the whole image, and a small third."""
    boxes = [(11, 21, 60, 70), (1, 1, 200, 100)]

    assert object_share(boxes, 200, 100) == pytest.approx(1.125)
    assert object_share([*boxes, (150, 50, 169, 69)], 200, 100) == pytest.approx(1.145)
    assert object_share([(1, 1, 200, 100)], 200, 100) == 1
    assert object_share([], 200, 100) == object_share_union([], 200, 100) == 0
    with pytest.raises(ValueError, match="from 1 to 200 by 100"):
        object_share([(0, 1, 200, 100)], 200, 100)


ends = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(sorted)


@given(st.lists(st.tuples(ends, ends), max_size=5))
def test_area_of_a_union_by_counting_pixels(drawn):
    boxes = [(x[0], y[0], x[1], y[1]) for x, y in drawn]
    seen = np.zeros((12, 12), dtype=bool)
    for x1, y1, x2, y2 in boxes:
        seen[y1 - 1 : y2, x1 - 1 : x2] = True
    found = object_share_union(boxes, 12, 12)

    assert found == pytest.approx(seen.mean())
    assert found <= min(1, object_share(boxes, 12, 12) + 1e-12)


def test_entropy_of_answers_as_in_scipy():
    from scipy.stats import entropy

    probs = np.random.default_rng(0).dirichlet(np.full(10, 0.1), size=50)

    assert soft_label_entropy(probs) == pytest.approx(entropy(probs, base=2, axis=1))

    # To the bit: ranks are of these, and ties are to be ties on any processor.
    assert np.array_equal(soft_label_entropy(probs[:, ::-1]), soft_label_entropy(probs))


@pytest.mark.real
def test_answers_of_people(data_root):
    path = data_root / "cifar10h" / "probs.npy"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    found = soft_label_entropy(np.load(path))

    assert found.mean() == pytest.approx(0.222838076383, abs=1e-11)
    assert np.median(found) == pytest.approx(0.137099478900, abs=1e-11)
    assert found.max() == pytest.approx(2.860176422472, abs=1e-11)
    assert (found == 0).mean() == pytest.approx(0.4393)
