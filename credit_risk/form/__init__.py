"""The form: fields, words and limits of an application, the models of a request, samples."""

from credit_risk.form.application import (
    COURSE_EXAMPLE,
    RISKY_EXAMPLE,
    Application,
    ApplicationBatch,
)
from credit_risk.form.samples import sample_applications
from credit_risk.form.vocabulary import (
    CATEGORIES,
    CODES,
    COLUMNS,
    LIMITS,
    MISSING_CODE,
    OPTIONAL_FIELDS,
    Decision,
)

__all__ = [
    "CATEGORIES",
    "CODES",
    "COLUMNS",
    "COURSE_EXAMPLE",
    "LIMITS",
    "MISSING_CODE",
    "OPTIONAL_FIELDS",
    "RISKY_EXAMPLE",
    "Application",
    "ApplicationBatch",
    "Decision",
    "sample_applications",
]
