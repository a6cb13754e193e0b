"""The import law: who may import whom, and which outside packages.

The directions are entry points → adapters → composition → steps → contract → ground, and never
back. A module without a row here fails, so a new module states its place.
"""

import ast
import sys
from pathlib import Path

import pytest
from running import PROJECT

GROUND = {"vocabulary", "errors"}
CONTRACT = {"refusal", "duplicate_keys", "schema", "batch", "model_card", "samples"}
STEPS = {"columns", "features", "model", "policy", "reasons"}

# module: (what it may import of the project, what it may import from outside)
LAW: dict[str, tuple[set[str], set[str]]] = {
    # ground: the standard library only
    "credit_risk": (set(), set()),
    "credit_risk.form.vocabulary": (set(), set()),
    "credit_risk.errors": (set(), set()),
    "lean_bento.auth.api_keys": ({"errors"}, set()),
    "lean_bento.auth.__main__": ({"errors", "key_ring"}, set()),  # a command
    # contract: the only pydantic models of what goes over the wire
    "lean_bento.error_response": (set(), {"pydantic"}),
    "lean_bento.codecs.duplicate_keys": (set(), set()),
    "credit_risk.form.application": (
        GROUND | {"refusal", "duplicate_keys"},
        {"pydantic", "pydantic_core"},
    ),
    "credit_risk.registry.model_card": (set(), {"pydantic"}),
    "credit_risk.form.samples": (GROUND | {"schema"}, set()),
    "lean_bento.rows": (
        {"refusal", "duplicate_keys", "schema"},
        {"pydantic", "pydantic_core"},
    ),
    # steps: siblings that never import each other
    "credit_risk.model.encoding": (GROUND | CONTRACT, {"numpy", "pydantic", "pydantic_core"}),
    "credit_risk.model.features": (GROUND, {"numpy"}),
    "credit_risk.model.booster": (set(), {"numpy"}),  # a part of the model, as are the next two
    "credit_risk.model.trees": (set(), {"numpy"}),
    "credit_risk.model.tree_shap": ({"trees"}, {"numpy"}),
    "credit_risk.model": ({"contributions", "libxgboost", "trees"}, {"numpy"}),
    "credit_risk.decision.reasons": (GROUND | CONTRACT, {"numpy"}),
    "credit_risk.decision.policy": (GROUND, {"numpy"}),
    # composition: the only module that knows the whole path
    "credit_risk.decision.scorer": (GROUND | CONTRACT | STEPS, set()),
    # adapters to the model store
    "credit_risk.registry.restricted_pickle": (set(), {"numpy"}),
    "credit_risk.registry.file_hashes": (set(), set()),
    "credit_risk.registry.stored_model": (
        GROUND | CONTRACT | STEPS | {"custom_objects", "file_hashes", "libxgboost", "trees"},
        {"bentoml", "pydantic"},
    ),
    "credit_risk.registry.store": (
        {"custom_objects", "errors", "file_hashes", "model_card", "stored_model"},
        {"bentoml"},
    ),
    # adapters to HTTP: know nothing of credit
    "credit_risk.serving": (set(), set()),
    "lean_bento.bentoml_internals": (
        set(),
        {"_bentoml_impl", "_bentoml_sdk", "bentoml", "opentelemetry"},
    ),
    "lean_bento.request_context": (set(), set()),
    "lean_bento.fault_ids": (set(), set()),
    "lean_bento.middleware.headers": (set(), set()),
    "lean_bento.middleware.body_limits": (set(), {"bentoml", "starlette"}),
    "lean_bento.http_server.accept_loop": (set(), {"uvicorn"}),
    "lean_bento.http_server.response_cycle": (set(), {"starlette", "uvicorn"}),
    "lean_bento.http_server.protocol": (
        {"refusal", "serving.exchange", "serving.response_headers", "serving.size_limits"},
        {"httptools", "uvicorn"},
    ),
    "lean_bento.http_server.server": ({"serving.accepting", "serving.connection"}, {"uvicorn"}),
    "lean_bento.middleware.load_shedding": (set(), {"starlette"}),
    "lean_bento.middleware.routes": (set(), {"starlette"}),
    "lean_bento.remote": (
        {"serving.internals", "serving.npy"},
        {"aiohttp", "bentoml", "numpy"},
    ),
    "lean_bento.auth.key_file": ({"errors", "key_ring"}, set()),
    "lean_bento.auth.key_metrics": (set(), {"prometheus_client"}),
    "lean_bento.auth.middleware": (
        {
            "errors",
            "key_ring",
            "refusal",
            "serving.caller",
            "serving.fault_ids",
            "serving.key_file",
            "serving.key_metrics",
            "serving.response_headers",
            "serving.uniform_errors",
        },
        {"bentoml", "starlette"},
    ),
    "lean_bento.middleware.answer_headers": (set(), {"starlette"}),
    "lean_bento.fast_path.deadlines": (set(), set()),
    "lean_bento.fast_path.stack": (
        {
            "serving.internals",
            "serving.known_paths",
            "serving.lateness",
            "serving.media_types",
            "serving.query",
            "serving.size_limits",
            "serving.whole_files",
        },
        {"starlette"},
    ),
    "lean_bento.fast_path.metrics": ({"serving.internals"}, set()),
    "lean_bento.fast_path.endpoint": (
        {
            "serving.fault_ids",
            "serving.internals",
            "serving.long_lists",
            "serving.media_types",
            "serving.npy",
            "serving.query",
            "serving.request_metrics",
            "serving.size_limits",
        },
        {"bentoml", "pydantic", "starlette"},
    ),
    "lean_bento.fast_path.app": (
        {
            "serving.answer_headers",
            "serving.deadlines",
            "serving.endpoint",
            "serving.hosting",
            "serving.lateness",
            "serving.media_types",
            "serving.middleware_stack",
            "serving.npy",
            "serving.query",
            "serving.request_metrics",
            "serving.response_headers",
            "serving.uniform_errors",
        },
        {"attrs", "bentoml", "starlette"},
    ),
    "lean_bento.config": (set(), {"bentoml", "yaml"}),
    "lean_bento.middleware.content_type": ({"refusal"}, {"starlette"}),
    "lean_bento.codecs.npy": (
        {"refusal", "serving.internals"},
        {"bentoml", "numpy", "pydantic", "starlette"},
    ),
    "lean_bento.batching": (set(), set()),
    "lean_bento.http_server.garbage": (set(), set()),
    "lean_bento.codecs.chunked_json": (set(), {"pydantic"}),
    "lean_bento.middleware.whole_files": (set(), {"starlette"}),
    "lean_bento.middleware.query_flags": ({"refusal"}, {"bentoml", "starlette"}),
    "lean_bento.openapi": (
        {"refusal", "serving.media_types", "serving.query"},
        {"bentoml", "pydantic"},
    ),
    "lean_bento.middleware.log_filters": ({"serving.fault_ids"}, {"bentoml", "pydantic"}),
    "lean_bento.http_server.supervisor": ({"serving.internals"}, {"bentoml", "circus"}),
    "lean_bento.middleware.errors": (
        {"refusal", "serving.fault_ids", "serving.response_headers"},
        {"pydantic", "starlette"},
    ),
    "lean_bento.service": (
        {
            "key_ring",
            "serving.configuration",
            "serving.key_door",
            "serving.known_paths",
            "serving.lateness",
            "serving.media_types",
            "serving.openapi",
            "serving.query",
            "serving.quiet_log",
            "serving.server",
            "serving.size_limits",
            "serving.uniform_errors",
            "serving.whole_files",
        },
        {"attrs", "bentoml", "pydantic", "starlette", "yaml"},
    ),
    # the decision log: what is written knows nothing of who writes it, nor of HTTP
    "credit_risk.decisions": (set(), set()),
    "credit_risk.decision_log.ids": (set(), set()),
    "audit_log.records": ({"errors"}, set()),
    "audit_log.files": ({"errors"}, set()),
    "audit_log.group_commit": ({"errors"}, set()),
    "credit_risk.decision_log.redaction": ({"vocabulary"}, set()),
    "audit_log.writer": (
        {"errors", "decisions.chain", "decisions.files", "decisions.links"},
        {"pydantic_core"},
    ),
    "credit_risk.decision_log.settings": (
        {"schema", "decisions.files", "decisions.redaction"},
        {"bentoml"},
    ),
    "credit_risk.decision_log.context": ({"stored_model", "decisions.redaction"}, set()),
    "credit_risk.decision_log.recorder": (
        GROUND
        | CONTRACT
        | {"columns", "scoring", "stored_model", "serving.answer_headers", "serving.caller"}
        | {
            f"decisions.{name}"
            for name in ("context", "redaction", "ids", "journal", "settings", "writer")
        },
        {"bentoml", "numpy"},
    ),
    "audit_log.links": ({"errors", "decisions.chain", "decisions.files"}, set()),
    "audit_log.verify": (
        {"errors", "decisions.chain", "decisions.files", "decisions.links"},
        set(),
    ),
    "audit_log.retention": (
        {"errors", "decisions.chain", "decisions.files", "decisions.links"},
        set(),
    ),
    "audit_log.reader": (
        {"errors", "decisions.chain", "decisions.files", "decisions.links"},
        set(),
    ),
    "credit_risk.decision_log.export": (
        GROUND | {"decisions.chain", "decisions.files", "decisions.reading"},
        {"pyarrow"},
    ),
    "credit_risk.decision_log.replay": (
        GROUND
        | CONTRACT
        | {"columns", "model", "scoring", "stored_model"}
        | {f"decisions.{name}" for name in ("chain", "context", "redaction", "reading")},
        {"bentoml", "numpy"},
    ),
    "credit_risk.decision_log.__main__": (
        {"errors"} | {f"decisions.{name}" for name in ("export", "replay", "retention", "verify")},
        set(),
    ),
    # training: does not ship
    "credit_risk.training": (set(), set()),
    "credit_risk.training.data": (set(), set()),
    "credit_risk.training.reporting": (set(), set()),
    "credit_risk.training.data.fetch": ({"errors"}, set()),
    "credit_risk.training.data.download": ({"errors", "training.data.fetch"}, {"rich"}),
    "credit_risk.training.data.table": ({"errors", "training.data.fetch"}, {"pandas", "pyarrow"}),
    "credit_risk.training.data.dataset": (GROUND | {"training.data.table"}, {"numpy", "pandas"}),
    "credit_risk.training.data.synthetic": ({"vocabulary"}, {"numpy", "pandas"}),
    "credit_risk.training.fitting": (
        {"columns", "features", "vocabulary"},
        {"numpy", "sklearn", "xgboost"},
    ),
    "credit_risk.training.recipes": (
        {"errors", "features", "policy", "training.fitting"},
        set(),
    ),
    "credit_risk.training.baselines": (
        {"training.fitting", "vocabulary"},
        {"numpy", "scipy", "sklearn", "threadpoolctl"},
    ),
    "credit_risk.training.candidates": (
        {"model", "training.baselines", "training.fitting", "training.recipes"},
        {"joblib", "numpy"},
    ),
    "credit_risk.training.comparison": (
        {
            "training.baselines",
            "training.candidates",
            "training.evaluation",
            "training.fitting",
            "training.recipes",
        },
        {"numpy", "sklearn"},
    ),
    "credit_risk.training.tuning": (
        {"model", "training.evaluation", "training.fitting", "training.recipes"},
        {"numpy", "optuna", "sklearn"},
    ),
    "credit_risk.training.shares": (set(), set()),
    "credit_risk.training.reliability": ({"training.shares"}, {"numpy"}),
    "credit_risk.training.approvals": ({"training.shares"}, {"numpy"}),
    "credit_risk.training.reporting.effects": ({"vocabulary"}, {"numpy"}),
    "credit_risk.training.data.quality": ({"training.data.dataset", "vocabulary"}, {"pandas"}),
    "credit_risk.training.data.rates": ({"training.shares"}, {"numpy"}),
    "credit_risk.training.reporting.what_if": ({"vocabulary"}, {"numpy"}),
    "credit_risk.training.reporting.drawing": (set(), {"matplotlib"}),
    "credit_risk.training.reporting.panels": (
        {
            "training.reporting.drawing",
            "training.reporting.effects",
            "training.data.rates",
            "training.reporting.what_if",
        },
        {"matplotlib", "numpy"},
    ),
    "credit_risk.training.reporting.waterfall": ({"training.reporting.drawing"}, {"matplotlib"}),
    "credit_risk.training.reporting.curves": (
        {
            "training.approvals",
            "training.reporting.drawing",
            "training.evaluation",
            "training.reliability",
        },
        {"numpy"},
    ),
    "credit_risk.training.reporting.pictures": (
        {"training.approvals", "training.reporting.drawing", "training.reporting.effects"},
        {"matplotlib", "numpy"},
    ),
    "credit_risk.training.reporting.page": (set(), {"jinja2"}),
    "credit_risk.training.reporting.report": (
        {
            "model",
            "policy",
            "model_card",
            "training.approvals",
            "training.comparison",
            "training.reporting.curves",
            "training.data.dataset",
            "training.reporting.effects",
            "training.evaluation",
            "training.fitting",
            "training.reporting.page",
            "training.reporting.pictures",
            "training.data.quality",
            "training.reliability",
            "vocabulary",
        },
        {"numpy"},
    ),
    "credit_risk.training.evaluation": (set(), {"numpy", "sklearn"}),
    "credit_risk.training.terminal": (
        {"training.comparison", "training.evaluation"},
        {"rich"},
    ),
    # entry points: never import each other
    "service": (
        GROUND
        | CONTRACT
        | STEPS
        | {
            "store",
            "stored_model",
            "scoring",
            "decisions.recorder",
            "decisions.settings",
            "serving.batching",
            "serving.garbage",
            "serving.configuration",
            "serving.hosting",
            "serving.internals",
            "serving.key_door",
            "serving.lean",
            "serving.npy",
            "serving.query",
            "serving.remote_runner",
            "serving.size_limits",
            "serving.supervision",
        },
        {"bentoml", "numpy"},
    ),
    "train": (
        GROUND
        | CONTRACT
        | STEPS
        | {
            "store",
            "training.comparison",
            "training.data.dataset",
            "training.evaluation",
            "training.fitting",
            "training.recipes",
            "training.reporting.report",
            "training.terminal",
            "training.tuning",
        },
        {"numpy"},
    ),
    "locustfile": (
        GROUND | CONTRACT | {"columns", "policy"},
        {"gevent", "locust", "numpy", "pydantic"},
    ),
}


