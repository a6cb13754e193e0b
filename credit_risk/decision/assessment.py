"""What goes out: the decision on one application, on many, and on an array."""

from collections.abc import Mapping
from functools import partial
from operator import is_
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema
from pydantic.config import JsonDict

from credit_risk.decision.policy import STATUS
from lean_bento import RowAnswers, harmless, written_as_is

REASON_EXAMPLE: Final[JsonDict] = {
    "code": "A_FIELD",
    "field": "a_field",
    "message": "The sentence that the form has for this code.",
    "analyst": "a_field 36: adds 0.6003 to the log-odds of default",
    "contribution": 0.6003,
}
ASSESSMENT_EXAMPLE: Final[JsonDict] = {
    "status": "MAYBE",
    "default_probability": 0.3847,
    "reasons": [REASON_EXAMPLE],
    "model": "credit_risk_model:xau5fhhflwweoax4",
}


class Reason(BaseModel):
    """Why an application was not approved outright."""

    code: str = Field(description="Stable code of the reason.")
    field: str = Field(description="The application's field it is filed under.")
    message: str | None = Field(
        description="One sentence for the applicant; null where the applicant is not told."
    )
    analyst: str = Field(description="One sentence for the analyst: values and contribution.")
    contribution: float | None = Field(
        description="What it adds to the log-odds of default, against the average loan; null for "
        "a rule of the policy, which decides by itself."
    )


Status = Annotated[str, Field(pattern=STATUS)]
ABOUT_STATUS = "an outcome of the policy; GET /model has them, the mildest first."
PROBABILITY = "Probability that the loan ends in default, 0 to 1."
MODEL_TAG = "Tag of the model that decided."


class Assessment(BaseModel):
    """The answer to one application."""

    model_config = ConfigDict(json_schema_extra={"examples": [ASSESSMENT_EXAMPLE]})

    status: Status = Field(description=f"The decision: {ABOUT_STATUS}")
    default_probability: float = Field(ge=0, le=1, description=PROBABILITY)
    reasons: list[Reason] = Field(
        max_length=4, description="Of all outcomes but the mildest, most important first."
    )
    model: str = Field(description=MODEL_TAG)
    reference: str | None = Field(
        None,
        exclude_if=partial(is_, None),
        description="Of the application, if it has one.",
    )


class AssessmentBatch(RowAnswers[Assessment]):
    """The answer to each application, or what is wrong with it, in the same order."""

    @classmethod
    def cells_of(cls, answer: Mapping[str, Any]) -> list[Any]:
        """Return an answer as the cells of a table, of its reasons the codes."""
        codes = " ".join([each["code"] for each in answer["reasons"]])
        return [
            answer["status"],
            answer["default_probability"],
            harmless(codes),  # all else begins with a letter or a digit
            answer["model"],
            answer.get("reference"),
        ]


class ArrayAssessment(BaseModel):
    """The answer to an array of encoded applications, in columns and in the same order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": [ASSESSMENT_EXAMPLE["status"]],
                    "default_probability": [ASSESSMENT_EXAMPLE["default_probability"]],
                    "model": ASSESSMENT_EXAMPLE["model"],
                }
            ]
        }
    )

    status: list[Status] = Field(description=f"One decision a row: {ABOUT_STATUS}")
    default_probability: list[float] = Field(description=f"One a row. {PROBABILITY}")
    model: str = Field(description=MODEL_TAG)
    reasons: Annotated[list[list[Reason]], GetPydanticSchema(written_as_is)] | None = Field(
        None,
        exclude_if=partial(is_, None),
        description="Only if asked for: the reasons of each row.",
    )
