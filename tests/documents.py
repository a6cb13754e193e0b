"""The documents of the project, and the commands, code blocks and links that they show."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from project_copy import project_files
from running import PROJECT, run

DOCUMENTS = sorted(name for name in project_files() if name.endswith(".md"))
"""Every document of the repository, by its path."""


class Command(NamedTuple):
    """A command that a document shows after ``$``, with the output that it shows below it."""

    document: str
    text: str
    output: str

    @property
    def bare(self) -> str:
        """The command without the variables in front of it."""
        return re.sub(r"^([A-Z_]+=\S+ )+", "", self.text)

    @property
    def variables(self) -> dict[str, str]:
        """The variables in front of the command."""
        assigned = self.text[: len(self.text) - len(self.bare)].split()
        return dict(each.split("=", 1) for each in assigned)


def text_of(document: str) -> str:
    return (PROJECT / document).read_text()


def blocks(document: str, language: str) -> list[str]:
    """The code blocks of a language in a document."""
    return re.findall(
        rf"^ *```{language}\n(.*?)^ *```$", text_of(document), re.DOTALL | re.MULTILINE
    )


def commands(*documents: str) -> list[Command]:
    """Each command of some documents, of all without any."""
    return [
        Command(document, *found)
        for document in documents or DOCUMENTS
        for block in blocks(document, "console")
        for found in _parts(block)
    ]


def _parts(block: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^ *\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(
            end
            for end in range(1, len(lines) + 1)
            if "\n".join(lines[:end]).count("'") % 2 == 0 and not lines[end - 1].endswith("\\")
        )
        yield "\n".join(lines[:end]), "\n".join(lines[end:])


def section(document: str, heading: str) -> str:
    """What stands below a heading of a document, up to the next."""
    below = re.split(rf"^#+ {re.escape(heading)}$", text_of(document), flags=re.MULTILINE)[1]
    return re.split(r"^#+ ", below, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in a text, without the tables' heads."""
    bodies = re.findall(r"^\|.*\n\|[-:| ]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    lines = [line for body in bodies for line in body.splitlines()]
    return [
        re.split(r"\s*\|\s*", line.strip().removeprefix("| ").removesuffix(" |")) for line in lines
    ]


def assert_runs_as_shown(command: Command, url: str, *, home: Path, cwd: Path = PROJECT) -> None:
    """Run a command, with a service at ``url``, and compare what it prints with what is shown."""
    text = command.text.replace("localhost:3000", url.removeprefix("http://"))
    if not command.output:
        text = text.replace("curl -s ", "curl -sf ")

    found = run("bash", "-o", "pipefail", "-c", text, home=home, cwd=cwd).stdout

    if command.output:
        assert _comparable(found) == _comparable(command.output)
        assert _probabilities(found) == pytest.approx(_probabilities(command.output), abs=1e-3)


def _comparable(output: str) -> str:
    """An output without what differs between two trainings: tag and last digits."""
    output = re.sub(r"credit_risk_model:\w+", "credit_risk_model:TAG", output)
    return re.sub(r'("default_probability": 0\.)\d+', r"\1...", output).strip()


def _probabilities(output: str) -> list[float]:
    return [float(number) for number in re.findall(r'"default_probability": ([\d.]+)', output)]
