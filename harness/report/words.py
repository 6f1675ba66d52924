"""Words: what those of the reports mean. `docs/glossary.md` is made of them."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "base": "what models were trained on: its classes, train split and test split",
    "network, classifier, encoder": (
        "what is run, with its own preprocessing; a classifier has the base's "
        "classes, an encoder none"
    ),
    "activation": (
        "what makes probabilities of a network's logits, as it was trained: one "
        "softmax over the classes, or a sigmoid for each"
    ),
    "head": "the last layer, or one trained on frozen features for a task of its own",
    "population": (
        "networks of one recipe from several seeds, with what they said after "
        "every epoch"
    ),
    "dataset, family": (
        "named images with a truth or without; a family is several that were made alike"
    ),
    "trait": "a fact of a dataset as data: corruption, severity, source, split",
    "view": "the images as a network sees them: as they are, turned, cut into tiles",
    "interior": "datasets made from the base's test split by known transformations",
    "exterior": "labelled data collected elsewhere",
    "target": "data that nobody labelled: its accuracy is predicted, never fitted",
    "metric": "a label-free number of a network on a dataset",
    "outcome": (
        "a number that uses the truth (top-1, calibration error, kNN accuracy, "
        "NMI): what metrics are fitted against, never ranked among them"
    ),
    "aggregate": (
        "one number from a network's rows over a family: mCE, mean over severities"
    ),
    "cell": (
        "one test on one network and one dataset: measured once, stored, found again"
    ),
    "line, fit": "accuracy as a straight line in a metric, over datasets",
    "transfer": "the interior's line, judged on the exterior",
    "kinds": (
        "transformations: each is left out of the fit in turn, and the line "
        "judged on it"
    ),
    "held": "labelled datasets that lay in intervals predicted without them",
    "gate": (
        "a condition on a number of the report that fails the run where it is missed"
    ),
    "twin": (
        "the same network with random weights: what its architecture gives for nothing"
    ),
    "floor, chance": "what random answers reach by the same rule",
}
