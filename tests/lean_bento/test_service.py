"""A service is hosted as its configuration and its environment say."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bentoml
import httpx
import pytest
import yaml
from asgi import ask, client_of, started
from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml.exceptions import BentoMLConfigException
from bentoml.models import BentoModel
from opentelemetry.util.http import parse_excluded_urls
from pydantic import BaseModel, Field

from lean_bento import (
    CSV,
    JSON,
    KeyCommand,
    LeanService,
    RowAnswers,
    RowBatch,
    UniqueKeys,
    options,
)
from lean_bento.bentoml_internals import JSONSerde
from lean_bento.config import Configuration

KEYS, RUNNER_KEYS, RUNNER = "TOY_API_KEYS_FILE", "TOY_RUNNER_API_KEYS_FILE", "TOY_RUNNER"
LIMITS = {
    "max_queue_delay_ms": 50,
    "body": {"name": "1 KiB", "name_all": "2 KiB"},
    "rows": {"name_all": 9},
}


class Flower(UniqueKeys):
    petal: float = Field(ge=0, description="Length of a petal, cm: a number from 0")


class Flowers(RowBatch[Flower]):
    """Many flowers."""


class Kind(BaseModel):
    kind: str


class Kinds(RowAnswers[Kind]):
    """The kind of each flower."""


class ToyService(LeanService):
    prefix = "TOY"
    keys_command = "python -m toy.keys"


def make(**changes: Any) -> ToyService:
    """A service with a dependency, not configured."""

    @bentoml.service(name="runner", service_class=ToyService)
    class Runner:
        model = BentoModel("toy_model:latest")

    @bentoml.service(name="garden", service_class=ToyService, metrics={"enabled": False}, **changes)
    class Garden:
        """Names flowers."""

        runner = bentoml.depends(Runner)
        model = BentoModel("toy_model:latest")

        @bentoml.api
        async def name(self, flower: Flower, /) -> Kind:
            return Kind(kind=f"{flower.petal}")

        @bentoml.api
        async def name_all(self, flowers: Flowers, /) -> Kinds:
            return Kinds.of([Kind(kind="") for _ in flowers.root])

    assert isinstance(Garden, ToyService)
    return Garden


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Configure a service with these limits."""
    for variable in (KEYS, RUNNER_KEYS, RUNNER):
        monkeypatch.delenv(variable, raising=False)
    path = tmp_path / "configuration.yaml"

    def configure(service: ToyService, beside: Any = None, **limits: Any) -> ToyService:
        settings = {"limits": LIMITS | limits} | (beside or {})
        path.write_text(yaml.safe_dump({"services": {"garden": settings}}))
        monkeypatch.setenv("BENTOML_CONFIG", str(path))
        service.configure(Configuration({"garden": [], "runner": []}))
        return service

    return configure


def start(service: ToyService) -> None:
    """Do what BentoML does in the first process, before the workers start."""
    for name in dir(service.inner):
        member = getattr(service.inner, name)
        if getattr(member, "__bentoml_deployment_hook__", False):
            member()


def test_a_service_without_limits_is_not_served() -> None:
    with pytest.raises(BentoMLConfigException, match=r"garden without limits, expected a call of"):
        make().to_asgi()


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"body": {"name": "1 KiB"}}, "limits.body.name_all: None, expected a size"),
        ({"body": LIMITS["body"] | {"x": "1 KiB"}}, "limits.body.x: 1024, expected one of name"),  # type: ignore[operator]
        ({"rows": {}}, "limits.rows.name_all: None, expected a whole number"),
        ({"rows": {"name_all": 9, "name": 9}}, "limits.rows.name: 9, expected one of name_all"),
    ],
)
def test_each_method_has_a_limit_of_its_body_and_of_its_rows_if_it_has_some(
    configure: Any, limits: Any, message: str
) -> None:
    with pytest.raises(BentoMLConfigException, match=message):
        configure(make(), **limits)


def test_only_rows_come_and_go_as_csv(configure: Any) -> None:
    @bentoml.service(name="garden", service_class=ToyService)
    class Garden:
        @bentoml.api
        @options(media_types=(JSON, CSV))
        async def name_all(self, flower: Flower, /) -> Kinds:
            return Kinds.of([flower])

    with pytest.raises(BentoMLConfigException, match="name_all: found text/csv for Flower and Kin"):
        configure(Garden, body={"name_all": "1 KiB"}, rows={})


