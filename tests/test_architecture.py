"""The import law: which package may import which, and which libraries from outside.

Each package has one row. A package is entered by its face only, the names that its ``__init__``
lists in ``__all__``; tests alone may import modules.
"""

import ast
import sys
from functools import cache
from importlib import import_module
from itertools import accumulate
from pathlib import Path

import pytest
from running import PROJECT, run

WEB = {
    *("aiohttp", "circus", "httptools", "opentelemetry", "prometheus_client", "starlette"),
    "tornado",
}
BENTOML = {"_bentoml_impl", "_bentoml_sdk", "bentoml"}

# package: (what it imports of the project, which libraries it imports)
LAW: dict[str, tuple[set[str], set[str]]] = {
    "audit_log": (set(), {"pydantic_core"}),
    "lean_bento": (
        set(),
        {*BENTOML, *WEB, "attrs", "click", "numpy", "pydantic", "pydantic_core", "uvicorn", "yaml"},
    ),
    "credit_risk": ({"lean_bento"}, set()),  # version, errors and the command of the keys
    "credit_risk.client": ({"credit_risk"}, {"httpx", "numpy"}),
    "credit_risk.decisions": (set(), set()),  # a former name
    "credit_risk.form": ({"credit_risk", "lean_bento"}, {"numpy", "pydantic"}),
    "credit_risk.model": (
        {"lean_bento", "credit_risk", "credit_risk.form"},
        {"numpy", "pydantic", "pydantic_core"},
    ),
    "credit_risk.decision": (
        {"lean_bento", "credit_risk", "credit_risk.form", "credit_risk.model"},
        {"numpy", "pydantic"},
    ),
    "credit_risk.registry": (
        {
            *("lean_bento", "credit_risk", "credit_risk.form", "credit_risk.model"),
            *("credit_risk.decision",),
        },
        {"bentoml", "numpy", "pydantic"},
    ),
    "credit_risk.decision_log": (
        {
            *("audit_log", "lean_bento", "credit_risk", "credit_risk.form", "credit_risk.model"),
            *("credit_risk.decision", "credit_risk.registry"),
        },
        {"bentoml", "numpy", "prometheus_client", "pyarrow", "pydantic", "pydantic_core"},
    ),
    "credit_risk.files": (
        {
            *("lean_bento", "credit_risk", "credit_risk.form", "credit_risk.model"),
            *("credit_risk.decision", "credit_risk.client"),
        },
        {"distributed", "numpy", "pyarrow", "pydantic", "python_calamine", "xlsxwriter"},
    ),
    "credit_risk.score": (
        {
            *("lean_bento", "credit_risk", "credit_risk.client", "credit_risk.decision"),
            *("credit_risk.files", "credit_risk.form", "credit_risk.registry"),
        },
        {"bentoml", "pyarrow"},
    ),
    "credit_risk.monitoring": (
        {
            *(
                "lean_bento",
                "credit_risk",
                "credit_risk.form",
                "credit_risk.model",
                "credit_risk.decision",
            ),
            *("credit_risk.registry",),
        },
        {"numpy", "pydantic"},
    ),
    "credit_risk.monitor": (
        {
            *("audit_log", "credit_risk", "credit_risk.decision_log", "credit_risk.files"),
            *("credit_risk.form", "credit_risk.model", "credit_risk.monitoring"),
            *("credit_risk.pages", "credit_risk.registry"),
        },
        {"bentoml", "numpy", "pyarrow", "pydantic", "scipy"},
    ),
    "credit_risk.pages": (set(), {"jinja2"}),
    "credit_risk.training": (
        {
            *("credit_risk", "credit_risk.form", "credit_risk.model", "credit_risk.decision"),
            *("credit_risk.pages", "credit_risk.registry"),
        },
        {
            *("bentoml", "joblib", "matplotlib", "numpy", "optuna", "pandas", "pyarrow"),
            *("python_calamine", "requests", "rich", "scipy", "sklearn"),
            *("threadpoolctl", "xgboost"),
        },
    ),
    "service": (
        {
            *("lean_bento", "credit_risk", "credit_risk.form", "credit_risk.model"),
            *("credit_risk.decision", "credit_risk.registry", "credit_risk.decision_log"),
            "credit_risk.monitoring",
        },
        {"bentoml", "numpy"},
    ),
    "train": (
        {
            *("credit_risk", "credit_risk.form", "credit_risk.model", "credit_risk.decision"),
            *("credit_risk.registry", "credit_risk.monitoring", "credit_risk.training"),
        },
        {"bentoml", "numpy"},
    ),
    "locustfile": (
        {
            *("lean_bento", "credit_risk.form", "credit_risk.model", "credit_risk.decision"),
            *("credit_risk.registry",),
        },
        {"gevent", "locust", "numpy", "pydantic"},
    ),
    "benchmarks": (
        {
            *("benchmarks.peers", "lean_bento", "credit_risk.form", "credit_risk.model"),
            *("credit_risk.decision", "credit_risk.registry", "credit_risk.training"),
        },
        {"httpx", "matplotlib", "numpy", "psutil", "xgboost"},
    ),
    "benchmarks.peers": (
        {
            *("lean_bento", "credit_risk.form", "credit_risk.model", "credit_risk.decision"),
            *("credit_risk.registry",),
        },
        {
            *("bentoml", "fastapi", "flask", "litserve", "mlserver", "numpy", "pydantic", "ray"),
            "xgboost",
        },
    ),
}
SHIPPED = {
    name
    for name in LAW
    if name.startswith(("audit_log", "lean_bento", "credit_risk", "service"))
    and name != "credit_risk.training"
}
STATISTICS = {"credit_risk.monitor": {"scipy"}}
"""Heavy libraries of a command that no worker loads; the image has them."""
HEAVY = {"locust", "matplotlib", "pandas", "rich", "scipy", "sklearn", "xgboost"}
"""Libraries that the image lacks or that load slowly."""
OPENS_NO_TEXT = {"archive.open", "opener.open", "os.open"}
"""Calls named ``open`` that give a file of a zip, the answer of a URL, or a descriptor."""
PROGRAMS = {"benchmarks.in_process", "benchmarks.forest"}

