"""The whole path of an application, with a stand-in for the model call."""

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from course import COLUMNS, ENCODER, FORM, sample_applications
from hypothesis import given
from hypothesis import strategies as st
from toys import rule, toy, toy_policy, toy_row

from credit_risk.decision import STANDARD_POLICY, Decider, Policy, Reasons, Scorer, make_policy
from credit_risk.decision import scorer as scoring
from credit_risk.model import Rows

SAMPLES = sample_applications(40)
AGE = COLUMNS.index("age")
TOY = toy()


def scorer(calls: list[int] | None = None, explained: list[int] | None = None) -> Scorer:
    """A scorer whose probability of default is a hundredth of the age, which is the reason too."""

    async def predict(rows: Rows) -> np.ndarray:
        if calls is not None:
            calls.append(len(rows))
        return rows[:, AGE] / np.float32(100)

    async def explain(rows: Rows) -> np.ndarray:
        if explained is not None:
            explained.append(len(rows))
        found = np.zeros((len(rows), len(COLUMNS) + 1), dtype=np.float32)
        found[:, AGE] = rows[:, AGE] / np.float32(100)
        return found

    return Scorer(
        encoder=ENCODER,
        predict=predict,
        explain=explain,
        decider=Decider(STANDARD_POLICY, FORM),
        reasons={each: Reasons(FORM, COLUMNS, each) for each in ("en", "es")},
        model="m:1",
    )


def by_rule(above: float, outcome: str) -> Decider:
    """The standard policy with a rule on the age."""
    too_old = {"field": "age", "above": above, "outcome": outcome, "code": "TOO_OLD"}
    too_old["sentences"] = {"en": "You are too old.", "es": "Es mayor."}
    outcomes = STANDARD_POLICY.model_dump()["outcomes"]
    return Decider(make_policy({"outcomes": outcomes, "rules": [too_old]}), FORM)


def expected_codes(answer: dict[str, Any]) -> list[str]:
    return [] if answer["status"] == "APPROVED" else ["AGE"]


def test_each_application_gets_its_own_answer_in_order_from_one_call() -> None:
    calls: list[int] = []

    answers = asyncio.run(scorer(calls).assess(SAMPLES, language="en"))

    assert calls == [len(SAMPLES)]
    for application, answer in zip(SAMPLES, answers, strict=True):
        assert answer["default_probability"] == np.float32(application.age) / np.float32(100)
        assert answer["status"] == STANDARD_POLICY.decide(answer["default_probability"])
        assert answer["model"] == "m:1"
        assert [each["code"] for each in answer["reasons"]] == expected_codes(answer)


def test_an_array_is_answered_as_its_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 7)
    calls: list[int] = []

    array = asyncio.run(scorer(calls).assess_rows(ENCODER.encode(SAMPLES)))

    expected = asyncio.run(scorer().assess(SAMPLES, language="en"))
    assert array.default_probability == [answer["default_probability"] for answer in expected]
    assert array.status == [answer["status"] for answer in expected]
    assert calls == [7, 7, 7, 7, 7, 5]


def test_others_get_their_turn_between_the_parts_of_a_large_array(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scoring, "ROWS_AT_ONCE", 1)

    async def scenario() -> int:
        turns = 0
        task = asyncio.create_task(scorer().assess_rows(ENCODER.encode(SAMPLES)))
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(scenario()) >= len(SAMPLES)


def test_only_what_is_not_approved_is_explained_and_only_if_asked_for() -> None:
    explained: list[int] = []
    scores = scorer(explained=explained)
    rows = ENCODER.encode(SAMPLES)

    answers = asyncio.run(scores.assess(SAMPLES, language="en"))
    without = asyncio.run(scores.assess(SAMPLES, language=None))
    array = asyncio.run(scores.assess_rows(rows, language="en"))
    plain = asyncio.run(scores.assess_rows(rows))

    refused = sum(answer["status"] != "APPROVED" for answer in answers)
    assert 0 < refused < len(SAMPLES)
    assert explained == [refused, refused]
    assert all(answer["reasons"] == [] for answer in without)
    assert array.reasons == [answer["reasons"] for answer in answers]
    assert "reasons" not in plain.model_dump()


