"""The series of the decision log."""

from prometheus_client import REGISTRY

from credit_risk.decision_log.metrics import log_series


def value(name: str) -> float:
    return REGISTRY.get_sample_value(f"credit_risk_decision_log_{name}") or 0


def test_they_are_the_same_for_all_who_ask_and_count_under_their_names() -> None:
    syncs, failures = value("sync_seconds_count"), value("failures_total")

    log_series().seconds.observe(0.002)
    log_series().failures.inc()
    log_series().free.set(7)

    assert value("sync_seconds_count") == syncs + 1
    assert value("failures_total") == failures + 1
    assert value("free_bytes") == 7