UNTESTED = {
    "credit_risk.errors": "messages are tested where they are raised",
    "lean_bento.errors": "messages are tested where they are raised",
    "audit_log.errors": "messages are tested where they are raised",
    "lean_bento.auth.__main__": "runs auth.command",
    "credit_risk.form.__main__": "is tested by test_draft.py",
    "credit_risk.keys": "runs auth.command",
    "credit_risk.terminal": "is tested with the commands",
    "credit_risk.decision_log.__main__": "is tested by test_command.py",
    "credit_risk.files.parts": "declares what delimited and tables give, and is tested with them",
    "credit_risk.monitor.__main__": "is tested by test_command.py",
    "credit_risk.monitor.models": "is tested by test_command.py",
    "credit_risk.monitor.watch_drift": "is tested by test_command.py",
    "credit_risk.monitor.watch_outcomes": "is tested by test_command.py",
    "credit_risk.score.__main__": "is tested by test_command.py",
    "credit_risk.score.models": "is tested by test_command.py",
    "credit_risk.score.scoring": "is tested by test_command.py",
    "credit_risk.decisions.__main__": "runs credit_risk.decision_log",
}
"""Modules without a test file of their name, and why."""
OF_NO_MODULE = {
    PROJECT / "tests" / "audit_log" / "test_readme.py",
    PROJECT / "tests" / "lean_bento" / "test_readme.py",
    PROJECT / "tests" / "credit_risk" / "decision_log" / "test_command.py",
}


def modules() -> dict[str, Path]:
    """Every module of the project that is not a test, by its dotted name."""
    folders = ("audit_log", "lean_bento", "credit_risk", "benchmarks")
    files = [
        *PROJECT.glob("*.py"),
        *(f for name in folders for f in (PROJECT / name).rglob("*.py")),
    ]
    named = {path.relative_to(PROJECT).with_suffix(""): path for path in files}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in named.items()}


MODULES = modules()
PACKAGES = {name for name, path in MODULES.items() if path.name == "__init__.py"}


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax of a file; several tests ask for that of each."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def listed(module: str) -> set[str]:
    """The names in ``__all__`` of a module of the project, as they stand in its file."""
    path = MODULES.get(module)
    for node in parsed(path).body if path else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = str(node.module)
            names = {alias.name for alias in node.names} - listed(module)
            submodules = {f"{module}.{name}" for name in names} & MODULES.keys()
            found |= submodules or {module}
    return found


IMPORTS = {name: imports(path) for name, path in MODULES.items()}


def text_without_encoding(path: Path) -> list[str]:
    """Calls of a file that read or write a text file in the encoding of the locale."""
    found = []
    for node in ast.walk(parsed(path)):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        name = called.split(".")[-1]
        if name not in {"open", "fdopen", "read_text", "write_text"} or called in OPENS_NO_TEXT:
            continue
        mode = next((a.value for a in node.args[-1:] if isinstance(a, ast.Constant)), "r")
        binary = name in {"open", "fdopen"} and "b" in str(mode)
        if not binary and "encoding" not in {keyword.arg for keyword in node.keywords}:
            found.append(f"{path.relative_to(PROJECT)}:{node.lineno}: {ast.unparse(node)}")
    return found


def row(module: str) -> str:
    """The innermost package with a row in the law."""
    names = list(accumulate(module.split("."), "{}.{}".format))
    return next((name for name in reversed(names) if name in LAW), "")


def imported_by(package: str) -> tuple[set[str], set[str]]:
    """Rows of the project, and libraries, that the modules of a row import."""
    found = {n for module in MODULES if row(module) == package for n in IMPORTS[module]}
    ours = {name for name in found if name in MODULES}
    theirs = {name.split(".")[0] for name in found - ours}
    return {row(name) for name in ours} - {package}, theirs - sys.stdlib_module_names


FACES = {package for package in PACKAGES if listed(package)}


def is_behind_a_face(module: str, imported: str) -> bool:
    """Whether ``imported`` lies inside a package with a face, and ``module`` outside."""
    return any(
        imported.startswith(f"{face}.") and not f"{module}.".startswith(f"{face}.")
        for face in FACES
    )


