"""Applications as a program has them, and as the service takes them: chunks of JSON objects.

pandas and pyarrow are looked for among the loaded libraries only: who has a table has loaded them.
"""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from itertools import islice
from typing import Any, Final, TypeAlias

from credit_risk.client.answers import Decision, RefusedError

NOT_KNOWN: Final = {"<NA>", "NaT"}
"""pandas' missing values that are no numbers, as text."""
Table: TypeAlias = Any
"""A data frame of pandas, an Arrow table, or any iterable of mappings."""
Frame: TypeAlias = Any
"""A data frame of pandas."""
NAMES: Final = [each.name for each in fields(Decision)]


def chunks_of(applications: Table, rows: int) -> Iterator[list[Any]]:
    """Divide applications into lists of at most ``rows``.

    Raises:
        TypeError: if it is one application.
    """
    if isinstance(applications, str | bytes | Mapping):
        msg = f"found one {type(applications).__name__}, expected many applications: use classify"
        raise TypeError(msg)
    if is_data_frame(applications):
        for start in range(0, len(applications), rows):
            part = applications.iloc[start : start + rows]
            cells = part.astype(object).where(part.notna(), None).itertuples(index=False, name=None)
            yield [dict(zip(part.columns, row, strict=True)) for row in cells]
    elif _is_of(applications, "pyarrow", "Table"):
        for batch in applications.to_batches(max_chunksize=rows):
            yield batch.to_pylist()
    else:
        one_by_one = iter(applications)
        while chunk := list(islice(one_by_one, rows)):
            yield chunk


def is_data_frame(applications: object) -> bool:
    """Whether this is one of pandas."""
    return _is_of(applications, "pandas", "DataFrame")


def frame_of(answers: Iterable[Decision | RefusedError], index: Iterable[Any]) -> Frame:
    """Make a data frame of what decisions have, with the columns ``error`` and ``detail``."""
    cells = [
        {"error": str(each), "detail": each.detail}
        if isinstance(each, RefusedError)
        else {name: getattr(each, name) for name in NAMES}
        for each in answers
    ]
    return sys.modules["pandas"].DataFrame(cells, index, [*NAMES, "error", "detail"])


def to_json(body: object) -> bytes:
    """Write JSON; what is not known, NaN too, is null.

    What JSON cannot hold, such as infinity, becomes text, so that the service refuses it in its
    place and by its field.
    """
    try:
        return json.dumps(body, default=_plain, allow_nan=False).encode()
    except ValueError:  # has NaN: most bodies have none, and looking takes longer than writing
        return json.dumps(_finite(body), default=_plain, allow_nan=False).encode()


def _finite(value: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _plain(value: Any) -> Any:  # noqa: ANN401  anything
    if isinstance(value, Mapping):
        return dict(value)
    if _is_of(value, "numpy", "generic"):
        return _finite(value.item())
    if isinstance(value, Decimal):
        return _finite(float(value))
    return None if str(value) in NOT_KNOWN else str(value)


def _is_of(value: object, library: str, name: str) -> bool:
    loaded = sys.modules.get(library)
    return loaded is not None and isinstance(value, getattr(loaded, name))
