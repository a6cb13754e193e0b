"""Pictures of several small panels to compare, each a ``data:`` address for an ``<img>``."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from credit_risk.training.notebooks.default_rates import Rate
from credit_risk.training.notebooks.what_if import WhatIf
from credit_risk.training.reporting.drawing import (
    OUTCOMES,
    THOUSANDS,
    WIDE,
    Colour,
    draw,
    draw_intervals,
    in_style,
)
from credit_risk.training.reporting.effects import Effect
from credit_risk.training.reporting.pictures import draw_curve

ENDS: Final = (0.01, 0.98)  # quantiles; a few large numbers would squeeze all others together
BARS: Final = 20  # of a histogram, at most


@in_style
def default_rates(found: Mapping[str, Sequence[Rate]]) -> str:
    """Default rates with their intervals, by field; the dashed line is the rate of all loans."""
    panels = _panels([0.7 + 0.22 * len(rates) for rates in found.values()], columns=2)
    right = min(1.0, 1.25 * max(rate.default_rate for rates in found.values() for rate in rates))
    for axes, (field, rates) in zip(panels, found.items(), strict=True):
        draw_intervals(
            axes,
            [f"{rate.name} ({rate.rows:,})" for rate in rates],
            [rate.default_rate for rate in rates],
            [rate.interval for rate in rates],
        )
        of_all = sum(rate.defaults for rate in rates) / sum(rate.rows for rate in rates)
        axes.axvline(of_all, color=Colour.GREY, linewidth=1, linestyle="--")
        axes.set(title=field, xlim=(0, right))
        _percent(axes.xaxis)
    return draw(axes)


@in_style
def spreads(numbers: Mapping[str, NDArray[np.floating]], defaulted: NDArray[np.bool_]) -> str:
    """Distribution of each field's numbers (n,) among the loans of each outcome (n,)."""
    panels = _panels([1.7] * len(numbers), columns=3)
    for axes, (field, each) in zip(panels, numbers.items(), strict=True):
        known = each[~np.isnan(each)]
        low, high = np.quantile(known, ENDS)
        seen = len(np.unique(known[(known >= low) & (known <= high)]))
        edges = np.linspace(low, high, min(BARS, seen) + 1)
        for outcome, colour, style, name in OUTCOMES:
            counts, _ = np.histogram(each[defaulted == outcome], edges)
            shares = counts / counts.sum()
            axes.stairs(shares, edges, color=colour, fill=True, alpha=0.15)
            axes.stairs(shares, edges, color=colour, linestyle=style, label=name)
        axes.set_title(field)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(THOUSANDS)
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return draw(axes)


@in_style
def what_ifs(found: Sequence[WhatIf], lines: Mapping[str, float]) -> str:
    """Probability of one applicant by each number, with thresholds; the dot is as applied for."""
    panels = _panels([2.3] * len(found), columns=2)
    for axes, each in zip(panels, found, strict=True):
        axes.plot(each.values, each.probabilities, color=Colour.BLUE)
        axes.plot(each.value, each.probability, "o", color=Colour.INK, markersize=7)
        for threshold in lines.values():
            axes.axhline(threshold, color=Colour.INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set(title=each.field, ylim=(0, 1))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(THOUSANDS)
        _percent(axes.yaxis)
    for name, threshold in lines.items():  # in one panel
        place = panels[0].get_yaxis_transform()
        panels[0].text(0.99, threshold + 0.015, name, transform=place, ha="right", fontsize=9)
    return draw(axes)


@in_style
def directions(found: Sequence[Effect]) -> str:
    """Effects of the numbers that have a direction by the policy; orange where it is broken."""
    shown = [effect for effect in found if effect.direction and not effect.counts]
    top = min(1.0, 1.1 * max(effect.probabilities.max() for effect in shown))
    panels = _panels([1.9] * len(shown), columns=3)
    for axes, effect in zip(panels, shown, strict=True):
        draw_curve(axes, effect, top)
        axes.set(title=f"{effect.field}: never {'down' if effect.direction > 0 else 'up'}")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        _percent(axes.yaxis)
    return draw(axes)


def _panels(heights: Sequence[float], columns: int) -> list[Axes]:
    """Make a picture of empty panels, ``columns`` in a row, each of its height (inches) or more."""
    rows = [max(heights[at : at + columns]) for at in range(0, len(heights), columns)]
    figure = Figure((WIDE, sum(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, height_ratios=rows)
    panels: list[Axes] = grid.ravel().tolist()
    for left_over in panels[len(heights) :]:
        left_over.set_axis_off()
    return panels[: len(heights)]


def _percent(axis: Axis) -> None:
    axis.set_major_formatter(PercentFormatter(1, decimals=0))