def test_requests_are_answered_under_the_limits(configure: Any) -> None:
    app = configure(make()).to_asgi()

    assert ask(app, "POST", "/name", content=b" " * 1025).status_code == 413
    assert ask(app, "POST", "/name_all?x=1", content=b"[]").status_code == 400
    assert ask(app, "POST", "/name", headers={"content-type": "text/x"}).status_code == 415
    assert ask(app, "POST", "/elsewhere").json()["error"].startswith("There is nothing at")
    assert "Swagger UI" in ask(app, "GET", "/").text


def test_a_page_and_a_document_are_answered(configure: Any) -> None:
    service = configure(make())
    service.answer_get("/kind", Kind, lambda _: Kind(kind="iris"))
    service.answer_page("/page", lambda _: "<p>iris", "There is no page.")
    service.answer_page("/none", lambda _: None, "There is no page.")
    service.headers["X-Own"] = "What it means."

    app = service.to_asgi()

    async def scenario() -> list[httpx.Response]:
        async with started(app), client_of(app) as client:
            return [await client.get(path) for path in ("/kind", "/page", "/none")]

    kind, page, missing = asyncio.run(scenario())
    assert (kind.json(), page.text) == ({"kind": "iris"}, "<p>iris")
    assert (missing.status_code, missing.json()["error"]) == (404, "There is no page.")
    paths = ask(app, "GET", "/docs.json").json()["paths"]
    assert {"/kind", "/page", "/none", "/name"} <= paths.keys()
    assert "X-Own" in paths["/name"]["post"]["responses"]["200"]["headers"]


def test_an_application_made_twice_has_each_middleware_once(configure: Any) -> None:
    service = configure(make())

    service.to_asgi()
    once = list(service.middlewares)
    service.to_asgi()

    assert service.middlewares == once
    assert len({middleware for middleware, _ in once}) == len(once) == 2


