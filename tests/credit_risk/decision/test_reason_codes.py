import numpy as np
import pytest
from course import FORM
from scored_files import TOY

from credit_risk.decision import ReasonCodes, Reasons, Rule
from credit_risk.form import Form, sample_applications
from credit_risk.model import Encoder

RULE = Rule(
    code="TOO_OLD", field="age", above=70, outcome="NO", sentences={"en": "Old.", "es": "Mayor."}
)


@pytest.mark.parametrize("form", [TOY, FORM], ids=lambda form: form.name)
def test_codes_are_those_of_the_sentences(form: Form) -> None:
    rows = Encoder(form).encode(sample_applications(form, 300))
    rows[::3, [form.columns.index(name) for name in form.optional]] = np.nan
    random = np.random.default_rng(1)
    contributions = random.normal(size=(300, len(form.columns) + 1)).astype(np.float32)
    contributions[::7] = -1
    reasons = Reasons(form, form.columns)

    found = ReasonCodes.of(reasons).write(rows, contributions)

    written = reasons.write(rows, contributions)
    assert found == [[{"code": each["code"]} for each in several] for several in written]


def test_a_rule_comes_first_and_four_are_given_at_most() -> None:
    rows = Encoder(FORM).encode(sample_applications(FORM, 2))
    contributions = np.ones((2, len(FORM.columns) + 1), dtype=np.float32)

    first, second = ReasonCodes.of(Reasons(FORM, FORM.columns)).write(
        rows, contributions, rules=[[RULE], []]
    )

    assert [each["code"] for each in first][1:] == [each["code"] for each in second][:3]
    assert first[0] == {"code": "TOO_OLD"}
