"""The style of all pictures. A picture is an SVG in a ``data:`` address for an ``<img>``.

In an ``<img>``, one picture cannot disturb another or the page. Figures are made without pyplot,
which would keep them open.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from enum import StrEnum
from io import BytesIO
from typing import Any, Final, Literal, cast
from warnings import catch_warnings, filterwarnings

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from matplotlib.typing import RcKeyType


class Colour(StrEnum):
    """Colours of Okabe and Ito, which the colour-blind can tell apart."""

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
    "text.parse_math": False,  # a word such as $1 to $2 is no formula
    "svg.hashsalt": "credit-risk",  # same numbers, same bytes
}
WIDE: Final = 7.6  # inches: the width of the page
OUTCOMES: Final = (
    (False, Colour.BLUE, "-", "ended well"),
    (True, Colour.ORANGE, "--", "ended in default"),
)
"""Colour, line style and name of each outcome."""
THOUSANDS: Final = "{x:,.0f}"  # format of an axis

in_style = mpl.rc_context(STYLE)
"""Decorator of every function that draws."""


def new_axes(width: float, height: float) -> Axes:
    """Make an empty picture, its size in inches."""
    return Figure((width, height), layout="constrained").add_subplot()


def draw(axes: Axes, x: str = "", y: str = "", percent: Literal["", "x", "y", "xy"] = "") -> str:
    """Label the axes, write those named in ``percent`` as such; return the picture's address."""
    axes.set(xlabel=x, ylabel=y)
    for name in percent:
        getattr(axes, f"{name}axis").set_major_formatter(PercentFormatter(1, decimals=0))
    figure = cast("Figure", axes.figure)
    try:
        with catch_warnings():
            filterwarnings("error", "Glyph .* missing", UserWarning)
            content = _svg(figure)
    except UserWarning:  # a script that this font lacks: the browser's own has it
        with catch_warnings(action="ignore"), mpl.rc_context({"svg.fonttype": "none"}):
            content = _svg(figure)
    return "data:image/svg+xml;base64," + b64encode(content).decode()


def _svg(figure: Figure) -> bytes:
    out = BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def mark(axes: Axes, lines: Mapping[str, float]) -> None:
    """Draw vertical lines at these places of the x axis, each with its name on top."""
    for name, place in lines.items():
        axes.axvline(place, color=Colour.INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.text(
            place, 1.0, f" {name}", transform=axes.get_xaxis_transform(), va="top", fontsize=9
        )


def draw_intervals(
    axes: Axes, names: Sequence[str], middles: Sequence[float], ends: Sequence[tuple[float, float]]
) -> None:
    """Draw numbers by name with their intervals, the first on top."""
    reach = np.abs(np.array(ends).T - np.array(middles))
    places = range(len(names))
    axes.errorbar(
        middles, places, xerr=reach, fmt="o", color=Colour.BLUE, elinewidth=1.4, capsize=3
    )
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
