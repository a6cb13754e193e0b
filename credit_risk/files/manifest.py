"""The manifest beside a table of answers: what it was made of, and how to prove it."""

from collections import Counter
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from credit_risk.errors import DataError
from credit_risk.files.parts import Place
from credit_risk.files.scoring import ReasonsAs

FORMAT: Final = 1


T = TypeVar("T", bound="Record")


class Record(BaseModel):
    """Base of what stands in a manifest."""

    model_config = ConfigDict(extra="forbid")

    def difference(self, other: "Record") -> str | None:
        """Say what is first found here and expected to be another; None if nothing is."""
        expected = dict(_leaves(other.model_dump()))
        for name, found in _leaves(self.model_dump()):
            if found != expected.get(name):
                return f"{name} {found}, expected {expected.get(name)}"
        return None


class Summary(Record):
    """What became of the rows of a file.

    Attributes:
        rows: of the file.
        outcomes: number of rows by outcome of the policy.
        refused: number of rows by the first field that was wrong; ``row`` of those that are no
            row of the table.
    """

    rows: int = 0
    outcomes: Counter[str] = Counter()
    refused: Counter[str] = Counter()

    @classmethod
    def of(cls, answers: pa.RecordBatch) -> Self:
        """Count the answers of a part."""
        counted = pc.value_counts(answers.column("status").drop_null()).to_pylist()
        outcomes = Counter({each["values"]: each["counts"] for each in counted})
        errors = answers.column("error").drop_null().to_pylist()
        refused = Counter(error.partition(":")[0] for error in errors)
        return cls(rows=answers.num_rows, outcomes=outcomes, refused=refused)

    def add(self, other: "Summary") -> None:
        """Add what became of other rows."""
        self.rows += other.rows
        self.outcomes.update(other.outcomes)
        self.refused.update(other.refused)


class FileHash(Record):
    """Which bytes a file has."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file whole."""
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            return cls(bytes=file.tell(), sha256=digest)


class ModelHash(Record):
    """Which model gave the answers, by its tag and the SHA-256 of what decides."""

    tag: str
    sha256: str


class Named(Record):
    """A form, by the SHA-256 of what it says, or a policy."""

    name: str
    sha256: str


class Options(Record):
    """What the table has of each row, how it is written, and in parts of which size."""

    format: str
    keep: list[str]
    reasons: ReasonsAs
    language: str | None
    part: int


class Decided(Record):
    """What decides: the same gives the same answers."""

    model: ModelHash
    form: Named
    policy: Named
    versions: dict[str, str]


class Basis(Record):
    """What the bytes of a table depend on."""

    input: FileHash
    decided: Decided
    options: Options


class PartRecord(Record):
    """A part of a file that is done.

    Attributes:
        number: of the part, from 0.
        end: where the next part begins.
        counts: what became of its rows.
        sha256: of its answers, as they were kept until all were there.
        read: share of the file that had been read, 0 to 1; is not written, as it may differ.
    """

    number: int
    end: Place
    counts: Summary
    sha256: str = ""
    read: float = Field(0, exclude=True)


class Manifest(Record):
    """What a table of answers was made of.

    Attributes:
        format: of the manifest.
        input_path: of the file, seen from the table's folder.
        basis: what its bytes depend on.
        output: the table.
        counts: what became of the rows.
        parts: in which it was scored.
    """

    format: int = FORMAT
    input_path: str
    basis: Basis
    output: FileHash
    counts: Summary
    parts: list[PartRecord]


def _leaves(record: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value with its place; the hashes last, for names say more."""
    for name, value in sorted(record.items(), key=lambda each: each[0] == "sha256"):
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{name} ")
        else:
            yield f"{before}{name}", value


def manifest_of(table: Path) -> Path:
    """Return the place of a table's manifest."""
    return table.with_name(f"{table.name}.manifest.json")


def read_record(path: Path, kind: type[T]) -> T:
    """Read a manifest.

    Raises:
        DataError: if it is not there, not whole, or no JSON of that kind.
    """
    expected = "expected what the command that scores wrote, whole"
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DataError(path.name, f"{error.strerror}; {expected}") from None
    except ValidationError as error:
        odd = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, odd["loc"])) or "the file"
        raise DataError(path.name, f"found {place}: {odd['msg']}; {expected}") from None
