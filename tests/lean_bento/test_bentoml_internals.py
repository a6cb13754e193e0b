"""A name of another package that has gone is reported before anything is served."""

import runpy
import subprocess
import sys
from importlib.metadata import version
from types import CodeType, FunctionType
from typing import Any

import pytest
from running import PROJECT

from lean_bento import bentoml_internals
from lean_bento.bentoml_internals import USED, check

NAMES = [
    (package, owner, name)
    for package, used in USED.items()
    for owner, names in used().items()
    for name in names.split()
]
IMPORTED = {
    "bentoml": {
        "_bentoml_impl.client.proxy2": ["RemoteProxy"],
        "_bentoml_impl.serde": ["ALL_SERDE", "JSONSerde", "Payload"],
        "_bentoml_impl.server.app": ["ContextMiddleware"],
        "_bentoml_sdk.method": ["APIMethod"],
        "bentoml._internal.configuration": [
            "get_bentoml_config_file_from_env",
            "get_bentoml_override_config_json_from_env",
        ],
        "bentoml._internal.configuration.containers": ["BentoMLConfiguration"],
        "bentoml._internal.configuration.helpers": ["get_default_config"],
        "bentoml._internal.context": ["server_context"],
        "bentoml._internal.server.http.instruments": ["RunnerTrafficMetricsMiddleware"],
        "bentoml._internal.server.http.traffic": ["MaxConcurrencyMiddleware", "TimeoutMiddleware"],
        "opentelemetry.instrumentation.asgi": ["OpenTelemetryMiddleware"],
    },
    "uvicorn": {
        "uvicorn.protocols.http.httptools_impl": [
            *("HEADER_RE", "HEADER_VALUE_RE", "STATUS_LINE"),
            *("HttpToolsProtocol", "RequestResponseCycle"),
        ],
    },
    "kantoku": {"bentoml._internal.utils": ["circus"], "circus.exc": ["ConflictError"]},
}
"""What ``bentoml_internals`` imports for others."""
MODULES = [
    (package, module, name)
    for package, modules in IMPORTED.items()
    for module, names in modules.items()
    for name in names
]


def take_away(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Delete an attribute of a class, or rename what the code of a function names."""
    if isinstance(owner, type):
        for base in owner.__mro__:
            if name in vars(base):
                monkeypatch.delattr(base, name)
        return
    code: CodeType = owner.__code__
    renamed = {
        names: tuple("another" if each == name else each for each in getattr(code, names))
        for names in ("co_names", "co_varnames")
    }
    monkeypatch.setattr(owner, "__code__", code.replace(**renamed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("package", "owner", "name"), NAMES, ids=[f"{o.__qualname__}.{n}" for _, o, n in NAMES]
)
def test_a_name_that_has_gone_is_reported(
    monkeypatch: pytest.MonkeyPatch, package: str, owner: Any, name: str
) -> None:
    check(package)
    with monkeypatch.context() as patch:
        take_away(patch, owner, name)
        with pytest.raises(ImportError) as caught:
            check(package)

    check(package)
    message = str(caught.value)
    assert message.startswith(f"{package} {version(package)} has other internals: ")
    assert name in message
    assert message.endswith("; see Pipfile for a version that fits")


@pytest.mark.parametrize(
    ("package", "module", "name"), MODULES, ids=[f"{m}.{n}" for _, m, n in MODULES]
)
def test_a_name_that_cannot_be_imported_is_reported(
    monkeypatch: pytest.MonkeyPatch, package: str, module: str, name: str
) -> None:
    monkeypatch.delattr(f"{module}.{name}")
    if f"{module}.{name}" in sys.modules:
        monkeypatch.setitem(sys.modules, f"{module}.{name}", None)  # type: ignore[arg-type]

    with pytest.raises(ImportError) as caught:
        runpy.run_path(str(bentoml_internals.__file__))

    message = str(caught.value)
    assert message.startswith(f"{package} {version(package)} has other internals: ")
    assert name in message


def test_every_name_that_is_imported_for_others_is_looked_at() -> None:
    assert {name for _, _, name in MODULES} == {*bentoml_internals.__all__} - {"check"}


def test_a_function_is_no_wrapper_that_hides_its_names() -> None:
    for package, owner, _ in NAMES:
        if not isinstance(owner, type):
            assert isinstance(owner, FunctionType), (package, owner)
            assert not hasattr(owner, "__wrapped__"), (package, owner)


def test_importing_leaves_prometheus_alone() -> None:
    """It looks for the workers' folder when it is imported; BentoML names that later."""
    code = "import sys, lean_bento.service; print('prometheus_client' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