def test_the_rule_that_knocks_out_is_the_first_reason() -> None:
    scores = replace(scorer(), decider=by_rule(25, "DECLINED"))

    answers = asyncio.run(scores.assess(SAMPLES, language="en"))
    array = asyncio.run(scores.assess_rows(ENCODER.encode(SAMPLES), language="en"))

    assert array.status == [answer["status"] for answer in answers]
    assert array.reasons == [answer["reasons"] for answer in answers]
    for application, answer in zip(SAMPLES, answers, strict=True):
        old = application.age > 25
        assert answer["status"] == ("DECLINED" if old else "APPROVED")
        codes = [(each["code"], each["message"]) for each in answer["reasons"]]
        assert codes[:1] == ([("TOO_OLD", "You are too old.")] if old else [])
        assert [code for code, _ in codes[1:]] == (["AGE"] if old else [])
        if old:
            assert answer["reasons"][0]["contribution"] is None
            assert f"age {application.age:g}: " in answer["reasons"][0]["analyst"]


def test_others_get_their_turn_between_the_parts_of_a_long_explanation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    explained: list[int] = []
    whole = asyncio.run(scorer(explained=explained).assess(SAMPLES, language="en"))
    monkeypatch.setattr(scoring, "EXPLAINED_AT_ONCE", 3)

    in_parts = asyncio.run(scorer(explained=explained).assess(SAMPLES, language="en"))

    assert in_parts == whole
    assert max(explained[1:]) == 3


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_language_changes_the_sentences_for_the_applicant_and_nothing_else(
    language: str,
) -> None:
    usual = asyncio.run(scorer().assess(SAMPLES, language="en"))

    answers = asyncio.run(scorer().assess(SAMPLES, language=language))
    array = asyncio.run(scorer().assess_rows(ENCODER.encode(SAMPLES), language=language))

    for answer in usual:
        for reason in answer["reasons"]:
            reason["message"] = FORM.sentences[language][reason["code"]]
    assert answers == usual
    assert array.reasons == [answer["reasons"] for answer in usual]


def test_nothing_asked_nothing_answered() -> None:
    assert asyncio.run(scorer().assess_rows(ENCODER.encode([]))).status == []


def decide(found: Policy, rows: Rows, probability: float = 0.1) -> str:
    (decision,) = Decider(found, TOY).decide(rows, np.array([probability], np.float32))
    return decision


@given(st.lists(st.floats(0, 1, width=32) | st.sampled_from([0.3, 0.5])))
def test_many_are_decided_as_each_alone(probabilities: list[float]) -> None:
    for kind in (np.float32, np.float64):
        many = np.array(probabilities, dtype=kind)
        rows = np.zeros((len(many), len(TOY.columns)), np.float32)

        assert Decider(STANDARD_POLICY, TOY).decide(rows, many) == [
            STANDARD_POLICY.decide(probability) for probability in many.tolist()
        ]


def test_a_rule_makes_no_decision_milder() -> None:
    found = toy_policy(
        rule("ASK", field="amount", above=1), rule("YES", field="amount", above=1, code="R")
    )

    assert [decide(found, toy_row(TOY, amount=9), risk) for risk in (0.1, 0.4, 0.9)] == [
        "ASK",
        "ASK",
        "NO",
    ]


def test_the_rules_of_a_decision_are_those_that_say_it() -> None:
    found = toy_policy(
        rule("ASK", field="amount", above=1, code="A"),
        rule("NO", field="amount", above=100, code="B"),
        rule("NO", field="owner", equals=False, code="C"),
    )
    decider = Decider(found, TOY)
    rows = np.concatenate(
        [toy_row(TOY, amount=1), toy_row(TOY, amount=50), toy_row(TOY, amount=500, owner=False)]
    )
    decisions = decider.decide(rows, np.full(3, 0.1, np.float32))

    held = [[each.code for each in of] for of in decider.knocked_out_by(rows, decisions)]

    assert held == [[], ["A"], ["B", "C"]]
    assert decider.count_held(rows) == {"A": 2, "B": 1, "C": 1}


def test_what_is_decided_is_observed_with_its_reasons() -> None:
    seen: list[Any] = []
    watched = replace(scorer(), observe=lambda *decided: seen.append(decided))

    answers = asyncio.run(watched.assess(SAMPLES, language="en"))
    array = asyncio.run(watched.assess_rows(ENCODER.encode(SAMPLES)))

    (rows, risks, statuses, reasons), (_, _, again, none) = seen
    assert rows.tobytes() == ENCODER.encode(SAMPLES).tobytes()
    assert risks.tolist() == [each["default_probability"] for each in answers]
    assert statuses == [each["status"] for each in answers] == again == array.status
    assert reasons == [each["reasons"] for each in answers]
    assert not any(none)
