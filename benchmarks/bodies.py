"""Request bodies: one application alone, many sample applications, and encoded rows.

Pure; knows nothing of services.
"""

import io
import json
from pathlib import Path

import numpy as np

from credit_risk.form import Number, form_at_hand, sample_applications
from credit_risk.model import Encoder
from credit_risk.training import read_loans

FORM = form_at_hand()
FAVOURED_END = {-1: 1, 1: 0}
APPROVED = FORM.example | {
    name: each.everyday[FAVOURED_END[each.direction]]
    for name, each in FORM.numbers.items()
    if isinstance(each, Number) and each.direction
}
"""The form's example with numbers that speak for it: an approval needs no reasons."""


def one_body() -> bytes:
    """Write an application that is approved."""
    return json.dumps(APPROVED).encode()


def drawn_bodies(data: Path, count: int = 1000) -> list[bytes]:
    """Write the first applications of a file of loans, each alone."""
    records = read_loans(data, FORM).records()[:count]
    known = [{name: v for name, v in record.items() if v == v} for record in records]  # noqa: PLR0124  not NaN
    return [json.dumps(each).encode() for each in known]


def batch_body(rows: int) -> bytes:
    """Write sample applications as a JSON array."""
    batch = [application.model_dump(mode="json") for application in sample_applications(FORM, rows)]
    return json.dumps(batch).encode()


def array_body(rows: int) -> bytes:
    """Write encoded sample applications as a ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, Encoder(FORM).encode(sample_applications(FORM, rows)))
    return file.getvalue()
