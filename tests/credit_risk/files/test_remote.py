"""What a service answers to rows of a file, beside what is scored here."""

import asyncio
from typing import Any

import pyarrow as pa
import pytest
from course import FORM
from pydantic import ValidationError
from scored_files import TOY, applications, scorer

from credit_risk.client import Decision, RefusedError
from credit_risk.errors import DataError
from credit_risk.files import BatchScorer, ServiceScorer, find_columns
from credit_risk.form import Form
from lean_bento import explain_findings


class Service:
    """Has the calls of a client, and answers with the toy's scorer."""

    def __init__(self, model: str = "m:1", form: Form = TOY) -> None:
        self._model = model
        self._form = {"name": form.name, "fingerprint": form.fingerprint}

    def model(self) -> dict[str, Any]:
        return {"model": self._model, "form": self._form}

    def classify_many(
        self, rows: list[dict[str, Any]], *, reasons: bool, language: str
    ) -> list[Decision | RefusedError]:
        return [self._answer(row, language if reasons else None) for row in rows]

    def _answer(self, row: dict[str, Any], language: str | None) -> Decision | RefusedError:
        try:
            application = TOY.application.model_validate(row)
        except ValidationError as error:
            found = explain_findings(error.errors(), TOY.application)
            return RefusedError(found.error, 400, map(vars, found.detail))
        (found,) = asyncio.run(scorer(TOY).assess([application], language=language))
        return Decision(**found, decision_id=None)


@pytest.mark.parametrize("reasons", ["none", "codes", "full"])
def test_a_service_gives_the_same_columns(reasons: Any) -> None:
    rows: list[dict[str, Any]] = [dict(row) for row in applications(TOY, 50)]
    rows[3] |= {"amount": "much", "place": "moon"}
    cells = pa.RecordBatch.from_pylist(rows)
    columns = find_columns(TOY, cells.schema.names, "x.csv")
    here = BatchScorer(TOY, scorer(TOY), reasons=reasons)

    there = ServiceScorer(TOY, Service(), reasons=reasons)  # type: ignore[arg-type]

    refused = {7: "row: found 1 cells; expected 5"}
    assert there(cells, columns, refused).equals(here(cells, columns, refused))


def test_a_service_of_another_form_is_refused() -> None:
    with pytest.raises(DataError, match="the service: found the form credit_scoring of m:1"):
        ServiceScorer(TOY, Service(form=FORM))  # type: ignore[arg-type]


def test_a_model_that_changes_in_the_middle_of_a_file_is_told() -> None:
    cells = pa.RecordBatch.from_pylist(applications(TOY, 3))
    scorer = ServiceScorer(TOY, Service(model="m:0"))  # type: ignore[arg-type]

    with pytest.raises(DataError, match="found m:1 in the middle of a file, expected m:0 to its"):
        scorer(cells, find_columns(TOY, cells.schema.names, "x.csv"), {})
