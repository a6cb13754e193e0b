"""The contract of the service: what comes in, what goes out.

Names, limits and categories come from ``vocabulary``. Knows nothing of HTTP and nothing of how
an application is scored.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Self, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    RootModel,
    ValidationError,
)
from pydantic.config import JsonDict
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from credit_risk.form.vocabulary import (
    CATEGORIES,
    LIMITS,
    MISSING_CODE,
    Decision,
    Home,
    Job,
    Marital,
    Records,
)
from lean_bento.codecs.duplicate_keys import duplicate_keys
from lean_bento.error_response import ErrorResponse

__all__ = [
    "Application",
    "ArrayAssessment",
    "Assessment",
    "AssessmentBatch",
    "Reason",
    "repeated",
]

COURSE_EXAMPLE: Final[JsonDict] = {
    "seniority": 3,
    "home": "owner",
    "time": 36,
    "age": 26,
    "marital": "single",
    "records": "no",
    "job": "freelance",
    "expenses": 35,
    "income": 0.0,
    "assets": 60000.0,
    "debt": 3000.0,
    "amount": 800,
    "price": 1000,
}
RISKY_EXAMPLE = COURSE_EXAMPLE | {"records": "yes", "job": "partime", "income": None}
REASON_EXAMPLE: Final[JsonDict] = {
    "code": "AFFORDABILITY",
    "field": "income",
    "message": "Little of your income is left after expenses and the loan's instalment.",
    "analyst": "income 0, expenses 35, amount 800, time 36: adds 0.6003 to the log-odds of default",
    "contribution": 0.6003,
}
ASSESSMENT_EXAMPLE: Final[JsonDict] = {
    "status": "MAYBE",
    "default_probability": 0.3847,
    "reasons": [REASON_EXAMPLE],
    "model": "credit_risk_model:xau5fhhflwweoax4",
}
MONEY = "in the monetary unit of the source data"


def _number(name: str, meaning: str, unit: str, *, optional: bool = False) -> Any:  # noqa: ANN401  pydantic types Field so
    """Describe one numeric field: meaning, unit, limits, and how missing is written."""
    low, high = LIMITS[name]
    missing = f"; null or absent when not known, never {MISSING_CODE}" if optional else ""
    text = f"{meaning}, {unit}: a number from {low:.0f} to {high:.0f}{missing}"
    if optional:
        return Field(None, ge=low, le=high, description=text)
    return Field(ge=low, le=high, description=text)


def _category(name: str, meaning: str) -> Any:  # noqa: ANN401  pydantic types Field so
    """Describe one categorical field: meaning and every accepted word."""
    return Field(description=f"{meaning}: one of {', '.join(CATEGORIES[name])}")


class Application(BaseModel):
    """One loan application: thirteen fields, no others.

    Numbers are JSON numbers, not text; a category is one of its field's words.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        json_schema_extra={"examples": [COURSE_EXAMPLE]},
    )

    seniority: float = _number("seniority", "Time in the present job", "years")
    home: Home = _category("home", "Housing")
    time: float = _number("time", "Requested term of the loan", "months")
    age: float = _number("age", "Age of the applicant", "years")
    marital: Marital = _category("marital", "Marital status")
    records: Records = _category("records", "Whether there is a record of earlier trouble")
    job: Job = _category("job", "Employment")
    expenses: float = _number("expenses", "Monthly household expenses", MONEY)
    income: float | None = _number("income", "Monthly income", MONEY, optional=True)
    assets: float | None = _number("assets", "Value of what is owned", MONEY, optional=True)
    debt: float | None = _number("debt", "Debt already owed", MONEY, optional=True)
    amount: float = _number("amount", "Amount asked for", MONEY)
    price: float = _number("price", "Price of what the loan pays for", MONEY)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:  # type: ignore[override]  # the rest of pydantic's arguments would cost more than the check
        """Validate JSON in which no field stands twice.

        Raises:
            ValidationError: names every wrong field.
        """
        body = json_data.encode() if isinstance(json_data, str) else json_data
        application: Self = cls.__pydantic_validator__.validate_json(body)
        # Neither a field's name nor a category has a colon: each colon is one field.
        if body.count(b":") != len(application.__pydantic_fields_set__):
            raise repeated(duplicate_keys(body))
        return application


REPEATED: Final = PydanticCustomError("repeated", "This field stands there more than once")


def repeated(names: Iterable[str]) -> ValidationError:
    """Say which fields stand in an application more than once."""
    findings = [InitErrorDetails(type=REPEATED, loc=(name,), input=None) for name in names]
    return ValidationError.from_exception_data(Application.__name__, findings)


class Reason(BaseModel):
    """Why an application was not approved outright."""

    code: str = Field(description="Stable code of the reason.")
    field: str = Field(description="The application's field it is filed under.")
    message: str = Field(description="One sentence for the applicant.")
    analyst: str = Field(description="One sentence for the analyst: values and contribution.")
    contribution: float = Field(
        description="What it adds to the log-odds of default, against the average loan."
    )


PROBABILITY = "Probability that the loan ends in default, 0 to 1."
MODEL_TAG = "Tag of the model that decided."


class Assessment(BaseModel):
    """The answer to one application."""

    model_config = ConfigDict(json_schema_extra={"examples": [ASSESSMENT_EXAMPLE]})

    status: Decision = Field(description="The decision, by the policy stored with the model.")
    default_probability: float = Field(ge=0, le=1, description=PROBABILITY)
    reasons: list[Reason] = Field(
        max_length=4, description="With MAYBE and DECLINED, most important first."
    )
    model: str = Field(description=MODEL_TAG)


def _written_as_it_is(source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401  pydantic's signature
    """Let each entry say how it is written: plain fields are welcome, and no union is tried."""
    schema: dict[str, Any] = dict(handler(source))
    schema["serialization"] = core_schema.simple_ser_schema("any")
    return cast("core_schema.CoreSchema", schema)


class AssessmentBatch(
    RootModel[Annotated[list[Assessment | ErrorResponse], GetPydanticSchema(_written_as_it_is)]]
):
    """The answer to each application, or what is wrong with it, in the same order."""

    @classmethod
    def of(cls, rows: list[Any]) -> "AssessmentBatch":
        """Hold rows as they are: the fields of an ``Assessment``, or a ``ErrorResponse``."""
        return cls.model_construct(root=rows)


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

    status: list[Decision] = Field(description="One decision a row.")
    default_probability: list[float] = Field(description=f"One a row. {PROBABILITY}")
    model: str = Field(description=MODEL_TAG)
    reasons: Annotated[list[list[Reason]], GetPydanticSchema(_written_as_it_is)] | None = Field(
        None,
        exclude_if=lambda reasons: reasons is None,
        description="Only if asked for: the reasons of each row.",
    )
