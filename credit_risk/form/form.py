"""A form: everything that one lender's application consists of, and what follows from it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from itertools import product
from json import dumps
from math import isnan
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import EncodingError, FormError
from credit_risk.form.application import REFERENCE, batch_model, wire_model
from credit_risk.form.fields import (
    Category,
    Compared,
    Derived,
    Field,
    Number,
    Outcome,
    ReasonCode,
    YesNo,
)
from credit_risk.form.sentences import NOT_STATED, Sentences, check_sentences, say_undone
from lean_bento import RowBatch, UniqueKeys

STEPS: Final = 33
"""Numbers of a range at which a derived column is tried, zero beside them."""
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
EXACT: Final = 2**24
"""Up to which float32 holds every whole number."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Form:
    """The declaration of an application.

    Attributes:
        name: of the form.
        about: the docstring of an application, in the API's documents.
        fields: in the order of a request.
        derived: columns that are computed from the fields.
        outcome: what became of a loan, in the lender's file.
        compared: groups of applicants whose approvals the report compares.
        limits_of_use: what data and model were not made for, a sentence each.
        sentences: by language and reason code, for the applicant.
        contrast: what differs from the fields' examples in a second, riskier example.
        module: by which ``load_form`` found it: a dotted name or a path; empty before.
    """

    name: str
    fields: tuple[Field, ...]
    outcome: Outcome
    derived: tuple[Derived, ...] = ()
    about: str = "One loan application."
    compared: tuple[Compared, ...] = ()
    limits_of_use: tuple[str, ...] = ()
    sentences: Sentences = field(default_factory=dict)
    contrast: Mapping[str, Any] = field(default_factory=dict)
    module: str = field(default="", init=False)

    def __post_init__(self) -> None:
        """Refuse contradictions.

        Raises:
            FormError: names the field or the column.
        """
        place = f"form {self.name}"
        for found, expected in self._problems():
            raise FormError(place, found=found, expected=expected)
        for derived in self.derived:
            self._check_derived(derived)
        check_sentences(self.name, self.sentences, self._told)

    def __reduce__(self) -> Any:  # noqa: ANN401  as the base class
        """Pickle by name, as functions are: processes of training load it again."""
        from credit_risk.form.loading import load_form  # noqa: PLC0415  it loads forms

        return (load_form, (self.module,)) if self.module else super().__reduce__()

    # What a request and an encoded row consist of

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by name."""
        return {each.name: each for each in self.fields}

    @cached_property
    def numbers(self) -> dict[str, Number | YesNo]:
        """Fields with one column, of their value, by name."""
        return {each.name: each for each in self.fields if isinstance(each, Number | YesNo)}

    @cached_property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """Words of each field with a column a word, by name."""
        return {each.name: tuple(each.words) for each in self.fields if isinstance(each, Category)}

    @cached_property
    def optional(self) -> frozenset[str]:
        """Names of the fields that may be missing."""
        return frozenset(name for name, each in self.numbers.items() if each.optional)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the encoded columns in order: what every vectorizer must agree with."""
        return tuple(sorted(column for each in self.fields for column in each.columns))

    @cached_property
    def example(self) -> dict[str, Any]:
        """The example of a request."""
        return {each.name: each.example for each in self.fields}

    @cached_property
    def application(self) -> type[UniqueKeys]:
        """The model of one application."""
        return wire_model(self.about, self.fields, self.example)

    @cached_property
    def application_batch(self) -> "type[RowBatch[Any]]":
        """The model of many applications."""
        return batch_model(self.application, [self.example, {**self.example, **self.contrast}])

    def decode(self, row: Sequence[float]) -> dict[str, Any]:
        """Return the fields that an encoded row stands for, a number with its fewest digits.

        A field whose columns are not known, as where a log hides it, is None.
        """
        found: dict[str, Any] = {}
        for name, place in self._places.items():
            number = row[place]
            if isnan(number):
                found[name] = None
            elif number == int(number) and abs(number) <= EXACT:
                found[name] = int(number)
            else:  # 12.34, not 12.34000015258789; 1e12, not 999999995904
                found[name] = float(str(np.float32(number)))
        for name, each in self.numbers.items():
            if isinstance(each, YesNo) and found[name] is not None:
                found[name] = bool(found[name])
        for name, (first, words) in self._words.items():
            indicators = row[first : first + len(words)]  # its columns stand side by side
            found[name] = words[indicators.index(1)] if 1 in indicators else None
        return found

    def field_of(self, column: str) -> Field:
        """Return the field of an encoded column."""
        return self.by_name[column.partition("=")[0]]

    # What a model may see, and how it must behave

    @cached_property
    def by_derived(self) -> dict[str, Derived]:
        """Derived columns by name."""
        return {each.name: each for each in self.derived}

    @cached_property
    def directions(self) -> dict[str, int]:
        """How the probability of default may move as a column grows: -1 never up, +1 never down."""
        return {column: way for each in self.fields for column, way in each.directions.items()}

    @cached_property
    def prohibited(self) -> tuple[str, ...]:
        """Names of the fields that no model may see."""
        return tuple(each.name for each in self.fields if each.prohibited)

    def source_fields(self, name: str) -> frozenset[str]:
        """Names of the fields that an input of the trees is made of."""
        derived = self.by_derived.get(name)
        return frozenset(derived.rises_with if derived else [name.partition("=")[0]])

    def inputs_without(self, excluded: Collection[str]) -> tuple[str, ...]:
        """Every column and derived column that is not made of an excluded field, in order."""
        every = (*self.columns, *self.by_derived)
        return tuple(name for name in every if self.source_fields(name).isdisjoint(excluded))

    def constraints(self, inputs: Sequence[str], directions: Mapping[str, int]) -> tuple[int, ...]:
        """Say how the probability must move with each input so that it moves so with each field.

        Args:
            inputs: names of columns and derived columns.
            directions: as the form's own.

        Returns:
            +1, -1 or 0 (free) for each input, as XGBoost's ``monotone_constraints`` takes them.

        Raises:
            FormError: if an input would have to go both ways.
        """
        found = []
        for name in inputs:
            moves = self.by_derived[name].rises_with if name in self.by_derived else {name: 1}
            asked = moves.keys() & directions.keys()
            ways = {directions[each] * moves[each] for each in asked}
            if len(ways) > 1:
                place = f"derived column {name}"
                expected = "one way at most: leave the column or a direction out"
                said = f"directions of {', '.join(moves)} that ask for both ways"
                raise FormError(place, found=said, expected=expected)
            found.append(ways.pop() if ways else 0)
        return tuple(found)

    # What a decision is explained with

    @cached_property
    def reason_codes(self) -> tuple[ReasonCode, ...]:
        """Reasons in the order of the fields; of equal contributions the first comes first."""
        relations: dict[str, ReasonCode] = {}
        for derived in self.derived:
            before = relations.get(derived.reason)
            shows = dict.fromkeys([*(before.shows if before else ()), *derived.rises_with])
            relations[derived.reason] = ReasonCode(
                derived.reason,
                field=next(iter(shows)),
                inputs=(*(before.inputs if before else ()), derived.name),
                shows=tuple(shows),
                told=derived.told and (before is None or before.told),
            )
        codes = []
        for each in self.fields:
            codes.append(ReasonCode(each.reason, each.name, shows=(each.name,), told=each.told))
            codes += [code for code in relations.values() if code.field == each.name]
        return tuple(replace(code, told=self._is_told(code)) for code in codes)

    def reason_of(self, name: str) -> ReasonCode:
        """Return the code of the reason that an input of the trees adds to.

        Raises:
            EncodingError: if there is none; names the input.
        """
        for code in self.reason_codes:
            if name in (code.inputs or self.by_name[code.field].columns):
                return code
        msg = f"found the input {name!r}, expected one with a reason code"
        raise EncodingError(msg)

    @property
    def taken_over(self) -> list[tuple[ReasonCode, ReasonCode]]:
        """Each code of an optional number, with that of a relation that needs the number."""
        return [
            (number, relation)
            for number in self.reason_codes
            for relation in self.reason_codes
            if not number.inputs and number.field in self.optional
            if relation.inputs and number.field in relation.shows
        ]

    @cached_property
    def cautions(self) -> list[str]:
        """What is not yet done, a sentence each."""
        return [said] if (said := say_undone(self.sentences, self._told)) else []

    @cached_property
    def data(self) -> dict[str, Any]:
        """The part of the form that is data: what a model was made for."""
        return {
            "name": self.name,
            "columns": list(self.columns),
            "fields": [_described(each) for each in self.fields],
            "derived": [
                {"name": each.name, "formula": each.formula, "rises_with": dict(each.rises_with)}
                for each in self.derived
            ],
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of ``data``."""
        return sha256(dumps(self.data, sort_keys=True).encode()).hexdigest()

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: self.columns.index(name) for name in self.numbers}

    @cached_property
    def _words(self) -> dict[str, tuple[int, list[str]]]:
        """First column of each category, and its words in the order of the columns."""
        return {
            name: (self.columns.index(f"{name}={min(words)}"), sorted(words))
            for name, words in self.categories.items()
        }

    @cached_property
    def _told(self) -> dict[str, bool]:
        """Whether an applicant can get the sentence of a code."""
        return {
            code: each.told and not self._is_unseen(each)
            for each in self.reason_codes
            for code in self._codes_of(each)
        }

    def _is_told(self, reason: ReasonCode) -> bool:
        """Tell whether an applicant is told; without a sentence not of what no model may see."""
        codes, every = self._codes_of(reason), self.sentences.values()
        there = all(code in of for of in every for code in codes)
        return reason.told and (there or not self._is_unseen(reason))

    def _is_unseen(self, reason: ReasonCode) -> bool:
        """Tell whether all that adds to a reason is made of a prohibited field."""
        made_of = [self.source_fields(name) for name in reason.inputs or (reason.field,)]
        return not any(fields.isdisjoint(self.prohibited) for fields in made_of)

    def _codes_of(self, reason: ReasonCode) -> list[str]:
        """Codes that a reason can have: that of a missing number beside its own."""
        not_stated = not reason.inputs and reason.field in self.optional
        return [reason.code, *([reason.code + NOT_STATED] if not_stated else [])]

    def _problems(self) -> Iterator[tuple[str, str]]:
        """List contradictions: what was found and what was expected."""
        names = [each.name for each in self.fields]
        names += [derived.name for derived in self.derived]
        if odd := [name for name in names if not NAME.fullmatch(name)]:
            yield f"the name {odd[0]!r}", "letters of ASCII, digits and _, a letter first"
        if odd := [each for each in self.by_name if each == REFERENCE or hasattr(UniqueKeys, each)]:
            expected = f'another name with column="{self.by_name[odd[0]].column}"'
            yield f"the name {odd[0]}, which every application has", expected
        columns = [each.column.lower() for each in self.fields] + [self.outcome.column.lower()]
        reasons = [code for each in self.reason_codes for code in self._codes_of(each)]
        for what, every in (("name", names), ("column", columns), ("reason", reasons)):
            if twice := [each for each in every if every.count(each) > 1]:
                yield f"the {what} {twice[0]} twice", "each once"
        if not self.inputs_without(self.prohibited):
            yield "no field that a model may see", "one at least"
        if both := [name for name in self.directions if self.field_of(name).prohibited]:
            yield f"a direction of {both[0]}, which no model may see", "one or the other"
        if odd := sorted(self.contrast.keys() - self.by_name.keys()):
            yield f"{odd[0]} in contrast", "the name of a field"
        for each in self.compared:
            if isinstance(self.by_name.get(each.field), Number) != (each.limit is not None):
                yield f"groups of {each.field} with limit {each.limit}", "a limit if it is a number"

    def _check_derived(self, derived: Derived) -> None:
        place = f"derived column {derived.name}"
        moves = derived.rises_with
        if odd := [name for name in moves if not isinstance(self.by_name.get(name), Number)]:
            raise FormError(place, found=f"{odd[0]!r} in rises_with", expected="a number's name")
        self.constraints([derived.name], self.directions)
        for name, way in moves.items():
            found = self._along(derived, name)
            if not np.isfinite(found).all():
                expected = "a finite one everywhere in its ranges: low above 0 where it divides"
                raise FormError(place, found="a result that is not finite", expected=expected)
            if (np.diff(found, axis=0) * way < 0).any():
                verb = "falls" if way > 0 else "rises"
                expected = "as said; a number that stands in a formula twice can turn by rounding"
                raise FormError(place, found=f"a result that {verb} with {name}", expected=expected)

    def _along(self, derived: Derived, name: str) -> NDArray[np.float32]:
        """Compute a derived column along one of its fields: (steps, ends of the others' ranges)."""
        ends = {
            each: (self.numbers[each].low, self.numbers[each].high) for each in derived.rises_with
        }
        low, high = ends.pop(name)
        steps = sorted({*np.linspace(low, high, STEPS).tolist(), min(max(0, low), high)})
        grid = np.array(list(product(steps, *ends.values())), dtype=np.float32)
        of = {each: grid[:, place] for place, each in enumerate([name, *ends])}
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(derived.compute(of), dtype=np.float32)
            return found.reshape(len(steps), -1)
        except Exception as error:  # noqa: BLE001  a person's own function can raise anything
            said = f"compute that raises {type(error).__name__}: {error}"
            place = f"derived column {derived.name}"
            raise FormError(place, found=said, expected="(n,) numbers") from None


def _described(each: Field) -> dict[str, Any]:
    """Describe a field in plain data."""
    found: dict[str, Any] = {
        "name": each.name,
        "kind": each.kind,
        "prohibited": each.prohibited,
        "directions": each.directions,
        "reason": each.reason,
    }
    if isinstance(each, Category):
        return found | {"words": list(each.words)}
    if isinstance(each, Number):
        found |= {"unit": each.unit, "low": each.low, "high": each.high, "whole": each.whole}
    return found | {"optional": each.optional}
