"""Bodies of requests: applications as a client sends them, alone and as arrays."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from course import ENCODER, Application, sample_applications

JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}
NPY = {"content-type": "application/x-npy"}


def sample_bodies(number: int, seed: int = 0) -> list[dict[str, Any]]:
    """So many applications as JSON has them."""
    return [each.model_dump(mode="json") for each in sample_applications(number, seed=seed)]


def table(bodies: Sequence[Mapping[str, Any]]) -> bytes:
    """Applications as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(bodies[0]))
    writer.writeheader()
    writer.writerows(bodies)
    return text.getvalue().encode()


def encoded(applications: Sequence[Application]) -> np.ndarray:
    """(n, columns) float32."""
    return ENCODER.encode(applications)


def nested(rows: np.ndarray) -> list[list[float | None]]:
    """Rows as JSON has them, with null for what is missing."""
    return [[None if np.isnan(value) else float(value) for value in row] for row in rows]


def npy(rows: np.ndarray) -> bytes:
    """A ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, rows)
    return file.getvalue()
