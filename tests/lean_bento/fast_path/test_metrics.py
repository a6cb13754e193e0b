"""Requests are counted in BentoML's series, those of a turn of the event loop together."""

import asyncio
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from lean_bento.fast_path.metrics import EndpointMetrics, observe_all
from lean_bento.fast_path.series import EndpointSeries

BUCKETS = (0.005, 0.1, 1.0, 10.0)
SERVICE = ("service_name", "service_version", "runner_name")
LABELS = (*SERVICE, "endpoint")


def histogram() -> tuple[CollectorRegistry, Histogram]:
    registry = CollectorRegistry()
    return registry, Histogram("seconds", "For the test.", buckets=BUCKETS, registry=registry)


@given(st.lists(st.sampled_from([0.0, 0.005, 0.0051, 0.1, 0.5, 1.0, 7.0, 10.0, 11.0])))
def test_the_buckets_and_the_sum_are_those_of_prometheus_own_observe(values: list[float]) -> None:
    one_by_one, expected = histogram()
    together, found = histogram()

    for value in values:
        expected.observe(value)
    observe_all(found, values)

    def samples(registry: CollectorRegistry) -> list[tuple[str, str, float]]:
        return [
            (sample.name, sample.labels.get("le", ""), round(sample.value, 9))
            for metric in registry.collect()
            for sample in metric.samples
            if not sample.name.endswith("_created")
        ]

    assert samples(together) == samples(one_by_one)


def test_requests_are_counted_by_status_and_those_under_way_as_such() -> None:
    registry = CollectorRegistry()
    of_status = (*LABELS, "http_response_code")
    source = SimpleNamespace(
        _is_setup=True,  # BentoML's middleware, once it has registered its series
        metrics_request_in_progress=Gauge("now", "", LABELS, registry=registry),
        metrics_last_request_timestamp=Gauge("last", "", SERVICE, registry=registry),
        metrics_request_total=Counter("requests", "", of_status, registry=registry),
        metrics_request_duration=Histogram("seconds", "", of_status, registry=registry),
    )

    def values(name: str) -> dict[str, float]:
        """Value of each series of a name, by its status."""
        return {
            sample.labels.get("http_response_code", ""): sample.value
            for metric in registry.collect()
            for sample in metric.samples
            if sample.name == name
        }

    async def requests() -> None:
        metrics = EndpointMetrics(EndpointSeries.find(source, "/here", "garden"))  # type: ignore[arg-type]
        began = [metrics.start() for _ in range(5)]
        for time, status in zip(began, (200, 200, 429, None), strict=False):
            metrics.finish(time, status)
        assert values("requests_total") == {}, "nothing is written before the end of the turn"
        await asyncio.sleep(0)
        assert values("requests_total") == {"200": 2, "429": 1}
        assert values("seconds_count") == {"200": 2, "429": 1}
        assert values("now") == {"": 1}
        metrics.finish(began[4], 200)
        await asyncio.sleep(0)

    asyncio.run(requests())

    assert values("requests_total") == {"200": 3, "429": 1}
    assert values("now") == {"": 0}
    assert values("last")[""] > 0
    labels = {"endpoint": "/here"}
    assert REGISTRY.get_sample_value("garden_request_duration_seconds_count", labels) == 4
