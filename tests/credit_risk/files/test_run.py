"""Runs on the toy form: stopped anywhere, they go on, and give the same bytes."""

import gzip
import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from scored_files import (
    DECIDED,
    TOY,
    applications,
    as_csv,
    run_and_tell,
    run_of,
    run_until_killed,
    toy_scorer,
)

from credit_risk.errors import CreditRiskError, DataError, UsageError
from credit_risk.files import (
    Manifest,
    ModelHash,
    Named,
    Proof,
    Run,
    Scored,
    manifest_of,
    open_source,
    read_record,
)
from credit_risk.files.unfinished import folder_of

PARTS = 7
KILLS = int(os.environ.get("CREDIT_RISK_KILLS", "5"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of some parts, with a bad row in one."""
    rows = applications(TOY, 60)
    rows[40] |= {"amount": "much"}
    return as_csv(tmp_path / "in.csv", rows)


def run(path: Path, table: Path, **how: Any) -> Run:
    return run_of(path, table, size=path.stat().st_size // (PARTS - 1), **how)


def stopping(after: int, error: BaseException | None = None) -> Callable[[float, int], None]:
    """Stops a run when it tells of so many parts."""
    told = []

    def progress(share: float, rows: int) -> None:
        told.append((share, rows))
        if len(told) == after:
            raise error or KeyboardInterrupt

    return progress


def stop(path: Path, table: Path, after: int = 3, **how: Any) -> Path:
    """Stop a run; returns the folder of its parts."""
    with pytest.raises(KeyboardInterrupt):
        run(path, table, progress=stopping(after), **how)()
    return table.with_name(f".{table.name}.parts")


def undisturbed(path: Path, ending: str) -> tuple[bytes, bytes]:
    table = path.with_name("other") / f"out{ending}"
    table.parent.mkdir()
    run(path, table)()
    return table.read_bytes(), manifest_of(table).read_bytes().replace(b"../", b"")


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("after", range(1, PARTS + 1))
def test_a_run_that_was_stopped_goes_on_and_gives_the_same_bytes(
    path: Path, ending: str, after: int
) -> None:
    table = path.with_name(f"out{ending}")
    folder = stop(path, table, after)
    assert not table.exists()
    assert not manifest_of(table).exists()
    told: list[tuple[float, int]] = []

    counts = run(path, table, progress=lambda *now: told.append(now))()

    assert len(told) == PARTS - after  # no part is scored twice
    assert told[-1:] == [(1.0, 60)][: len(told)]
    assert counts.rows == 60
    assert counts.refused == {"amount": 1}
    assert (table.read_bytes(), manifest_of(table).read_bytes()) == undisturbed(path, ending)
    assert not folder.exists()


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("parts", [0, 4, PARTS - 1])
def test_a_run_that_was_killed_goes_on_and_scores_one_part_again_at_most(
    path: Path, parts: int, *, inside: bool
) -> None:
    table, size = path.with_name("out.csv"), path.stat().st_size // (PARTS - 1)
    process = get_context("spawn").Process(
        target=run_until_killed, args=(path, table, size, parts), kwargs={"inside": inside}
    )
    process.start()
    process.join()
    told: list[int] = []

    run(path, table, progress=lambda _, rows: told.append(rows))()

    assert process.exitcode == -signal.SIGKILL
    assert len(told) == PARTS - parts
    assert (table.read_bytes(), manifest_of(table).read_bytes()) == undisturbed(path, ".csv")


def test_a_run_that_is_killed_again_and_again_scores_one_part_more_each_time_at_most(
    tmp_path: Path,
) -> None:
    """At any moment; ``CREDIT_RISK_KILLS`` says how often."""
    path, size = as_csv(tmp_path / "in.csv", applications(TOY, 1_000)), 1_000
    table, told = tmp_path / "out.parquet", tmp_path / "told"
    context = get_context("forkserver")
    context.set_forkserver_preload(["scored_files"])
    begin = partial(context.Process, target=run_and_tell, args=(path, table, size, told))
    random, kills, tables = Random(7), 0, []  # noqa: S311  not a secret
    while kills < KILLS or not table.exists():
        if table.exists() and not folder_of(table).exists():
            tables.append(table.read_bytes())
            table.unlink()
            manifest_of(table).unlink()
        process = begin()
        process.start()
        process.join(random.uniform(0.02, 0.6) if kills < KILLS else None)
        if process.is_alive():
            process.kill()
            kills += 1
        process.join()
        assert process.exitcode in {0, -signal.SIGKILL}

    tables.append(table.read_bytes())
    run_of(path, tmp_path / "other.parquet", size=size)()
    assert {*tables} == {(tmp_path / "other.parquet").read_bytes()}
    parts = len(read_record(manifest_of(table), Manifest).parts)
    assert len(told.read_text(encoding="utf-8").splitlines()) <= len(tables) * parts + kills


def test_parts_and_the_table_are_for_their_owner_only(path: Path) -> None:
    table = path.with_name("out.csv")
    folder = stop(path, table)

    modes = {each.stat().st_mode & 0o777 for each in folder.iterdir()}
    run(path, table)()

    assert modes == {0o600}
    assert {each.stat().st_mode & 0o777 for each in (table, manifest_of(table))} == {0o600}


def test_a_part_that_was_damaged_lost_or_not_finished_is_scored_again(path: Path) -> None:
    table = path.with_name("out.csv")
    folder = stop(path, table, after=5)
    damaged, lost, *_ = sorted(folder.glob("*.arrow"))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    lost.unlink()
    (folder / ".00000006-0.arrow.1").write_bytes(b"half")
    told: list[int] = []

    run(path, table, progress=lambda _, rows: told.append(rows))()

    assert len(told) == PARTS - 5 + 2
    assert (table.read_bytes(), manifest_of(table).read_bytes()) == undisturbed(path, ".csv")


@pytest.mark.parametrize("published", [True, False])
def test_a_run_that_was_stopped_while_it_published_ends_the_same(
    path: Path, tmp_path: Path, *, published: bool
) -> None:
    table = path.with_name("out.csv")
    folder = stop(path, table, after=PARTS)
    shutil.copytree(folder, tmp_path / "copy")
    before = run(path, table)()
    shutil.copytree(tmp_path / "copy", folder)
    content = table.read_bytes()
    if not published:
        table.unlink()

    assert run(path, table)() == before
    assert table.read_bytes() == content
    assert not folder.exists()


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"keep": "none"}, r"options keep \[\], expected|options keep \['amount'"),
        ({"decided": DECIDED.model_copy(update={"policy": Named(name="q", sha256="9")})}, "policy"),
        (
            {"decided": DECIDED.model_copy(update={"model": ModelHash(tag="m:2", sha256="9")})},
            "decided model tag m:1, expected m:2",
        ),
        (
            {"decided": DECIDED.model_copy(update={"versions": {"v": "5"}})},
            "decided versions v 4, expected 5",
        ),
    ],
)
def test_a_run_on_another_basis_is_refused_and_says_what_is_different(
    path: Path, changes: dict[str, Any], difference: str
) -> None:
    table = path.with_name("out.csv")
    folder = stop(path, table)

    with pytest.raises(UsageError, match=difference) as refused:
        run(path, table, **changes)()

    assert "found a run that is not finished with" in str(refused.value)
    assert "or add --force to begin anew" in str(refused.value)
    assert len(list(folder.glob("*.arrow"))) == 3
    assert run(path, table, force=True, **changes)().rows == 60


def test_a_run_in_parts_of_another_size_is_refused(path: Path) -> None:
    table = path.with_name("out.csv")
    stop(path, table)

    with pytest.raises(UsageError, match=r"options part \d+, expected 999;"):
        run_of(path, table, size=999)()


def test_a_run_on_another_file_is_refused(path: Path) -> None:
    table = path.with_name("out.csv")
    stop(path, table)
    path.write_bytes(path.read_bytes().replace(b"much", b"9999"))

    with pytest.raises(UsageError, match=r"with input sha256 \w+, expected \w+;"):
        run(path, table)()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"input": 1}', b"\xff"])
def test_a_basis_that_is_not_whole_is_one_sentence(path: Path, content: bytes) -> None:
    table = path.with_name("out.csv")
    folder = stop(path, table)
    (folder / "basis.json").write_bytes(content)

    with pytest.raises(UsageError, match=r"basis.json: found .*; expected .*--force") as refused:
        run(path, table)()

    assert "\n" not in str(refused.value)
    assert run(path, table, force=True)().rows == 60


def test_two_runs_do_not_write_one_table(path: Path) -> None:
    table = path.with_name("out.csv")
    problems = []

    def progress(_share: float, _rows: int) -> None:
        with pytest.raises(UsageError, match="found another run that writes it") as refused:
            run(path, table)()
        problems.append(refused)

    run(path, table, progress=progress)()

    assert len(problems) == PARTS
    assert table.exists()


def test_a_full_disk_leaves_what_is_done_and_names_the_file(path: Path) -> None:
    table = path.with_name("out.csv")
    full = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space left"):
        run(path, table, progress=stopping(3, full))()

    run(path, table)()

    assert (table.read_bytes(), manifest_of(table).read_bytes()) == undisturbed(path, ".csv")


def test_a_file_that_changes_while_it_is_read_is_refused(path: Path) -> None:
    table = path.with_name("out.csv")

    def progress(share: float, _rows: int) -> None:
        if share < 0.5:
            path.write_bytes(path.read_bytes() + b"1")

    with pytest.raises(DataError, match="found that it changed while it was read"):
        run(path, table, progress=progress)()

    assert not table.exists()


def test_the_file_itself_is_not_replaced(path: Path) -> None:
    content = path.read_bytes()

    with pytest.raises(UsageError, match="found the file that is scored, expected another"):
        run(path, path, force=True)()

    assert path.read_bytes() == content


def test_text_that_must_be_read_from_its_beginning_goes_on_the_same(path: Path) -> None:
    for number, content in enumerate(
        (path.read_text().encode("utf-16"), gzip.compress(path.read_bytes(), mtime=0))
    ):
        other = path.with_name(f"other{number}")
        other.write_bytes(content)
        one, two = (other.with_name(f"{name}{number}.csv") for name in "ab")
        with pytest.raises(KeyboardInterrupt):
            run_of(other, one, size=500, progress=stopping(4))()

        run_of(other, one, size=500)()
        run_of(other, two, size=500)()

        assert one.read_bytes() == two.read_bytes()
        assert manifest_of(one).read_bytes() == manifest_of(two).read_bytes()


def test_a_table_or_manifest_that_is_there_is_not_replaced(path: Path) -> None:
    table = path.with_name("out.csv")
    run(path, table)()
    content = table.read_bytes()

    with pytest.raises(UsageError, match=r"out.csv: found a file of that name; add --force"):
        run(path, table, keep="none")()
    table.rename(path.with_name("moved.csv"))
    with pytest.raises(UsageError, match=r"out.csv.manifest.json: found a file of that name"):
        run(path, table, keep="none")()

    run(path, table, keep="none", force=True)()
    assert len(table.read_bytes()) < len(content)


def test_the_manifest_says_what_the_table_was_made_of(path: Path) -> None:
    table = path.with_name("out.parquet")
    counts = run(path, table)()

    manifest = read_record(manifest_of(table), Manifest)

    assert manifest.counts == counts
    assert manifest.input_path == "in.csv"
    assert manifest.basis.decided == DECIDED
    assert [part.number for part in manifest.parts] == list(range(PARTS))
    assert sum(part.counts.rows for part in manifest.parts) == 60
    assert manifest.parts[-1].end.offset == path.stat().st_size
    assert parquet.ParquetFile(table).num_row_groups == PARTS


def test_a_column_that_the_table_cannot_hold_is_refused_before_anything_is_scored(
    tmp_path: Path,
) -> None:
    rows = [each | {"several": [1]} for each in applications(TOY, 3)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    told: list[int] = []
    progress = lambda _, rows: told.append(rows)  # noqa: E731

    with pytest.raises(UsageError, match=r"out.csv: found a column that cannot .* with --keep"):
        run_of(tmp_path / "in.parquet", tmp_path / "out.csv", progress=progress)()

    assert told == []
    assert run_of(tmp_path / "in.parquet", tmp_path / "out.csv", keep="none")().rows == 3
    assert run_of(tmp_path / "in.parquet", tmp_path / "out.parquet")().rows == 3


ODD = (
    *(b'"', b"\n", b"\r", b",", b";", b"\0", b"\xff", b"\xef\xbb\xbf", b'"\n', b"\t", b"\\", b" "),
    *(b"=1+1", b"1e999", b"nan", b"inf", b"-0", b"1_000", b"0x10", b"9" * 400),
    *("\u2028".encode(), "Ⅷ".encode(), b"\xed\xa0\x80"),
)


def hostile(random: Random, text: bytes, table: bytes) -> bytes:
    """A file that is damaged in some places, as text, packed, in UTF-16, or Parquet."""
    kind = random.choice(["text", "text", "gzip", "utf-16", "parquet"])
    content = bytearray(table if kind == "parquet" else text)
    for _ in range(random.randrange(1, 6)):
        at, how = random.randrange(len(content)), random.random()
        if kind == "parquet" or how < 0.2:
            content[at] = random.randrange(256)
        elif how < 0.8:
            content[at : at + random.choice([0, 0, 1, 3])] = random.choice(ODD)
        else:
            del content[at : at + random.randrange(200)]
    if kind == "utf-16":
        whole = content.decode("utf-8", "replace").encode("utf-16")
        return whole[: len(whole) - random.randrange(2)]
    if kind == "gzip":
        content = bytearray(gzip.compress(content, mtime=0))
        content[random.randrange(len(content))] = random.randrange(256)
    return bytes(content)


@pytest.mark.parametrize("seed", range(3))
def test_a_hostile_file_is_scored_and_proved_or_refused_in_one_sentence(
    tmp_path: Path, seed: int
) -> None:
    random, rows = Random(seed), applications(TOY, 30)  # noqa: S311  not a secret
    text = as_csv(tmp_path / "text", rows).read_bytes()
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "table")
    table = (tmp_path / "table").read_bytes()
    path, scored = tmp_path / "in", 0
    for _ in range(50):
        path.write_bytes(hostile(random, text, table))
        out = tmp_path / random.choice(["out.csv", "out.parquet"])
        try:
            run_of(path, out, force=True)()
            source = open_source(path, set(TOY.by_name))
            step = Scored.of(source, toy_scorer())
            proof = Proof(out, read_record(manifest_of(out), Manifest), source, step)
            assert proof.first_difference(100) is None
            scored += 1
        except CreditRiskError as error:
            assert "\n" not in str(error)  # noqa: PT017  any of them

    assert 5 < scored < 50


def test_a_part_without_rows_is_a_part(path: Path, tmp_path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n" * path.stat().st_size)

    assert run(path, tmp_path / "out.parquet")().rows == 60
    assert pa.compute.sum(pa.parquet.read_table(tmp_path / "out.parquet")["line"]).as_py() > 0


def test_the_summary_counts_outcomes_and_refusals_by_field(tmp_path: Path) -> None:
    rows = applications(TOY, 20)
    rows[3] |= {"amount": "much"}
    rows[5] |= {"place": "moon"}
    path = as_csv(tmp_path / "in.csv", rows)
    with path.open("a", encoding="utf-8") as file:
        file.write("1,2\n")

    found = run_of(path, tmp_path / "out.csv")()

    assert found.rows == 21
    assert found.outcomes.total() == 18
    assert found.refused == {"amount": 1, "place": 1, "row": 1}


def test_a_file_without_rows_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(",".join(TOY.by_name) + "\n", encoding="utf-8")

    with pytest.raises(DataError, match="found no rows"):
        run_of(path, tmp_path / "out.csv")()

    assert list(tmp_path.iterdir()) == [path]
