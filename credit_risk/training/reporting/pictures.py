"""Pictures of fields, groups and models, each a ``data:`` address for an ``<img>``."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from credit_risk.training.approval_rates import Group
from credit_risk.training.reporting.drawing import (
    THOUSANDS,
    WIDE,
    Colour,
    draw,
    draw_intervals,
    in_style,
    new_axes,
)
from credit_risk.training.reporting.effects import Effect

LONGEST = 24  # characters of a word beside a picture


@in_style
def bars(lengths: Mapping[str, float], x: str) -> str:
    """Horizontal bars, the first on top."""
    axes = new_axes(WIDE, 0.6 + 0.27 * len(lengths))
    drawn = axes.barh(list(lengths), list(lengths.values()), color=Colour.BLUE, height=0.66)
    axes.bar_label(drawn, fmt=" %.2f", fontsize=9)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.08, y=0.01)
    return draw(axes, x)


@in_style
def effect(found: Effect, top: float) -> str:
    """Effect of a field; ``top`` of the probability's axis, the same in pictures to compare."""
    axes = new_axes(3.6, max(2.5, 0.2 * len(found.counts)))
    if not found.counts:
        draw_curve(axes, found, top)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        return draw(axes, percent="y")
    each = zip(found.values, found.probabilities, found.counts, strict=True)
    seen = [(f"{_short(word)} ({count:,})", height) for word, height, count in each if count]
    words, heights = zip(*seen, strict=True)
    axes.barh(range(len(words)), heights, color=_colour(found), height=0.6)
    axes.set_yticks(range(len(words)), words)  # two words may be the same when shortened
    axes.set_xlim(0, top)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    return draw(axes, percent="x")


def draw_curve(axes: Axes, found: Effect, top: float) -> None:
    """Draw the effect of a number, with marks at its deciles; ``top`` of the probability's axis."""
    axes.plot(found.values, found.probabilities, color=_colour(found))
    axes.plot(found.deciles, np.zeros(len(found.deciles)), "|", color=Colour.GREY, markersize=12)
    axes.set_ylim(0, top)
    axes.xaxis.set_major_formatter(THOUSANDS)


def _short(word: object) -> str:
    text = str(word)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _colour(found: Effect) -> Colour:
    return Colour.ORANGE if found.broken else Colour.BLUE if found.direction else Colour.INK


@in_style
def groups(found: Sequence[Group]) -> str:
    """Approval rates with their intervals, a line for each group."""
    axes = new_axes(WIDE, 0.8 + 0.36 * len(found))
    draw_intervals(
        axes,
        [f"{group.name} ({group.rows:,})" for group in found],
        [group.approval_rate for group in found],
        [group.approval_interval for group in found],
    )
    return draw(axes, "approved outright, with interval", percent="x")


@in_style
def gains(
    found: Mapping[str, tuple[float, tuple[float, float]]], first: str, highlighted: str
) -> str:
    """Gains in AUC against the ``first`` model with their intervals, by model."""
    axes = new_axes(WIDE, 0.8 + 0.36 * len(found))
    draw_intervals(axes, list(found), *zip(*found.values(), strict=True))
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == highlighted else "normal")
    axes.axvline(0, color=Colour.GREY, linewidth=1, linestyle="--")
    return draw(axes, f"gain in AUC against “{first}”, with interval")