def test_keys_are_wanted_and_documented_where_a_file_is_named(
    configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = configure(make())
    assert "security" not in service.openapi_spec

    key = KeyCommand().add(tmp_path / "keys.toml", "bank")
    monkeypatch.setenv(KEYS, str(tmp_path / "keys.toml"))
    app = service.to_asgi()

    assert ask(app, "GET", "/").status_code == 401
    assert ask(app, "GET", "/", headers={"authorization": f"Bearer {key}"}).status_code == 200
    assert "security" in service.openapi_spec


SHOP = "https://shop.example"
CORS = {
    "http": {"cors": {"enabled": True, "access_control_allow_origins": [SHOP]}},
    "logging": {"access": {"enabled": False}},
}


@pytest.fixture
def other_sites() -> Iterator[None]:
    """Have BentoML take over what it otherwise reads once in a process: origins, what is traced."""
    BentoMLContainer.access_control_options.set({"allow_origins": [SHOP]})
    BentoMLContainer.tracing_excluded_urls.set(parse_excluded_urls(".*"))
    yield
    BentoMLContainer.access_control_options.reset()
    BentoMLContainer.tracing_excluded_urls.reset()


@pytest.mark.usefixtures("other_sites")
def test_a_browser_is_asked_for_a_key_with_its_request_and_not_before_it(
    configure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyCommand().add(tmp_path / "keys.toml", "bank")
    monkeypatch.setenv(KEYS, str(tmp_path / "keys.toml"))
    app = configure(make(), beside=CORS).to_asgi()

    before = ask(app, "OPTIONS", headers={"origin": SHOP, "access-control-request-method": "GET"})
    refused = ask(app, headers={"origin": SHOP})

    assert (before.status_code, refused.status_code) == (200, 401)
    for answer in (before, refused):
        assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.usefixtures("other_sites")
def test_the_fast_path_is_taken_for_requests_of_other_sites_too(
    configure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = configure(make(), beside=CORS).to_asgi()

    def fail(*_: object) -> None:
        raise RuntimeError("BentoML's own path")

    async def scenario() -> httpx.Response:
        async with started(app), client_of(app) as client:
            return await client.post("/name", json={"petal": 1}, headers={"origin": SHOP})

    monkeypatch.setattr(JSONSerde, "parse_request", fail)
    answer = asyncio.run(scenario())

    assert answer.json() == {"kind": "1.0"}
    assert answer.headers["access-control-allow-origin"] == SHOP


@pytest.mark.usefixtures("other_sites")
def test_an_error_of_the_service_can_be_read_by_other_sites(configure: Any) -> None:
    service = configure(make(), beside=CORS)
    service.answer_get("/kind", Kind, lambda _: Kind(kind=["no text"]))  # type: ignore[arg-type]
    app = service.to_asgi()

    async def scenario() -> httpx.Response:
        async with started(app), client_of(app) as client:
            return await client.get("/kind", headers={"origin": SHOP})

    answer = asyncio.run(scenario())

    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == SHOP


def test_the_document_is_built_into_a_bento_as_plain_yaml(configure: Any) -> None:
    found = configure(make()).openapi_spec

    assert yaml.safe_load(yaml.dump({"spec": found}))["spec"] == found.asdict()


@pytest.mark.parametrize(("mode", "remote"), [(None, False), ("embedded", False), ("remote", True)])
def test_a_dependency_is_embedded_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, mode: str | None, *, remote: bool
) -> None:
    monkeypatch.delenv(RUNNER, raising=False)
    if mode is not None:
        monkeypatch.setenv(RUNNER, mode)

    assert ("runner" in make().all_services(exclude_urls=True)) is remote
    assert "runner" in make().all_services()


@pytest.mark.parametrize("mode", ["", "Remote", "far away"])
def test_any_other_word_is_refused(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv(RUNNER, mode)

    with pytest.raises(BentoMLConfigException, match="expected 'embedded' or 'remote'"):
        make().all_services(exclude_urls=True)


def test_a_bento_serves_the_models_that_it_was_built_with() -> None:
    service = make()
    packed = BentoModel("toy_model:v7").tag
    services = [SimpleNamespace(name=name, models=[]) for name in ("garden", "runner")]
    info = SimpleNamespace(all_models=[SimpleNamespace(tag=packed)], services=services)

    service.on_load_bento(SimpleNamespace(info=info))

    for each in service.all_services().values():
        assert [str(model.tag) for model in each.models] == ["toy_model:v7"]


@pytest.mark.usefixtures("heard")
def test_an_open_service_says_so_once_before_it_starts(
    configure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service = configure(make())

    start(service)
    for name in service.dependencies:  # as BentoML does if they run remotely
        start(service.dependencies[name].on)

    served, message = caplog.messages
    assert served == "Serving garden; open to everyone"
    assert "The service is open" in message
    assert KEYS in message


@pytest.mark.usefixtures("heard")
def test_the_names_of_the_keys_are_logged_before_it_starts(
    configure: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    keys = [KeyCommand().add(tmp_path / "keys.toml", name) for name in ("bank", "broker")]
    monkeypatch.setenv(KEYS, str(tmp_path / "keys.toml"))

    start(configure(make()))

    served = "Serving garden; requests need an API key, one of: bank, broker"
    assert caplog.messages == [served]
    assert not any(key in caplog.text for key in keys)


@pytest.mark.usefixtures("heard")
def test_a_service_says_what_it_serves_and_what_to_mind(
    configure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service = configure(make())
    service.before_start = lambda: ["roses", "Mind the thorns."]

    start(service)

    assert caplog.messages[:2] == ["Serving roses; open to everyone", "Mind the thorns."]


@pytest.mark.parametrize("variable", [KEYS, RUNNER_KEYS])
@pytest.mark.parametrize(
    ("named", "found"), [("", "found an empty variable"), ("/no/such/file", ".*found no ")]
)
def test_a_file_of_keys_that_is_none_keeps_the_service_from_starting(
    configure: Any, monkeypatch: pytest.MonkeyPatch, variable: str, named: str, found: str
) -> None:
    service = configure(make())
    monkeypatch.setenv(variable, named)

    with pytest.raises(BentoMLConfigException, match=rf"^{variable}: {found}"):
        start(service)