# the benchmark: what each module may use of the package, and from outside
BENCHMARKS: dict[str, tuple[set[str], set[str]]] = {
    "bodies": ({"columns", "samples", "training.data.dataset", "training.fitting"}, {"numpy"}),
    "answers": ({"samples"}, {"httpx"}),
    "processes": ({"samples"}, {"httpx", "psutil"}),
    "machine": (set(), {"psutil"}),
    "measure": ({"samples"}, {"httpx"}),
    "overload": ({"columns", "samples", "training.fitting"}, {"numpy"}),
    "pictures": (set(), {"matplotlib"}),
    "progress": (set(), {"rich"}),
    **dict.fromkeys(
        ("", "facts", "floors", "insight", "load", "plan", "report", "results", "run", "services"),
        (set(), set()),
    ),
    # programs of their own
    "in_process": ({"batch", "samples", "schema", "serving.garbage"}, {"xgboost"}),
    "forest": ({"model_card", "store", "training.data.dataset", "training.fitting"}, set()),
    # the peers: ours only what every one of them shares
    "peers": (set(), set()),
    "peers.common": (
        {
            "columns",
            "custom_objects",
            "model",
            "schema",
            "scoring",
            "serving.batching",
            "store",
            "stored_model",
        },
        {"bentoml"},
    ),
    "peers.bare_asgi": ({"batch", "columns", "schema", "serving.garbage"}, {"numpy", "pydantic"}),
    "peers.class_api": ({"schema", "store"}, {"bentoml"}),
    "peers.class_api_batchable": ({"schema", "store", "vocabulary"}, {"bentoml", "numpy"}),
    "peers.course": ({"columns", "model", "schema"}, {"bentoml", "xgboost"}),
    "peers.fastapi_app": ({"schema"}, {"fastapi"}),
    "peers.fastapi_coalesced": ({"schema"}, {"fastapi"}),
    "peers.flask_app": ({"schema"}, {"flask", "pydantic"}),
}
PROGRAMS = {"benchmarks.in_process", "benchmarks.forest"}


