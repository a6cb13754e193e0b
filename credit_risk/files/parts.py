"""A file in numbered parts: what of it is scored at once.

The same file always falls into the same parts, so that work on it can be shared, stopped and
taken up again part by part.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ROWS: Final = 50_000
"""Of a part, where a file does not say otherwise."""


@dataclass(frozen=True)
class Place:
    """Where a part of a file begins.

    Attributes:
        number: of the part, from 0.
        offset: in bytes of UTF-8 from the beginning of the text; in rows where it is no text.
        line: of text, from 1; 0 at the beginning of a file.
    """

    number: int = 0
    offset: int = 0
    line: int = 0


BEGINNING: Final = Place()


@dataclass(frozen=True, eq=False)
class Part:
    """Some rows of a file.

    Attributes:
        number: of the part, from 0.
        end: where the next part begins.
        cells: as they were read.
        lines: (n,) int64: where each row begins in the file, from 1; of Parquet its number.
        read: share of the file that lies before the end of the part, 0 to 1.
        refused: rows that are no row of the table, by place, and why; their cells are null.
    """

    number: int
    end: Place
    cells: pa.RecordBatch
    lines: NDArray[np.int64]
    read: float
    refused: Mapping[int, str] = field(default_factory=dict)


class Source(Protocol):
    """A file that is scored.

    Attributes:
        name: of the file, without folders.
        labels: of its columns.
        size: of a part, in bytes of text, or in rows where it is no text.
    """

    name: str
    labels: list[str]
    size: int

    def parts(self, start: Place = BEGINNING) -> Iterator[Part]:
        """Read the file part by part, from the beginning or from where another part ends.

        Raises:
            DataError: where it cannot be read.
        """
        ...
