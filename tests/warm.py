"""Run commands in copies of one process that has already imported the libraries.

Importing them takes seconds, and most tests of a command are about what it does, not about how it
starts. The project's own modules, and BentoML's, which read the environment, are imported anew.
Each process of tests has one such process; ``python tests/warm.py`` is it.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

LIBRARIES = (
    *("aiohttp", "cattrs", "circus.arbiter", "fsspec", "httpx", "httpx_ws", "jinja2", "jsonschema"),
    *("matplotlib.backends.backend_svg", "opentelemetry.instrumentation.asgi", "pandas"),
    *("pyarrow.csv", "pyarrow.parquet", "pydantic", "questionary", "requests", "rich.console"),
    *("rich.live", "scipy.stats", "sklearn.feature_extraction", "sklearn.model_selection"),
    *("starlette.applications", "uvicorn", "xgboost", "yaml", "zmq"),
)
COMMAND_PATIENCE = 900
"""Seconds after which a command is ended."""
ONE_AT_A_TIME = threading.Lock()


def can_be_warm(command: list[str]) -> bool:
    """Whether a command is a program of Python, without options of Python itself."""
    first, second, *_ = (*command, "")
    return first == "bentoml" or (first == "python" and second.endswith((".py", "-c", "-m")))


def run_warm(
    command: list[str], environment: dict[str, str], cwd: Path
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    with TemporaryDirectory() as name, ONE_AT_A_TIME:
        said = [Path(name) / stream for stream in ("out", "error")]
        process = _process()
        assert process.stdin
        assert process.stdout
        request = [command, environment, str(cwd), *map(str, said)]
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        code = int(process.stdout.readline())
        out, error = (path.read_text(encoding="utf-8") for path in said)
    return subprocess.CompletedProcess(command, code, out, error)


@cache
def _process() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.communicate)
    return process


def serve() -> None:
    """Run each command that is asked for in a copy of this process; say how it ended."""
    for library in LIBRARIES:
        with suppress(ImportError):  # an environment without it needs it for no command
            import_module(library)
    gc.freeze()  # or each copy would copy them, too
    for line in sys.stdin:
        child = os.fork()
        if not child:
            end(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  the answer


def end(*request: Any) -> NoReturn:
    """Run a command, and end without tidying up after the libraries, which takes half a second."""
    code: object = 0
    try:
        become(*request)
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
    except BaseException:  # noqa: BLE001  as python does
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def become(command: list[str], environment: dict[str, str], cwd: str, out: str, error: str) -> None:
    """Be a process that runs a command, from here to its end."""
    signal.alarm(COMMAND_PATIENCE)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    for number, path in enumerate((os.devnull, out, error)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
    paths = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = filter(None, paths)
    match command:
        case ["python", "-c", text, *arguments]:
            sys.argv = ["-c", *arguments]
            sys.path.insert(0, cwd)
            exec(text, {"__name__": "__main__"})  # noqa: S102  as python does
        case ["python", "-m", module, *_]:
            sys.argv = command[2:]
            sys.path.insert(0, cwd)
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["python", file, *_]:
            sys.argv = command[1:]
            program = Path(file).resolve()  # absolute, as python makes ``__file__``
            sys.path.insert(0, str(program.parent))
            runpy.run_path(str(program), run_name="__main__")
        case _:
            sys.argv = command
            import_module("bentoml_cli.cli").cli()


if __name__ == "__main__":
    serve()
