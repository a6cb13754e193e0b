import hashlib
import hmac

from credit_risk.decision_log.redaction import Redaction
from credit_risk.form import COLUMNS, COURSE_EXAMPLE, Application
from credit_risk.model import Encoder
from credit_risk.training.fitting import fit_vectorizer

KEY = b"a key that nobody knows"
HIDING = Redaction(leave_out=("marital", "income"), hash=("age",), key=KEY)
APPLICATION = vars(Application.model_validate(COURSE_EXAMPLE))


def test_a_field_is_left_out_or_hashed_under_the_key_and_others_stay() -> None:
    found = dict(HIDING.application(APPLICATION))

    age = hmac.new(KEY, b"age=26.0", hashlib.sha256).hexdigest()
    assert found.pop("age") == f"hmac-sha256:{age}"
    assert found == {
        name: value
        for name, value in APPLICATION.items()
        if name not in ("marital", "income", "age")
    }


def test_equal_values_of_two_fields_do_not_look_equal() -> None:
    found = Redaction(hash=("debt", "assets"), key=KEY).application({"debt": 0.0, "assets": 0.0})

    assert found["debt"] != found["assets"]


def test_every_column_of_a_hidden_field_is_empty() -> None:
    row = Encoder(fit_vectorizer()).encode([Application.model_validate(COURSE_EXAMPLE)])[0]
    found = HIDING.row(row.tolist())

    for name, value, kept in zip(COLUMNS, row.tolist(), found, strict=True):
        hidden = name.startswith(("marital", "income", "age"))
        assert kept == (None if hidden else value), name


def test_reasons_lose_the_sentence_that_shows_values() -> None:
    reason = {"code": "AGE", "field": "age", "message": "…", "analyst": "age 26: adds 0.1"}

    assert HIDING.reasons([reason]) == [{"code": "AGE", "field": "age", "message": "…"}]
