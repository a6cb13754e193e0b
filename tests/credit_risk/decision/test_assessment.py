"""What goes out: answers are what the document says."""

import json

import pytest
from pydantic import ValidationError

from credit_risk.decision import ArrayAssessment, Assessment, AssessmentBatch

REASON = {
    "code": "DEBT",
    "field": "debt",
    "message": "Your existing debt is high for the loan you have applied for.",
    "analyst": "debt 3000: adds 0.6589 to the log-odds of default",
    "contribution": 0.6589,
}
ANSWER = {"status": "MAYBE", "default_probability": 0.4, "reasons": [REASON], "model": "m:1"}


def test_the_example_of_the_document_is_an_answer() -> None:
    (example,) = Assessment.model_json_schema()["examples"]

    assert Assessment.model_validate(example).model_dump() == example


@pytest.mark.parametrize(
    "change", [{"status": "no word"}, {"default_probability": 1.1}, {"reasons": [REASON] * 5}]
)
def test_what_the_document_does_not_allow_is_no_answer(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Assessment.model_validate(ANSWER | change)


def test_a_batch_is_written_with_its_errors_in_place() -> None:
    error = {"error": "The request is not valid.", "detail": []}

    written = AssessmentBatch.of([ANSWER, error]).model_dump_json()

    assert json.loads(written) == [ANSWER, error]


@pytest.mark.parametrize(("reasons", "has_them"), [(None, False), ([[REASON], []], True)])
def test_an_array_has_reasons_only_if_they_were_wanted(
    reasons: list[object] | None,
    has_them: bool,  # noqa: FBT001  a case
) -> None:
    answer = ArrayAssessment.model_construct(
        status=["MAYBE", "APPROVED"], default_probability=[0.4, 0.1], model="m:1", reasons=reasons
    )

    assert ("reasons" in json.loads(answer.model_dump_json())) == has_them
