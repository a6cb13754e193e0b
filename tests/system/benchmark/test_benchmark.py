"""The benchmark, in its tiny version: that it works. No times are asserted."""

import json
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT, run

pytestmark = [pytest.mark.system, pytest.mark.needs("wrk", "taskset")]
SERVICES = {
    "course",
    "class-api-batchable",
    "class-api",
    "flask",
    "fastapi",
    "fastapi-coalesced",
    "remote",
    "bare-asgi",
    "ours",
    "keys",
    "log",
    "keys-log",
    "before",
    "before-log",
    "before-keys-log",
}
PICTURES = ("services", "rows", "connections", "trees")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the results of one tiny run, with this checkout in the place of another."""
    folder = tmp_path_factory.mktemp("benchmark")
    options = ("--tiny", "--before", PROJECT, "--output", folder)
    run("python", "-m", "benchmarks.run", *options, home=folder / "unused", afresh=True)
    return folder


@pytest.fixture
def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


def test_every_service_was_measured(results: dict[str, Any]) -> None:
    for service in SERVICES:
        for work in ("one x32", "one x1"):
            (rate,) = results["numbers"][f"{service}/{work}/rate"]

            assert rate > 0, f"{service}, {work}"


def test_every_service_gave_the_answers_of_the_booster(results: dict[str, Any]) -> None:
    assert set(results["checked"]) == SERVICES
    assert min(results["checked"].values()) >= 50


def test_every_floor_was_compared(folder: Path) -> None:
    report = (folder / "RESULTS.md").read_text()
    floors = report.partition("## Floors")[2].partition("\n## ")[0]

    assert floors.count("| yes |") + floors.count("| **no** |") == 16
    assert floors.count("| reported: ") == 7
    assert "not measured" not in report.lower()


def test_nothing_was_measured_twice_in_a_round(results: dict[str, Any]) -> None:
    assert {len(numbers) for numbers in results["numbers"].values()} == {1}


def test_the_report_shows_its_pictures(folder: Path) -> None:
    report = (folder / "RESULTS.md").read_text()

    for name in PICTURES:
        assert f"({name}.svg)" in report
        assert 1_000 < (folder / f"{name}.svg").stat().st_size < 200_000


def test_the_report_names_no_place_on_the_machine(folder: Path) -> None:
    for name in ("RESULTS.md", "results.json"):
        text = (folder / name).read_text()

        assert str(PROJECT) not in text
        assert str(folder.parent) not in text
        assert "127.0.0.1" not in text