def modules() -> dict[str, Path]:
    """Every module of the project that is not a test, by its dotted name."""
    folders = ("credit_risk", "benchmarks")
    files = [
        *PROJECT.glob("*.py"),
        *(f for name in folders for f in (PROJECT / name).rglob("*.py")),
    ]
    named = {path.relative_to(PROJECT).with_suffix(""): path for path in files}
    return {".".join(name.parts).removesuffix(".__init__"): path for name, path in named.items()}


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = str(node.module)
            submodules = {f"{module}.{alias.name}" for alias in node.names} & modules().keys()
            found |= submodules or {module}
    return found


@pytest.mark.parametrize("module", [m for m in sorted(modules()) if m.startswith("benchmarks")])
def test_a_module_of_the_benchmark_imports_only_what_the_law_allows(module: str) -> None:
    name = module.removeprefix("benchmarks").removeprefix(".")
    assert name in BENCHMARKS, f"{module} has no row in BENCHMARKS: state what it may import"
    ours, theirs = BENCHMARKS[name]
    found = imports(modules()[module])
    inside = {each for each in found if each.startswith("benchmarks")}

    package = {each for each in found if each.startswith("credit_risk")}
    assert package <= {f"credit_risk.{each}" for each in ours}
    assert {each.split(".")[0] for each in found - inside - package} <= (
        theirs | sys.stdlib_module_names
    )
    assert not inside & PROGRAMS
    peers = {each for each in inside if each.startswith("benchmarks.peers")}
    assert peers <= {"benchmarks.peers.common"}, "a peer runs as a process of its own"
    if name.startswith("peers"):
        assert inside == peers, "a peer knows nothing of how it is measured"


