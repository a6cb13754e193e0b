"""How good are probabilities of default? Discrimination and calibration.

Knows nothing of models: outcomes and probabilities in, measures out.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

__all__ = ["Measures", "measure"]


@dataclass(frozen=True)
class Measures:
    """What is measured on one part of the data.

    Attributes:
        auc: area under the ROC curve, 0.5 (chance) to 1.
        gini: 2 · auc - 1.
        ks: largest distance of the two cumulative distributions, max(TPR - FPR), 0 to 1.
        brier: mean squared error of the probability, 0 is perfect.
    """

    auc: float
    gini: float
    ks: float
    brier: float

    def as_dict(self) -> dict[str, float]:
        """Names and values, for the model card."""
        return asdict(self)


def measure(defaulted: NDArray[np.bool_], probabilities: NDArray[np.floating]) -> Measures:
    """Measure probabilities (n,) against outcomes (n,), True for a default; both must occur."""
    auc = float(roc_auc_score(defaulted, probabilities))
    false_positives, true_positives, _ = roc_curve(defaulted, probabilities)
    return Measures(
        auc=auc,
        gini=2 * auc - 1,
        ks=float(np.max(true_positives - false_positives)),
        brier=float(brier_score_loss(defaulted, probabilities)),
    )
