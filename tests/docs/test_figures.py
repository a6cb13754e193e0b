"""The figures that README and docs/deploying.md quote are those of benchmarks/RESULTS.md."""

import re

import pytest
from documents import rows, section, text_of

RESULTS = text_of("benchmarks/RESULTS.md")
SERVICES = {
    name.strip("*"): [re.split(r" \[", cell)[0] for cell in cells]
    for name, *cells in rows(section("benchmarks/RESULTS.md", "Results"))
}
"""By service: requests/s, ours ÷ it, p50; medians as they are written."""

README = text_of("README.md")
OURS, REMOTE = "ours, as shipped", "ours, runner as a process of its own"
QUOTED = [[name.strip("*"), *cells] for name, *cells in rows(README) if name.strip("*") in SERVICES]


def two_digits(number: float) -> float:
    """Rounded to two significant digits."""
    return float(f"{number:.2g}")


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_the_readme_quotes_the_service_and_its_peers() -> None:
    names = [name for name, *_ in QUOTED]

    assert names[0] == OURS
    assert {"FastAPI + uvicorn", "Flask + Gunicorn", "class API as documented"} < set(names)
    assert any(name.startswith("course's runner service") for name in names)


@pytest.mark.parametrize("quoted", QUOTED, ids=lambda quoted: quoted[0])
def test_a_row_of_the_readme_is_one_of_the_results(quoted: list[str]) -> None:
    name, requests, ratio = quoted

    assert [requests, ratio] == SERVICES[name][:2]


def test_the_latency_of_the_readme_is_that_of_the_results() -> None:
    assert f"takes {SERVICES[OURS][2]} ms at the median" in README


def test_the_sizing_is_that_of_the_results() -> None:
    (json_row, npy_row) = re.findall(
        r"a row falls from [\d.,]+ to ([\d.]+) µs in JSON .* and from [\d.,]+ to ([\d.]+) µs",
        RESULTS,
    )[0]
    shown = dict(rows(section("docs/deploying.md", "Sizing")))

    assert shown == {
        "`/classify`, 32 connections": f"{two_digits(number(SERVICES[OURS][0])):,.0f} requests/s",
        **{
            f"`{call}`, 10,000 rows {kind}": (
                f"{two_digits(float(row)):.1f} µs a row: {two_digits(1e6 / float(row)):,.0f} rows/s"
            )
            for call, kind, row in (
                ("/classify_batch", "of JSON", json_row),
                ("/classify_array", "as `.npy`", npy_row),
            )
        },
        "`/classify`, remote runner, both on that core": (
            f"{two_digits(number(SERVICES[REMOTE][0])):,.0f} requests/s; alone "
            f"{two_digits(float(SERVICES[REMOTE][2])):.1f} ms instead of {SERVICES[OURS][2]}"
        ),
    }
