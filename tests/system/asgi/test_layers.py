"""The order of the layers that the package's docstring tells is the one that is served."""

import re
from pathlib import Path

import credit_risk.serving
from running import PROJECT, run

SHOW_LAYERS = """
from starlette.applications import Starlette
from starlette.testclient import TestClient
from service import svc

layer = svc.to_asgi()
with TestClient(layer):  # middlewares exist once it has started
    while layer:
        print(type(layer).__module__)
        layer = getattr(layer, "middleware_stack", None) or getattr(layer, "app", None) or getattr(
            layer, "_app", None)
"""


def test_the_layers_stand_in_the_order_that_is_told(home: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    run("python", "-m", "credit_risk.keys", "add", "bank", "--file", keys, home=home)
    variables = {
        "CREDIT_RISK_API_KEYS_FILE": str(keys),
        "CREDIT_RISK_DECISION_LOG": str(tmp_path / "decisions"),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    shown = run("python", "-c", SHOW_LAYERS, home=home, **variables).stdout
    found = re.findall(r"^credit_risk\.serving\.(\w+)$", shown, re.MULTILINE)
    lines = re.findall(r"^    (\w[\w, ]+?)  ", credit_risk.serving.__doc__ or "", re.MULTILINE)
    told = [line.split(", ") for line in lines]
    folder = PROJECT / "credit_risk" / "serving"

    assert all((folder / f"{name}.py").exists() for names in told for name in names)
    assert [names[0] for names in told][-len(found) :] == found
    assert len(found) > 5
