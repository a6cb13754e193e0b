"""The decision log of a running service."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from bodies import CSV, NPY, npy, sample_bodies, table
from course import COLUMNS, COURSE_EXAMPLE
from needs import MOUNTING
from running import PROJECT, Server, configured, latest_model, run, serving

from audit_log import read_entries
from audit_log.reader import read_lines
from audit_log.records import GENESIS_HASH, append
from credit_risk.decision_log.settings import DECISIONS

Serve = Callable[..., AbstractContextManager[Server]]
SAMPLES = sample_bodies(20)
ROW = [0.0] * len(COLUMNS)
for _name, _value in COURSE_EXAMPLE.items():
    _column = _name if _name in COLUMNS else f"{_name}={_value}"
    ROW[COLUMNS.index(_column)] = 1.0 if _name not in COLUMNS else float(_value)  # type: ignore[arg-type]

WITHOUT_INCOME = [None if name == "income" else v for name, v in zip(COLUMNS, ROW, strict=True)]
REPLAY = ("python", "-m", "credit_risk.decisions", "replay")


@pytest.fixture(scope="module")
def serve(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Serve with a log in a folder, and some settings of the classifier changed."""

    def serve(folder: Path, changes: dict[str, Any] | None = None, **variables: str) -> Any:
        place = tmp_path_factory.mktemp("service")
        variables = {"CREDIT_RISK_DECISION_LOG": str(folder)} | variables
        variables |= configured(place, {"credit_risk_classifier": changes or {}})
        return serving("service.py:svc", home=home, log=place / "log", **variables)

    return serve


def decisions(folder: Path) -> dict[str, Any]:
    return {each["id"]: each for _, part in read_entries(folder, DECISIONS) for each in part}


def command(home: Path, *arguments: str | Path, check: bool = True) -> str:
    return run("python", "-m", "credit_risk.decisions", *arguments, home=home, check=check).stdout


ACCESS_LOG = {"logging": {"access": {"enabled": True}}}


@dataclass
class Recorded:
    """What was asked and answered while a service logged to ``folder``, which it does no more."""

    folder: Path
    answers: dict[str, httpx.Response]
    document: dict[str, Any]

    def copy(self, to: Path) -> Path:
        """A log to change."""
        return Path(shutil.copytree(self.folder, to / "log"))


@pytest.fixture(scope="module", params=[{}, ACCESS_LOG], ids=["lean", "bentoml"])
def recorded(
    request: pytest.FixtureRequest, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Recorded:
    """The log of 32 decisions, on the lean path and on BentoML's own."""
    folder = tmp_path_factory.mktemp("recorded") / "decisions"
    array = npy(np.array([ROW] * 3, dtype=np.float32))
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "one": ("/classify", {"json": COURSE_EXAMPLE | {"reference": "A-7"}}),
        "many": ("/classify_batch", {"json": [SAMPLES[0], {"age": 7}, *SAMPLES[1:]]}),
        "table": ("/classify_batch", {"content": table(SAMPLES[:3]), "headers": CSV}),
        "plain": ("/classify_batch?reasons=false", {"json": SAMPLES[:3]}),
        "lists": ("/classify_array?reasons=true", {"json": [ROW, WITHOUT_INCOME]}),
        "binary": ("/classify_array", {"content": array, "headers": NPY}),
        "refused": ("/classify", {"json": {"age": 7}}),
        "empty": ("/classify_batch", {"json": []}),
    }
    with serve(folder, request.param) as server:
        answers = {name: server.post(path, **how) for name, (path, how) in asked.items()}
        document = server.get("/docs.json").json()
        on_bentoml_s_path = "path=/classify" in server.logged()
        assert on_bentoml_s_path == bool(request.param), "on the path that this is about"
    return Recorded(folder, answers, document)


lean_path = pytest.mark.parametrize("recorded", [{}], ids=["lean"], indirect=True)


