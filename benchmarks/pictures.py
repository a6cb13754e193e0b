"""The pictures: one bar a service, and a curve for each way in which cost grows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.plan import ALONE, MANY, one
from benchmarks.results import Results
from benchmarks.services import OURS, SERVICES

OUR_COLOUR, OTHER_COLOUR, THIRD_COLOUR, FOURTH_COLOUR = "#c2410c", "#64748b", "#0f766e", "#a16207"
SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "credit-risk",  # the same numbers make the same file
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
Curve = Mapping[int, float]


def draw(results: Results, folder: Path) -> dict[str, str]:
    """Draw what was measured; return the file of each picture by its name."""
    with mpl.rc_context(SETTINGS):
        figures = {
            "services": services(results),
            "rows": rows(results),
            "connections": connections(results),
            "trees": trees(results),
        }
        drawn = {name: figure for name, figure in figures.items() if figure}
        for name, figure in drawn.items():
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
    return {name: f"{name}.svg" for name in drawn}


def services(results: Results) -> Figure | None:
    """Requests a second of every service, with quartiles."""
    name = f"{one(MANY).name}/rate"
    found = {s: spread for s in SERVICES if (spread := results.spread(f"{s}/{name}"))}
    if not found:
        return None
    figure = Figure(figsize=(8, 0.45 * len(found) + 1))
    axes = figure.subplots()
    ordered = sorted(found.items(), key=lambda each: each[1].median)
    places = range(len(ordered))
    medians = [spread.median for _, spread in ordered]
    reach = [
        [spread.median - spread.low for _, spread in ordered],
        [spread.high - spread.median for _, spread in ordered],
    ]
    colours = [OUR_COLOUR if service == OURS else OTHER_COLOUR for service, _ in ordered]
    axes.barh(places, medians, xerr=reach, color=colours, ecolor="#1e293b", capsize=2)
    titles = [SERVICES[service].title.replace("`", "").replace("*", "") for service, _ in ordered]
    axes.set_yticks(places, titles)
    for place, (_, spread) in zip(places, ordered, strict=True):
        axes.annotate(
            f" {spread.median:,.0f}", (spread.high, place), va="center", xytext=(4, 0),
            textcoords="offset points",
        )  # fmt: skip
    axes.set_xlabel(f"/classify, {MANY} connections: requests a second, median and quartiles")
    return figure


def rows(results: Results) -> Figure | None:
    """Microseconds a row by rows in a request."""
    names = {
        "/classify_batch, JSON": "ours/json {}/rate",
        "/classify_array, .npy": "ours/npy {}/rate",
        "work of /classify_batch without HTTP": "ours/json {} in process/rate",
        "model call alone": "ours/predict {} in process/rate",
    }
    curves = {title: results.costs(name) for title, name in names.items()}
    return plot(curves, "rows in a request", "microseconds a row")


def connections(results: Results) -> Figure | None:
    """Requests a second by connections."""
    names = {"ours": "ours/one x{}/rate", "bare ASGI function, the limit": "bare-asgi/one x{}/rate"}
    curves = {title: results.by_size(name) for title, name in names.items()}
    return plot(curves, "connections", "requests a second", bottom=0)


def trees(results: Results) -> Figure | None:
    """Time of a request by trees in the model."""
    names = {
        f"of the core for a request, {MANY} connections": f"trees {{}}/one x{MANY}/rate",
        "model call alone, 1 row": f"trees {{}}/predict {ALONE} in process/rate",
        f"model call alone, a row of {MANY}": f"trees {{}}/predict {MANY} in process/rate",
    }
    curves = {title: results.costs(name) for title, name in names.items()}
    waits = results.by_size(f"trees {{}}/one x{ALONE}/p50")
    curves["p50 of a request, 1 connection"] = {size: p50 * 1e3 for size, p50 in waits.items()}
    return plot(curves, "trees", "microseconds")


def plot(
    curves: Mapping[str, Curve], size: str, cost: str, bottom: float | None = None
) -> Figure | None:
    """Draw curves over sizes; both scales are logarithmic unless the lower one has a bottom."""
    if not any(curves.values()):
        return None
    figure = Figure(figsize=(8, 4))
    axes: Any = figure.subplots()
    colours = (OUR_COLOUR, OTHER_COLOUR, THIRD_COLOUR, FOURTH_COLOUR)
    for (title, curve), colour in zip(curves.items(), colours, strict=False):
        axes.plot(list(curve), list(curve.values()), marker="o", color=colour, label=title)
    sizes = sorted({each for curve in curves.values() for each in curve})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{each:,}" for each in sizes])
    axes.minorticks_off()
    if bottom is None:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:,g}")
    else:
        axes.set_ylim(bottom=bottom)
        axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(size)
    axes.set_ylabel(cost)
    axes.grid(color="#e2e8f0")
    axes.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure
