"""Score a part of a file: an Arrow record batch in, a record batch out.

The same steps as in the service: what is plainly right is encoded in columns, any other row goes
through the model of an application; then the scorer takes over. So an answer is the service's to
the last bit, and an error has its words.
"""

import json
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final, Literal, Self, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from credit_risk.decision import ReasonCodes, Scorer
from credit_risk.errors import DataError
from credit_risk.files.columns import ColumnReader, Read
from credit_risk.form import Category, Field, Form, YesNo
from credit_risk.model import ColumnEncoder
from lean_bento import explain_findings

ANSWER: Final = pa.schema(
    {
        "status": pa.string(),
        "default_probability": pa.float64(),
        "reasons": pa.string(),
        "error": pa.string(),
        "model": pa.string(),
    }
)
"""Columns of an answer; where ``error`` is, the first three are null."""

ReasonsAs = Literal["none", "codes", "full"]

_AS_JSON: Final = json.JSONEncoder(ensure_ascii=False)

T = TypeVar("T")


class BatchScorer:
    """Scores parts of a file with one model."""

    def __init__(
        self,
        form: Form,
        scorer: Scorer,
        *,
        reasons: ReasonsAs = "codes",
        language: str | None = None,
    ) -> None:
        """Prepare for a form and a model.

        Args:
            form: of the applications.
            scorer: whose calls run here, in this process.
            reasons: which part of them: nothing, the codes with blanks between them, or all of
                each as JSON.
            language: of the sentences of full reasons; None for English, or the form's first.
        """
        self.form = form
        if reasons == "codes":
            codes = {each: ReasonCodes.of(of) for each, of in scorer.reasons.items()}
            scorer = replace(scorer, reasons=codes)
        self._scorer = scorer
        self._encoder = ColumnEncoder(form)
        self.reasons = reasons
        self.language = None if reasons == "none" else language or usual_language(form)
        self._readers = {name: ColumnReader(each) for name, each in form.by_name.items()}

    def __call__(
        self, cells: pa.RecordBatch, columns: Mapping[str, str | None], refused: Mapping[int, str]
    ) -> pa.RecordBatch:
        """Score the rows of a part.

        Args:
            cells: as they were read.
            columns: for each field its column, as ``find_columns``; None where there is none.
            refused: rows that could not be read, by place, and why.

        Returns:
            A row for each row of ``cells``, with the columns of ``ANSWER``.
        """
        count = cells.num_rows
        by_field = {
            name: cells.column(column) if column else pa.nulls(count, pa.string())
            for name, column in columns.items()
        }
        read = {name: self._readers[name].read(each) for name, each in by_field.items()}
        errors = dict(refused)
        unsure = ~np.logical_and.reduce([each.sure for each in read.values()])
        for place in np.flatnonzero(unsure).tolist():
            if place not in errors:
                self._settle(place, by_field, read, errors)
        good = np.ones(count, dtype=bool)
        good[list(errors)] = False
        return self._answer({name: each.values[good] for name, each in read.items()}, good, errors)

    def _settle(
        self,
        place: int,
        cells: Mapping[str, Any],
        read: Mapping[str, Read],
        errors: dict[int, str],
    ) -> None:
        """Let the model of an application decide on a row, and keep its values or its error."""
        fields = {
            name: self._readers[name].value_of(each[place].as_py()) for name, each in cells.items()
        }
        application = self.form.application
        try:
            valid = vars(application.model_validate(fields))
        except ValidationError as error:
            findings = error.errors(include_url=False, include_context=False)
            problems = explain_findings(findings, application).detail
            errors[place] = problems_of(map(vars, problems), fields)
            return
        for name, each in read.items():
            each.values[place] = self._readers[name].coded(valid[name])

    def _answer(
        self, values: Mapping[str, NDArray[Any]], good: NDArray[np.bool_], errors: dict[int, str]
    ) -> pa.RecordBatch:
        scored = int(good.sum())
        rows = self._encoder.encode_columns(values, scored)
        sent = _Sent.of(self.form, values) if self.reasons == "full" else None
        found = _finish(self._scorer.assess_rows(rows, language=self.language, sent=sent))
        reasons = written(found.reasons or [()] * scored, self.reasons)
        places = np.where(good, np.cumsum(good) - 1, -1)
        take = pa.array(places, mask=~good)
        columns = [
            pa.array(found.status, pa.string()).take(take),
            pa.array(found.default_probability, pa.float64()).take(take),
            pa.array(reasons, pa.string()).take(take),
            pa.array([errors.get(place) for place in range(len(good))], pa.string())
            if errors
            else pa.nulls(len(good), pa.string()),
            pa.array([found.model], pa.string()).take(pa.array(np.zeros(len(good), np.int8))),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=ANSWER)


def written(reasons: Iterable[Sequence[Any]], how: ReasonsAs) -> list[str | None]:
    """Write the reasons of each row: nothing, the codes with blanks between, or all as JSON."""
    if how == "none":
        return [None for _ in reasons]
    if how == "codes":
        return [" ".join([each["code"] for each in several]) for several in reasons]
    return [_AS_JSON.encode(several) if several else "" for several in reasons]


def problems_of(problems: Iterable[Mapping[str, Any]], sent: Mapping[str, Any]) -> str:
    """Write what is wrong with a row, a field each."""
    return "; ".join(
        f"{each['field']}: {each['message']}, found {sent.get(each['field'])!r:.50}; "
        f"expected {each['expected']}"
        for each in problems
    )


class _Sent(Sequence[object]):
    """Applications as they were sent, each made when a sentence needs its values."""

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self._columns = columns

    @classmethod
    def of(cls, form: Form, values: Mapping[str, NDArray[Any]]) -> Self:
        return cls({name: _values_of(form.by_name[name], each) for name, each in values.items()})

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401  a slice, or one
        found = {name: each[place] for name, each in self._columns.items()}
        return _Sent(found) if isinstance(place, slice) else SimpleNamespace(**found)


def _values_of(field: Field, coded: NDArray[Any]) -> list[Any]:
    """Return the values of a column as a request has them."""
    missing = np.isnan(coded)
    if isinstance(field, Category):
        values = np.array(list(field.words), dtype=object)[coded.astype(np.intp)]
    else:
        values = coded.astype(bool if isinstance(field, YesNo) else np.float64).astype(object)
    values[missing] = None
    found: list[Any] = values.tolist()
    return found


def usual_language(form: Form) -> str:
    """Return English, or the first language of a form without it."""
    return "en" if "en" in form.sentences else next(iter(form.sentences))


def listed(names: Iterable[str]) -> str:
    """List names in a sentence: in one line, and not too long for it."""
    return " ".join(", ".join(names).split())[:200]


def find_columns(form: Form, labels: Sequence[str], source: str) -> dict[str, str | None]:
    """Find the column of each field: by the field's name, or that of the lender's file.

    Args:
        form: whose fields they are.
        labels: of the columns, in any order and letter case.
        source: name of the file, for the error.

    Raises:
        DataError: if a field that must be there has no column, or one has two.
    """
    found = columns_of(form, labels, source)
    lacking = [name for name in found if not (found[name] or form.by_name[name].optional)]
    if lacking:
        problem = f"found no column for {', '.join(lacking)}; expected one each for "
        problem += f"{', '.join(form.by_name)}; the file has {listed(labels)}"
        raise DataError(source, problem)
    return found


def columns_of(form: Form, labels: Sequence[str], source: str) -> dict[str, str | None]:
    """Find columns as ``find_columns``; None of a field that has none, whether it must or not.

    Raises:
        DataError: if a field has two.
    """
    found: dict[str, str | None] = {}
    names = {name.lower() for name in form.by_name}
    for name, field in form.by_name.items():
        known = {name.lower()} | ({field.column.lower()} - names)
        its = [label for label in labels if label.strip().lower() in known]
        if len(its) > 1:
            raise DataError(source, f"found {its[0]!r} and {its[1]!r}, expected one of them")
        found[name] = its[0] if its else None
    return found


def _finish(steps: Coroutine[Any, Any, T]) -> T:
    """Carry out the scorer's steps, which wait for nothing where the model runs here."""
    while True:
        try:
            steps.send(None)
        except StopIteration as done:
            answer: T = done.value
            return answer
