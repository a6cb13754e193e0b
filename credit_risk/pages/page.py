"""Fill the template of a page: escape every text, and write every number one way."""

from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def fill(template: Path, values: Mapping[str, object]) -> str:
    """Fill a template with values; it may use the style and the parts that lie beside this file.

    Raises:
        jinja2.UndefinedError: if the template names a value that is missing.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment.get_template(template.name).render(values)


def _number(value: float, digits: int = 3) -> str:
    """Write a number with a true minus; a dash for NaN and infinity."""
    return f"{value:,.{digits}f}".replace("-", "−") if isfinite(value) else "–"  # noqa: RUF001


def _signed(value: float, digits: int = 4) -> str:
    """Write a difference with its sign."""
    return "+" * (value > 0) + _number(value, digits)


def _percent(share: float, digits: int = 1) -> str:
    """Write a share (0 to 1) as a percentage."""
    return f"{_number(100 * share, digits)}%" if isfinite(share) else "–"  # noqa: RUF001


def _between(write: Callable[..., str]) -> Callable[..., str]:
    """Write both ends of an interval; a dash if one of them is not finite."""

    def between(ends: tuple[float, float], *digits: int) -> str:
        if not all(isfinite(end) for end in ends):
            return "–"  # noqa: RUF001
        return " to ".join(write(end, *digits) for end in ends)

    return between


def _threshold(value: float) -> str:
    """Write a threshold with two decimals, or as many as it has."""
    return f"{value:.2f}" if round(value, 2) == value else str(value)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "count": lambda value: _number(value, 0),
        "number": _number,
        "numbers": _between(_number),
        "percent": _percent,
        "percents": _between(_percent),
        "signed": _signed,
        "signeds": _between(_signed),
        "threshold": _threshold,
    }
)