@pytest.mark.parametrize("module", [m for m in sorted(modules()) if not m.startswith("benchmarks")])
def test_a_module_imports_only_what_the_law_allows(module: str) -> None:
    assert module in LAW, f"{module} has no row in LAW: state what it may import"
    ours, theirs = LAW[module]

    for name in imports(modules()[module]):
        top = name.split(".")[0]
        if top == "credit_risk":
            allowed = {f"credit_risk.{each}" for each in ours}
            assert name in allowed, f"{module} may not import {name}"
        elif f"{top}.py" in {path.name for path in PROJECT.glob("*.py")}:
            pytest.fail(f"{module} may not import the entry point {name}")
        else:
            assert top in theirs | sys.stdlib_module_names, f"{module} may not import {name}"


def test_the_law_has_no_row_for_a_module_that_is_gone() -> None:
    benchmarks = {f"benchmarks.{name}".removesuffix(".") for name in BENCHMARKS}

    assert set(LAW) | benchmarks == set(modules())


def test_what_ships_does_not_import_what_stays_at_home() -> None:
    for module, (ours, theirs) in LAW.items():
        if module in {"train", "locustfile"} or module.startswith("credit_risk.training"):
            continue
        assert not {name for name in ours if name.startswith("training")}, module
        assert not theirs & {"pandas", "rich", "sklearn", "locust"}, module


def test_every_test_file_belongs_to_something_that_is_there() -> None:
    known = {module.rsplit(".", 1)[-1] for module in modules()}
    for path in (PROJECT / "tests" / "unit").glob("test_*.py"):
        assert path.stem.removeprefix("test_") in known, f"{path.name} tests no module"
