"""Series that a process writes at once, read as ``GET /metrics`` reads them."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from running import PROJECT

from lean_bento import Series, SharedSeries, buckets

FRUIT = [Series("fruit", "Fruit", {"kind": kind}, "_total") for kind in ("apple", "pear")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "workers"))
    return tmp_path / "workers"


def value(folder: Path, name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    return registry.get_sample_value(name, labels)


def test_counters_are_there_from_the_beginning_and_add_up(folder: Path) -> None:
    counters = SharedSeries("counter", "fruit", FRUIT)
    first = value(folder, "fruit_total", kind="pear")
    counters.add([1, 2])
    counters.add([10, 0])

    assert first == 0
    assert value(folder, "fruit_total", kind="apple") == 11
    assert value(folder, "fruit_total", kind="pear") == 2


ADD_AND_DIE = """
import os, signal
from lean_bento import Series, SharedSeries

fruit = [Series("fruit", "Fruit", {"kind": kind}, "_total") for kind in ("apple", "pear")]
SharedSeries("counter", "fruit", fruit).add([3, 4])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_has_added_is_not_lost(folder: Path) -> None:
    SharedSeries("counter", "fruit", FRUIT).add([1, 1])
    done = subprocess.run([sys.executable, "-c", ADD_AND_DIE], cwd=PROJECT, check=False)

    assert done.returncode < 0
    assert value(folder, "fruit_total", kind="apple") == 4
    assert value(folder, "fruit_total", kind="pear") == 5


def test_a_histogram_has_a_bucket_for_each_edge_and_the_sum(folder: Path) -> None:
    sizes = SharedSeries("histogram", "sizes", buckets("sizes", "Sizes", (1, 10)))
    sizes.add([2, 1, 1, 26.5])

    found = [value(folder, "sizes_bucket", le=le) for le in ("1.0", "10.0", "+Inf")]
    assert found == [2, 3, 4]
    assert value(folder, "sizes_count") == 4
    assert value(folder, "sizes_sum") == 26.5


def test_a_gauge_has_what_was_set_last(folder: Path) -> None:
    gauge = SharedSeries("gauge_max", "full", [Series("full", "How full")])
    gauge.set([0.7])
    gauge.set([0.2])

    assert value(folder, "full") == 0.2


def test_many_series_find_their_places_after_the_file_has_grown(folder: Path) -> None:
    many = [Series("many", "x" * 100, {"n": str(n)}, "_total") for n in range(2_000)]
    SharedSeries("counter", "many", many).add(range(2_000))

    assert [value(folder, "many_total", n=str(n)) for n in (0, 1_999)] == [0, 1_999]
