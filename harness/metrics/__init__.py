"""Metrics: pure functions with their declared facts, and the tuple of all of them.

`METRICS` holds every measure; `OUTCOMES` those that ask for labels of the target.

Axis letters: n images, k classes, d features, v views, s source images, m models, or of
a bank of features m training images.
"""

from harness.metrics.clustering.acc import (
    ACC_HYBRID,
    ACC_MAJORITY,
    ACC_ONE_TO_ONE,
    INVERSE_PURITY,
    PURITY,
)
from harness.metrics.clustering.adjusted import AMI, ARI
from harness.metrics.clustering.assignment import (
    ASSIGNMENT_ENTROPY,
    CLUSTERS_USED,
    LARGEST_CLUSTER,
)
from harness.metrics.clustering.homogeneity import COMPLETENESS, HOMOGENEITY, V_MEASURE
from harness.metrics.clustering.nmi import (
    NMI_ARITHMETIC,
    NMI_GEOMETRIC,
    NMI_MAX,
    NMI_MIN,
)
from harness.metrics.clustering.shape import (
    CALINSKI_HARABASZ,
    DAVIES_BOULDIN,
    SILHOUETTE,
)
from harness.metrics.clustering.stability import STABILITY
from harness.metrics.clustering.superclass import (
    SUPERCLASS_ACCURACY,
    SUPERCLASS_ACCURACY_RECLUSTERED,
)
from harness.metrics.embeddings.alignment import ALIGNMENT
from harness.metrics.embeddings.alpha_req import ALPHA_REQ
from harness.metrics.embeddings.clid import CLUSTER_LEARNABILITY
from harness.metrics.embeddings.coherence import COHERENCE
from harness.metrics.embeddings.effective_rank import EFFECTIVE_RANK
from harness.metrics.embeddings.intrinsic_dimension import INTRINSIC_DIMENSION
from harness.metrics.embeddings.lidar import LIDAR
from harness.metrics.embeddings.nesum import NESUM
from harness.metrics.embeddings.participation_ratio import PARTICIPATION_RATIO
from harness.metrics.embeddings.rankme import RANKME
from harness.metrics.embeddings.self_clustering import SELF_CLUSTERING
from harness.metrics.embeddings.stable_rank import STABLE_RANK
from harness.metrics.embeddings.uniformity import UNIFORMITY
from harness.metrics.label_free.agreement import AGREEMENT
from harness.metrics.label_free.aline import ALINE_D, ALINE_S
from harness.metrics.label_free.atc import ATC_MC, ATC_NE
from harness.metrics.label_free.average_confidence import AVERAGE_CONFIDENCE
from harness.metrics.label_free.bag_of_prototypes import BAG_OF_PROTOTYPES
from harness.metrics.label_free.cbpe import CBPE
from harness.metrics.label_free.cot import COT, COTT
from harness.metrics.label_free.difference_of_confidences import (
    DIFFERENCE_OF_CONFIDENCES,
)
from harness.metrics.label_free.dispersion_score import DISPERSION_SCORE
from harness.metrics.label_free.effective_invariance import (
    JIGSAW_INVARIANCE,
    PRETEXT_INVARIANCE,
    ROTATION_INVARIANCE,
)
from harness.metrics.label_free.energy import AVERAGE_ENERGY, META_DISTRIBUTION_ENERGY
from harness.metrics.label_free.entropy import ENTROPY
from harness.metrics.label_free.frechet_distance import FRECHET_DISTANCE
from harness.metrics.label_free.importance_reweighting import IMPORTANCE_REWEIGHTING
from harness.metrics.label_free.mano import MANO
from harness.metrics.label_free.marginal_entropy import MARGINAL_ENTROPY
from harness.metrics.label_free.mean_discrepancy import (
    MAXIMUM_MEAN_DISCREPANCY,
    MEAN_SHIFT,
)
from harness.metrics.label_free.neighborhood_invariance import NEIGHBORHOOD_INVARIANCE
from harness.metrics.label_free.norms import (
    MEAN_FEATURE_NORM,
    MEAN_LOGIT_NORM,
    MEAN_MAX_LOGIT,
)
from harness.metrics.label_free.nuclear_norm import NUCLEAR_NORM
from harness.metrics.label_free.pretext_prediction import (
    JIGSAW_PREDICTION,
    PRETEXT_PREDICTION,
    ROTATION_PREDICTION,
)
from harness.metrics.label_free.projection_norm import PROJECTION_NORM
from harness.metrics.label_free.softmax_corr import SOFTMAX_CORR
from harness.metrics.outcomes.accuracy import ACCURACY
from harness.metrics.outcomes.aurra import AURRA
from harness.metrics.outcomes.brier import BRIER_SCORE
from harness.metrics.outcomes.calibration_error import (
    CALIBRATION_ERROR_EQUAL_MASS,
    CALIBRATION_ERROR_EQUAL_WIDTH,
)
from harness.metrics.outcomes.likelihood import NEGATIVE_LOG_LIKELIHOOD
from harness.metrics.outcomes.recalls import BALANCED_ACCURACY, LOWEST_RECALL
from harness.metrics.outcomes.rms_calibration import (
    RMS_CALIBRATION_ERROR,
    RMS_CALIBRATION_ERROR_OFFICIAL,
)
from harness.metrics.outcomes.top_k import TOP_5
from harness.metrics.representation.few_labels import FEW_LABELS, FIRST_LABELS
from harness.metrics.representation.knn import KNN, KNN_LEAVE_ONE_OUT
from harness.metrics.representation.linear_probe import LINEAR_PROBE
from harness.metrics.representation.logistic_probe import LOGISTIC_PROBE
from harness.metrics.representation.retrieval import (
    HIT_AT_K,
    MAP_AT_R,
    PRECISION_AT_K,
    R_PRECISION,
    RECALL_AT_K,
)
from harness.metrics.spec import Ask, Input, Invariant, Kind, Metric, Trend