def test_every_module_belongs_to_a_row() -> None:
    assert {module for module in MODULES if not row(module)} == set()


@pytest.mark.parametrize("package", LAW)
def test_a_package_imports_what_the_law_allows(package: str) -> None:
    ours, theirs = imported_by(package)

    assert ours <= LAW[package][0]
    assert theirs <= LAW[package][1]


@pytest.mark.parametrize("package", LAW)
def test_the_law_allows_nothing_that_is_not_needed(package: str) -> None:
    assert imported_by(package) == LAW[package]


def test_text_files_are_utf_8_whatever_the_locale() -> None:
    programs = [*MODULES.values(), *PROJECT.glob("deploy/*.py"), *PROJECT.glob("docs/*.py")]

    assert [call for path in programs for call in text_without_encoding(path)] == []


def test_no_entry_point_is_imported() -> None:
    entries = {path.stem for path in PROJECT.glob("*.py")} | PROGRAMS

    assert not entries & {name for found in IMPORTS.values() for name in found}


def test_what_ships_needs_no_training_and_nothing_heavy() -> None:
    for package in SHIPPED:
        ours, theirs = LAW[package]

        assert not {name for name in ours if name.startswith("credit_risk.training")}, package
        assert not theirs & HEAVY - STATISTICS.get(package, set()), package


def test_a_package_is_entered_by_its_face() -> None:
    behind = {
        module: sorted(name for name in found if is_behind_a_face(module, name))
        for module, found in IMPORTS.items()
    }

    assert {module: names for module, names in behind.items() if names} == {}


def test_every_package_that_is_entered_has_a_face() -> None:
    entered = {p for package in LAW for p in imported_by(package)[0]}

    assert entered & PACKAGES - {"credit_risk", "benchmarks.peers"} <= FACES


@pytest.mark.parametrize("package", sorted(FACES))
def test_a_face_has_every_name_that_it_lists(package: str) -> None:
    face = import_module(package)

    assert [name for name in face.__all__ if not hasattr(face, name)] == []


def test_a_name_is_public_unless_it_begins_with_an_underscore() -> None:
    """Only faces, and the one module that re-exports others' internals, list names."""
    re_exports = {"lean_bento.bentoml_internals"}

    assert {module for module in MODULES if listed(module)} == FACES | re_exports


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("audit_log", BENTOML),
        ("credit_risk.decision", BENTOML),
        ("credit_risk.client", {*BENTOML, *WEB, *HEAVY, "httpx", "numpy", "pyarrow", "pydantic"}),
        ("service", HEAVY - {"rich"}),  # which BentoML itself loads
    ],
)
def test_a_module_loads_none_of_these_libraries(
    tmp_path: Path, module: str, libraries: set[str]
) -> None:
    """Neither does what it imports."""
    look = f"import sys, {module}; print(*sys.modules)"

    loaded = run("python", "-c", look, home=tmp_path, afresh=True).stdout

    assert not libraries & set(loaded.split())


def test_a_client_is_imported_within_a_quarter_of_a_second_of_cpu(tmp_path: Path) -> None:
    look = "import time, credit_risk.client; print(time.process_time())"

    taken = [float(run("python", "-c", look, home=tmp_path, afresh=True).stdout) for _ in range(3)]

    assert min(taken) <= 0.25


def test_a_client_loads_no_more_when_it_asks_than_httpx_does(tmp_path: Path) -> None:
    look = (
        "import sys, httpx; known = {*sys.modules}; import asyncio, credit_risk.client as it\n"
        "it.Client('http://test'); print(*{name.split('.')[0] for name in {*sys.modules} - known})"
    )

    loaded = set(run("python", "-c", look, home=tmp_path, afresh=True).stdout.split())

    assert loaded - sys.stdlib_module_names <= {
        "credit_risk",
        "anyio",
        "certifi",
        "h11",
        "httpcore",
        "sniffio",
    }


def test_a_peer_knows_nothing_of_how_it_is_measured() -> None:
    for module, found in IMPORTS.items():
        peers = {name for name in found if name.startswith("benchmarks.peers.")}

        assert peers <= {"benchmarks.peers.common"}, f"{module}: a peer is a program of its own"
        if row(module) == "benchmarks.peers":
            assert {name for name in found if name.startswith("benchmarks")} == peers


def test_every_module_has_a_test_file_of_its_name() -> None:
    """At the same place below ``tests``; and every test file there has its module."""
    packages = ("audit_log", "lean_bento", "credit_risk")
    tested = {name for name in MODULES.keys() - PACKAGES if name.startswith(packages)}
    expected = OF_NO_MODULE | {
        PROJECT.joinpath("tests", *name.split(".")[:-1], f"test_{name.split('.')[-1]}.py")
        for name in tested - UNTESTED.keys()
    }
    found = {f for name in packages for f in (PROJECT / "tests" / name).rglob("test_*.py")}

    assert sorted(map(str, expected - found)) == []
    assert sorted(map(str, found - expected)) == []
    assert tested >= UNTESTED.keys()
