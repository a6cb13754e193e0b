"""RESULTS.md: the tables, the pictures, and what they were measured on."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks import insight
from benchmarks.floors import floors
from benchmarks.pictures import draw
from benchmarks.plan import ALONE, MANY, Plan, one
from benchmarks.results import Results
from benchmarks.services import OURS, SERVICES

INTRODUCTION = """\
# Results

Written by `make bench`; do not edit. Every service loads the same model, validates in the same way
and gives the same answer, which is checked before it is timed. All of them run at once on one core,
with one worker each; wrk loads them from another core. In each round they are loaded in turn, for a
second each. Numbers are medians over the rounds, with the first and third quartile in brackets.
Other work on the machine moves the absolute numbers; compare the ratios, each of which is taken
within a round."""


def write_report(results: Results, plan: Plan, folder: Path) -> str:
    """Write RESULTS.md, its pictures and results.json into a folder; return the floors' table."""
    folder.mkdir(parents=True, exist_ok=True)
    results.write(folder / "results.json")
    pictures = draw(results, folder)
    lines = [INTRODUCTION, "", *services(results)]
    lines += [*picture(pictures, "services", "Requests a second of each service")]
    table = "\n".join(floor_table(results, plan))
    lines += ["## Floors", "", table, ""]
    for name, title, text in (
        ("rows", "Growth: rows in a request", insight.of_rows(results)),
        ("connections", "Growth: connections", insight.of_connections(results)),
        ("trees", "Growth: trees in the model", insight.of_trees(results)),
    ):
        lines += [f"## {title}", "", *picture(pictures, name, title), text, ""]
    lines += ["## Measured with", "", *(f"- {what}: {is_}" for what, is_ in results.facts.items())]
    (folder / "RESULTS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


def services(results: Results) -> Iterator[str]:
    """Write the headline table, slowest first."""
    rate, p50 = f"{one(MANY).name}/rate", f"{one(ALONE).name}/p50"
    yield (
        f"| service | requests/s, {MANY} connections | ours ÷ it | p50, {ALONE} connection, ms "
        "| errors |"
    )
    yield "|---|---:|---:|---:|---:|"
    measured = {name: found for name in SERVICES if (found := results.spread(f"{name}/{rate}"))}
    for name, rates in sorted(measured.items(), key=lambda each: each[1].median):
        waits = results.spread(f"{name}/{p50}")
        ratio = results.ratio(f"{OURS}/{rate}", f"{name}/{rate}")
        errors = sum(results.numbers[f"{name}/{one(MANY).name}/errors"])
        yield " | ".join(
            (
                f"| {SERVICES[name].title}",
                rates.text(),
                ratio.text(".2f") if ratio and name != OURS else "",
                waits.text(".2f") if waits else "",
                f"{errors:,.0f} |",
            )
        )
    yield ""


def floor_table(results: Results, plan: Plan) -> Iterator[str]:
    """Write what is promised and what was found."""
    yield "| work | promised | found | kept |"
    yield "|---|---|---:|---|"
    for floor in floors(results, plan):
        found = floor.found.text(".2f") if floor.found else "not measured"
        kept = {True: "yes", False: "**no**", None: ""}[floor.met]
        yield f"| {floor.work} | {floor.promise} | {found} | {kept} |"


def picture(pictures: dict[str, str], name: str, title: str) -> Iterator[str]:
    """Show a picture if it was drawn."""
    if name in pictures:
        yield from (f"![{title}]({pictures[name]})", "")
