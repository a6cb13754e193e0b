"""Golden answers: sample applications, and what the trees said of them on the day of training.

They are decided again when a model is loaded for serving. So a model may be served with another
version of XGBoost or NumPy than it was trained with, as long as no probability differs in its last
bit.
"""

from typing import Any, Final, NamedTuple, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from credit_risk.form import Form, sample_applications
from credit_risk.model import Encoder, RiskModel

GOLDEN: Final = "golden.json"
"""File in the model's folder."""

COUNT: Final = 50

CLOSE: Final = 1e-4
"""Contributions are float32; their sum, as a probability, is no farther from the real one."""


class Difference(NamedTuple):
    """What is not as it was: what was found, and what was expected."""

    found: str
    expected: str


class GoldenAnswer(BaseModel):
    """One application and its probability of default."""

    model_config = ConfigDict(extra="forbid")

    application: dict[str, Any] = Field(description="As it would be sent.")
    default_probability: float = Field(description="float32, with all digits of a float64.")


class GoldenAnswers(BaseModel):
    """Applications and their probabilities of default, to the last bit."""

    model_config = ConfigDict(extra="forbid")

    answers: list[GoldenAnswer] = Field(min_length=1)

    @classmethod
    def of(cls, form: Form, model: RiskModel) -> Self:
        """Ask a model about sample applications, which are the same for all models of a form."""
        applications = sample_applications(form, COUNT)
        probabilities = model.predict(Encoder(form).encode(applications)).tolist()
        answers = [
            GoldenAnswer(application=each.model_dump(), default_probability=probability)
            for each, probability in zip(applications, probabilities, strict=True)
        ]
        return cls(answers=answers)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what ``model_dump_json`` wrote.

        Raises:
            ValueError: if it is something else; one sentence.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise ValueError(_first(error)) from None

    def first_difference(self, form: Form, model: RiskModel) -> Difference | None:
        """Ask again; say what of the first answer differs, None if all are as they were.

        The contributions, which were not stored, are to add up to the probability.

        Raises:
            ValueError: if the form refuses an application; one sentence.
        """
        rows = Encoder(form).encode(
            [_validated(form, n, of.application) for n, of in enumerate(self.answers, 1)]
        )
        probabilities = model.predict(rows)
        sums = model.explain(rows).sum(axis=1, dtype=np.float64)
        add_up = np.abs(1 / (1 + np.exp(-sums)) - probabilities) < CLOSE
        found = zip(self.answers, probabilities.tolist(), add_up.tolist(), strict=True)
        for number, (answer, probability, adds_up) in enumerate(found, 1):
            of = f"of application {number} in {GOLDEN}"
            if probability != answer.default_probability:
                stored = repr(answer.default_probability)
                return Difference(f"{probability!r} as the probability {of}", stored)
            if not adds_up:
                return Difference(f"contributions {of} whose sum is not its log-odds", "the sum")
        return None


def _validated(form: Form, number: int, application: dict[str, Any]) -> object:
    try:
        return form.application.model_validate(application)
    except ValidationError as error:
        msg = f"application {number}: {_first(error)}"
        raise ValueError(msg) from None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return ": ".join([*map(str, first["loc"]), first["msg"]])
