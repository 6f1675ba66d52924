"""Self-Classifier: a network that sorts images into classes that nobody named.

Amrani, Karlinsky and Bronstein, "Self-Supervised Classification Network", ECCV 2022,
arXiv:2103.10994; elad-amrani/self-classifier.
"""
