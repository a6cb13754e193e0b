import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scored_files import TOY, applications, as_csv, run_of

from credit_risk.files.manifest import PartRecord
from credit_risk.files.parts import Part, Place
from credit_risk.files.unfinished import assemble, keep_part, kept_parts, write_whole


def kept(folder: Path, number: int, **columns: list[Any]) -> PartRecord:
    answers = pa.RecordBatch.from_pydict({"status": ["A"], "error": ["age: x"], **columns})
    end = Place(number + 1, 100 * (number + 1), number)
    part = Part(number, end, answers, np.arange(1), 0.5)
    return keep_part(folder, part, answers)


def test_a_part_is_found_again_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    records = [kept(tmp_path, number) for number in (2, 0)]

    found = kept_parts(tmp_path)

    assert list(found) == [0, 2]
    assert [found[each.number].model_dump() for each in records] == [
        each.model_dump() for each in records
    ]
    assert found[2].end == Place(3, 300, 2)
    assert found[2].counts.model_dump() == {"rows": 1, "outcomes": {"A": 1}, "refused": {"age": 1}}


@pytest.mark.parametrize("end", [0, 10, -1])
def test_a_part_that_is_not_whole_is_none(tmp_path: Path, end: int) -> None:
    kept(tmp_path, 0)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:end])

    assert kept_parts(tmp_path) == {}


def test_another_file_with_a_hash_as_name_is_no_part(tmp_path: Path) -> None:
    empty = pa.BufferOutputStream()
    pa.ipc.new_file(empty, pa.schema([])).close()
    for content in (b"x", empty.getvalue().to_pybytes()):
        (tmp_path / f"00000000-{sha256(content).hexdigest()}.arrow").write_bytes(content)

    assert kept_parts(tmp_path) == {}


def test_what_is_put_together_has_the_types_of_the_parts(tmp_path: Path) -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    columns = {"a": [pa.array([word], kind) for word in "xy"], "b": [[None], [np.nan]]}
    records = [
        kept(tmp_path, n, a=columns["a"][n], b=pa.array(columns["b"][n], pa.float32()))
        for n in (0, 1)
    ]

    assemble(tmp_path, records, tmp_path / "x", Path("x.parquet"))

    found = pa.parquet.read_table(tmp_path / "x")
    assert found.schema.field("b").type == pa.float32()
    assert found["a"].to_pylist() == ["x", "y"]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_whole(path, b"all of it", tmp_path)
    with pytest.raises(TypeError):
        write_whole(tmp_path / "y", "no bytes", tmp_path)

    assert path.read_bytes() == b"all of it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "in.csv", applications(TOY, 2))

    with pytest.raises(FileNotFoundError) as error:
        run_of(path, tmp_path / "absent" / "out.csv")()

    assert "absent" in str(error.value.filename)
