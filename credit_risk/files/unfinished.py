"""The folder ``.OUT.parts`` of a run that is not finished: the answers of each part that is done.

A file of a part appears whole under its name, which holds its number and its SHA-256; what else a
run that goes on must know of it stands inside. So a part is done as soon as its file is there, and
one that was damaged is none.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from credit_risk.errors import DataError, UsageError
from credit_risk.files.manifest import Basis, FileHash, PartRecord, Summary, read_record
from credit_risk.files.parts import Part
from credit_risk.files.writing import make_writer, writable

BASIS: Final = "basis.json"
ENDING: Final = ".arrow"
RECORD: Final = b"credit_risk.part"
AGAIN: Final = "the same command goes on where it stopped"


@contextmanager
def unfinished(table: Path, basis: Basis, *, force: bool = False) -> Iterator[Path]:
    """Yield the folder of a table's parts, which this run alone works in.

    It stays if something goes wrong after the first part.

    Raises:
        UsageError: if another run works there, or one on another basis stopped there, unless
            ``force``.
    """
    folder = folder_of(table)
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        _lock(lock, table)
        try:
            _begin(folder, basis, force=force)
            yield folder
        finally:
            if folder.exists() and not _parts(folder):
                remove(folder)
    finally:
        os.close(lock)


def folder_of(table: Path) -> Path:
    """Return the folder of a table's parts."""
    return table.with_name(f".{table.name}.parts")


def remove(folder: Path) -> None:
    """Remove a folder of parts; the basis last, as it tells what the parts are of."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name == BASIS):
        path.unlink(missing_ok=True)
    folder.rmdir()


def keep_part(folder: Path, part: Part, answers: pa.RecordBatch) -> PartRecord:
    """Write the answers of a part."""
    counts = Summary.of(answers)
    record = PartRecord(number=part.number, end=part.end, read=part.read, counts=counts)
    answers = answers.replace_schema_metadata({RECORD: record.model_dump_json()})
    sink = pa.BufferOutputStream()
    packed = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_file(sink, answers.schema, options=packed) as writer:
        writer.write_batch(answers)
    content = sink.getvalue()
    record.sha256 = sha256(content).hexdigest()
    write_whole(_path_of(folder, record), content, folder)
    return record


def kept_parts(folder: Path) -> dict[int, PartRecord]:
    """Find the parts that are done, by number."""
    found = {}
    for path in _parts(folder):
        digest = FileHash.of(path).sha256
        if not path.stem.endswith(f"-{digest}"):
            continue
        with (
            suppress(LookupError, TypeError, ValueError),
            _opened(path) as file,
        ):  # or it is no part
            record = PartRecord.model_validate_json(file.schema.metadata[RECORD])
            found[record.number] = record.model_copy(update={"sha256": digest})
    return found


def assemble(folder: Path, parts: Sequence[PartRecord], path: Path, like: Path) -> None:
    """Write a table of the answers of all parts, in their order.

    Args:
        folder: of the parts.
        parts: all of them.
        path: to write to.
        like: the name whose ending says which format.
    """
    with ExitStack() as opened:
        opened.enter_context(naming(path))
        writer = None
        for part in parts:
            with _opened(_path_of(folder, part)) as file:
                answers = file.get_batch(0).replace_schema_metadata(None)
            with writable(like):
                if writer is None:
                    writer = opened.enter_context(make_writer(path, like, answers.schema))
                if answers.num_rows:
                    writer.write_batch(answers)


def write_whole(path: Path, content: Any, folder: Path) -> None:  # noqa: ANN401  bytes, also pyarrow's
    """Write a file (0600) in a folder; it appears under its path once it is complete."""
    other = folder / f".{path.name}.{os.getpid()}"
    try:
        with naming(path), open(other, "wb", opener=_for_owner) as file:
            file.write(content)
        other.replace(path)
    finally:
        other.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an error of the system name the file that could not be written."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or path
        raise


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lock(folder: int, table: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        msg = f"{table.name}: found another run that writes it, expected none; wait for its end"
        raise UsageError(msg) from None


def _begin(folder: Path, basis: Basis, *, force: bool) -> None:
    """Begin, or go on with what is there."""
    path = folder / BASIS
    if _parts(folder):
        anew = f"run the command that began it, or add --force to begin anew ({folder.name})"
        try:
            difference = read_record(path, Basis).difference(basis)
        except DataError as error:
            difference = str(error)
        if difference and not force:
            msg = f"found a run that is not finished with {difference}; {anew}"
            raise UsageError(msg)
        if not difference:
            return
    for odd in folder.iterdir():
        odd.unlink()
    write_whole(path, basis.model_dump_json(indent=1).encode(), folder)


def _path_of(folder: Path, part: PartRecord) -> Path:
    return folder / f"{part.number:08}-{part.sha256}{ENDING}"


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"[0-9]*{ENDING}"))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        yield reader
