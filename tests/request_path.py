"""List the files of the project that one request passes, from the socket to the answer.

    python tests/request_path.py
    python tests/request_path.py --keys --log

Serves the model in the store with the server of a worker, warms it, then sends one POST /classify
on a new connection. A file counts if one of its functions is called between the connection and the
turns of the event loop after the answer, in whatever thread. Files stand in the order of their
first call, each with its lines and the calls of its functions.
"""

import argparse
import asyncio
import http.client
import json
import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

PACKAGES = ("audit_log", "credit_risk", "lean_bento")
FILES = [PROJECT / "service.py", *(f for name in PACKAGES for f in (PROJECT / name).rglob("*.py"))]
TURNS = 10
"""Of the event loop after the answer, in which it does what it has put off, such as metrics."""


class CallCounter:
    """A profile function that counts the calls of the project's functions, by file."""

    def __init__(self) -> None:
        self.is_on = False
        self.calls: Counter[str] = Counter()  # in the order of the first call
        self._names = {str(path): path.relative_to(PROJECT).as_posix() for path in FILES}

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Take one event of the interpreter."""
        if self.is_on and event == "call" and (name := self._names.get(frame.f_code.co_filename)):
            self.calls[name] += 1


def count_calls(headers: dict[str, str]) -> Counter[str]:
    """Serve, send one request and return the calls of each file's functions."""
    import uvicorn
    from running import in_a_thread

    import service
    from credit_risk.form import form_at_hand

    counter = CallCounter()
    body = json.dumps(form_at_hand().example)
    headers = {"Content-Type": "application/json"} | headers
    app = service.svc.to_asgi()
    loops = []

    async def keep_loop(scope: dict[str, object], receive: object, send: object) -> None:
        if scope["type"] == "lifespan":
            loops.append(asyncio.get_running_loop())
        await app(scope, receive, send)

    async def turn() -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def classify(address: tuple[str, int]) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(*address, timeout=60)
        connection.request("POST", "/classify", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            sys.exit(f"found the answer {answer.status} {content!r}, expected 200")
        asyncio.run_coroutine_threadsafe(turn(), loops[0]).result()
        return connection

    threading.setprofile(counter)
    config = uvicorn.Config(keep_loop, log_level="warning")
    with in_a_thread(uvicorn.Server(config)) as address:
        warm = [classify(address) for _ in range(3)]
        counter.is_on = True
        warm.append(classify(address))
        counter.is_on = False
        for connection in warm:
            connection.close()
    threading.setprofile(None)
    return counter.calls


def main() -> None:
    """Print the path."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keys", action="store_true", help="with API keys")
    parser.add_argument("--log", action="store_true", help="with the decision log")
    options = parser.parse_args()
    headers = {}
    with tempfile.TemporaryDirectory() as name:
        if options.keys:
            from credit_risk.keys import COMMAND

            file = Path(name) / "keys.toml"
            headers["Authorization"] = f"Bearer {COMMAND.add(file, 'path')}"
            os.environ[COMMAND.variable] = str(file)
        if options.log:
            os.environ["CREDIT_RISK_DECISION_LOG"] = str(Path(name) / "decisions")
        calls = count_calls(headers)
    lines = {name: (PROJECT / name).read_text().count("\n") for name in calls}
    table = [f"{lines[name]:5} {count:5} {name}" for name, count in calls.items()]
    total = f"{len(lines)} files, {sum(lines.values())} lines"
    print("\n".join(["lines calls file", *table, total]))  # noqa: T201  a command speaks


if __name__ == "__main__":
    main()
