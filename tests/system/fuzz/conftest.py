"""One service for all of the fuzzing, and how much it was."""

from collections.abc import Iterator

import pytest
from fuzz.effort import IS_SHORT, SEED
from fuzz.target import NOTES, SENT, Target
from running import Server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if SENT:
        seed = "the same each time" if IS_SHORT else f"FUZZ_SEED={SEED} sends the same again"
        terminalreporter.section(f"fuzzing: {sum(SENT.values()):,} requests, {seed}")
        for kind, count in SENT.most_common():
            terminalreporter.write_line(f"{count:8,}  {kind}")
        for note in NOTES:
            terminalreporter.write_line(note)


@pytest.fixture(scope="session")
def target(server: Server) -> Iterator[Target]:
    target = Target(server)
    yield target
    target.wire.close()
