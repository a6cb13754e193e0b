"""Score a part of a file by a running service, with the columns that ``BatchScorer`` has."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from credit_risk.client import Client, RefusedError
from credit_risk.errors import DataError
from credit_risk.files.columns import ColumnReader
from credit_risk.files.scoring import ANSWER, ReasonsAs, problems_of, usual_language, written
from credit_risk.form import Form

SERVICE: Final = "the service"


class ServiceScorer:
    """Asks a service for the answers to parts of files.

    Attributes:
        card: of its model.
    """

    def __init__(
        self,
        form: Form,
        client: Client,
        *,
        reasons: ReasonsAs = "codes",
        language: str | None = None,
    ) -> None:
        """Ask the service for its model.

        Args:
            form: of the applications.
            client: of the service.
            reasons: as of ``BatchScorer``.
            language: as of ``BatchScorer``.

        Raises:
            DataError: if it has another form.
            ServiceError: if there is no service.
        """
        self.form = form
        self.reasons = reasons
        self.card = client.model()
        self._client = client
        self.language = None if reasons == "none" else language or usual_language(form)
        self._model = self.card["model"]
        found = self.card["form"]
        if found["fingerprint"] != form.fingerprint:
            problem = f"found the form {found['name']} of {self._model}"
            raise DataError(SERVICE, f"{problem}, expected the one at hand, {form.name}")
        self._readers = {name: ColumnReader(each) for name, each in form.by_name.items()}

    def __call__(
        self, cells: pa.RecordBatch, columns: Mapping[str, str | None], refused: Mapping[int, str]
    ) -> pa.RecordBatch:
        """Score the rows of a part, as ``BatchScorer`` does.

        Raises:
            DataError: if the service has another model by now.
            ServiceError: if it does not answer.
        """
        read = [columns[name] and cells.column(columns[name]).to_pylist() for name in self._readers]
        rows = [
            {
                name: reader.value_of(column[place] if column else None)
                for (name, reader), column in zip(self._readers.items(), read, strict=True)
            }
            for place in range(cells.num_rows)
            if place not in refused
        ]
        found = self._client.classify_many(
            rows, reasons=self.reasons != "none", language=self.language
        )
        answers = iter(map(self._cells, found, rows))
        return pa.RecordBatch.from_pylist(
            [
                {"error": refused[place], "model": self._model}
                if place in refused
                else next(answers)
                for place in range(cells.num_rows)
            ],
            schema=ANSWER,
        )

    def _cells(self, found: Any, sent: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401  a decision or an error
        if isinstance(found, RefusedError):
            return {"error": problems_of(found.detail, sent), "model": self._model}
        if found.model != self._model:
            problem = (
                f"found {found.model} in the middle of a file, expected {self._model} to its end"
            )
            raise DataError(SERVICE, f"{problem}; score it again")
        (reasons,) = written([found.reasons], self.reasons)
        return {
            "status": found.status,
            "default_probability": found.default_probability,
            "reasons": reasons,
            "model": found.model,
        }
