"""What pytest and the harness are told of the clustering suite."""

from .section import ClusteringSection


def pytest_harness_register(registry):
    """Its part of the report, and a network that has classes nobody named."""
    registry.add_section(ClusteringSection())
    registry.add_usual("digits", "vgg-selfclassifier")


def pytest_addoption(parser):
    """What is clustered, how, and how classes are put together."""
    group = parser.getgroup("clustering suite")
    group.addoption(
        "--clustering-by",
        default="head,kmeans-l2-init10,pixels-raw-init10",
        metavar="HOW,...",
        help="what puts images into clusters: head, or head@LAYER for another head, "
        "such as head@head5 of a Self-Classifier; kmeans[@LAYER]-NORM-initN[-seedS], "
        "faiss for kmeans if faiss is installed, or pixels-NORM-initN[-seedS], NORM "
        "raw or l2",
    )
    group.addoption(
        "--clustering-k",
        default="",
        metavar="K,...",
        help="numbers of clusters of k-means, and of another head; by default the "
        "number of classes",
    )
    group.addoption(
        "--clustering-hierarchy",
        default="",
        metavar="FILE",
        help="which classes are of one kind: text with PARENT CHILD on each line, or "
        "the folder of ImageNet's published hierarchy",
    )
    group.addoption(
        "--clustering-kinds",
        default="",
        metavar="NAME,...",
        help="level1, level2, ... of the hierarchy, or tasks of BREEDS such as "
        "living17-balanced and living17-reachable; by default every level",
    )
