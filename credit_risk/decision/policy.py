"""The decision policy: two thresholds on the probability of default, and what is guaranteed.

Worked example with the usual thresholds 0.3 and 0.5: 0.30 is APPROVED, 0.31 and 0.50 are
MAYBE, 0.51 is DECLINED. Knows nothing of models, fields or HTTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import PolicyError
from credit_risk.form import Decision


@dataclass(frozen=True, slots=True)
class Policy:
    """Where the lines are drawn.

    Attributes:
        review_above: APPROVED up to this probability of default, a person decides above; 0-1.
        decline_above: DECLINED above this probability; 0-1.
    """

    review_above: float = 0.3
    decline_above: float = 0.5

    def __post_init__(self) -> None:
        """Refuse thresholds out of order.

        Raises:
            PolicyError: unless 0 < review_above <= decline_above < 1.
        """
        if not 0 < self.review_above <= self.decline_above < 1:
            msg = (
                f"policy: found review_above {self.review_above} and decline_above "
                f"{self.decline_above}, expected 0 < review_above <= decline_above < 1"
            )
            raise PolicyError(msg)

    def decide(self, probability: float) -> Decision:
        """Say what a probability of default (0-1) means."""
        if probability <= self.review_above:
            return "APPROVED"
        if probability <= self.decline_above:
            return "MAYBE"
        return "DECLINED"

    def decide_all(self, probabilities: NDArray[np.floating]) -> list[Decision]:
        """Say what many probabilities (n,) mean; the same as ``decide`` on each."""
        thresholds = np.array([self.review_above, self.decline_above])
        decisions: list[Decision] = _MILDEST_FIRST[
            np.searchsorted(thresholds, probabilities.astype(np.float64))
        ].tolist()
        return decisions


_MILDEST_FIRST = np.array(get_args(Decision), dtype=object)

STANDARD_POLICY: Final = Policy()

MONOTONICITY: Final[Mapping[str, int]] = MappingProxyType(
    {
        "income": -1,
        "assets": -1,
        "seniority": -1,
        "age": -1,  # an older applicant is never worse off (12 CFR 1002.6(b)(2))
        "debt": +1,
        "amount": +1,
        "expenses": +1,
        "records=yes": +1,
        "records=no": -1,
    }
)
"""How the probability of default may move as a field grows, all else equal: -1 never up, +1 never
down. A model that does not keep them is not served."""

PROHIBITED_FIELDS: Final = ("marital",)
"""Fields that the model must not see (marital status: 15 U.S.C. 1691(a)(1))."""
