"""Pictures: complete, the same each time, and nothing left behind."""

from base64 import b64decode
from xml.etree import ElementTree as ET

import matplotlib as mpl
from pictures import svg

from credit_risk.training.reporting.drawing import draw, in_style, mark, new_axes

PREFIX = "data:image/svg+xml;base64,"


@in_style
def picture(label: str = "x") -> str:
    axes = new_axes(3, 2)
    axes.plot([0, 1], [0, 1])
    mark(axes, {"here": 0.5})
    return draw(axes, label, "y", "y")


def test_a_picture_is_svg_at_an_address() -> None:
    address = picture()

    assert address.startswith(PREFIX)
    root = ET.fromstring(b64decode(address.removeprefix(PREFIX)))  # noqa: S314  our own
    assert root.tag.endswith("svg")
    assert root.get("viewBox") == "0 0 216 144"


def test_the_same_numbers_give_the_same_picture_and_others_another() -> None:
    assert picture() == picture()
    assert picture("z") != picture()


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    before = dict(mpl.rcParams)

    picture()

    assert dict(mpl.rcParams) == before


def test_money_in_a_label_is_no_formula_and_every_script_is_written() -> None:
    assert "$1_000 to $2^000" in svg(picture("$1_000 to $2^000"))
    assert ">家</text>" in svg(picture("家")).replace("\n", "")
