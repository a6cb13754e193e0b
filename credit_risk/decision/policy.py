"""The decision policy: two thresholds on the probability of default.

Worked example with the usual thresholds 0.3 and 0.5: 0.30 is APPROVED, 0.31 and 0.50 are
MAYBE, 0.51 is DECLINED. Knows nothing of models, fields or HTTP.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import PolicyError

Decision = Literal["APPROVED", "MAYBE", "DECLINED"]
"""What the policy says about an application, mildest first."""


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