__all__ = [
    "METRICS",
    "OUTCOMES",
    "Ask",
    "Input",
    "Invariant",
    "Kind",
    "Metric",
    "Trend",
]

METRICS: tuple[Metric, ...] = (
    # Outcomes: they ask for the target's labels.
    ACCURACY,
    TOP_5,
    BALANCED_ACCURACY,
    LOWEST_RECALL,
    NEGATIVE_LOG_LIKELIHOOD,
    BRIER_SCORE,
    CALIBRATION_ERROR_EQUAL_WIDTH,
    CALIBRATION_ERROR_EQUAL_MASS,
    RMS_CALIBRATION_ERROR,
    RMS_CALIBRATION_ERROR_OFFICIAL,
    AURRA,
    # Outcomes of clusters, whose numbers are not those of classes.
    ACC_ONE_TO_ONE,
    ACC_HYBRID,
    ACC_MAJORITY,
    PURITY,
    INVERSE_PURITY,
    NMI_ARITHMETIC,
    NMI_GEOMETRIC,
    NMI_MIN,
    NMI_MAX,
    AMI,
    ARI,
    HOMOGENEITY,
    COMPLETENESS,
    V_MEASURE,
    SUPERCLASS_ACCURACY,
    SUPERCLASS_ACCURACY_RECLUSTERED,
    # Outcomes of features.
    KNN,
    KNN_LEAVE_ONE_OUT,
    PRECISION_AT_K,
    HIT_AT_K,
    RECALL_AT_K,
    R_PRECISION,
    MAP_AT_R,
    LINEAR_PROBE,
    LOGISTIC_PROBE,
    FEW_LABELS,
    FIRST_LABELS,
    # One forward pass.
    AVERAGE_CONFIDENCE,
    ENTROPY,
    NUCLEAR_NORM,
    MANO,
    META_DISTRIBUTION_ENERGY,
    AVERAGE_ENERGY,
    DISPERSION_SCORE,
    SOFTMAX_CORR,
    MARGINAL_ENTROPY,
    MEAN_MAX_LOGIT,
    MEAN_LOGIT_NORM,
    MEAN_FEATURE_NORM,
    # Labelled source images too.
    ATC_MC,
    ATC_NE,
    DIFFERENCE_OF_CONFIDENCES,
    IMPORTANCE_REWEIGHTING,
    COT,
    COTT,
    CBPE,
    # Features of source images.
    FRECHET_DISTANCE,
    BAG_OF_PROTOTYPES,
    MAXIMUM_MEAN_DISCREPANCY,
    MEAN_SHIFT,
    PROJECTION_NORM,
    # A forward pass per view.
    ROTATION_INVARIANCE,
    JIGSAW_INVARIANCE,
    PRETEXT_INVARIANCE,
    NEIGHBORHOOD_INVARIANCE,
    # A head trained on frozen features, and a forward pass per view.
    ROTATION_PREDICTION,
    JIGSAW_PREDICTION,
    PRETEXT_PREDICTION,
    # Predictions of other models.
    AGREEMENT,
    ALINE_S,
    ALINE_D,
    # How clusters are used.
    CLUSTERS_USED,
    ASSIGNMENT_ENTROPY,
    LARGEST_CLUSTER,
    # Where clusters lie among features, and whether they come again.
    SILHOUETTE,
    CALINSKI_HARABASZ,
    DAVIES_BOULDIN,
    STABILITY,
    # Embeddings: features of any layer, without classes.
    RANKME,
    EFFECTIVE_RANK,
    PARTICIPATION_RATIO,
    NESUM,
    STABLE_RANK,
    ALPHA_REQ,
    UNIFORMITY,
    SELF_CLUSTERING,
    COHERENCE,
    CLUSTER_LEARNABILITY,
    INTRINSIC_DIMENSION,
    # Embeddings of random copies.
    ALIGNMENT,
    LIDAR,
)
OUTCOMES: tuple[Metric, ...] = tuple(m for m in METRICS if not m.label_free)
