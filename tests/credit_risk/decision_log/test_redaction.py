import hashlib
import hmac
from typing import Any

from course import COLUMNS, COURSE_EXAMPLE, ENCODER, FORM, Application

from credit_risk.decision_log.redaction import Redaction

KEY = b"a key that nobody knows"
REDACTION = Redaction(FORM, leave_out=("marital", "income"), hash=("age",), key=KEY)
APPLICATION = vars(Application.model_validate(COURSE_EXAMPLE))
ENTRY = {"id": "a", "row_sha256": "1", "reasons": None}


def redact(redaction: Redaction = REDACTION, **content: object) -> dict[str, Any]:
    return redaction.entry(ENTRY | content)


def test_a_field_is_left_out_or_hashed_under_the_key_and_others_stay() -> None:
    entry = redact(application=APPLICATION)
    found = entry.pop("application")

    age = hmac.new(KEY, b"age=26.0", hashlib.sha256).hexdigest()
    assert found.pop("age") == f"hmac-sha256:{age}"
    assert found == {
        name: value
        for name, value in APPLICATION.items()
        if name not in ("marital", "income", "age")
    }
    assert entry == ENTRY | {"row_sha256": None}


def test_equal_values_of_two_fields_do_not_look_equal() -> None:
    redaction = Redaction(FORM, hash=("debt", "assets"), key=KEY)
    found = redact(redaction, application={"debt": 0.0, "assets": 0.0})["application"]

    assert found["debt"] != found["assets"]


def test_every_column_of_a_hidden_field_is_empty() -> None:
    row = ENCODER.encode([Application.model_validate(COURSE_EXAMPLE)])[0]
    found = redact(row=row.tolist())["row"]

    for name, value, kept in zip(COLUMNS, row.tolist(), found, strict=True):
        hidden = name.startswith(("marital", "income", "age"))
        assert kept == (None if hidden else value), name


def test_reasons_lose_the_sentence_that_shows_values() -> None:
    reason = {"code": "AGE", "field": "age", "message": "…", "analyst": "age 26: adds 0.1"}
    kept = [{"code": "AGE", "field": "age", "message": "…"}]

    assert REDACTION.reasons([reason]) == kept
    assert redact(application=APPLICATION, reasons=[reason])["reasons"] == kept


def test_a_reference_is_hashed_and_all_else_stays() -> None:
    given = APPLICATION | {"reference": "A-7"}
    reasons = [{"code": "AGE", "analyst": "age 26: adds 0.1"}]

    entry = redact(
        Redaction(FORM, hash=("reference",), key=KEY), application=given, reasons=reasons
    )

    digest = hmac.new(KEY, b'reference="A-7"', hashlib.sha256).hexdigest()
    assert entry["application"] == given | {"reference": f"hmac-sha256:{digest}"}
    assert (entry["row_sha256"], entry["reasons"]) == ("1", reasons)
