"""What is leaned on in other packages is checked before anything is served."""

import re
from importlib.metadata import version
from typing import Any

import pytest
from bentoml.exceptions import BentoMLException

from lean_bento import bentoml_internals, server_context
from lean_bento.bentoml_internals import BENTOML, UVICORN, check, check_metrics
from lean_bento.http_server import check_server_in_use

USED = [
    (package, owner, name)
    for package, names_of_owners in (("bentoml", BENTOML), ("uvicorn", UVICORN))
    for owner, names in names_of_owners.items()
    for name in names.split()
]


@pytest.mark.parametrize(
    ("package", "owner", "name"), USED, ids=[f"{o.__qualname__}.{n}" for _, o, n in USED]
)
def test_each_name_that_goes_is_told_with_its_package(
    monkeypatch: pytest.MonkeyPatch, package: str, owner: Any, name: str
) -> None:
    names_of = bentoml_internals.names_of
    monkeypatch.setattr(bentoml_internals, "names_of", lambda each: names_of(each) - {name})
    sentence = (
        f"{package} {version(package)} .* {owner.__qualname__} is without {name}; see Pipfile"
    )

    with pytest.raises(ImportError, match=sentence):
        check(package, {owner: name})


def test_a_method_that_is_deleted_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = bentoml_internals.HttpToolsProtocol
    check("uvicorn", UVICORN)
    monkeypatch.delattr(protocol, "on_response_complete")

    with pytest.raises(ImportError, match="HttpToolsProtocol is without on_response_complete"):
        check("uvicorn", UVICORN)


@pytest.mark.parametrize("name", ["_buckets", "_upper_bounds", "labels"])
def test_the_names_of_prometheus_are_checked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    check_metrics()
    names_of = bentoml_internals.names_of
    monkeypatch.setattr(bentoml_internals, "names_of", lambda each: names_of(each) - {name})

    with pytest.raises(ImportError, match=f"prometheus-client .* without {name}"):
        check_metrics()


def test_a_worker_with_another_server_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    check_server_in_use()  # this process is no worker
    monkeypatch.setattr(server_context, "worker_index", 1)
    monkeypatch.setattr("lean_bento.http_server.server.Server.in_use", False)

    with pytest.raises(BentoMLException, match=re.escape(f"uvicorn {version('uvicorn')}")):
        check_server_in_use()
