"""The image and a container of it: small, exact, not root, read-only, and as good as outside."""

import csv
import json
import math
import subprocess
import threading
import time
from pathlib import Path
from types import ModuleType

import httpx
import numpy as np
import pytest
import yaml
from container.boxes import Box, call, configuration, printed, running
from course import COURSE_EXAMPLE
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from running import PROJECT

from credit_risk import __version__

pytestmark = pytest.mark.system
MOST_ABOVE_BASE = 550e6
"""Bytes; the floor that was asked for is 700e6."""

VARIED = [
    {**COURSE_EXAMPLE, "income": income, "seniority": seniority, "home": home, "amount": amount}
    for income in (None, 0.0, 77.5, 129.0, 350.0)
    for seniority in (0, 3, 12)
    for home in ("rent", "owner", "parents")
    for amount in (300, 800, 3000)
]
PYTHON = {"python_version": "3.11", "python_full_version": "3.11.2"}
"""Of the image."""

CLIENTS = 16
UNDER_LOAD = 3
"""Seconds."""


def describe(client: httpx.Client) -> dict[str, object]:
    return dict(client.get("/model").json())


def test_it_is_small(deploy: ModuleType, tool: str, image: str) -> None:
    above = deploy.size(tool, image) - deploy.size(tool, deploy.BASE)

    assert above < MOST_ABOVE_BASE


def test_its_packages_are_exactly_those_of_the_lock(box: Box) -> None:
    names = (
        "import importlib.metadata as m, json, site;"
        "found = m.distributions(path=site.getsitepackages());"
        "print(json.dumps({d.metadata['Name']: d.version for d in found}))"
    )
    inside = json.loads(box.inside("/app/.venv/bin/python", "-c", names))
    locked = json.loads((PROJECT / "Pipfile.lock").read_text())["default"]

    assert {canonicalize_name(name): f"=={version}" for name, version in inside.items()} == {
        canonicalize_name(name): entry["version"]
        for name, entry in locked.items()
        if "markers" not in entry or Marker(entry["markers"]).evaluate(PYTHON)
    }


def test_it_has_no_compilers_no_git_and_no_tests(box: Box) -> None:
    search = "for name in gcc cc g++ make git uv; do command -v $name || true; done"
    tests = "find /app/.venv -type d -name tests; find / -xdev -name 'libnccl*' 2>/dev/null || true"

    assert box.inside("sh", "-c", search) == ""
    assert box.inside("sh", "-c", tests) == ""


def test_it_is_not_root_and_can_write_nowhere_but_in_the_temporary_folder(box: Box) -> None:
    written = box.inside("sh", "-c", "find / -xdev -writable -type d 2>/dev/null || true").split()

    assert box.inside("id", "-u").strip() == "1034"
    assert not [name for name in written if not name.startswith(("/tmp", "/proc"))]  # noqa: S108  the container's


def test_its_tree_belongs_to_root(box: Box) -> None:
    found = box.inside("sh", "-c", "find /app /home/bentoml/bento -user bentoml | head")

    assert found == ""


def test_its_labels_name_version_bento_revision_and_model(
    tool: str, image: str, asked: httpx.Client
) -> None:
    labels = configuration(tool, image)["Labels"]
    head = ("git", "rev-parse", "HEAD")
    revision = subprocess.run(head, cwd=PROJECT, capture_output=True, text=True, check=True)

    assert labels["org.opencontainers.image.title"] == "credit_risk_classifier"
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["credit-risk.bento"] == image
    assert labels["org.opencontainers.image.revision"].startswith(revision.stdout.strip())
    assert labels["credit-risk.model"] == describe(asked)["model"]


def test_no_layer_tells_where_packages_come_from(box: Box) -> None:
    assert box.inside("sh", "-c", "ls /run/secrets 2>/dev/null || true") == ""
    assert box.inside("sh", "-c", "cat /etc/pip.conf 2>/dev/null || true") == ""


