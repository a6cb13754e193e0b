"""docs/deploying.md shows what is there."""

import re

from running import PROJECT

DOCUMENT = PROJECT / "docs" / "deploying.md"
TEXT = DOCUMENT.read_text()


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (DOCUMENT.parent / target).exists(), target


def test_every_path_of_a_command_is_there() -> None:
    for target in re.findall(r"(?<![\w/])deploy/[\w./-]+", TEXT):
        assert (PROJECT / target.rstrip(".")).exists(), target


def test_every_make_target_is_there() -> None:
    makefile = (PROJECT / "Makefile").read_text()

    for target in re.findall(r"\bmake ([a-z-]+)(?=[`\n])", TEXT):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
