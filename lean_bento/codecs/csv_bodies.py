"""Bodies of requests and answers in CSV, ``text/csv``, where JSON has a list of rows."""

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from lean_bento.bentoml_internals import ALL_SERDE, Payload
from lean_bento.codecs.json_encoding import MarkedJSONSerde
from lean_bento.codecs.npy import JSON
from lean_bento.codecs.tables import CSV, ROWS_IN_A_PART, harmless, read_csv
from lean_bento.error_response import ErrorResponse
from lean_bento.request_context import current
from lean_bento.rows import RowAnswers, RowBatch, check_size

Model = TypeVar("Model", bound="RowBatch[Any]")

BEHIND: Final = ("error", "line")
"""Columns behind those of an answer."""


def accepts_csv(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a request asks for an answer in CSV and not in JSON."""
    accepted = b",".join(value for name, value in headers if name == b"accept").lower()
    return CSV.encode() in accepted and b"json" not in accepted


def checked_parts(body: bytes, batch: type[Model]) -> Iterator[Model]:
    """Read and validate rows, some at a time.

    Raises:
        ValidationError: if the body is no table of such rows.
        BentoMLException: with status 413, if it has too many rows or cells.
    """
    values = max(map(body.count, (b",", b";", b"\t"))) + body.count(b"\n")
    check_size(values=values, values_per_row=batch.values_per_row)
    count = 0
    for lines, rows in read_csv(body, batch.row_model):
        count += len(rows)
        check_size(rows=count)
        yield batch.of_rows(rows, lines)


async def read_csv_rows(body: bytes, batch: type[Model]) -> Model:
    """Read rows as ``checked_parts``, with other tasks of the event loop in between."""
    parts = []
    for part in checked_parts(body, batch):
        parts.append(part)
        await asyncio.sleep(0)
    return batch.join(parts)


def written_parts(answers: RowAnswers[Any]) -> Iterator[bytes]:
    """Write answers, some at a time, below a header.

    A row has the cells of its answer, or its error, and the line where it began in the request,
    or else its number.
    """
    columns = answers.columns()
    rows = chain([[*columns, *BEHIND]], _cells(answers, columns))
    while part := list(islice(rows, ROWS_IN_A_PART)):
        text = io.StringIO()
        csv.writer(text).writerows(part)
        yield text.getvalue().encode()


async def write_csv_rows(answers: RowAnswers[Any]) -> bytes:
    """Write answers as ``written_parts``, with other tasks of the event loop in between."""
    parts = []
    for part in written_parts(answers):
        parts.append(part)
        await asyncio.sleep(0)
    return b"".join(parts)


def _cells(answers: RowAnswers[Any], columns: tuple[str, ...]) -> Iterator[list[Any]]:
    nothing, cells_of = [None] * len(columns), answers.cells_of
    lines = answers.lines or range(1, len(answers.root) + 1)
    for line, answer in zip(lines, answers.root, strict=True):
        if isinstance(answer, ErrorResponse):
            yield [*nothing, harmless(answer.as_text()), line]
        else:
            yield [*cells_of(answer), None, line]


class AcceptSerde(MarkedJSONSerde):
    """Reads JSON, and answers with what a request accepts, on BentoML's own path."""

    def serialize_model(self, model: BaseModel) -> Payload:
        """Write an answer."""
        context = current()
        if context and context.accepts_csv and isinstance(model, RowAnswers):
            return Payload(tuple(written_parts(model)), {"content-type": CSV})
        return super().serialize_model(model)


class CsvSerde(AcceptSerde):
    """Reads CSV, on BentoML's own path."""

    media_type = CSV

    async def parse_request(self, request: Request, cls: type[Model]) -> Model:
        """Read a body."""
        return await read_csv_rows(await request.body(), cls)


ALL_SERDE[JSON] = AcceptSerde
ALL_SERDE[CSV] = CsvSerde