def test_the_configuration_applies_in_it(box: Box) -> None:
    assert "/home/bentoml/bento/src/bentoconfiguration.yaml" in box.logged()


MAKE_A_LOG = """
from pathlib import Path
from audit_log import LogWriter
from credit_risk.decision_log.settings import DECISIONS
writer = LogWriter(Path("/tmp/decisions"), {}, kind=DECISIONS)
writer.append([{"decided_at": "2020-01-31T12:00:00+00:00", "id": "old"}])
writer.close()
"""


def test_the_nightly_job_of_kubernetes_checks_and_removes_in_it(box: Box) -> None:
    path = PROJECT / "deploy" / "kubernetes" / "components" / "retention" / "cron-job.yaml"
    spec = yaml.safe_load(path.read_text())["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    steps = [*spec["initContainers"], *spec["containers"]]

    def inside(folder: str, *command: str) -> str:
        return box.inside("sh", "-c", 'cd "$0" && exec "$@"', folder, *command)

    inside(steps[0]["workingDir"], "python", "-c", MAKE_A_LOG)
    said = []
    for step in steps:
        words = [*step["command"], *step.get("args", ())]
        here = [word.replace("/var/log/credit-risk", "/tmp") for word in words]  # noqa: S108  the container's
        said.append(inside(step["workingDir"], *here).splitlines()[-1])

    assert said == ["1 files, 1 decisions, 0 files broken", "1 files removed"]


def test_it_answers_the_courses_example(asked: httpx.Client) -> None:
    answer = asked.post("/classify", json=COURSE_EXAMPLE)

    assert answer.status_code == 200
    assert answer.json()["status"] == "MAYBE"


def test_it_refuses_a_bad_application(asked: httpx.Client) -> None:
    answer = asked.post("/classify", json=COURSE_EXAMPLE | {"home": "castle"})

    assert answer.status_code == 400
    assert [finding["field"] for finding in answer.json()["detail"]] == ["home"]


def test_it_decides_to_the_last_bit_as_outside(asked: httpx.Client, client: httpx.Client) -> None:
    def one_by_one(where: httpx.Client) -> list[float]:
        answers = [where.post("/classify", json=application) for application in VARIED]
        return [answer.json()["default_probability"] for answer in answers]

    def together(where: httpx.Client) -> object:
        return where.post("/classify_batch", json=VARIED).json()

    assert one_by_one(asked) == one_by_one(client)  # JSON has all 17 digits of a float
    assert together(asked) == together(client)


def test_arrays_are_decided_as_outside(
    asked: httpx.Client, client: httpx.Client, tmp_path: Path
) -> None:
    columns = client.get("/model").json()["columns"]
    rows = np.zeros((3, len(columns)), dtype=np.float32)
    np.save(tmp_path / "rows.npy", rows)
    npy = (tmp_path / "rows.npy").read_bytes()

    def answer(where: httpx.Client) -> tuple[int, object]:
        kind = {"Content-Type": "application/x-npy"}
        found = where.post("/classify_array", content=npy, headers=kind)
        return found.status_code, found.json()

    assert answer(asked) == answer(client)


def test_metrics_document_and_card_are_there(asked: httpx.Client, client: httpx.Client) -> None:
    asked.post("/classify", json=COURSE_EXAMPLE)
    paths = asked.get("/docs.json").json()["paths"]

    assert "bentoml_service_request_total" in asked.get("/metrics").text
    assert {"/classify", "/classify_batch", "/classify_array"} <= set(paths)
    assert describe(asked) == describe(client)


def test_it_starts_without_a_network(tool: str, image: str, tmp_path: Path) -> None:
    with running(tool, image, "serve", "--production", log=tmp_path / "log", network=False) as box:
        devices = box.inside("cat", "/proc/net/dev").splitlines()[2:]

    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


class Caller(threading.Thread):
    """Asks, one request after another on a kept connection, until a connection breaks.

    Attributes:
        answered: requests with a whole, right answer.
        broken_at: when the request was sent that got none, on the clock of ``time.monotonic``.
        error: what it got instead.
    """

    def __init__(self, url: str, path: str, body: object) -> None:
        super().__init__(daemon=True)
        self.url, self.path, self.body = url, path, body
        self.answered = 0
        self.broken_at = math.inf
        self.error: Exception | None = None

    def run(self) -> None:
        sent = math.inf

        def note(event: str, _: object) -> None:
            nonlocal sent
            if event == "http11.send_request_body.complete":
                sent = time.monotonic()

        try:
            with httpx.Client(base_url=self.url, timeout=30) as client:
                for _ in range(100_000):
                    sent = math.inf
                    answer = client.post(self.path, json=self.body, extensions={"trace": note})
                    answer.raise_for_status()
                    assert answer.json()
                    self.answered += 1
        except Exception as error:  # noqa: BLE001  whatever it is, it is a request without its answer
            self.broken_at, self.error = sent, error


ON_DASK = """
mkdir /tmp/bentoml
ln -s "$BENTO_PATH/models" /tmp/bentoml
printf '%s\\n' "$@" > /tmp/applications.csv
python -m dask scheduler --port 8786 --no-dashboard 2> /tmp/scheduler &
python -m dask worker tcp://127.0.0.1:8786 --nthreads 1 --no-nanny 2> /tmp/worker &
python -m credit_risk.score /tmp/applications.csv --to /tmp/answers.csv \\
    --keep none --dask tcp://127.0.0.1:8786 > /tmp/said
cat /tmp/answers.csv  # scheduler and worker end with the container
"""


def test_the_image_for_dask_scores_a_file_on_dask(
    deploy: ModuleType, tool: str, image: str, client: httpx.Client, tmp_path: Path
) -> None:
    build = ["build", "--tag", "credit_risk_files:test", "--build-arg", f"SERVICE={image}"]
    secrets = [f"--secret=id={each.name},src={each}" for each in deploy.write_secrets(tmp_path)]
    where = ["--file", f"{PROJECT}/deploy/kubernetes/dask.Dockerfile"]
    call(tool, *build, *secrets, *where, f"{PROJECT}/deploy/requirements")
    rows = [",".join(map(str, each)) for each in (COURSE_EXAMPLE, COURSE_EXAMPLE.values())]

    command = ("sh", "-ec", ON_DASK, "sh", *rows)
    said = printed(tool, "credit_risk_files:test", *command, log=tmp_path / "log")
    call(tool, "rmi", "--force", "credit_risk_files:test", check=False)

    (row,) = csv.DictReader(said.splitlines())
    decided = client.post("/classify", json=COURSE_EXAMPLE).json()
    assert row["status"] == decided["status"]
    assert float(row["default_probability"]) == decided["default_probability"]


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_a_sigterm_under_load_loses_no_request_that_was_there_before(
    tool: str, image: str, tmp_path: Path, attempt: int
) -> None:
    with running(tool, image, "serve", "--production", log=tmp_path / "log") as box:
        singles = [Caller(box.url, "/classify", COURSE_EXAMPLE) for _ in range(CLIENTS)]
        # As much as one may be: takes most of a second, so that there are always some under way.
        largest = VARIED * (10_000 // len(VARIED))
        long = [Caller(box.url, "/classify_batch", largest) for _ in range(2)]
        for caller in [*singles, *long]:
            caller.start()
        time.sleep(UNDER_LOAD)
        signalled = time.monotonic()
        box.terminate()
        for caller in [*singles, *long]:
            caller.join(60)
        code = box.wait()

    lost = [caller for caller in [*singles, *long] if caller.broken_at < signalled]
    assert all(caller.answered for caller in [*singles, *long])
    assert not lost, f"attempt {attempt}: {[(caller.path, caller.error) for caller in lost]}"
    assert code == 0
