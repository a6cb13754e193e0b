from pathlib import Path

import pytest
from scored_files import DECIDED

from credit_risk.errors import DataError
from credit_risk.files import FileHash, Manifest, ModelHash, Summary, manifest_of, read_record
from credit_risk.files.manifest import Basis, Options

BASIS = Basis(
    input=FileHash(bytes=1, sha256="0"),
    decided=DECIDED,
    options=Options(format=".csv", keep=["a"], reasons="codes", language="en", part=9),
)


def test_the_manifest_is_beside_its_table() -> None:
    assert manifest_of(Path("a/b.csv")) == Path("a/b.csv.manifest.json")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory; expected"),
        (b"", "found the file: Invalid JSON"),
        (b'{"format": 1, "basis"', "found the file: Invalid JSON"),
        (b"[1]", "found the file: Input should be"),
        (b'{"format": 1}', "found input_path: Field required"),
        (b"\xff\xfe", "found the file: Invalid JSON"),
    ],
)
def test_a_manifest_that_is_not_whole_is_one_sentence(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "x.manifest.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError, match=problem) as refused:
        read_record(path, Manifest)

    assert str(refused.value).startswith("x.manifest.json: ")
    assert str(refused.value).endswith("; expected what the command that scores wrote, whole")
    assert "\n" not in str(refused.value)


def test_the_first_difference_is_said_and_names_come_before_hashes() -> None:
    model = ModelHash(tag="m:2", sha256="9")
    other = BASIS.model_copy(update={"decided": DECIDED.model_copy(update={"model": model})})

    assert BASIS.difference(other) == "decided model tag m:1, expected m:2"
    assert BASIS.difference(BASIS.model_copy()) is None


def test_counts_are_added() -> None:
    counts = Summary(rows=1, outcomes={"A": 1})
    counts.add(Summary(rows=2, outcomes={"A": 1}, refused={"age": 1}))

    assert counts == Summary(rows=3, outcomes={"A": 2}, refused={"age": 1})
    assert Summary() == Summary(rows=0)
