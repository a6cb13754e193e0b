"""What is in the log about each decision, and that nothing is answered that is not."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from course import COLUMNS, ENCODER, FORM, ApplicationBatch, sample_applications
from toys import AMOUNT, INCOME, OWNER, PLACE, SEX, changed, toy

from credit_risk.decision import STANDARD_POLICY, Decider, Reasons, Scorer
from credit_risk.decision_log import Recorder
from credit_risk.decision_log.recorder import DecisionNotLogged, PendingDecision
from credit_risk.decision_log.redaction import Redaction
from credit_risk.model import Encoder, Rows
from lean_bento import RequestContext
from lean_bento.request_context import begin as begin_request

SAMPLES = sample_applications(30, seed=2)
AGE = COLUMNS.index("age")
SCOPE = {"path": "/classify", "query_string": b""}


class Disk:
    """Keeps entries, while nothing fails."""

    folder = Path()

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.failure: Exception | None = None

    def append(self, entries: Iterable[Mapping[str, Any]]) -> None:
        if self.failure:
            raise self.failure
        self.entries += [dict(entry) for entry in entries]

    def close(self) -> None:
        pass


async def predict(rows: Rows) -> np.ndarray:
    return rows[:, AGE] / np.float32(100)


async def explain(rows: Rows) -> np.ndarray:
    found = np.zeros((len(rows), len(COLUMNS) + 1), dtype=np.float32)
    found[:, AGE] = rows[:, AGE] / np.float32(100)
    return found


REASONS = {each: Reasons(FORM, COLUMNS, each) for each in ("en", "es")}
SCORER = Scorer(ENCODER, predict, explain, Decider(STANDARD_POLICY, FORM), REASONS, "m:1")


@pytest.fixture
def disk() -> Disk:
    return Disk()


def recorder(disk: Disk, redaction: Redaction = Redaction(FORM)) -> Recorder:  # noqa: B008  nothing changes it
    return Recorder(SCORER, disk, redaction)


def test_an_application_is_answered_as_without_a_log_and_logged_as_answered(disk: Disk) -> None:
    async def scenario() -> tuple[RequestContext, list[PendingDecision], list[Any]]:
        its, request = recorder(disk), begin_request({**SCOPE})
        request.key_name = "bank"
        pending = [its.accept(each) for each in SAMPLES]
        begin_request({**SCOPE})  # a batch is decided in a context of its own
        return request, pending, await its.assess(pending, language="en")

    request, pending, answers = asyncio.run(scenario())

    assert answers == asyncio.run(SCORER.assess(SAMPLES, language="en"))
    assert {answer["status"] for answer in answers} >= {"APPROVED", "MAYBE"}
    assert request.headers == [(b"x-decision-id", each.id.encode()) for each in pending]
    for each, application, row, answer, entry in zip(
        pending, SAMPLES, ENCODER.encode(SAMPLES), answers, disk.entries, strict=True
    ):
        assert entry.pop("decided_at").endswith("+00:00")
        assert entry == {
            "id": each.id,
            "key": "bank",
            "application": application.model_dump(),
            "row_sha256": sha256(row.tobytes()).hexdigest(),
            "probability": answer["default_probability"],
            "status": answer["status"],
            "reasons": answer["reasons"],
        }
    assert len({entry["id"] for entry in disk.entries}) == len(SAMPLES)


def test_an_id_is_a_uuid_of_version_7(disk: Disk) -> None:
    name = recorder(disk).accept(SAMPLES[0]).id
    found = uuid.UUID(name)

    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert name == str(found) == name.lower()


def test_no_two_ids_are_alike_and_later_ones_come_later(disk: Disk) -> None:
    its = recorder(disk)
    found = [its.accept(SAMPLES[0]).id for _ in range(10_000)]
    times = [each[:13] for each in found]

    assert len(set(found)) == len(found)
    assert times == sorted(times)


def test_rows_of_a_batch_are_numbered_as_they_stand_in_it(disk: Disk) -> None:
    async def scenario() -> None:
        its = recorder(disk)
        batch = ApplicationBatch.model_validate([SAMPLES[0], "refused", SAMPLES[1]])
        await its.assess(its.accept_rows(batch.root), language=None)

    asyncio.run(scenario())

    (name, first), (also, third) = (entry["id"].split("/") for entry in disk.entries)
    assert (name, first, third) == (also, "0", "2")
    assert [entry["reasons"] for entry in disk.entries] == [None, None]


def test_reasons_are_logged_in_the_words_that_were_told(disk: Disk) -> None:
    async def scenario() -> list[Any]:
        its = recorder(disk)
        return await its.assess([its.accept(each) for each in SAMPLES], language="es")

    answers = asyncio.run(scenario())

    assert answers == asyncio.run(SCORER.assess(SAMPLES, language="es"))
    assert [entry["reasons"] for entry in disk.entries] == [each["reasons"] for each in answers]
    told = {reason["message"] for each in answers for reason in each["reasons"]}
    assert told == {FORM.sentences["es"]["AGE"]}


@pytest.mark.parametrize("told", [True, False])
def test_a_reason_that_is_not_told_is_logged_with_its_sentence_for_the_analyst(
    disk: Disk, *, told: bool
) -> None:
    form = toy(fields=(changed(AMOUNT, told=told), INCOME, OWNER, PLACE, SEX))
    inputs = form.inputs_without(form.prohibited)

    async def predict(rows: Rows) -> np.ndarray:
        return np.full(len(rows), 0.9, dtype=np.float32)

    async def explain(rows: Rows) -> np.ndarray:
        return np.eye(len(rows), len(inputs) + 1, inputs.index("amount"), dtype=np.float32)

    reasons = {"en": Reasons(form, inputs)}
    scorer = Scorer(Encoder(form), predict, explain, Decider(STANDARD_POLICY, form), reasons, "m:1")

    async def scenario() -> list[Any]:
        its = Recorder(scorer, disk, Redaction(form))
        return await its.assess([its.accept(form.application(**form.example))], language="en")

    ((answer,), (entry,)) = (asyncio.run(scenario()), disk.entries)

    assert answer["reasons"] == entry["reasons"]
    assert entry["reasons"] == [
        {
            "code": "AMOUNT",
            "field": "amount",
            "message": "en: AMOUNT." if told else None,
            "analyst": "amount 250: adds 1.0000 to the log-odds of default",
            "contribution": 1.0,
        }
    ]


@pytest.mark.parametrize("language", ["en", "es", None])
def test_rows_of_an_array_are_logged_as_they_were_sent(disk: Disk, language: str | None) -> None:
    rows = ENCODER.encode(SAMPLES)
    rows[0, AGE + 1] = np.nan

    answer = asyncio.run(recorder(disk).assess_rows(rows, language=language))

    assert answer == asyncio.run(SCORER.assess_rows(rows, language=language))
    np.testing.assert_array_equal([entry["row"] for entry in disk.entries], rows)
    assert [entry["status"] for entry in disk.entries] == answer.status
    logged = [entry["reasons"] for entry in disk.entries]
    assert logged == (answer.reasons if language else [None] * len(rows))


def test_what_is_hidden_is_in_no_entry(disk: Disk) -> None:
    redaction = Redaction(FORM, leave_out=("age",), hash=("job",), key=b"k" * 16)

    async def scenario() -> list[Any]:
        its = recorder(disk, redaction)
        await its.assess_rows(ENCODER.encode(SAMPLES), language="en")
        return await its.assess([its.accept(each) for each in SAMPLES], language="en")

    answers = asyncio.run(scenario())

    rows, applications = disk.entries[: len(SAMPLES)], disk.entries[len(SAMPLES) :]
    assert any("analyst" in reason for answer in answers for reason in answer["reasons"])
    for entry in disk.entries:
        assert entry["row_sha256"] is None
        assert all("analyst" not in reason for reason in entry["reasons"])
    assert {entry["row"][AGE] for entry in rows} == {None}
    for entry in applications:
        assert "age" not in entry["application"]
        assert entry["application"]["job"].startswith("hmac-sha256:")


@pytest.mark.usefixtures("heard")
def test_what_cannot_be_logged_is_not_answered_and_the_log_says_so_once(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    rows = ENCODER.encode(SAMPLES)

    async def scenario() -> list[bool]:
        its = recorder(disk)
        could = [await its.can_log()]
        disk.failure = OSError(28, "No space left on device")
        with pytest.raises(DecisionNotLogged, match="No space left"):
            await its.assess([its.accept(SAMPLES[0])], language="en")
        with pytest.raises(DecisionNotLogged, match="No space left"):
            await its.assess_rows(rows)
        could.append(await its.can_log())
        disk.failure = None
        return [*could, await its.can_log()]

    assert asyncio.run(scenario()) == [True, False, True]
    assert disk.entries == []
    assert caplog.messages == [
        "Decisions cannot be logged and are refused: [Errno 28] No space left on device",
        "Decisions can be logged again",
    ]


@pytest.mark.usefixtures("heard")
def test_a_write_that_fails_for_an_unforeseen_reason_is_refused_alike_and_traced(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> list[bool]:
        its = recorder(disk)
        disk.failure = KeyError("sequence")
        with pytest.raises(DecisionNotLogged, match="sequence"):
            await its.assess([its.accept(SAMPLES[0])], language="en")
        could = [await its.can_log()]
        disk.failure = None
        return [*could, await its.can_log()]

    assert asyncio.run(scenario()) == [False, True]
    refused, again = caplog.records
    assert refused.exc_info
    assert again.getMessage() == "Decisions can be logged again"
