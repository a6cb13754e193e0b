"""Pictures of probabilities against outcomes, each a ``data:`` address for an ``<img>``."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from credit_risk.training.approval_rates import Cut
from credit_risk.training.calibration import Bin
from credit_risk.training.evaluation import Roc
from credit_risk.training.reporting.drawing import (
    OUTCOMES,
    WIDE,
    Colour,
    draw,
    in_style,
    mark,
    new_axes,
)

PROBABILITY: Final = "probability of default"
POINTS: Final = 400  # of a curve; more cannot be seen


@in_style
def roc(curve: Roc, lines: Mapping[str, float]) -> str:
    """ROC curve: defaults against good loans above each threshold; the policy's as points."""
    axes = new_axes(5.2, 3.9)
    some = np.unique(np.linspace(0, len(curve.goods) - 1, POINTS).astype(int))
    axes.plot([0, 1], [0, 1], color=Colour.GREY, linewidth=1, linestyle="--")
    axes.plot(curve.goods[some], curve.defaults[some], color=Colour.BLUE)
    for name, threshold in lines.items():
        at = int(np.searchsorted(-curve.thresholds, -threshold)) - 1  # the last one above it
        axes.plot(curve.goods[at], curve.defaults[at], "o", color=Colour.INK, markersize=5)
        axes.annotate(name, (curve.goods[at] + 0.03, curve.defaults[at] - 0.05), fontsize=9)
    axes.set_aspect("equal")
    return draw(axes, "good loans above the threshold", "defaults above the threshold", "xy")


@in_style
def cumulative(curve: Roc) -> str:
    """Cumulative distributions of both outcomes, with KS where they are farthest apart."""
    axes = new_axes(5.2, 3.9)
    some = np.unique(np.linspace(1, len(curve.goods) - 1, POINTS).astype(int))
    for defaulted, colour, style, name in OUTCOMES:
        shares = curve.defaults if defaulted else curve.goods
        axes.plot(curve.thresholds[some], 1 - shares[some], style, color=colour, label=name)
    at = curve.widest
    low, high = 1 - curve.defaults[at], 1 - curve.goods[at]
    axes.vlines(curve.thresholds[at], low, high, color=Colour.INK, linewidth=1.4)
    axes.text(curve.thresholds[at] + 0.015, (low + high) / 2, f"KS {high - low:.3f}", va="center")
    axes.legend(loc="lower right")
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    return draw(axes, PROBABILITY, "loans below it, of each outcome", "y")


@in_style
def calibration(bins: Sequence[Bin]) -> str:
    """Observed against predicted share of defaults, a point with its interval for each bin."""
    axes = new_axes(5.2, 3.9)
    predicted, observed = [b.predicted for b in bins], np.array([b.observed for b in bins])
    reach = np.abs(np.array([b.interval for b in bins]).T - observed)
    top = min(1.0, max(*predicted, *(b.interval[1] for b in bins)) + 0.05)
    axes.plot([0, top], [0, top], color=Colour.GREY, linewidth=1, linestyle="--")
    axes.errorbar(predicted, observed, reach, fmt="o", color=Colour.BLUE, elinewidth=1.2, capsize=3)
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    return draw(axes, "predicted: mean probability of default", "observed: share in default", "xy")


@in_style
def distribution(
    defaulted: NDArray[np.bool_], probabilities: NDArray[np.floating], lines: Mapping[str, float]
) -> str:
    """Distribution of the probability for each outcome, with the policy's thresholds."""
    axes = new_axes(WIDE, 3.4)
    for outcome, colour, style, name in OUTCOMES:
        counts, edges = np.histogram(probabilities[defaulted == outcome], np.linspace(0, 1, 41))
        axes.stairs(counts / counts.sum(), edges, color=colour, fill=True, alpha=0.2)
        axes.stairs(counts / counts.sum(), edges, color=colour, linestyle=style, label=name)
    axes.set(xlim=(0, 1), ylim=(0, axes.get_ylim()[1] * 1.1))
    mark(axes, lines)
    axes.legend(loc="center right")
    return draw(axes, PROBABILITY, "share of each outcome's loans", "y")


@in_style
def cuts(found: Sequence[Cut], lines: Mapping[str, float]) -> str:
    """Approval and default rates by threshold, with the policy's own."""
    axes = new_axes(WIDE, 3.8)
    for name, colour, style, label in (
        ("approval_rate", Colour.INK, "-", "approved, of all"),
        ("caught", Colour.BLUE, "--", "not approved, of the defaults"),
        ("turned_away", Colour.GREEN, "-.", "not approved, of the good loans"),
        ("default_rate", Colour.ORANGE, ":", "in default, of the approved"),
    ):
        rates = [getattr(cut, name) for cut in found]
        axes.plot([cut.threshold for cut in found], rates, style, color=colour, label=label)
    axes.set_ylim(0, 1.1)
    mark(axes, lines)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return draw(axes, "approve up to this probability of default", "", "y")
