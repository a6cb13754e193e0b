"""The commands of docs/monitoring.md are run, in their order, and what they say is compared."""

from pathlib import Path

from documents import commands, text_of
from running import PROJECT, run
from watched import watching

PAGE = "docs/monitoring.md"


def levels(said: str) -> list[tuple[str, str]]:
    """What was measured, and the alert behind it: what does not differ between two trainings."""
    lines = said.splitlines()[2:]
    fields = [line.split() for line in lines if len(line.split()) >= 4 and "then," not in line]
    return [(cells[0], " ".join(cells[4:])) for cells in fields if cells[1].startswith("0.")]


def test_the_commands_run_as_shown(home: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(PROJECT / "data")
    with watching(home) as watched:
        watched.write(tmp_path / "decisions", watched.decisions)
    ids = [each["id"] for each in watched.decisions]
    lines = [
        f"{name},{'default' if n % 4 == 3 else 'repaid'},2026-12-31" for n, name in enumerate(ids)
    ]
    (tmp_path / "outcomes.csv").write_text("\n".join(["id,outcome,date", *lines]))

    for command in commands(PAGE):
        found = run(
            *("bash", "-c", command.text),
            home=home,
            cwd=tmp_path,
            check=False,
            PYTHONPATH=str(PROJECT),
        )

        drifts = "poorer.parquet --to drift.html" in command.text
        assert found.returncode in ({1} if drifts else {0, 1}), found.stderr
        assert found.stderr == ""
        if drifts:
            assert levels(found.stdout) == levels(command.output) != []
            assert found.stdout.splitlines()[-1] == command.output.splitlines()[-1]
        elif command.output:
            assert found.stdout.strip() == command.output.strip()
    assert "<svg" in (tmp_path / "drift.html").read_text()
    assert "<svg" in (tmp_path / "outcomes.html").read_text()


def test_the_page_names_every_option(home: Path) -> None:
    for name in ("drift", "outcomes"):
        said = run("python", "-m", "credit_risk.monitor", name, "--help", home=home).stdout

        options = {word.strip("[],") for word in said.split() if word.startswith(("--", "[--"))}
        assert {each for each in options if each not in text_of(PAGE)} <= {"--help"}
