"""Whatever form is accepted: it trains, is served, and keeps what it guarantees, exactly."""

import asyncio
import importlib
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bentoml
import httpx
import numpy as np
import pytest
from asgi import client_of, started
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore
from hypothesis import given, settings
from prometheus_client import REGISTRY
from random_forms import form_file, forms, loan_file, many_loans

from credit_risk.form import Category, Form, load_form
from credit_risk.model import Encoder, Rows
from credit_risk.registry import StoredModel, load_checked

FEW = settings(max_examples=settings().max_examples // 10)
PARAMETERS = """
[parameters]
rounds = 25
eta = 0.3
max_depth = 3
min_child_weight = 1
"""


@contextmanager
def trained(form: Form, loans: int = 300) -> Iterator[StoredModel]:
    """Train a model of a form in this process, as ``train.py`` does, in a store of its own."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "models").mkdir()
        file = form_file(form, folder / "form.py")
        text = loan_file(form, many_loans(form, loans, seed=0), seed=0)
        (folder / "loans.csv").write_text(text, encoding="utf-8")
        (folder / "parameters.toml").write_text(PARAMETERS)
        patch.setenv("BENTOML_HOME", name)
        patch.setenv("CREDIT_RISK_FORM", str(file))
        given = ["--data", f"{folder}/loans.csv", "--parameters", f"{folder}/parameters.toml"]
        patch.setattr(sys, "argv", ["train.py", "--repeats", "0", *given])
        with BentoMLContainer.model_store.patch(ModelStore(folder / "models")):
            train = importlib.import_module("train")
            patch.setattr(train, "ignore_endings", lambda: None)  # they are pytest's
            train.main(train.parse())
            yield load_checked(bentoml.models.get("credit_risk_model:latest"), load_form(str(file)))


def forget_metrics() -> None:
    """Have BentoML make its metrics anew, which it does once a service."""
    known = REGISTRY._names_to_collectors
    for each in {id(each): each for name, each in known.items() if "bentoml_" in name}.values():
        REGISTRY.unregister(each)


@contextmanager
def served() -> Iterator[Any]:
    """The ASGI application of a service of the form and the model at hand, in this process."""
    forget_metrics()  # of another test
    other = sys.modules.pop("service", None)  # of another test, and another form
    try:
        yield importlib.import_module("service").svc.to_asgi()
    finally:
        forget_metrics()
        for variable in ("BENTOML_CONFIG", "BENTOML_DO_NOT_TRACK"):
            os.environ.pop(variable, None)
        sys.modules.pop("service", None)
        if other:
            sys.modules["service"] = other


def encoded(form: Form, count: int, seed: int) -> Rows:
    """Rows of applications that no model has seen."""
    drawn = [application for application, _ in many_loans(form, count, seed)]
    return Encoder(form).encode([form.application.model_validate(each) for each in drawn])


def variants(form: Form, name: str, rows: Rows) -> Iterator[Rows]:
    """Copies of rows in which a field has one value, each time a larger one.

    Words are in the order of their directions.
    """
    each = form.by_name[name]
    if isinstance(each, Category):
        for column in sorted(each.columns, key=lambda column: each.directions.get(column, 0)):
            copy = rows.copy()
            copy[:, [form.columns.index(other) for other in each.columns]] = 0
            copy[:, form.columns.index(column)] = 1
            yield copy
        return
    number = form.numbers[name]
    ends = {number.low, number.high, *rows[:, form.columns.index(name)].tolist()}
    for value in sorted(end for end in ends if not math.isnan(end)):
        copy = rows.copy()
        copy[:, form.columns.index(name)] = value
        yield copy


def assert_guarantees_hold(form: Form, stored: StoredModel, rows: Rows) -> None:
    predict = stored.risk_model.predict
    for name, each in form.by_name.items():
        before, *others = map(predict, variants(form, name, rows))
        if each.prohibited:
            assert name in stored.card.excluded_fields
            for after in others:
                np.testing.assert_array_equal(after, before)
        elif isinstance(each, Category):
            ways = sorted(each.directions.get(column, 0) for column in each.columns)
            for (one, lower), (other, higher) in combinations(
                zip(ways, (before, *others), strict=True), 2
            ):
                assert one == other or (lower <= higher).all(), (name, each.direction)
        elif each.directions:
            steps = np.diff([before, *others], axis=0)
            assert (steps * each.directions[name] >= 0).all(), name


def assert_reasons_are_exact(form: Form, stored: StoredModel, rows: Rows) -> None:
    contributions = stored.risk_model.explain(rows)
    probability = stored.risk_model.predict(rows).astype(np.float64)
    log_odds = np.log(probability) - np.log1p(-probability)
    np.testing.assert_allclose(contributions.sum(axis=1), log_odds, atol=1e-4)
    for language, reasons in stored.reasons.items():
        written = reasons.write(rows, contributions)
        for row, adds, found in zip(rows, contributions, written, strict=True):
            sums = by_reason(form, stored.card.inputs, row, adds)
            against = sorted((0, 0, 0, 0, *sums.values()), reverse=True)[:4]
            said = [each["contribution"] for each in found] + [0] * (4 - len(found))
            assert said == pytest.approx(against, abs=1e-4)
            for each in found:
                assert_is_reason(form, form.decode(row.tolist()), sums, each, language)


def assert_is_reason(
    form: Form, of: dict[str, Any], sums: dict[str, float], found: dict[str, Any], language: str
) -> None:
    """Assert that a reason is what the code's inputs add, and is told where it may be."""
    codes = {code.code: code for code in form.reason_codes}
    codes |= {f"{code}_NOT_STATED": reason for code, reason in codes.items()}
    code = codes[found["code"]]
    is_missing = not code.inputs and of[code.field] is None
    assert found["code"] == code.code + "_NOT_STATED" * is_missing
    assert found["contribution"] == pytest.approx(sums[code.code], abs=1e-4)
    assert found["message"] == (f"{language}: {found['code']}." if code.told else None)


def by_reason(form: Form, inputs: list[str], row: Rows, adds: Rows) -> dict[str, float]:
    """Sums of contributions by code; a missing number takes what could not be computed."""
    found: dict[str, float] = dict.fromkeys((each.code for each in form.reason_codes), 0)
    of = form.decode(row.tolist())
    for name, value in zip(inputs, adds.tolist(), strict=False):
        derived = form.by_derived.get(name)
        if derived is None:
            found[form.field_of(name).reason] += value
            continue
        shows = next(each.shows for each in form.reason_codes if each.code == derived.reason)
        missing = [each for each in form.numbers if each in shows and of[each] is None]
        found[form.by_name[missing[0]].reason if missing else derived.reason] += value
    return found


@FEW
@given(form=forms())
def test_a_model_of_it_keeps_what_the_form_demands_and_its_reasons_are_exact(form: Form) -> None:
    with trained(form) as stored:
        rows = encoded(form, 40, seed=1)

        assert_guarantees_hold(form, stored, rows)
        assert_reasons_are_exact(form, stored, rows)


async def answers(app: Any, *requests: tuple[str, str, Any]) -> list[httpx.Response]:
    """Ask an application between its start and its end."""
    async with started(app), client_of(app) as client:
        return [await client.request(method, path, json=body) for method, path, body in requests]


@pytest.mark.system
@FEW
@given(form=forms())
def test_a_service_of_it_answers_as_its_model_decides(form: Form) -> None:
    with trained(form) as stored, served() as app:
        applications = [application for application, _ in many_loans(form, 20, seed=2)]
        model, one, many = asyncio.run(
            answers(
                app,
                ("GET", "/model", None),
                ("POST", "/classify", applications[0]),
                ("POST", "/classify_batch", applications),
            )
        )

        assert model.json()["form"]["fingerprint"] == form.fingerprint
        assert (one.status_code, many.status_code) == (200, 200), one.text
        assert one.json() == many.json()[0]
        accepted = [form.application.model_validate(each) for each in applications]
        expected = stored.risk_model.predict(Encoder(form).encode(accepted))
        found = [answer["default_probability"] for answer in many.json()]
        np.testing.assert_array_equal(np.float32(found), expected)
