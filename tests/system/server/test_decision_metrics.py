"""Metrics of decisions on the running service: exact, few, and without anything of an applicant."""

import io
import re
import signal
from collections import Counter

import httpx
import numpy as np
import pytest
from course import COURSE_EXAMPLE, ENCODER, sample_applications
from running import Server, wait_until
from servers import Start

SERIES = re.compile(r"^(credit_risk_\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
MOST_SERIES = 300


def metrics(server: Server) -> dict[tuple[str, ...], float]:
    """Values by name and labels, which are in the order of their names."""
    text = server.get("/metrics").text
    return {
        (name, *re.findall(r'="([^"]*)"', labels or "")): float(value)
        for name, labels, value in SERIES.findall(text)
    }


def growth(server: Server, before: dict[tuple[str, ...], float]) -> Counter[tuple[str, ...]]:
    """What has been added, once it is counted."""
    found = metrics(server)
    return Counter({key: int(v - before[key]) for key, v in found.items() if v != before[key]})


def rows_of(server: Server) -> float:
    return metrics(server)["credit_risk_rows_per_call_sum",]


def test_every_decision_is_counted_once_with_its_bins_and_reasons(server: Server) -> None:
    applications = [each.model_dump() for each in sample_applications(300)]
    bad = [COURSE_EXAMPLE | {"age": "x", "secret": 1}, COURSE_EXAMPLE | {"home": None}]
    before = metrics(server)

    one = server.post("/classify", json=COURSE_EXAMPLE).json()
    every = server.post("/classify_batch", json=[*applications, *bad]).json()[:300]
    file = io.BytesIO()
    np.save(file, ENCODER.encode(sample_applications(7)))
    npy = {"content-type": "application/x-npy"}
    array = server.post("/classify_array", content=file.getvalue(), headers=npy).json()
    refused = server.post("/classify", json=COURSE_EXAMPLE | {"debt": -1, "Ana": 1})
    assert refused.status_code == 400

    def counted() -> bool:
        found = growth(server, before)
        answered = found["credit_risk_rows_per_call_sum",]
        return answered == 308 and found["credit_risk_refused_rows_total", "debt"] == 1

    wait_until(counted)
    found = growth(server, before)

    paths = {"/classify": [one["status"]], "/classify_array": array["status"]}
    paths["/classify_batch"] = [each["status"] for each in every]
    decided = Counter((path, status) for path, statuses in paths.items() for status in statuses)
    name = "credit_risk_decisions_total"
    assert {k[1:]: n for k, n in found.items() if k[0] == name} == decided
    codes = Counter(why["code"] for each in (one, *every) for why in each["reasons"])
    name = "credit_risk_reasons_total"
    assert {k[1]: n for k, n in found.items() if k[0] == name} == codes
    name = "credit_risk_refused_rows_total"
    refusals = {k[1]: n for k, n in found.items() if k[0] == name}
    assert refusals == {"age": 1, "home": 1, "debt": 1, "(other)": 2}
    binned: Counter[str] = Counter()
    for (name, *labels), number in found.items():
        if name == "credit_risk_field_bin_total":
            binned[labels[1]] += number
    assert set(binned.values()) == {308}, "each field has each decision in one of its bins"
    assert found["credit_risk_default_probability_count",] == 308
    text = server.get("/metrics").text
    assert not any(word in text for word in ("secret", "Ana"))


def test_the_model_and_its_reference_are_told(server: Server) -> None:
    text = server.get("/metrics").text
    shares: Counter[str] = Counter()
    for (name, *labels), value in metrics(server).items():
        if name == "credit_risk_reference_share":
            shares[labels[1]] += value  # type: ignore[assignment]

    card = server.get("/model").json()
    assert f'model="{card["model"]}"' in text
    assert all(value == pytest.approx(1) for value in shares.values())
    assert {"income", "default_probability", "decision"} <= set(shares)
    assert metrics(server)["credit_risk_reference_chi2", "income"] > 0


def test_the_series_are_few(server: Server) -> None:
    reference = ("credit_risk_reference", "credit_risk_model_info")
    of_worker = [key for key in metrics(server) if not key[0].startswith(reference)]

    assert len(of_worker) <= MOST_SERIES, len(of_worker)


def test_answers_are_timed_from_a_quarter_of_a_millisecond(server: Server) -> None:
    server.post("/classify", json=COURSE_EXAMPLE)
    found = metrics(server)

    assert ("credit_risk_request_duration_seconds_bucket", "/classify", "0.00025") in found
    assert found["credit_risk_request_duration_seconds_count", "/classify"] > 0


def test_counts_stay_when_a_worker_is_killed_and_it_is_counted(start: Start) -> None:
    for server in start("killed-metrics", {"credit_risk_classifier.workers": 2}):
        with httpx.Client() as client:
            url = f"{server.url}/classify_batch"
            for _ in range(20):
                client.post(url, json=[COURSE_EXAMPLE] * 5).raise_for_status()
        wait_until(lambda server=server: rows_of(server) == 100)  # type: ignore[misc]
        for worker in server.workers():
            worker.send_signal(signal.SIGKILL)
        wait_until(lambda server=server: answers(server) and restarts(server))  # type: ignore[misc]

        assert rows_of(server) == 100
        server.post("/classify", json=COURSE_EXAMPLE)
        wait_until(lambda server=server: rows_of(server) == 101)  # type: ignore[misc]


def restarts(server: Server) -> float:
    return metrics(server)["credit_risk_worker_restarts_total",]


def answers(server: Server) -> bool:
    try:
        return server.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_it_can_be_switched_off(start: Start) -> None:
    for server in start("no-metrics", {"credit_risk_classifier.decision_metrics": False}):
        server.post("/classify", json=COURSE_EXAMPLE)

        found = {key[0] for key in metrics(server)}
        assert "credit_risk_decisions_total" not in found
        assert "credit_risk_model_info" in found
