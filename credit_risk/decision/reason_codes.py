"""The codes of reasons without their sentences, for many rows at once."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision.policy import Rule
from credit_risk.decision.reasons import MAX_REASONS, Reasons


class ReasonCodes(Reasons):
    """Turns contributions into the codes of the reasons that ``Reasons`` would write."""

    @classmethod
    def of(cls, reasons: Reasons) -> Self:
        """Make it of what writes the sentences."""
        codes = cls.__new__(cls)
        vars(codes).update(vars(reasons))
        return codes

    def write(
        self,
        rows: NDArray[np.float32],
        contributions: NDArray[np.float32],
        sent: Sequence[object] | None = None,  # noqa: ARG002  sentences alone need it
        rules: Sequence[Sequence[Rule]] | None = None,
    ) -> list[list[dict[str, Any]]]:
        """Give of each reason the code alone, in the same order."""
        strongest, amounts = self._strongest(rows, contributions)
        codes = np.array([{"code": reason.code} for reason in self._codes])[strongest]
        for place, reason in enumerate(self._codes):
            if reason.code in self._not_stated:
                missing = np.isnan(rows[:, self._form.columns.index(reason.field)])
                told = {"code": self._not_stated[reason.code][0]}
                codes[(strongest == place) & missing[:, None]] = told
        held = rules or [()] * len(rows)
        counted = zip(held, codes.tolist(), (amounts > 0).sum(axis=1).tolist(), strict=True)
        return [
            [*({"code": rule.code} for rule in broken), *of[:count]][:MAX_REASONS]
            for broken, of, count in counted
        ]
