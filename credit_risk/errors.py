"""Everything that can go wrong for a reason a person can mend.

::

    CreditRiskError
    ├── DataError            a file of loans is not what was expected
    ├── EncodingError        values cannot be written into the encoded columns
    ├── FormError            the declaration of a form contradicts itself, or is not there
    ├── ModelRefusedError    a stored model does not fit this code
    │   └── FormRefusedError nor the form at hand
    ├── PolicyError          thresholds that make no sense
    └── UsageError           options, files or folders that a command cannot work with

Each message is one sentence: what was found, what was expected, and, where there is one, the
command that mends it. HTTP statuses are decided at the edge, not here; what is wrong with the
server's configuration is BentoML's own exception, which its command line prints as a sentence.
"""


class CreditRiskError(Exception):
    """Root of the tree."""


class DataError(CreditRiskError):
    """A file of loans is not what was expected; names file, row and column."""

    def __init__(
        self, source: str, problem: str, *, row: int | None = None, column: str | None = None
    ) -> None:
        place = [f"row {row}"] if row is not None else []
        place += [f"column {column!r}"] if column is not None else []
        super().__init__(": ".join(filter(None, [source, ", ".join(place), problem])))
        self.source = source
        self.row = row
        self.column = column


class EncodingError(CreditRiskError):
    """Values cannot be written into the encoded columns; the message names the column."""


class FormError(CreditRiskError):
    """A form that contradicts itself, or is not there; names the field."""

    def __init__(self, place: str, *, found: str, expected: str) -> None:
        super().__init__(f"{place}: found {found}, expected {expected}")


class ModelRefusedError(CreditRiskError):
    """A stored model does not fit this code or the installed versions."""

    def __init__(self, tag: str, *, found: str, expected: str, fix: str) -> None:
        self.problem = f"{tag}: found {found}, expected {expected}"
        super().__init__(f"{self.problem}; run: {fix}")


class FormRefusedError(ModelRefusedError):
    """A stored model whose form is another one than that at hand, or is not there."""


class PolicyError(CreditRiskError):
    """Thresholds that make no sense together."""


class UsageError(CreditRiskError):
    """Options, files or folders that a command cannot work with."""
