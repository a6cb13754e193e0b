"""One quiet style for all pictures, drawn as SVG and carried inside the page.

A picture becomes a ``data:`` address for an ``<img>``: each stands alone, so that nothing in one
can disturb another or the page. Figures are made without pyplot, which would keep them open.
Knows nothing of what is shown.
"""

from base64 import b64encode
from collections.abc import Mapping
from enum import StrEnum
from io import BytesIO
from typing import Any, Final, Literal, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from matplotlib.typing import RcKeyType

__all__ = ["WIDE", "Colour", "draw", "in_style", "mark", "new_axes"]


class Colour(StrEnum):
    """What things are drawn in; Okabe and Ito's, told apart by the colour-blind."""

    BLUE = "#0072B2"
    ORANGE = "#D55E00"
    GREEN = "#009E73"
    GREY = "#8a8f98"
    INK = "#24292f"


STYLE: Final[dict[RcKeyType, Any]] = {
    "font.size": 10,
    "axes.edgecolor": Colour.GREY,
    "axes.labelcolor": Colour.INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e8eb",
    "xtick.color": Colour.GREY,
    "ytick.color": Colour.GREY,
    "xtick.labelcolor": Colour.INK,
    "ytick.labelcolor": Colour.INK,
    "text.color": Colour.INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.hashsalt": "credit-risk",  # the same picture for the same numbers, byte by byte
}
WIDE: Final = 7.6  # inches, of a picture that has the page's width for itself

in_style = mpl.rc_context(STYLE)
"""Decorates each function that draws."""


def new_axes(width: float, height: float) -> Axes:
    """Make an empty picture, its size in inches."""
    return Figure((width, height), layout="constrained").add_subplot()


def draw(axes: Axes, x: str = "", y: str = "", percent: Literal["", "x", "y", "xy"] = "") -> str:
    """Label the axes, write those named in ``percent`` so, and return the picture's address."""
    axes.set(xlabel=x, ylabel=y)
    for name in percent:
        getattr(axes, f"{name}axis").set_major_formatter(PercentFormatter(1, decimals=0))
    out = BytesIO()
    cast("Figure", axes.figure).savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + b64encode(out.getvalue()).decode()


def mark(axes: Axes, lines: Mapping[str, float]) -> None:
    """Draw lines across at these places of the x axis, each with its name on top."""
    for name, place in lines.items():
        axes.axvline(place, color=Colour.INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.text(
            place, 1.0, f" {name}", transform=axes.get_xaxis_transform(), va="top", fontsize=9
        )
