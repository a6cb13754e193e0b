"""Writing observations together gives what Prometheus' own observe gives."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from lean_bento.fast_path.metrics import observe_all

BUCKETS = (0.005, 0.1, 1.0, 10.0)


def histogram() -> tuple[CollectorRegistry, Histogram]:
    registry = CollectorRegistry()
    return registry, Histogram("seconds", "For the test.", buckets=BUCKETS, registry=registry)


@given(st.lists(st.sampled_from([0.0, 0.005, 0.0051, 0.1, 0.5, 1.0, 7.0, 10.0, 11.0])))
def test_the_buckets_and_the_sum_are_the_same(values: list[float]) -> None:
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
