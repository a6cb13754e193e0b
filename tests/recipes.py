"""Recipes of the documents: each change that they ask for, to be carried out to the letter."""

import re
from pathlib import Path
from typing import NamedTuple

CODE = r"(?:``\s?(.+?)\s?``|`([^`]+)`)"
INSTRUCTION = re.compile(
    rf"""
    (?P<verb>Create|At\s+the\s+end\s+of|In)\s+`(?P<path>[\w./]+)`
    (?:,\s+(?P<how>above|below|replace)\s+(?P<anchor>{CODE}))?
    (?:\s+with\s+(?P<instead>{CODE}))?
    (?:,\s+add)?
    (?: : \n\n \x20{{3}} ```\w+\n (?P<block>.*?) ^\x20{{3}}``` | \. )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


class Instruction(NamedTuple):
    """One change that a recipe asks for."""

    verb: str
    path: str
    how: str | None
    anchor: str
    instead: str
    block: str

    @classmethod
    def of(cls, found: re.Match[str]) -> "Instruction":
        def code(name: str) -> str:
            text = found[name] or ""
            return text.strip("`").strip() if text.startswith("``") else text.strip("`")

        block = re.sub(r"^ {3}", "", found["block"] or "", flags=re.MULTILINE)
        return cls(
            found["verb"], found["path"], found["how"], code("anchor"), code("instead"), block
        )

    def carry_out(self, project: Path) -> None:
        """Change a file of a copy of the project."""
        file = project / self.path
        if self.verb == "Create":
            assert not file.exists(), self.path
            file.write_text(self.block)
            return
        text = file.read_text()
        if self.how is None:
            file.write_text(f"{text}\n{self.block}")
            return
        if self.how == "replace":
            assert text.count(self.anchor) == 1, (self.path, self.anchor)
            file.write_text(text.replace(self.anchor, self.instead))
            return
        lines = text.splitlines(keepends=True)
        (place,) = [number for number, line in enumerate(lines) if self.anchor in line]
        lines.insert(place + (self.how == "below"), self.block)
        file.write_text("".join(lines))
