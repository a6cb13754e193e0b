"""Score a part of a file by a running service, with the columns that ``BatchScorer`` has."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from credit_risk.client import Client, RefusedError
from credit_risk.files.columns import ColumnReader
from credit_risk.files.scoring import ANSWER, ReasonsAs, problems_of, written
from credit_risk.form import Form


class ServiceScorer:
    """Asks a service for the answers to parts of files."""

    def __init__(self, form: Form, client: Client, *, reasons: ReasonsAs = "codes") -> None:
        """Ask the service for its model.

        Args:
            form: of the applications.
            client: of the service.
            reasons: as of ``BatchScorer``.

        Raises:
            ServiceError: if there is no service.
        """
        self.form = form
        self.reasons = reasons
        self._client = client
        self._model = client.model()["model"]
        self._readers = {name: ColumnReader(each) for name, each in form.by_name.items()}

    def __call__(
        self, cells: pa.RecordBatch, columns: Mapping[str, str | None], refused: Mapping[int, str]
    ) -> pa.RecordBatch:
        """Score the rows of a part, as ``BatchScorer`` does."""
        read = [columns[name] and cells.column(columns[name]).to_pylist() for name in self._readers]
        rows = [
            {
                name: reader.value_of(column[place] if column else None)
                for (name, reader), column in zip(self._readers.items(), read, strict=True)
            }
            for place in range(cells.num_rows)
            if place not in refused
        ]
        found = self._client.classify_many(rows, reasons=self.reasons != "none", language="en")
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
        (reasons,) = written([found.reasons], self.reasons)
        return {
            "status": found.status,
            "default_probability": found.default_probability,
            "reasons": reasons,
            "model": found.model,
        }
