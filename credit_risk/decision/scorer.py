"""The whole path of an application: encode, predict, decide, give reasons.

The only module that knows all steps. It works on many applications at once; one is a batch of
one. Where the model runs is not known here: it is a function that is handed in, and so is who
counts what was decided.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.decision.assessment import ArrayAssessment
from credit_risk.decision.policy import Policy, Rule
from credit_risk.decision.reasons import Reasons
from credit_risk.decision.rules import condition_of
from credit_risk.errors import PolicyError
from credit_risk.form import REFERENCE, Form
from credit_risk.model import Contributions, Encoder, Probabilities, Rows

ROWS_AT_ONCE = 5000
"""Rows of an array in one model call: some ten milliseconds."""

EXPLAINED_AT_ONCE = 200
"""Rows explained in one turn: some ten milliseconds."""

Fields = dict[str, Any]
"""Fields of an ``Assessment`` or ``Reason``; objects would cost as much as the model call."""

Predict = Callable[[Rows], Awaitable[Probabilities]]
"""Encoded rows to (n,) probabilities of default, here or in another process."""

Explain = Callable[[Rows], Awaitable[Contributions]]
"""Encoded rows to (n, inputs + 1) contributions to the log-odds, here or elsewhere."""

Observe = Callable[[Rows, Probabilities, list[str], list[list[Fields]]], object]
"""Takes encoded rows, and of each the probability, the decision and the reasons."""


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


@dataclass(frozen=True)
class Scorer:
    """Assesses applications with one model and its policy.

    Attributes:
        encoder: of the model's vectorizer.
        predict: the model call.
        explain: the call for contributions.
        decider: decides by the policy.
        reasons: made for the model's inputs, by language.
        model: tag of the model, for the answer.
        observe: called with what was decided; None where nobody counts it.
    """

    encoder: Encoder
    predict: Predict
    explain: Explain
    decider: Decider
    reasons: Mapping[str, Reasons]
    model: str
    observe: Observe | None = None

    async def assess(
        self, applications: Sequence[object], *, language: str | None = None
    ) -> list[Fields]:
        """Assess applications: the fields of one ``Assessment`` each, in the same order.

        Args:
            applications: of the form.
            language: of the reasons, one of the form's; None for no reasons.
        """
        rows = self.encoder.encode(applications)
        return await self.assess_encoded(rows, language=language, sent=applications)

    async def assess_encoded(
        self, rows: Rows, *, language: str | None = None, sent: Sequence[object] | None = None
    ) -> list[Fields]:
        """Assess encoded applications as ``assess`` does; ``sent`` are the applications."""
        probabilities = await self.predict(rows)
        decisions = self.decider.decide(rows, probabilities)
        found: list[list[Fields]] = [[]] * len(rows)
        if language:
            found = await self._explain_refusals(rows, decisions, language, sent)
        if self.observe:
            self.observe(rows, probabilities, decisions, found)
        scored = zip(decisions, probabilities.tolist(), found, strict=True)
        model = self.model
        answers = [
            {"status": status, "default_probability": probability, "reasons": why, "model": model}
            for status, probability, why in scored
        ]
        for answer, application in zip(answers, sent or (), strict=False):
            if reference := getattr(application, REFERENCE, None):
                answer[REFERENCE] = reference
        return answers

    async def assess_rows(
        self, rows: Rows, *, language: str | None = None, sent: Sequence[object] | None = None
    ) -> ArrayAssessment:
        """Assess encoded applications in columns; ``sent`` are the applications.

        Part by part, so that a large array does not keep other requests waiting.
        """
        found: list[Any] = []
        answer = ArrayAssessment.model_construct(
            status=[], default_probability=[], model=self.model, reasons=found if language else None
        )
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            probabilities = await self.predict(part)
            decisions = self.decider.decide(part, probabilities)
            answer.status += decisions
            answer.default_probability += probabilities.tolist()
            because: list[list[Fields]] = []
            if language:
                values = sent and sent[start : start + ROWS_AT_ONCE]
                because = await self._explain_refusals(part, decisions, language, values)
                found += because
            if self.observe:
                self.observe(part, probabilities, decisions, because)
            await asyncio.sleep(0)
        return answer

    async def _explain_refusals(
        self, rows: Rows, decisions: list[str], language: str, sent: Sequence[object] | None
    ) -> list[list[Fields]]:
        """Give reasons where a decision needs them: a list each, empty for an approval."""
        found: list[list[Fields]] = [[] for _ in decisions]
        mildest = self.decider.mildest
        needing = [place for place, decision in enumerate(decisions) if decision != mildest]
        for start in range(0, len(needing), EXPLAINED_AT_ONCE):
            if start:
                await asyncio.sleep(0)  # let the others have their turn
            places = needing[start : start + EXPLAINED_AT_ONCE]
            part = rows[places]
            values = None if sent is None else [sent[place] for place in places]
            rules = self.decider.knocked_out_by(part, [decisions[place] for place in places])
            contributions = await self.explain(part)
            written = self.reasons[language].write(part, contributions, values, rules)
            for place, reasons in zip(places, written, strict=True):
                found[place] = reasons
        return found
