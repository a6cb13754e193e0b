"""Series of metrics that a process writes all at once.

The Prometheus client has a file for each process and kind of series in the workers' folder, and
``GET /metrics`` adds up what the files hold, also those of processes that were killed. These series
are in such files too, but are made beforehand. So hundreds are written by one addition, where the
client's own objects take a microsecond for each.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from bentoml._internal.configuration.containers import BentoMLContainer
from numpy.typing import ArrayLike

from lean_bento.bentoml_internals import check

Kind = Literal["counter", "histogram", "gauge_max"]
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable by which BentoML tells the workers their folder."""


@dataclass(frozen=True)
class Series:
    """One number among the metrics.

    Attributes:
        metric: name of the metric.
        about: what it is, a sentence.
        labels: of this number.
        suffix: of the name, as the kind wants it: ``_total``, ``_bucket``, ``_sum``.
    """

    metric: str
    about: str
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


def buckets(metric: str, about: str, edges: Sequence[float]) -> list[Series]:
    """List the series of a histogram: a bucket for each edge, one beyond all, and the sum."""
    from prometheus_client import utils  # noqa: PLC0415  see bentoml_internals

    go: Any = utils.floatToGoString
    names = [go(edge) for edge in (*edges, np.inf)]
    return [
        *(Series(metric, about, {"le": name}, "_bucket") for name in names),
        Series(metric, about, suffix="_sum"),
    ]


class SharedSeries:
    """Series of one kind in a file of this process."""

    def __init__(self, kind: Kind, name: str, series: Sequence[Series]) -> None:
        """Make the series, all 0.

        Args:
            kind: of all of them.
            name: tells this file from others of the process.
            series: in the order of the numbers that ``add`` and ``set`` take.
        """
        check("prometheus-client")
        from prometheus_client import mmap_dict  # noqa: PLC0415  as above

        folder = Path(os.environ.get(FOLDER) or BentoMLContainer.prometheus_multiproc_dir.get())
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{kind}_{os.getpid()}-{name}.db"
        client: Any = mmap_dict
        file = client.MmapedDict(str(path))
        keys = [
            client.mmap_key(each.metric, each.metric + each.suffix, *_labels(each), each.about)
            for each in series
        ]
        for key in keys:
            file.read_value(key)  # which makes it
        size = np.dtype(np.float64).itemsize
        self._places = np.array([file._positions[key] // size for key in keys])  # noqa: SLF001
        file.close()
        self._memory = np.memmap(path, dtype=np.float64, mode="r+")

    def add(self, numbers: ArrayLike) -> None:
        """Add a number to each of the series."""
        self._memory[self._places] += np.asarray(numbers, dtype=np.float64)

    def set(self, values: ArrayLike) -> None:
        """Set each of the series."""
        self._memory[self._places] = values


def _labels(series: Series) -> tuple[list[str], list[str]]:
    return [*series.labels.keys()], [*series.labels.values()]
