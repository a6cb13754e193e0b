from datetime import UTC, datetime, timedelta
from pathlib import Path

from credit_risk.decisions.retention import remove
from credit_risk.decisions.verify import verify
from credit_risk.decisions.writer import Writer

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)


def write(folder: Path, *ages: int, worker: int = 1) -> Writer:
    """Write one decision of each age in days, each on a day and so in a file of its own."""
    now = [NOW]
    writer = Writer(folder, {}, worker=worker, max_file_size=10**6, now=lambda: now[0])
    for age in ages:
        now[0] = NOW - timedelta(days=age)
        writer.write([{"decided_at": now[0].isoformat()}])
    return writer


def test_what_is_older_goes_and_what_stays_is_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, 800, 400, 300, 1).close()
    old = sorted(tmp_path.iterdir())[:2]

    assert list(remove(tmp_path, YEAR)) == old
    assert [finding.problem for finding in verify(tmp_path)] == [None, None]


def test_the_last_decision_of_a_file_counts_and_not_the_first(tmp_path: Path) -> None:
    writer = Writer(
        tmp_path,
        {},
        worker=1,
        max_file_size=10**6,
        now=lambda: NOW - 2 * YEAR,  # of the file's name
    )
    writer.write([{"decided_at": (NOW - 2 * YEAR).isoformat()}, {"decided_at": NOW.isoformat()}])
    writer.close()

    assert list(remove(tmp_path, YEAR)) == []


def test_a_file_that_is_being_written_stays(tmp_path: Path) -> None:
    writer = write(tmp_path, 800, 700)
    first, second = sorted(tmp_path.iterdir())

    assert list(remove(tmp_path, YEAR)) == [first]
    writer.close()
    assert list(remove(tmp_path, YEAR)) == [second]


def test_each_lineage_is_looked_at_by_itself(tmp_path: Path) -> None:
    write(tmp_path, 10, worker=1).close()
    write(tmp_path, 800, worker=2).close()

    assert [path.name.split("_")[2] for path in remove(tmp_path, YEAR)] == ["w2"]


def test_nothing_else_in_the_folder_is_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.jsonl").touch()

    assert list(remove(tmp_path, timedelta(0))) == []
    assert (tmp_path / "notes.jsonl").exists()
