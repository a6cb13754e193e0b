"""The series that the fast path writes are BentoML's own, and two more."""

from types import SimpleNamespace

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lean_bento.fast_path.series import EndpointSeries

SERVICE = ("service_name", "service_version", "runner_name")


class Source(SimpleNamespace):
    """BentoML's middleware, which registers its series at its first request."""

    _is_setup = False

    def _setup(self) -> None:
        labels = ("endpoint", *SERVICE)
        registry = self.registry
        self.metrics_request_in_progress = Gauge("now", "", labels, registry=registry)
        self.metrics_last_request_timestamp = Gauge("last", "", SERVICE, registry=registry)
        of_status = (*labels, "http_response_code")
        self.metrics_request_total = Counter("requests", "", of_status, registry=registry)
        self.metrics_request_duration = Histogram("seconds", "", of_status, registry=registry)


def test_they_are_registered_if_no_request_came_before() -> None:
    registry = CollectorRegistry()

    series = EndpointSeries.find(Source(registry=registry), "/name", "garden")  # type: ignore[arg-type]
    series.total(200).inc()

    found = [s for metric in registry.collect() for s in metric.samples if s.value]
    assert [s.labels["http_response_code"] for s in found if s.name == "requests_total"] == ["200"]
    assert {s.labels["endpoint"] for s in found if s.name == "requests_total"} == {"/name"}


def test_each_status_has_one_series_of_its_own() -> None:
    series = EndpointSeries.find(Source(registry=CollectorRegistry()), "/other", "garden")  # type: ignore[arg-type]

    assert series.total(200) is series.total(200)
    assert series.total(200) is not series.total(404)
