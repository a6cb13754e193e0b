"""Decisions on many applications by a policy: its thresholds, then its knock-out rules."""

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision.policy import Policy, Rule
from credit_risk.decision.rules import condition_of
from credit_risk.errors import PolicyError
from credit_risk.form import Form
from credit_risk.model import Rows


class Decider:
    """Decides on applications of a form by a policy.

    Attributes:
        policy: that it decides by.
        mildest: the outcome that needs no reasons.
    """

    def __init__(self, policy: Policy, form: Form, source: str = "policy") -> None:
        """Prepare the rules for the form's columns.

        Raises:
            PolicyError: if a rule does not fit the form; names the source and the rule.
        """
        self.policy = policy
        self.mildest = policy.statuses[0]
        self._lines = np.array(list(policy.lines.values()))
        self._statuses = np.array(policy.statuses, dtype=object)
        try:
            self._rules = [
                (rule, policy.statuses.index(rule.outcome), condition_of(rule, form))
                for rule in policy.rules
            ]
        except PolicyError as error:
            msg = f"{source}: {error}"
            raise PolicyError(msg) from None

    def decide(self, rows: Rows, probabilities: NDArray[np.floating]) -> list[str]:
        """Say what probabilities of default (n,) of encoded rows (n, columns) mean."""
        ranks = np.searchsorted(self._lines, probabilities.astype(np.float64))
        for _, rank, holds in self._rules:
            np.maximum(ranks, rank, out=ranks, where=holds(rows))
        decisions: list[str] = self._statuses[ranks].tolist()
        return decisions

    def knocked_out_by(self, rows: Rows, decisions: list[str]) -> list[list[Rule]]:
        """List the rules that alone would have led to the decision on each row, in order."""
        found: list[list[Rule]] = [[] for _ in decisions]
        for rule, _, holds in self._rules:
            for place in np.flatnonzero(holds(rows)).tolist():
                if decisions[place] == rule.outcome:
                    found[place].append(rule)
        return found

    def count_held(self, rows: Rows) -> dict[str, int]:
        """Count for how many rows (n, columns) each rule holds, by code."""
        return {rule.code: int(holds(rows).sum()) for rule, _, holds in self._rules}
