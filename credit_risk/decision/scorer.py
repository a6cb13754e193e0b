"""The whole path of an application: encode, predict, decide, give reasons.

The only module that knows all steps. It works on many applications at once; one is a batch of
one. Where the model runs is not known here: it is a function that is handed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.decision.assessment import ArrayAssessment
from credit_risk.decision.decider import Decider
from credit_risk.decision.reasons import Reasons
from credit_risk.form import REFERENCE
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
    """

    encoder: Encoder
    predict: Predict
    explain: Explain
    decider: Decider
    reasons: Mapping[str, Reasons]
    model: str

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
            if language:
                values = sent and sent[start : start + ROWS_AT_ONCE]
                found += await self._explain_refusals(part, decisions, language, values)
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
