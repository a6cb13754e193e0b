"""The whole path of an application: encode, predict, decide.

The only module that knows all steps. It works on many applications at once; one is a batch of
one. Where the model runs is not known here: it is a function that is handed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from credit_risk.columns import Encoder, Rows
from credit_risk.model import Probabilities
from credit_risk.policy import Policy
from credit_risk.schema import (
    Application,
    ArrayAssessment,
)

__all__ = ["Fields", "Predict", "Scorer"]

ROWS_AT_ONCE = 5000
"""Rows of an array in one model call: some ten milliseconds."""

Fields = dict[str, Any]
"""Fields of an ``Assessment``; making an object of each would cost as much as predicting it."""

Predict = Callable[[Rows], Awaitable[Probabilities]]
"""(n, 29) float32 rows to (n,) probabilities of default, here or in another process."""


class Scorer:
    """Assesses applications with one model and its policy."""

    def __init__(self, *, encoder: Encoder, predict: Predict, policy: Policy, model: str) -> None:
        """Put the steps together.

        Args:
            encoder: of the model's vectorizer.
            predict: the model call.
            policy: stored with the model.
            model: tag of the model, for the answer.
        """
        self._encoder = encoder
        self._predict = predict
        self._policy = policy
        self._model = model

    async def assess(self, applications: Sequence[Application]) -> list[Fields]:
        """Assess applications: the fields of one ``Assessment`` each, in the same order."""
        probabilities = await self._predict(self._encoder.encode(applications))
        answers = zip(self._policy.decide_all(probabilities), probabilities.tolist(), strict=True)
        return [
            {
                "status": status,
                "default_probability": probability,
                "reasons": [],
                "model": self._model,
            }
            for status, probability in answers
        ]

    async def assess_rows(self, rows: Rows) -> ArrayAssessment:
        """Assess encoded applications, (n, 29) float32, in columns.

        Part by part, with the event loop in between, so that a large array does not keep other
        requests waiting.
        """
        answer = ArrayAssessment.model_construct(
            status=[], default_probability=[], model=self._model
        )
        for start in range(0, len(rows), ROWS_AT_ONCE):
            probabilities = await self._predict(rows[start : start + ROWS_AT_ONCE])
            answer.status += self._policy.decide_all(probabilities)
            answer.default_probability += probabilities.tolist()
            await asyncio.sleep(0)
        return answer
