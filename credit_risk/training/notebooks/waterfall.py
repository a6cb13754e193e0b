"""A picture of contributions that add up to a probability, a ``data:`` address for an ``<img>``."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator
from scipy.special import expit, logit

from credit_risk.training.reporting.drawing import WIDE, Colour, draw, in_style, mark, new_axes

PROBABILITIES: Final = (*(0.01, 0.02, 0.05), *(n / 10 for n in range(1, 10)), *(0.95, 0.98, 0.99))
"""Ticks of the upper axis; evenly spaced log-odds would be odd percentages."""
CLEAR: Final = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
"""Box behind a number, so that no line runs through it."""


@in_style
def waterfall(
    start: float, parts: Mapping[str, float], lines: Mapping[str, float], most: int = 12
) -> str:
    """From a start to the sum, part by part: the largest first, the smallest added up.

    Args:
        start: log-odds before all parts.
        parts: log-odds by name.
        lines: probabilities to mark, by name.
        most: number of parts shown.
    """
    steps = _largest(parts, most)
    axes = new_axes(WIDE, 1.5 + 0.27 * len(steps))
    axes.set_yticks(range(len(steps) + 2), ["where all start", *steps, "this application"])
    axes.set_ylim(len(steps) + 1.8, -1.4)  # room for the lines' names above
    axes.use_sticky_edges = False  # else bars end at the frame
    axes.margins(x=0.08)
    axes.grid(visible=False, axis="y")
    mark(axes, {name: logit(line) for name, line in lines.items()})
    _draw_bars(axes, start, [*steps.values()])
    upper = axes.secondary_xaxis("top")
    upper.xaxis.set_major_locator(FixedLocator(logit(PROBABILITIES)))
    upper.xaxis.set_minor_locator(NullLocator())
    upper.xaxis.set_major_formatter(lambda place, _: f"{expit(place):.0%}")
    upper.set_xlabel("probability of default")
    return draw(axes, "log-odds of default")


def _draw_bars(axes: Axes, start: float, lengths: Sequence[float]) -> None:
    """Draw a bar for each length from the end of the one above it, and a dot at both ends."""
    end = start
    for place, length in enumerate(lengths, start=1):
        axes.vlines(end, place - 1, place + 0.33, color=Colour.GREY, linewidth=0.8)
        axes.barh(
            place, length, left=end, color=Colour.ORANGE if length > 0 else Colour.BLUE, height=0.66
        )
        text = f"{length:+.2f}".replace("-", "−")  # noqa: RUF001  a true minus
        _write(axes, text, max(end, end + length), place, fontsize=9)
        end += length
    for place, log_odds in ((0, start), (len(lengths) + 1, end)):
        axes.plot(log_odds, place, "o", color=Colour.INK)
        _write(axes, f"{expit(log_odds):.1%}", log_odds, place, weight="bold")


def _write(axes: Axes, text: str, x: float, y: float, **style: Any) -> None:  # noqa: ANN401  matplotlib's
    axes.annotate(
        text, (x, y), (7, 0), textcoords="offset points", va="center", bbox=CLEAR, **style
    )


def _largest(parts: Mapping[str, float], most: int) -> dict[str, float]:
    """Keep the largest parts, by absolute size, and add up the others."""
    ordered = sorted(parts.items(), key=lambda item: -abs(item[1]))
    kept, others = dict(ordered[:most]), ordered[most:]
    return kept | ({f"{len(others)} others": sum(p for _, p in others)} if others else {})
