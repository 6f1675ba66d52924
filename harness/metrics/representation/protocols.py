"""Protocols: the constants by which published kNN numbers were made.

A number of k nearest neighbours without its k and T is none: k = 200 without weights
loses fourteen points on digits against k = 1.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnnProtocol:
    """How one code base counts kNN accuracy.

    Attributes
    ----------
    ks
        Numbers of neighbours that it reports.
    temperature
        T of the weights exp(s / T) of votes; None for a majority.
    distance
        "cosine" or "euclidean".
    source
        Where the constants stand.
    """

    ks: tuple[int, ...]
    temperature: float | None
    distance: str
    source: str


KNN_PROTOCOLS: dict[str, KnnProtocol] = {
    "dino": KnnProtocol(
        ks=(10, 20, 100, 200),
        temperature=0.07,
        distance="cosine",
        source="facebookresearch/dino, eval_knn.py; 20 is usually best",
    ),
    "instdisc": KnnProtocol(
        ks=(200,),
        temperature=0.07,
        distance="cosine",
        source="Wu et al. 2018, arXiv:1805.01978; its CIFAR-10 runs have T 0.1",
    ),
    "lightly": KnnProtocol(
        ks=(200,),
        temperature=0.1,
        distance="cosine",
        source="lightly-ai/lightly, benchmark utilities",
    ),
    "solo-learn": KnnProtocol(
        ks=(20,),
        temperature=0.07,
        distance="cosine",
        source="vturrisi/solo-learn, offline kNN",
    ),
}
