"""``POST /classify`` on a real ``bentoml serve``."""

import httpx

from credit_risk.samples import COURSE_EXAMPLE


def test_the_course_example_gets_a_decision(client: httpx.Client) -> None:
    answer = client.post("/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert answer.json()["status"] in {"APPROVED", "MAYBE", "DECLINED"}
    assert 0 < answer.json()["default_probability"] < 1
    assert answer.json()["reasons"] == []
    assert answer.json()["model"].startswith("credit_risk_model:")
