"""The prediction matrix as a whole: confident, and spread over the classes?"""

from harness.metrics.label_free.dispersion_score import dispersion_score
from harness.metrics.label_free.mano import mano
from harness.metrics.label_free.marginal_entropy import marginal_entropy
from harness.metrics.label_free.nuclear_norm import nuclear_norm
from harness.metrics.label_free.softmax_corr import softmax_corr


def test_nuclear_norm(measure):
    measure(nuclear_norm)


def test_mano(measure):
    measure(mano)


def test_softmax_corr(measure):
    measure(softmax_corr)


def test_marginal_entropy(measure):
    measure(marginal_entropy)


def test_dispersion_score(measure):
    measure(dispersion_score)
