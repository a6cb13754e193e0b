"""Pages: escaping and how numbers are written."""

from math import inf, nan
from pathlib import Path

import jinja2
import pytest

from credit_risk.pages import fill


def written(tmp_path: Path, template: str, **values: object) -> str:
    path = tmp_path / "page.html"
    path.write_text(template)
    return fill(path, values)


def test_everything_is_escaped(tmp_path: Path) -> None:
    page = written(tmp_path, "<p>{{ name }}</p>", name='<script>"&')

    assert page == "<p>&lt;script&gt;&#34;&amp;</p>"


def test_a_value_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="name"):
        written(tmp_path, "{{ name }}")


@pytest.mark.parametrize(
    ("expression", "value", "text"),
    [
        ("v|count", 4454, "4,454"),
        ("v|number", 0.84567, "0.846"),
        ("v|number(1)", -1234.56, "−1,234.6"),  # noqa: RUF001
        ("v|number", nan, "–"),  # noqa: RUF001
        ("v|percent", 0.2815, "28.1%"),
        ("v|percent(0)", 1.0, "100%"),
        ("v|percent", nan, "–"),  # noqa: RUF001
        ("v|signed", 0.01234, "+0.0123"),
        ("v|signed", -0.01234, "−0.0123"),  # noqa: RUF001
        ("v|signed", 0.0, "0.0000"),
        ("v|numbers(2)", (0.5, 0.75), "0.50 to 0.75"),
        ("v|percents", (0.1, 0.2), "10.0% to 20.0%"),
        ("v|signeds", (-0.001, 0.002), "−0.0010 to +0.0020"),  # noqa: RUF001
        ("v|numbers", (0.0, inf), "–"),  # noqa: RUF001
        ("v|threshold", 0.3, "0.30"),
        ("v|threshold", 0.275, "0.275"),
    ],
)
def test_numbers_are_written_one_way(
    tmp_path: Path, expression: str, value: object, text: str
) -> None:
    assert written(tmp_path, f"{{{{ {expression} }}}}", v=value) == text
