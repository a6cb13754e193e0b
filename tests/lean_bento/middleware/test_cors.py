"""Pages of other sites: what a browser is told before and after its request."""

from typing import Any

import pytest
from asgi import ask
from bentoml.exceptions import BentoMLConfigException
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse

from lean_bento.config import Configuration
from lean_bento.error_response import ErrorResponse
from lean_bento.middleware.cors import OutermostCORSMiddleware, check_origins, move_outwards

SHOP = "https://shop.example"
APP = OutermostCORSMiddleware(
    PlainTextResponse("here"), allow_origins=[SHOP], allow_methods="POST", expose_headers="X-Own"
)
ASKED = {"origin": SHOP, "access-control-request-method": "POST"}


def test_a_page_that_may_send_its_request_is_told_so() -> None:
    answer = ask(APP, "OPTIONS", headers=ASKED)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"origin": "https://elsewhere.example"}, "origin"),
        ({"access-control-request-method": "PUT"}, "method"),
        ({"access-control-request-headers": "X-Secret"}, "headers"),
    ],
)
def test_a_page_that_may_not_is_refused_in_the_shape_of_every_error(
    change: dict[str, str], found: str
) -> None:
    answer = ask(APP, "OPTIONS", headers=ASKED | change)

    assert answer.status_code == 400
    error = ErrorResponse.model_validate_json(answer.content)
    assert error.error.startswith(f"Disallowed CORS {found}, expected what http.cors")


def test_an_answer_says_who_may_read_it() -> None:
    mine = ask(APP, headers={"origin": SHOP})
    other = ask(APP, headers={"origin": "https://elsewhere.example"})

    assert mine.headers["access-control-allow-origin"] == SHOP
    assert mine.headers["access-control-expose-headers"] == "X-Own"
    assert "access-control-allow-origin" not in other.headers
    assert {mine.headers["vary"], other.headers["vary"]} == {"Origin"}


@pytest.mark.parametrize("origin", [SHOP, "https://elsewhere.example", None])
def test_an_answer_of_the_server_itself_gets_the_same_headers(origin: str | None) -> None:
    headers = {} if origin is None else {"origin": origin}
    cors = ("access-control-", "vary")
    expected = {
        name: value
        for name, value in ask(APP, headers=headers).headers.items()
        if name.startswith(cors)
    }

    found = APP.headers_of_answer([(b"origin", origin.encode())] if origin else [])

    assert {name.decode(): value.decode() for name, value in found} == expected


def test_the_middleware_is_taken_out_of_an_application_and_put_around_all() -> None:
    app = Starlette(middleware=[Middleware(CORSMiddleware, allow_origins=[SHOP])])
    refusing = PlainTextResponse("a key, please", 401)

    served = move_outwards(app, refusing)

    preflight = ASKED | {"access-control-request-method": "GET"}
    assert ask(served, "OPTIONS", headers=preflight).status_code == 200
    assert ask(served, headers=ASKED).headers["access-control-allow-origin"] == SHOP
    assert app.user_middleware == []
    assert move_outwards(app, refusing) is refusing


@pytest.mark.parametrize(
    ("cors", "message"),
    [
        ({"access_control_allow_origins": [SHOP]}, None),
        ({"access_control_allow_origins": "*"}, None),
        ({"access_control_allow_origins": []}, None),
        ({}, "allow_origins: None, expected a list of origins like https"),
        ({"access_control_allow_origins": [f"{SHOP}/"]}, "example/'], expected a list of"),
        ({"access_control_allow_origins": "shop.example"}, "'shop.example'], expected a list"),
    ],
)
def test_origins_that_no_browser_sends_are_refused(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, cors: dict[str, Any], message: str | None
) -> None:
    file = tmp_path / "c.yaml"
    settings = {"enabled": True} | cors
    file.write_text(
        f"services: {{garden: {{http: {{cors: {settings!r}}}}}}}".replace("True", "true")
    )
    monkeypatch.setenv("BENTOML_CONFIG", str(file))
    configuration = Configuration({"garden": []})

    if message is None:
        check_origins(configuration, "garden")
        return
    with pytest.raises(BentoMLConfigException) as caught:
        check_origins(configuration, "garden")
    assert message in str(caught.value)
