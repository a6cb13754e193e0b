"""The form of the course is named in its own module only; nothing else depends on what it has."""

import ast
import re
from pathlib import Path

from course import COLUMNS, DERIVED, FORM
from project_copy import project_files
from running import PROJECT

OWN = re.compile(r"credit_risk/form/(credit_scoring\.py|reasons\.\w+\.toml)")
"""The form itself: its module, and beside it the sentences of each language."""
ELSEWHERE = {
    "data/": "the file of this form, its codebook and the rows made like it",
    "notebooks/": "look at that data",
    "examples/": "forms of other lenders, who may ask for the same",
    "docs/": "examples of requests and answers, which tests compare with the service's",
    "tests/": "ask the service of this form; those of the engine count off the form",
}
"""Where it may be named, and why; Markdown has examples wherever it lies."""
ALSO_WORDS = {"amount", "home", "records", "time"}
"""Fields whose names programs need for other things: folders, rows of a table, clocks."""

NAMES = {*FORM.by_name, *DERIVED, *COLUMNS, *(code.code for code in FORM.reason_codes)}
NAMES |= {each.column for each in FORM.fields}
COUNTS = re.compile(
    r"\bthirteen\b|\btwenty-nine\b|\b13 fields\b|\b29 (columns|numbers|inputs)\b|\([\w:]+, 29\)",
    re.IGNORECASE,
)

RECIPE = ("replace `thirteen fields` with", "")
"""Of docs/own-data.md, which changes the form's own text."""


def files(*endings: str) -> list[Path]:
    """Files of the product with one of these endings, but not the form itself."""
    return [
        PROJECT / name
        for name in project_files()
        if name.endswith(endings) and not OWN.fullmatch(name)
    ]


def of_product(path: Path) -> bool:
    return not str(path.relative_to(PROJECT)).startswith(tuple(ELSEWHERE))


def named_in(program: str) -> list[str]:
    """What a program names of the form: as a text, as an argument's name or as an attribute."""
    found = []
    for node in ast.walk(ast.parse(program)):
        name: object = ""
        if isinstance(node, ast.Constant):
            name = node.value
        elif isinstance(node, ast.keyword) and node.arg not in ALSO_WORDS:
            name = node.arg
        elif isinstance(node, ast.Attribute) and node.attr not in ALSO_WORDS:
            name = node.attr
        if isinstance(name, str) and name in NAMES:
            found.append(name)
    return found


PROGRAMS = [path for path in files(".py") if of_product(path)]
CONFIGURATION = [
    path
    for path in files(".yaml", ".yml", ".toml", ".html", ".template", ".config", "Makefile", "run")
    if of_product(path)
]
QUOTED = re.compile(rf"""["']({"|".join(map(re.escape, sorted(NAMES)))})["']""")


def test_no_program_names_a_field_of_the_form() -> None:
    found = {path: named_in(path.read_text(encoding="utf-8")) for path in PROGRAMS}

    assert len(found) > 100
    assert {path: names for path, names in found.items() if names} == {}


def test_one_that_did_would_be_found() -> None:
    program = "x = of['seniority'] + f(marital=1) + it.income + of['home=rent'] + self.time.time()"

    assert sorted(named_in(program)) == ["home=rent", "income", "marital", "seniority"]


def test_no_configuration_and_no_page_names_a_field_of_the_form() -> None:
    found = {path: QUOTED.findall(path.read_text(encoding="utf-8")) for path in CONFIGURATION}

    assert len(found) > 10
    assert {path: names for path, names in found.items() if names} == {}


def test_fields_and_columns_are_counted_nowhere() -> None:
    texts = files(".py", ".md", ".svg", ".yaml", ".toml", ".html", "Makefile")
    found = {
        path: COUNTS.findall(path.read_text(encoding="utf-8").replace(*RECIPE))
        for path in texts
        if not str(path.relative_to(PROJECT)).startswith(("data/", "notebooks/", "tests/"))
    }

    assert {path: counts for path, counts in found.items() if counts} == {}
