"""The form: what an application consists of, declared once; everything else derives from it.

A form is one Python module with a value ``FORM``: ``credit_scoring.py`` is the project's own.
``docs/own-data.md`` shows how a lender writes another.
"""

from credit_risk.form.application import REFERENCE
from credit_risk.form.fields import (
    Category,
    Code,
    Column,
    Compared,
    Derived,
    Field,
    Number,
    Outcome,
    ReasonCode,
    YesNo,
    as_compared,
    plain,
    split_unit,
)
from credit_risk.form.form import Form
from credit_risk.form.loading import FORM_VARIABLE, OWN_FORM, form_at_hand, load_form
from credit_risk.form.samples import sample_applications
from credit_risk.form.sentences import NOT_STATED, read_sentences

__all__ = [
    "FORM_VARIABLE",
    "NOT_STATED",
    "OWN_FORM",
    "REFERENCE",
    "Category",
    "Code",
    "Column",
    "Compared",
    "Derived",
    "Field",
    "Form",
    "Number",
    "Outcome",
    "ReasonCode",
    "YesNo",
    "as_compared",
    "form_at_hand",
    "load_form",
    "plain",
    "read_sentences",
    "sample_applications",
    "split_unit",
]
