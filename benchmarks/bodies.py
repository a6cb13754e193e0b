"""Request bodies: one application alone, many sample applications, and encoded rows.

Pure; knows nothing of services.
"""

import io
import json

import numpy as np

from credit_risk.columns import Encoder
from credit_risk.samples import COURSE_EXAMPLE, sample_applications
from credit_risk.training.fitting import fit_vectorizer

__all__ = ["array_body", "batch_body", "one_body"]


APPROVED = COURSE_EXAMPLE | {"seniority": 10, "job": "fixed", "income": 200}
"""The course's example with a steady job; an approval needs no reasons, whatever the service."""


def one_body() -> bytes:
    """Write an application that is approved."""
    return json.dumps(APPROVED).encode()


def batch_body(rows: int) -> bytes:
    """Write sample applications as a JSON array."""
    batch = [application.model_dump(mode="json") for application in sample_applications(rows)]
    return json.dumps(batch).encode()


def array_body(rows: int) -> bytes:
    """Write encoded sample applications as a ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, Encoder(fit_vectorizer()).encode(sample_applications(rows)))
    return file.getvalue()
