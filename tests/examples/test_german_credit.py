"""The form of another lender trains, serves, keeps its guarantees and gives its reasons."""

from collections.abc import Iterator
from pathlib import Path

import bentoml
import httpx
import numpy as np
import pytest
from running import PROJECT, Server, latest_model, run, serving

from credit_risk.form import load_form, sample_applications
from credit_risk.model import Encoder
from credit_risk.registry import load_checked
from credit_risk.training.comparison import compare
from credit_risk.training.data.dataset import read_loans
from credit_risk.training.fitting import Examples

FORM_FILE = "examples/german_credit/form.py"
FORM = load_form(str(PROJECT / FORM_FILE))
SAMPLES = sample_applications(FORM, 300, seed=1)


@pytest.fixture(scope="module")
def german_data(real_data: Path) -> Path:
    """The data set, which lies beside the other one."""
    return real_data.with_name("germancredit.csv")


@pytest.fixture(scope="module")
def german_home(german_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model of this form."""
    home = tmp_path_factory.mktemp("german")
    run(
        *("python", "train.py", "--form", FORM_FILE, "--data", german_data, "--repeats", "0"),
        home=home,
    )
    return home


@pytest.fixture(scope="module")
def german_server(german_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("german-server") / "log"
    with serving("service.py:svc", home=german_home, log=log, CREDIT_RISK_FORM=FORM_FILE) as server:
        yield server


def test_its_auc_out_of_fold_is_what_its_page_says(german_data: Path) -> None:
    examples = Examples.encode(FORM, read_loans(german_data, FORM))
    found = {each.name: each for each in compare(examples, FORM, repeats=3).candidates}

    assert found["ours"].auc >= 0.78
    page = (PROJECT / "examples/german_credit/README.md").read_text(encoding="utf-8")
    assert f"{found['ours'].auc:.3f} with the standard\nrecipe" in page
    assert f"{found['logistic regression'].auc:.3f} for a logistic regression" in page


def test_every_guarantee_holds_on_other_applications(german_home: Path) -> None:
    stored = load_checked(bentoml.Model.from_path(latest_model(german_home)), FORM)
    rows = Encoder(FORM).encode(SAMPLES)
    before = stored.risk_model.predict(rows)

    assert stored.card.excluded_fields == ["personal_status", "foreign_worker"]
    assert stored.card.guarantees == FORM.directions
    for name, way in FORM.directions.items():
        more = rows.copy()
        place = FORM.columns.index(name)
        more[:, place] = np.minimum(more[:, place] * 2 + 1, FORM.numbers[name].high)
        assert ((stored.risk_model.predict(more) - before) * way >= 0).all(), name
    for name in FORM.prohibited:
        others = rows.copy()
        places = [FORM.columns.index(column) for column in FORM.by_name[name].columns]
        others[:, places] = np.roll(others[:, places], 1, axis=1) if places[1:] else 1
        np.testing.assert_array_equal(stored.risk_model.predict(others), before)


def test_it_decides_with_reasons_that_add_up_and_has_a_report(german_server: Server) -> None:
    bodies = [each.model_dump() for each in SAMPLES[:50]]
    answers = httpx.post(f"{german_server.url}/classify_batch", json=bodies, timeout=60).json()
    alone = httpx.post(f"{german_server.url}/classify", json=bodies[0], timeout=60).json()
    report = german_server.get("/model/report").text

    assert answers[0] == alone
    assert {answer["status"] for answer in answers} >= {"APPROVED", "DECLINED"}
    told = {reason["code"] for answer in answers for reason in answer["reasons"]}
    assert told <= FORM.sentences["en"].keys() - {"PERSONAL_STATUS", "FOREIGN_WORKER"}
    assert "By sex and marital status" in report
    assert "The model does not use sex and marital status" in report


def test_a_service_of_another_form_refuses_its_model(german_home: Path) -> None:
    command = ("bentoml", "serve", "service.py:svc", "--port", "0")
    found = run(*command, home=german_home, check=False)

    assert found.returncode != 0
    assert "found a model of the form german_credit" in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr
