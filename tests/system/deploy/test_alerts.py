"""The rules for Prometheus: drift as the monitor measures it, and each alert in both ways."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from documents import text_of
from running import PROJECT

from credit_risk.monitoring import psi

pytestmark = pytest.mark.needs("promtool")
RULES = PROJECT / "deploy" / "prometheus" / "rules.yml"
ALERTS = {
    rule["alert"]: rule
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
DAY = 1440
"""Minutes; a series has a value each minute."""

Series = dict[str, str]

REFERENCE = {
    "credit_risk_reference_rows": f"4000x{DAY}",
    **{f'credit_risk_reference_chi2{{field="{f}"}}': f"9x{DAY}" for f in ("income", "decision")},
    'credit_risk_reference_share{field="income",bin="100"}': f"0.5x{DAY}",
    'credit_risk_reference_share{field="income",bin="+Inf"}': f"0.5x{DAY}",
    'credit_risk_reference_share{field="decision",bin="APPROVED"}': f"0.6x{DAY}",
    'credit_risk_reference_share{field="decision",bin="DECLINED"}': f"0.4x{DAY}",
}


def day(poor: float = 0.5, approved: float = 0.6, rows: float = 1.0) -> Series:
    """A day with so many decisions a minute, and shares of poor applicants and of approvals."""
    shares = {
        'field="income",bin="100"': poor,
        'field="income",bin="+Inf"': 1 - poor,
        'field="decision",bin="APPROVED"': approved,
        'field="decision",bin="DECLINED"': 1 - approved,
    }
    counts = {
        f"credit_risk_field_bin_total{{{labels}}}": f"0+{share * rows:.6f}x{DAY}"
        for labels, share in shares.items()
    }
    return REFERENCE | counts


def errors(failed: int) -> Series:
    name = "bentoml_service_request_total"
    return {
        f'{name}{{http_response_code="500"}}': f"0+{failed}x60",
        f'{name}{{http_response_code="200"}}': "0+10x60",
    }


def durations(fast: int) -> Series:
    name = 'credit_risk_request_duration_seconds_bucket{endpoint="/classify",le='
    edges = {"0.1": fast, "1": 100, "+Inf": 100}
    return {f'{name}"{edge}"}}': f"0+{number}x60" for edge, number in edges.items()}


MODEL = 'credit_risk_model_info{model="a",policy="p"}'
OTHER = 'credit_risk_model_info{model="b",policy="p"}'
KEY = 'credit_risk_api_key_expires_timestamp_seconds{key="bank"}'
CERTIFICATE = 'probe_ssl_earliest_cert_expiry{instance="https://credit.example"}'
SHED = 'credit_risk_shed_total{cause="concurrency"}'
CASES: dict[str, tuple[int, Series, list[Series]]] = {
    "CreditRiskDrift": (DAY, day(poor=0.68), [day(), day(poor=0.68, rows=0.1), day(poor=0.9)]),
    "CreditRiskOtherPopulation": (DAY, day(poor=0.9), [day(poor=0.68), day(poor=0.9, rows=0.1)]),
    "CreditRiskDecisionShare": (DAY, day(approved=0.8), [day(approved=0.62), day()]),
    "CreditRiskNoDecisions": (
        125,
        {"credit_risk_decisions_total": "0+1x60 60x120"},
        [{"credit_risk_decisions_total": "0+1x180"}, {"credit_risk_decisions_total": "0x180"}],
    ),
    "CreditRiskErrors": (30, errors(1), [errors(0)]),
    "CreditRiskShedding": (20, {SHED: "0+1x60"}, [{SHED: "5x60"}]),
    "CreditRiskSlow": (30, durations(fast=90), [durations(fast=100)]),
    "CreditRiskLogFails": (
        8,
        {"credit_risk_decision_log_failures_total": "0+1x60"},
        [{"credit_risk_decision_log_failures_total": "3x60"}],
    ),
    "CreditRiskLogDisk": (
        300,
        {"credit_risk_decision_log_free_bytes": "1e10-1e7x400"},
        [{"credit_risk_decision_log_free_bytes": "1e12x400"}],
    ),
    "CreditRiskWorkerRestarts": (
        10,
        {"credit_risk_worker_restarts_total": "0x5 1x20"},
        [{"credit_risk_worker_restarts_total": "1x20"}],
    ),
    "CreditRiskModelChanged": (20, {MODEL: "1x30", OTHER: "_x10 1x20"}, [{MODEL: "1x30"}]),
    "CreditRiskKeyEnds": (5, {KEY: "86400x10"}, [{KEY: "86400000x10"}]),
    "CreditRiskCertificateEnds": (5, {CERTIFICATE: "86400x10"}, [{CERTIFICATE: "86400000x10"}]),
}
"""Of each alert: a minute, series with which it fires then, and others with which it does not."""


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check(folder: Path, *cases: tuple[int, Series, str, float]) -> None:
    """Check the value of an expression at a minute with some series, for each case."""
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": name, "values": of} for name, of in series.items()],
            "promql_expr_test": [
                {"expr": expr, "eval_time": f"{minute}m", "exp_samples": [{"value": value}]}
            ],
        }
        for minute, series, expr, value in cases
    ]
    file: dict[str, Any] = {"rule_files": [str(RULES)], "evaluation_interval": "1m"}
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump(file | {"tests": tests}))
    promtool("test", "rules", path)


def test_the_rules_are_valid() -> None:
    promtool("check", "rules", RULES)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_should_and_only_then(alert: str, tmp_path: Path) -> None:
    minute, fires, silent = CASES[alert]
    state = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'

    check(
        tmp_path,
        (minute, fires, f"{state} > bool 0", 1.0),
        *((minute, series, f"{state} or vector(0)", 0.0) for series in silent),
    )


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_what_is_wrong_and_the_page_what_to_do(alert: str) -> None:
    told = ALERTS[alert]["annotations"]

    assert told["summary"]
    assert told["runbook"] == f"docs/operations.md#{alert.lower()}"
    assert f"#### {alert}\n" in text_of("docs/operations.md")


def test_drift_is_the_psi_that_the_monitor_measures(tmp_path: Path) -> None:
    expected = float(psi(np.array([2000, 2000]), np.array([0.68, 0.32]) * DAY))
    found = f'abs(credit_risk:psi:1d{{field="income"}} - {expected!r}) < bool 1e-9'

    check(tmp_path, (DAY, day(poor=0.68), f"sum({found})", 1.0))
