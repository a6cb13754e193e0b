"""Cells of a column as a form's field has them: numbers, or places of words.

What is plainly right is read here, a column at once. A cell that is not is only marked: its row
goes through the model of an application, whose refusal is the service's own. So nothing is
accepted here that the service would refuse, and nothing is refused here at all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isnan, nan
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from credit_risk.form import Category, Field, Number, YesNo, as_compared

NUMERAL: Final = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
UNKNOWN: Final = -1.0
"""Stands in a column for what is no word, yes or no."""
ANSWERS: Final = {"true": True, "false": False}
"""How JSON writes yes and no."""


@dataclass(frozen=True, eq=False)  # no ==: arrays do not compare to one truth value
class Read:
    """A column as it was read.

    Attributes:
        values: (n,) float64, NaN where missing; of a category places of words; of yes and no 1
            and 0.
        sure: (n,) bool: where the value is plainly right.
    """

    values: NDArray[Any]
    sure: NDArray[np.bool_]


class ColumnReader:
    """Reads the cells of one field, in the words of a request or the codes of the lender's file."""

    def __init__(self, field: Field) -> None:
        """Prepare what each text means."""
        self.field = field
        self._words = list(field.words) if isinstance(field, Category) else []
        self._meanings = _meanings(field)
        texts = map(str, field.missing)
        self._codes = [float(text) for text in texts if re.fullmatch(NUMERAL, text)]

    def read(self, cells: Any) -> Read:  # noqa: ANN401  pyarrow is untyped
        """Read the cells of an Arrow array: text, numbers or yes and no."""
        cells = _plain(cells)
        if isinstance(self.field, Number):
            return self._numbers(cells, self.field)
        values = _by_value(cells, lambda cell: self.coded(self.value_of(cell)))
        sure = values != UNKNOWN
        return Read(np.where(sure, values, 0), sure)

    def value_of(self, cell: object) -> Any:  # noqa: ANN401  of its field
        """Return the value of a cell as a request has it; what means nothing stays as it is."""
        if cell is None or (isinstance(cell, float) and isnan(cell)):
            cell = ""
        if isinstance(self.field, Number) and isinstance(cell, int | float):
            if isinstance(cell, bool):
                return cell
            return self._meanings.get(as_compared(cell), float(cell))
        text = str(cell).strip()
        if isinstance(cell, bool):
            text = text.lower()
        compared = as_compared(text)
        for each in (str(cell), text, compared):
            if each in self._meanings:
                return self._meanings[each]
        is_number = isinstance(self.field, Number) and re.fullmatch(NUMERAL, text)
        return float(text) if is_number else text or None

    def coded(self, value: object) -> float:
        """Return what stands for a value in a column; ``UNKNOWN`` if it is not the field's."""
        if isinstance(self.field, Category):
            return self._words.index(str(value)) if value in self._words else UNKNOWN
        if value is None and self.field.optional:
            return nan
        fits = isinstance(value, bool if isinstance(self.field, YesNo) else float)
        return float(cast("float", value)) if fits else UNKNOWN

    def _numbers(self, cells: Any, field: Number) -> Read:  # noqa: ANN401  pyarrow is untyped
        numbers = _as_numbers(cells)
        with np.errstate(invalid="ignore"):
            for code in self._codes:
                numbers[numbers == code] = nan
            sure = (numbers >= field.low) & (numbers <= field.high)
            if field.whole:
                sure &= np.rint(numbers) == numbers
        empty = np.isnan(numbers)
        if field.optional and empty.any():
            odd = cells.filter(pa.array(empty))
            sure[empty] = _by_value(odd, lambda cell: self.value_of(cell) is None)
        return Read(numbers, sure)


def _by_value(cells: Any, function: Callable[[Any], float]) -> NDArray[np.float64]:  # noqa: ANN401  pyarrow is untyped
    """Apply a function to each cell, to each different one once."""
    coded = cells.dictionary_encode()
    found = [function(cell) for cell in (*coded.dictionary.to_pylist(), None)]
    places = coded.indices.fill_null(len(found) - 1).to_numpy(zero_copy_only=False)
    values: NDArray[np.float64] = np.array(found, dtype=np.float64)[places]
    return values


def _meanings(field: Field) -> dict[str, Any]:
    """Return what each text means; one that means two things means neither, and says so."""
    found: dict[str, set[Any]] = {}
    pairs: list[tuple[str, Any]] = [(str(code), None) for code in field.missing]
    pairs += [("", None)] if field.optional and not isinstance(field, Category) else []
    if isinstance(field, Category):
        words: Any = field.words
        pairs += [(word, word) for word in words]
        pairs += [(code, word) for word, codes in words.items() for code in codes]
    elif isinstance(field, YesNo):
        answers: Any = field
        pairs += ANSWERS.items()
        pairs += [(c, True) for c in answers.yes] + [(c, False) for c in answers.no]
    for text, value in pairs:
        for each in {text, as_compared(text)}:
            found.setdefault(each, set()).add(value)
    return {
        text: values.pop() if len(values) == 1 else f"{text}, which means two things"
        for text, values in found.items()
    }


def _plain(cells: Any) -> Any:  # noqa: ANN401  pyarrow is untyped
    """Return an array of text, float64 or bool; what is none of them becomes text."""
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return _plain(cells.dictionary_decode())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return cells.cast(pa.float64(), safe=False)
    if pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return cells
    try:
        return cells.cast(pa.string())
    except pa.ArrowException:  # lists and the like
        return pa.array([None if each is None else str(each) for each in cells.to_pylist()])


def _as_numbers(cells: Any) -> NDArray[np.float64]:  # noqa: ANN401  pyarrow is untyped
    """Return numbers, NaN for what is none; text becomes float64 as in JSON."""
    if pa.types.is_boolean(cells.type):
        return np.full(len(cells), nan)
    if pa.types.is_string(cells.type):
        cells = _parsed(pc.utf8_trim_whitespace(cells))
    return np.array(cells.fill_null(nan).to_numpy(zero_copy_only=False))


def _parsed(texts: Any) -> Any:  # noqa: ANN401  pyarrow is untyped
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        is_number = pc.match_substring_regex(texts, f"^{NUMERAL}$")
        return pc.if_else(is_number, pc.utf8_ltrim(texts, "+"), None).cast(pa.float64())
