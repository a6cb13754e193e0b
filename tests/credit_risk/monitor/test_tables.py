"""Tables of answers are counted as the decisions that they are."""

from pathlib import Path

import pytest
from running import run
from watched import Watched

from credit_risk.errors import DataError
from credit_risk.monitor.tables import NO_COLUMN, count_table, read_manifest


def test_a_table_is_counted_without_refused_rows(watched: Watched, scored: Path) -> None:
    manifest = read_manifest(scored)

    counts, why = count_table(scored, manifest, watched.stored, watched.bins)

    assert why == {}
    assert counts.rows == 300
    assert counts.statuses == manifest.counts.outcomes
    assert {sum(each) for each in counts.fields.values()} == {300}
    assert counts.explained == 300 - counts.statuses["APPROVED"]
    assert counts.reasons.keys() <= watched.reference.reasons.counts.keys()


def test_of_a_table_in_csv_the_columns_that_it_has_are_counted(
    home: Path, watched: Watched, scored: Path, tmp_path: Path
) -> None:
    table = tmp_path / "answers.csv"
    options = ("--to", table, "--keep", "Income,Job", "--reasons", "full")
    source = scored.with_name("in.csv")
    run("python", "-m", "credit_risk.score", source, *options, home=home, check=False)
    whole, _ = count_table(scored, read_manifest(scored), watched.stored, watched.bins)

    counts, why = count_table(table, read_manifest(table), watched.stored, watched.bins)

    assert counts.fields.keys() == {"income", "job", "default_probability", "decision"}
    assert {name: whole.fields[name] for name in counts.fields} == counts.fields
    assert set(why.values()) == {NO_COLUMN}
    assert counts.reasons == whole.reasons


def test_a_table_that_was_changed_is_refused(scored: Path, tmp_path: Path) -> None:
    copy = tmp_path / scored.name
    copy.write_bytes(scored.read_bytes() + b"\n")
    manifest = scored.with_name(f"{scored.name}.manifest.json")
    copy.with_name(manifest.name).write_text(manifest.read_text())

    with pytest.raises(DataError, match="found other bytes than the manifest names"):
        read_manifest(copy)