def test_every_answer_is_logged_and_replays_to_the_same(recorded: Recorded, home: Path) -> None:
    answers = recorded.answers
    one, many, plain, rows = (answers[name] for name in ("one", "many", "plain", "table"))
    lists, one_sent = answers["lists"], COURSE_EXAMPLE | {"reference": "A-7"}
    name = "x-decision-id"
    logged = decisions(recorded.folder)
    header = recorded.document["paths"]["/classify"]["post"]["responses"]["200"]["headers"]
    assert set(header) == {"X-Decision-Id"}
    assert name not in answers["refused"].headers
    assert name not in answers["empty"].headers
    expected = {one.headers[name]: one.json()}
    expected |= {
        f"{answer.headers[name]}/{number}": row
        for answer in (many, plain, rows)
        for number, row in enumerate(answer.json())
        if "error" not in row
    }
    for answer in (lists, answers["binary"]):
        found = answer.json()
        for number, (status, probability) in enumerate(
            zip(found["status"], found["default_probability"], strict=True)
        ):
            row = {"status": status, "default_probability": probability}
            if "reasons" in found:
                row["reasons"] = found["reasons"][number]
            expected[f"{answer.headers[name]}/{number}"] = row
    assert logged.keys() == expected.keys()
    for key, answer in expected.items():
        assert logged[key]["probability"] == answer["default_probability"]
        assert logged[key]["status"] == answer["status"]
        unasked = key.startswith(plain.headers[name]) or "reasons" not in answer
        assert logged[key]["reasons"] == (None if unasked else answer["reasons"])
    assert logged[one.headers[name]]["application"] == one_sent
    assert one.json()["reference"] == one_sent["reference"]
    assert logged[f"{many.headers[name]}/2"]["application"] == SAMPLES[1]
    assert logged[f"{lists.headers[name]}/1"]["row"] == WITHOUT_INCOME
    assert "32 decisions: ok" in command(home, "verify", recorded.folder)
    assert command(home, "replay", recorded.folder) == "32 decisions the same, 0 different\n"


@lean_path
def test_replay_reports_decisions_that_differ(
    recorded: Recorded, home: Path, tmp_path: Path
) -> None:
    (path,) = recorded.copy(tmp_path).iterdir()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[3]["probability"] = np.nextafter(lines[3]["probability"], 1)
    lines[5]["status"] = "MAYBE" if lines[5]["status"] != "MAYBE" else "DECLINED"
    lines[7]["reasons"] = [{"code": "HOME"}]
    previous, forged = GENESIS_HASH, b""
    for fields in lines:
        del fields["previous"], fields["hash"]
        line, previous = append(json.dumps(fields).encode(), previous)
        forged += line
    path.write_bytes(forged)

    assert run("python", "-m", "credit_risk.decisions", "verify", path, home=home)
    found = run("python", "-m", "credit_risk.decisions", "replay", path, home=home, check=False)
    told = [line.split(":")[1].strip() for line in found.stdout.splitlines()[:3]]
    assert told == ["probability", "status", "reasons"]
    assert found.stdout.endswith("29 decisions the same, 3 different\n")
    assert found.returncode == 1


