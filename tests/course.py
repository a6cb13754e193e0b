"""The project's own form, *CreditScoring*, under short names for tests."""

from typing import Any

from credit_risk.form import OWN_FORM, load_form
from credit_risk.form import sample_applications as draw
from credit_risk.model import Encoder, RowReader, encoded_applications

FORM = load_form(OWN_FORM)
Application: Any = FORM.application
ApplicationBatch: Any = FORM.application_batch
EncodedApplications: Any = encoded_applications(FORM)
COLUMNS = FORM.columns
CATEGORIES = FORM.categories
LIMITS = {name: (each.low, each.high) for name, each in FORM.numbers.items()}
OPTIONAL_FIELDS = FORM.optional
MONOTONICITY = FORM.directions
PROHIBITED_FIELDS = FORM.prohibited
REASON_CODES = FORM.reason_codes
DERIVED = FORM.by_derived
COURSE_EXAMPLE = FORM.example
RISKY_EXAMPLE = {**FORM.example, **FORM.contrast}
MISSING_CODE = 99_999_999
CODES = {
    name: {int(code): word for word, (code,) in each.words.items()}
    for name, each in FORM.by_name.items()
    if name in FORM.categories
}
ENCODER = Encoder(FORM)
check_rows = RowReader(FORM).check
inputs_without = FORM.inputs_without
source_fields = FORM.source_fields


def sample_applications(count: int, seed: int = 0) -> list[Any]:
    """Draw applications."""
    return draw(FORM, count, seed)
