"""kNN: hand values, counts on digits, scikit-learn, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from harness.errors import UndefinedMetricError
from harness.metrics.numerics import neighbours
from harness.metrics.numerics.neighbours import largest, nearest, nearest_others
from harness.metrics.representation.knn import KNN, knn, knn_leave_one_out, knn_shares
from harness.metrics.representation.protocols import KNN_PROTOCOLS
from tests.metrics.representation.digits import digits, parts

BANK = np.array([[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8], [-1, 0]])
CLASSES = np.array([0, 1, 1, 0, 0])
QUERY = np.array([[0.6, 0.8]])
# Right of 797, by k of 1, 5, 20 and 200: computed for the reference page, and anew by
# another implementation below.
COUNTS = {
    ("cosine", None): (770, 763, 756, 661),
    ("cosine", 0.07): (770, 765, 762, 737),
    ("cosine", 0.1): (770, 764, 762, 728),
    ("euclidean", None): (767, 763, 754, 647),
}


@pytest.mark.parametrize(
    ("k", "temperature", "share"),
    [
        (3, 0.07, 0.994726181586),
        (3, 0.1, 0.977771499729),
        (3, 1.0, 0.726382138898),
        (5, 0.07, 0.994671924017),
        (5, 0.1, 0.976886226637),
        (5, 1.0, 0.566999019369),
        (5, None, 0.4),
    ],
)
def test_votes_are_weighted_by_hand(k, temperature, share):
    """Similarities .6, .96, .8, .28 and -.6, of classes 0, 1, 1, 0 and 0."""
    found = nearest(QUERY, BANK, k=k, distance="cosine")

    (shares,) = knn_shares(found, CLASSES, temperature=temperature)
    assert found.rows[0].tolist() == [1, 2, 0, 3, 4][:k]
    assert shares[1] == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(("distance", "temperature"), COUNTS)
def test_digits_are_counted_exactly(distance, temperature):
    """Pixels, the first 1,000 are the bank."""
    options = {"distance": distance, "temperature": temperature}
    right = tuple(round(797 * knn(*parts(), k=k, **options)) for k in (1, 5, 20, 200))

    assert right == COUNTS[distance, temperature]


@pytest.mark.parametrize("k", [1, 5, 20])
def test_majorities_are_those_of_scikit_learn(k):
    """Of Euclidean neighbours, of which no digit has two at one distance and k."""
    bank, classes, images, labels = parts()
    other = KNeighborsClassifier(k, algorithm="brute").fit(bank, classes)

    assert knn(
        bank, classes, images, labels, k=k, temperature=None, distance="euclidean"
    ) == pytest.approx(other.score(images, labels))


def test_leave_one_out_has_no_image_vote_for_itself():
    """As neighbours of a search for k + 1 without the first."""
    pixels, labels = digits()
    search = NearestNeighbors(n_neighbors=2, metric="euclidean").fit(pixels)
    other = search.kneighbors(return_distance=False)[:, 0]

    found = knn_leave_one_out(
        pixels, labels, k=1, temperature=None, distance="euclidean"
    )
    assert found == (labels[other] == labels).mean()


rows = nps.arrays(
    np.float64,
    st.tuples(st.integers(2, 12), st.integers(1, 3)),
    elements=st.integers(-2, 2).map(float),
)


@settings(max_examples=60, deadline=None)
@given(bank=rows, distance=st.sampled_from(["cosine", "euclidean"]), data=st.data())
def test_neighbours_are_those_of_a_sort_of_everything(bank, distance, data):
    """Of ties, of which whole numbers are full, the lower row is nearer."""
    k = data.draw(st.integers(1, len(bank) - 1))
    lengths = np.linalg.norm(bank, axis=1)
    unit = bank / np.where(lengths > 0, lengths, 1)[:, None]
    near = {
        "cosine": np.round(unit @ unit.T, 12),
        "euclidean": -((bank[:, None] - bank[None]) ** 2).sum(axis=2),
    }[distance]
    every = np.argsort(-near, axis=1, kind="stable")
    others = [[j for j in row if j != i][:k] for i, row in enumerate(every)]

    assert (
        nearest(bank, bank, k=k, distance=distance).rows.tolist()
        == every[:, :k].tolist()
    )
    assert nearest_others(bank, k=k, distance=distance).rows.tolist() == others


def test_blocks_change_nothing(monkeypatch):
    """However small they are."""
    bank, _, images, _ = parts()
    whole = nearest(images, bank, k=7, distance="cosine").rows
    monkeypatch.setattr(neighbours, "BLOCK", 3000)
    few = nearest(images[:100] * 2, bank, k=7, distance="cosine").rows

    assert np.array_equal(few, whole[:100])


def test_ties_at_the_end_are_the_lowest():
    block = np.array([[0.0, 1.0, 1.0, 2.0, 1.0, 1.0]])

    assert largest(block, 3)[0].tolist() == [[3, 1, 2]]
    assert largest(block, 6)[0].tolist() == [[3, 1, 2, 4, 5, 0]]


def test_of_classes_with_as_many_votes_the_lowest_wins():
    bank = np.array([[1.0], [2.0]])
    image = np.array([[1.5]])

    options = {"k": 2, "temperature": None, "distance": "euclidean"}
    assert knn(bank, np.array([4, 2]), image, np.array([2]), **options) == 1


def test_published_protocols_are_options():
    """Each runs as it is."""
    for protocol in KNN_PROTOCOLS.values():
        for k in protocol.ks:
            options = {
                "temperature": protocol.temperature,
                "distance": protocol.distance,
            }
            assert 0.9 < knn(*parts(), k=k, **options) < 1
    assert KNN_PROTOCOLS["dino"].ks == (10, 20, 100, 200)
    assert KNN_PROTOCOLS["dino"].temperature == 0.07
    assert KNN_PROTOCOLS["lightly"].temperature == 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 6}, "`k` must be at most 5, the images that can be neighbours, got 6"),
        ({"k": 0}, "`k` must be at least 1 or None, got 0"),
        (
            {"k": 2, "distance": "dot"},
            "`distance` must be one of cosine, euclidean",
        ),
        ({"k": 2, "temperature": 0.0}, "`temperature` must be positive and finite"),
        ({"k": 2, "distance": "euclidean"}, "`temperature` must be None for euclidean"),
    ],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        knn(BANK, CLASSES, QUERY, np.array([1]), **options)


def test_what_a_bank_lacks_is_said():
    """Too few images, and a class that is absent: no value, which skips a cell."""
    with pytest.raises(UndefinedMetricError, match="but 7 is absent from it"):
        knn(BANK, CLASSES, QUERY, np.array([7]), k=2)
    with pytest.raises(UndefinedMetricError, match="at most 4, the images"):
        knn_leave_one_out(BANK, CLASSES, k=5)
    with pytest.raises(ValueError, match="must have the 2 columns of `train_features`"):
        knn(BANK, CLASSES, np.ones((1, 3)), np.array([1]), k=2)
    bad = BANK.copy()
    bad[3, 1] = np.nan
    with pytest.raises(
        ValueError, match=r"`train_features` must be finite, got nan at"
    ):
        knn(bad, CLASSES, QUERY, np.array([1]), k=2)


def test_its_interval_is_wilson_s_and_its_chance_the_most_common_class():
    low, high = KNN.interval(*parts(), k=1)

    assert low < 770 / 797 < high
    assert high - low < 0.03
    labels = parts()[3]
    assert KNN.chance(*parts()) == np.bincount(labels).max() / 797
