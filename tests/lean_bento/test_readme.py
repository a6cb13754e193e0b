"""The example of the package's README runs as shown, and the package has no word of credit."""

import re
from pathlib import Path

import pytest
from documents import assert_runs_as_shown, blocks, commands, text_of
from running import PROJECT, serving

README = "lean_bento/README.md"
PACKAGE = PROJECT / "lean_bento"
CREDIT = re.compile(
    r"\b(amounts?|applicants?|approv\w+|borrow\w+|credit\w*|debts?|decisions?|default(ed|er)s?"
    r"|incomes?|lend\w*|loans?|risks?|scor\w+)\b",
    re.IGNORECASE,
)
MODULE = re.compile(r"\b(?:auth|codecs|fast_path|http_server|middleware)\.\w+")


def test_the_example_answers_as_shown(tmp_path: Path) -> None:
    (tmp_path / "garden.py").write_text(*blocks(README, "python"))
    (tmp_path / "bentoconfiguration.yaml").write_text(*blocks(README, "yaml"))
    (tmp_path / "home").mkdir()
    serve, *requests = commands(README)
    _, verb, target = serve.text.split()
    assert verb == "serve"

    with serving(
        target,
        home=tmp_path / "home",
        log=tmp_path / "log",
        cwd=tmp_path,
        PYTHONPATH=str(PROJECT),
    ) as server:
        for request in requests:
            assert_runs_as_shown(request, server.url, home=tmp_path / "home")
    assert requests


def test_the_modules_and_links_that_it_names_are_there() -> None:
    picture = (PACKAGE / "way_of_a_request.svg").read_text()

    for name in MODULE.findall(text_of(README) + picture):
        assert PACKAGE.joinpath(*name.split(".")).with_suffix(".py").exists(), name
    for link in re.findall(r"\]\(([^)]+)\)", text_of(README)):
        assert (PACKAGE / link).exists(), link


@pytest.mark.parametrize(
    "path",
    [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".md", ".svg", ".html"}],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_package_has_no_word_of_credit(path: Path) -> None:
    found = [match.group() for match in CREDIT.finditer(path.read_text())]

    assert found == []
