"""Inputs of the trees: source columns, and columns derived from them.

A derived column is a plain formula of an application's own numbers, without fitted constants. It
moves in one direction only with each of them. So a guarantee such as "more income never raises the
probability" holds through it, if the trees are constrained in the matching direction;
``monotonicity.constraints`` says which that is.

Worked example: amount 800, price 1000, time 10, income 100, expenses 40, assets 500 and debt 100
make 0.8 amount_to_price, -20 left_each_month, 0.8 instalment_to_income and -400
net_worth_after_loan.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.errors import EncodingError
from credit_risk.form import COLUMNS

Rows = NDArray[np.float32]
Column = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Derived:
    """A column that is computed from others.

    Attributes:
        formula: for people.
        unit: of the result; money is the monetary unit of the source data.
        rises_with: fields that it rises with (+1) or falls with (-1), all others equal.
        compute: numbers (n,) by field to (n,); NaN where one of them is missing. Zero income
            counts as 1 where it divides; price and time are never zero.
    """

    formula: str
    unit: str
    rises_with: Mapping[str, int]
    compute: Callable[[Mapping[str, Column]], Column]


def _instalment(of: Mapping[str, Column]) -> Column:
    """What is to be paid back each month, without interest."""
    return of["amount"] / of["time"]


DERIVED: Final[Mapping[str, Derived]] = MappingProxyType(
    {
        "amount_to_price": Derived(
            "amount / price",
            "ratio",
            {"amount": 1, "price": -1},
            lambda of: of["amount"] / of["price"],
        ),
        "left_each_month": Derived(
            "income - expenses - amount / time",
            "money a month",
            {"income": 1, "expenses": -1, "amount": -1, "time": 1},
            lambda of: of["income"] - of["expenses"] - _instalment(of),
        ),
        "instalment_to_income": Derived(
            "amount / time / max(income, 1)",
            "ratio",
            {"amount": 1, "time": -1, "income": -1},
            lambda of: _instalment(of) / np.maximum(of["income"], np.float32(1)),
        ),
        "net_worth_after_loan": Derived(
            "assets - debt - amount",
            "money",
            {"assets": 1, "debt": -1, "amount": -1},
            lambda of: of["assets"] - of["debt"] - of["amount"],
        ),
    }
)
"""The derived columns by name; each earns its place, see ``docs/decisions.md``."""


class FeatureBuilder:
    """Makes what the trees see of encoded rows."""

    def __init__(self, names: Sequence[str], *, missing_as: float | None = None) -> None:
        """Prepare for a model.

        Args:
            names: of its columns, each one of the 29 or derived, derived ones last.
            missing_as: what stands for a missing number; None keeps it NaN.

        Raises:
            EncodingError: for a name that is neither.
        """
        if unknown := [name for name in names if name not in COLUMNS and name not in DERIVED]:
            msg = f"found the input {unknown[0]!r}, expected one of the columns or derived ones"
            raise EncodingError(msg)
        self.names = tuple(names)
        self._missing_as = missing_as
        self._sources = [COLUMNS.index(name) for name in names if name in COLUMNS]
        self._derived = [DERIVED[name] for name in names if name in DERIVED]
        fields = {field for derived in self._derived for field in derived.rises_with}
        self._place = {field: COLUMNS.index(field) for field in sorted(fields)}
        in_order = [*(COLUMNS[place] for place in self._sources), *names[len(self._sources) :]]
        if in_order != list(names):
            msg = "found derived inputs before others, expected them last"
            raise EncodingError(msg)

    def __call__(self, rows: Rows) -> Rows:
        """Turn encoded rows (n, 29) into (n, len(names)), both float32."""
        if self._missing_as is not None:
            rows = np.nan_to_num(rows, nan=self._missing_as)
        if self.names == COLUMNS:
            return rows
        inputs = np.empty((len(rows), len(self.names)), dtype=np.float32)
        inputs[:, : len(self._sources)] = rows[:, self._sources]
        of = {field: rows[:, place] for field, place in self._place.items()}
        for place, derived in enumerate(self._derived, start=len(self._sources)):
            inputs[:, place] = derived.compute(of)
        return inputs


def source_fields(name: str) -> frozenset[str]:
    """Fields that an input is made of: one for a source column, several for a derived one."""
    return frozenset(DERIVED[name].rises_with if name in DERIVED else [name.partition("=")[0]])


def inputs_without(excluded_fields: Collection[str]) -> tuple[str, ...]:
    """Every column and derived column that is not made of an excluded field, in order."""
    every = (*COLUMNS, *DERIVED)
    return tuple(name for name in every if source_fields(name).isdisjoint(excluded_fields))
