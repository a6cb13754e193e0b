"""``python -m credit_risk.score`` on the project's sample, with a trained model."""

import stat
from pathlib import Path

import pytest
from pyarrow import csv, parquet
from running import PROJECT, run

SAMPLE = PROJECT / "data" / "sample.csv"


def lines(count: int) -> str:
    return "".join(SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)[: count + 1])


def score(home: Path, *arguments: object, code: int = 0) -> tuple[str, str]:
    """What the command says on standard output and on standard error."""
    done = run("python", "-m", "credit_risk.score", *map(str, arguments), home=home, check=False)

    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_a_file_is_scored_and_summed_up(home: Path, tmp_path: Path) -> None:
    table = tmp_path / "out.parquet"

    said, progress = score(home, SAMPLE, "--to", table, "--keep", "Age")

    found = parquet.read_table(table)
    names = ["Age", "status", "default_probability", "reasons", "error", "model", "line"]
    assert found.column_names == names
    assert said.startswith(f"{found.num_rows:,} rows in {table}\n")
    counts = {status: found["status"].to_pylist().count(status) for status in ("APPROVED", "MAYBE")}
    for status, count in counts.items():
        assert f" {count:,}  {status}\n" in said
    assert progress == ""
    assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_a_bad_row_is_said_and_the_others_are_scored(home: Path, tmp_path: Path) -> None:
    text = lines(2)
    (tmp_path / "in.csv").write_text(text + text.splitlines()[1] + ",1\n", encoding="utf-8")

    said, _ = score(home, tmp_path / "in.csv", "--to", tmp_path / "out.csv", code=1)

    assert "           1  refused for row\n" in said
    found = csv.read_csv(tmp_path / "out.csv").to_pylist()
    assert [each["error"] for each in found] == ["", "", "row: found 15 cells; expected 14"]
    assert [bool(each["status"]) for each in found] == [True, True, False]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["absent.csv", "--to", "out.csv"], "absent.csv: No such file or directory; expected a"),
        (["in.csv", "--to", "out.txt"], "out.txt: expected a name that ends in"),
        (["in.csv", "--to", "there.csv"], "there.csv: found a file of that name; add --force"),
        (["in.csv", "--to", "out.csv", "--keep", "x"], "--keep: found 'x', expected all, none"),
        (["in.csv", "--to", "out.csv", "--model", "m:1"], "m:1: found no such model in the store"),
        (["in.csv", "--to", "out.csv", "--policy", "absent.toml"], "absent.toml"),
        (["odd.csv", "--to", "out.csv"], "odd.csv: found no column for seniority, home, time"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    home: Path, tmp_path: Path, arguments: list[str], problem: str
) -> None:
    (tmp_path / "in.csv").write_text(lines(1), encoding="utf-8")
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "there.csv").write_text("mine", encoding="utf-8")
    places = [tmp_path / each if Path(each).suffix else each for each in arguments]

    said, error = score(home, *places, code=2)

    assert said == ""
    assert problem in error
    assert "Traceback" not in error
    assert not (tmp_path / "out.csv").exists()
    assert (tmp_path / "there.csv").read_text(encoding="utf-8") == "mine"
