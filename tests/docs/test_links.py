"""Every link of every document leads somewhere."""

import re

import pytest
from documents import DOCUMENTS, text_of
from running import PROJECT


def prose(document: str) -> str:
    """A document without its code blocks, whose brackets are no links."""
    return re.sub(r"^ *```.*?^ *```$", "", text_of(document), flags=re.DOTALL | re.MULTILINE)


def anchors(document: str) -> set[str]:
    """The names that GitHub gives to the headings of a document."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.append(name if name not in found else f"{name}-{found.count(name)}")
    return set(found)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file_and_a_heading(document: str) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", prose(document)):
        path, _, anchor = target.partition("#")
        place = (PROJECT / document).parent / path if path else PROJECT / document
        assert place.exists(), target
        if anchor:
            assert anchor in anchors(str(place.resolve().relative_to(PROJECT))), target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_code_style_is_there(document: str) -> None:
    folders = "credit_risk|lean_bento|audit_log|deploy|docs|tests|benchmarks|notebooks|data"
    for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", prose(document)):
        made = path == "data/CreditScoring.csv" or f"Create `{path}`" in text_of(document)
        assert made or (PROJECT / path).exists(), path


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_of_a_command_is_there(document: str) -> None:
    for path in re.findall(r"(?<![\w/.-])deploy/[\w./-]+", text_of(document)):
        assert (PROJECT / path.rstrip(".")).exists(), path


def test_every_page_is_in_the_index() -> None:
    index = text_of("docs/README.md")
    for document in DOCUMENTS:
        if document.startswith("docs/") and document != "docs/README.md":
            assert f"({document.removeprefix('docs/')})" in index, document