def test_without_the_setting_there_is_no_decision_id(server: Server) -> None:
    answer = httpx.post(f"{server.url}/classify", json=COURSE_EXAMPLE)
    document = httpx.get(f"{server.url}/docs.json").json()

    assert "x-decision-id" not in answer.headers
    assert "headers" not in document["paths"]["/classify"]["post"]["responses"]["200"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "log"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    subprocess.run(mount, check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.system
@pytest.mark.needs(MOUNTING)
@pytest.mark.parametrize("changes", [{}, ACCESS_LOG], ids=["lean", "bentoml"])
def test_on_a_full_disk_nothing_is_answered_until_there_is_space_again(
    serve: Serve, home: Path, small_disk: Path, changes: dict[str, Any]
) -> None:
    ballast = small_disk / "ballast"
    with (
        serve(small_disk, changes) as server,
        httpx.Client(base_url=server.url, timeout=30) as http,
    ):
        answered = [http.post("/classify", json=COURSE_EXAMPLE)]
        ballast.write_bytes(b"x" * 600_000)
        for _ in range(40):  # 400,000 bytes are full after some of these
            answered.append(http.post("/classify_batch", json=SAMPLES * 3))
            if answered[-1].status_code != 200:
                break
        refused = [answered.pop(), http.post("/classify_array", json=[ROW] * 500)]
        refused += [http.post("/classify_batch", json=SAMPLES * 50) for _ in range(3)]
        unready = http.get("/readyz")
        files = len(list(small_disk.iterdir()))
        ballast.unlink()
        ready = http.get("/readyz")
        answered.append(http.post("/classify", json=COURSE_EXAMPLE))

    assert [answer.status_code for answer in refused] == [503] * 5
    assert set(refused[0].json()) == {"error", "detail"}
    assert refused[0].headers["retry-after"] == "1"
    assert "x-decision-id" not in refused[0].headers
    assert [answer.status_code for answer in answered] == [200] * len(answered)
    assert (unready.status_code, ready.status_code) == (503, 200)
    assert files <= 2, "each failure leaves a file behind"
    logged = decisions(small_disk)
    names = [each.partition("/")[0] for each in logged]
    for answer in answered:
        single = isinstance(answer.json(), dict)
        assert names.count(answer.headers["x-decision-id"]) == (1 if single else 60)
    log = server.logged()
    assert log.count("are refused: [Errno 28]") == 1
    assert log.count("Decisions can be logged again") == 1
    assert "Traceback" not in log
    assert "0 files broken" in command(home, "verify", small_disk)


@pytest.mark.system
def test_a_log_that_nobody_can_go_on_from_is_never_an_error_of_a_service_that_is_ready(
    serve: Serve, tmp_path: Path
) -> None:
    wrong = tmp_path / f"{DECISIONS.worker_chain(1)}_20260301T120000000000Z_7.jsonl"
    header = {"file": wrong.name, "begun": "", "continues": None, "sequence": 0}
    line, digest = append(json.dumps(header).encode(), GENESIS_HASH)
    wrong.write_bytes(line + append(b'{"no": "number"}', digest)[0])

    with serve(tmp_path) as server:
        refused = server.post("/classify", json=COURSE_EXAMPLE)
        unready = server.get("/readyz")
        wrong.unlink()
        ready = server.get("/readyz")
        answered = server.post("/classify", json=COURSE_EXAMPLE)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert [each.status_code for each in (unready, ready, answered)] == [503, 200, 200]
    assert list(decisions(tmp_path)) == [answered.headers["x-decision-id"]]
    assert server.logged().count("KeyError: 'sequence'") == 1, "the trace, once"


@pytest.fixture(scope="module")
def deletable(
    serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Path]]:
    """A service and the folder of its log."""
    folder = tmp_path_factory.mktemp("deletable") / "log"
    with serve(folder) as server:
        yield server, folder


@pytest.mark.system
@pytest.mark.parametrize("folder_too", [False, True], ids=["files", "folder"])
def test_a_deleted_log_is_noticed_before_the_next_answer(
    deletable: tuple[Server, Path], *, folder_too: bool
) -> None:
    server, folder = deletable
    before = server.logged().count("are refused: [Errno 2]")
    server.post("/classify", json=COURSE_EXAMPLE).raise_for_status()
    for path in folder.iterdir():
        path.unlink()
    if folder_too:
        folder.rmdir()
    refused, answered = (server.post("/classify", json=COURSE_EXAMPLE) for _ in range(2))

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert answered.status_code == 200
    assert list(decisions(folder)) == [answered.headers["x-decision-id"]]
    assert server.logged().count("are refused: [Errno 2]") == before + 1


@pytest.mark.system
def test_two_workers_write_a_file_each(serve: Serve, tmp_path: Path) -> None:
    with serve(tmp_path / "log", {"workers": 2}) as server:
        answers = [httpx.post(f"{server.url}/classify", json=SAMPLES[n % 20]) for n in range(60)]

    logged = decisions(tmp_path / "log")
    assert logged.keys() == {answer.headers["x-decision-id"] for answer in answers}
    assert len({path.name.split("_")[2] for path in (tmp_path / "log").iterdir()}) == 2


@pytest.mark.system
@lean_path
def test_a_restart_goes_on_from_where_it_ended(
    recorded: Recorded, serve: Serve, home: Path, tmp_path: Path
) -> None:
    folder = recorded.copy(tmp_path)
    with serve(folder) as server:
        server.post("/classify", json=COURSE_EXAMPLE).raise_for_status()
    first, second = sorted(folder.iterdir())

    assert json.loads(second.read_text().splitlines()[0])["continues"] == first.name
    assert "2 files, 33 decisions, 0 files broken" in command(home, "verify", folder)


@pytest.mark.system
def test_hidden_fields_are_nowhere_in_the_log(serve: Serve, home: Path, tmp_path: Path) -> None:
    hide = {"decision_log": {"leave_out": ["marital"], "hash": ["age"]}}
    with serve(tmp_path / "log", hide, CREDIT_RISK_DECISION_LOG_KEY="k" * 16) as server:
        httpx.post(f"{server.url}/classify_batch", json=SAMPLES)
        httpx.post(f"{server.url}/classify_array", json=[ROW])
    logged = list(decisions(tmp_path / "log").values())

    for each, sample in zip(logged[:-1], SAMPLES, strict=True):
        kept = {k: v for k, v in sample.items() if k not in ("marital", "age")}
        assert each["application"].pop("age").startswith("hmac-sha256:")
        assert each["application"] == kept
        assert each["row_sha256"] is None
        assert not any("analyst" in reason for reason in each["reasons"])
    hidden = [place for place, name in enumerate(COLUMNS) if name.startswith(("age", "marital"))]
    assert {logged[-1]["row"][place] for place in hidden} == {None}
    replayed = run(*REPLAY, tmp_path / "log", home=home, check=False)
    assert replayed.returncode == 3
    assert replayed.stdout == (
        "21 not replayed: the decision needs what was not kept: age; nothing brings it back, see "
        "leave_out and hash\n"
        "0 decisions the same, 0 different\n"
    )


@pytest.mark.system
def test_a_field_that_the_model_does_not_use_may_be_left_out(
    serve: Serve, home: Path, tmp_path: Path
) -> None:
    with serve(tmp_path / "log", {"decision_log": {"leave_out": ["marital"]}}) as server:
        httpx.post(f"{server.url}/classify_batch", json=SAMPLES)
        httpx.post(f"{server.url}/classify_array", json=[ROW])

    assert command(home, "replay", tmp_path / "log") == "21 decisions the same, 0 different\n"


@lean_path
def test_a_model_that_is_gone_is_named(recorded: Recorded, home: Path, tmp_path: Path) -> None:
    version = latest_model(home).name

    elsewhere = tmp_path / "another store"
    found = run(*REPLAY, recorded.folder, home=elsewhere, check=False)
    said = found.stdout

    assert f"32 not replayed: credit_risk_model:{version} is not in the store" in said
    assert "bentoml models import" in said
    assert said.endswith("0 decisions the same, 0 different\n")
    assert found.returncode == 3


DOCUMENT = (PROJECT / "docs" / "decision_log.md").read_text()


@lean_path
def test_the_lines_that_the_document_shows_are_a_log(recorded: Recorded) -> None:
    shown = re.findall(r"```json\n(.*?\n)```", DOCUMENT)
    (path,) = recorded.folder.iterdir()
    written = [json.loads(line) for line in path.read_text().splitlines()[: len(shown)]]

    name = json.loads(shown[0])["file"]
    lines = list(read_lines(name, (line.encode() for line in shown)))
    assert [list(fields) for fields in lines] == [list(fields) for fields in written]
    assert lines[0]["policy"] == written[0]["policy"]


@lean_path
def test_the_commands_that_the_document_shows_run(
    recorded: Recorded, home: Path, tmp_path: Path
) -> None:
    recorded.copy(tmp_path).rename(tmp_path / "decisions")
    commands = re.findall(r"^\$ (python .*)$", DOCUMENT, re.MULTILINE)
    said = [
        run(*shlex.split(each), home=home, cwd=tmp_path, PYTHONPATH=str(PROJECT)).stdout
        for each in commands
    ]

    assert [each.splitlines()[-1] for each in said] == [
        "1 files, 32 decisions, 0 files broken",
        "32 decisions the same, 0 different",
        "32 decisions in decisions.parquet",
        "0 files removed",
    ]
    assert (tmp_path / "decisions.parquet").exists()
