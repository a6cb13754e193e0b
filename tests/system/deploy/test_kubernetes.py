"""The Kubernetes manifests, as files and as kustomize makes them."""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from documents import blocks, rows, section
from running import PROJECT, run

from credit_risk.decision_log.settings import PATH_VARIABLE
from credit_risk.keys import COMMAND
from service import CLASSIFIER, RUNNER

KUBERNETES = ("1.30", "1.37")
"""The oldest that has all that is used, preStop's `sleep`, and a current one."""

FOLDER = PROJECT / "deploy" / "kubernetes"
COMPONENTS = FOLDER / "components"
EACH = sorted(path.name for path in COMPONENTS.iterdir())
TOGETHER = [name for name in EACH if name != "no-log"]
"""All that fit together; there is nothing to keep where no log is."""

FILES = sorted(
    path
    for path in (*FOLDER.glob("*/*.yaml"), *COMPONENTS.glob("*/*.yaml"))
    if path.name != "kustomization.yaml" and ".patch." not in path.name
)
Manifest = dict[str, Any]


@functools.cache
def rendered(folder: str) -> list[Manifest]:
    """The manifests that `kubectl apply -k` sends."""
    command = ["kubectl", "kustomize", FOLDER / folder]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(made.stdout))


def check(manifest: Manifest) -> None:
    """Check a manifest against the strict schemas of Kubernetes, which know no kinds of others."""
    if manifest["apiVersion"] != "monitoring.coreos.com/v1":
        _check(json.dumps(manifest))


@functools.cache  # most of what kustomize makes is the same in every overlay
def _check(manifest: str) -> None:
    for version in KUBERNETES:
        kubernetes_validate.validate(json.loads(manifest), version, strict=True)


def one(folder: str, kind: str, name: str) -> Manifest:
    (found,) = (m for m in rendered(folder) if (m["kind"], m["metadata"]["name"]) == (kind, name))
    return found


def pod(folder: str, name: str) -> Manifest:
    return one(folder, "Deployment", name)["spec"]["template"]["spec"]


PODS = [
    ("base", "credit-risk-classifier"),
    ("remote-runner", "credit-risk-classifier"),
    ("remote-runner", "credit-risk-runner"),
]
kustomized = pytest.mark.needs("kubectl")  # nothing else puts the kustomizations together


def each_pod(test: Any) -> Any:
    return kustomized(pytest.mark.parametrize(("folder", "name"), PODS)(test))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_fits_the_schema_of_the_oldest_and_of_a_current_kubernetes(path: Any) -> None:
    check(yaml.safe_load(path.read_text()))


@kustomized
@pytest.mark.parametrize("folder", ["base", "remote-runner", "dask"])
def test_the_output_of_kustomize_fits_the_schema(folder: str) -> None:
    for manifest in rendered(folder):
        check(manifest)


def test_the_schema_refuses_a_misspelt_field() -> None:
    wrong = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x"},
        "spec": {"port": [{"port": 80}]},
    }

    with pytest.raises(kubernetes_validate.ValidationError, match="port"):
        check(wrong)


@pytest.mark.parametrize(
    "folder",
    ["base", "remote-runner", "dask", *(f"components/{name}" for name in EACH)],
)
def test_every_file_is_part_of_a_kustomization(folder: str) -> None:
    listed = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
    named = {name for name in listed.get("resources", []) if name != "../base"}
    named |= {patch["path"] for patch in listed.get("patches", [])}
    for made in listed.get("configMapGenerator", []):
        named |= {file.partition("=")[2] for file in made["files"]}
    there = {path.name for path in (FOLDER / folder).iterdir()}

    assert named == there - {"kustomization.yaml", "job.yaml"}  # the job is created for each file


@kustomized
@pytest.mark.parametrize("folder", ["base", "remote-runner"])
def test_each_deployment_has_all_that_belongs_to_it(folder: str) -> None:
    deployments = [m for m in rendered(folder) if m["kind"] == "Deployment"]
    assert len(deployments) == (1 if folder == "base" else 2)
    for deployment in deployments:
        name = deployment["metadata"]["name"]
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        ports = {
            p["name"] for p in deployment["spec"]["template"]["spec"]["containers"][0]["ports"]
        }
        scaler = one(folder, "HorizontalPodAutoscaler", name)["spec"]
        service = one(folder, "Service", name)["spec"]
        chosen = [
            deployment["spec"]["selector"]["matchLabels"],
            service["selector"],
            one(folder, "PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"],
            one(folder, "NetworkPolicy", name)["spec"]["podSelector"]["matchLabels"],
        ]

        assert chosen == [{"app.kubernetes.io/name": name}] * 4
        assert labels.items() >= chosen[0].items()
        assert scaler["scaleTargetRef"]["name"] == name
        assert scaler["minReplicas"] >= 2
        assert "replicas" not in deployment["spec"]
        assert {p["targetPort"] for p in service["ports"]} <= ports


@each_pod
def test_a_pod_may_do_nothing_but_serve(folder: str, name: str) -> None:
    spec = pod(folder, name)
    (container,) = spec["containers"]

    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1034,
        "runAsGroup": 1034,
        "fsGroup": 1034,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@each_pod
def test_a_pod_writes_to_volumes_only(folder: str, name: str) -> None:
    (container,) = pod(folder, name)["containers"]
    environment = {variable["name"]: variable["value"] for variable in container["env"]}

    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {
        each["name"]: {k: v for k, v in each.items() if k != "name"}
        for each in pod(folder, name)["volumes"]
    }
    assert mounts["/tmp"] == "tmp"  # noqa: S108
    assert environment["BENTOML_HOME"].startswith("/tmp/")  # noqa: S108
    assert set(mounts.values()) == set(volumes)
    if name == "credit-risk-runner":  # decides nothing
        assert set(mounts) == {"/tmp"}  # noqa: S108
        assert PATH_VARIABLE not in environment
    else:
        place = "/var/log/credit-risk"
        claim = one(folder, "PersistentVolumeClaim", "credit-risk-decisions")
        assert environment[PATH_VARIABLE].startswith(f"{place}/")
        assert volumes[mounts[place]] == {
            "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}
        }
        assert claim["spec"]["accessModes"] == ["ReadWriteMany"], "several pods write"


@each_pod
def test_the_probes_are_paths_of_bentoml(folder: str, name: str) -> None:
    (container,) = pod(folder, name)["containers"]
    asked = {k: container[k]["httpGet"]["path"] for k in container if k.endswith("Probe")}

    assert asked == {
        "startupProbe": "/readyz",
        "readinessProbe": "/readyz",
        "livenessProbe": "/livez",
    }


@each_pod
def test_a_pod_ends_only_when_its_requests_have(folder: str, name: str) -> None:
    spec = pod(folder, name)
    configured = yaml.safe_load((PROJECT / "bentoconfiguration.yaml").read_text())["services"]
    timeout = max(each["traffic"]["timeout"] for each in configured.values())
    waits = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert spec["terminationGracePeriodSeconds"] >= waits + timeout + 5


@each_pod
def test_a_pod_requests_a_core_a_worker_and_has_a_limit_of_memory(folder: str, name: str) -> None:
    configured = yaml.safe_load((PROJECT / "bentoconfiguration.yaml").read_text())["services"]
    workers = configured[RUNNER if name == "credit-risk-runner" else CLASSIFIER]["workers"]
    (container,) = pod(folder, name)["containers"]

    assert container["resources"]["requests"]["cpu"] == str(workers)
    assert container["resources"]["limits"].keys() == {"memory"}


@kustomized
def test_the_classifier_is_told_where_the_runner_is() -> None:
    (classifier,) = pod("remote-runner", "credit-risk-classifier")["containers"]
    (runner,) = pod("remote-runner", "credit-risk-runner")["containers"]
    port = one("remote-runner", "Service", "credit-risk-runner")["spec"]["ports"][0]["port"]

    url = f"http://credit-risk-runner:{port}"
    assert classifier["args"] == ["start-http-server", "--depends", f"{RUNNER}={url}"]
    assert runner["args"] == ["start-http-server", "--service-name", RUNNER]
    assert runner["image"] == classifier["image"]


@kustomized
def test_the_two_deployments_differ_in_nothing_else() -> None:
    def plain(name: str) -> Manifest:
        spec = pod("remote-runner", name)
        (container,) = spec["containers"]
        probes = {k: {**v, "timeoutSeconds": 0} for k, v in container.items() if "Probe" in k}
        own: Manifest = {"name": "", "args": []}
        own["env"] = [each for each in container["env"] if each["name"] != PATH_VARIABLE]
        own["volumeMounts"] = [m for m in container["volumeMounts"] if m["name"] != "decisions"]
        volumes = [each for each in spec["volumes"] if each["name"] != "decisions"]
        return {
            **spec,
            "containers": [container | probes | own],
            "topologySpreadConstraints": [],
            "volumes": volumes,
        }

    assert plain("credit-risk-runner") == plain("credit-risk-classifier")


@kustomized
def test_the_network_lets_in_one_port_and_out_only_names() -> None:
    policy = one("base", "NetworkPolicy", "credit-risk-classifier")["spec"]

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"ports": [{"port": 3000, "protocol": "TCP"}]}]
    (rule,) = policy["egress"]
    assert {p["port"] for p in rule["ports"]} == {53}


@kustomized
def test_only_the_classifier_reaches_the_runner_because_it_takes_pickles() -> None:
    runner = one("remote-runner", "NetworkPolicy", "credit-risk-runner")["spec"]
    classifier = one("remote-runner", "NetworkPolicy", "credit-risk-classifier")["spec"]
    base = one("base", "NetworkPolicy", "credit-risk-classifier")["spec"]

    def pods(name: str) -> Manifest:
        return {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}

    ports = [{"port": 3000, "protocol": "TCP"}]
    assert runner["ingress"] == [{"from": [pods("credit-risk-classifier")], "ports": ports}]
    assert not runner.get("egress")
    assert classifier["ingress"] == base["ingress"]
    assert classifier["egress"] == [
        *base["egress"],
        {"to": [pods("credit-risk-runner")], "ports": ports},
    ]


def of_dask() -> list[Manifest]:
    paths = sorted((FOLDER / "dask").glob("*.yaml"))
    return [yaml.safe_load(path.read_text()) for path in paths if path.stem != "kustomization"]


def test_the_pods_of_dask_may_do_nothing_but_score_and_share_the_files() -> None:
    pods = [each["spec"]["template"]["spec"] for each in of_dask() if "template" in each["spec"]]

    assert len(pods) == 3
    for spec in pods:
        (container,) = spec["containers"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        stores = {
            each["value"] for each in container.get("env", []) if each["name"].endswith("HOME")
        }
        assert mounts == {"/tmp"} | ({"/files"} if stores else set())  # noqa: S108
        assert stores <= {"/files/bentoml"}


def test_only_pods_of_the_cluster_reach_its_scheduler() -> None:
    by_kind = {each["kind"]: each for each in of_dask() if each["kind"] != "Deployment"}
    labels = {
        each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"]
        for each in of_dask()
        if "template" in each["spec"]
    }
    policy = by_kind["NetworkPolicy"]["spec"]
    (allowed,) = policy["ingress"][0]["from"]

    assert set(policy["podSelector"]["matchExpressions"][0]["values"]) == labels
    assert set(allowed["podSelector"]["matchExpressions"][0]["values"]) == labels
    address = by_kind["Job"]["spec"]["template"]["spec"]["containers"][0]["args"][-1]
    assert address == f"tcp://{by_kind['Service']['metadata']['name']}:8786"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Build an overlay that has some components, as docs/operations.md shows one."""

    @functools.cache
    def build(*components: str, below: str = "base") -> list[Manifest]:
        folder = tmp_path_factory.mktemp("overlay")
        places = [FOLDER / below, *(COMPONENTS / name for name in components)]
        resource, *others = (os.path.relpath(place, folder) for place in places)
        images = [{"name": "credit_risk_classifier", "newTag": "7"}]
        overlay = {"resources": [resource], "components": others, "images": images}
        (folder / "kustomization.yaml").write_text(json.dumps(overlay))
        command = ["kubectl", "kustomize", folder]
        made = subprocess.run(command, capture_output=True, text=True, check=True)
        return list(yaml.safe_load_all(made.stdout))

    return build


def found(manifests: list[Manifest], kind: str, name: str = "credit-risk-classifier") -> Manifest:
    (manifest,) = (m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name))
    return manifest


def classifier(manifests: list[Manifest]) -> Manifest:
    spec: Manifest = found(manifests, "Deployment")["spec"]["template"]["spec"]
    return spec


def environment(container: Manifest) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["env"]}


@kustomized
@pytest.mark.parametrize(
    ("below", "components"),
    [
        *(("base", (name,)) for name in EACH),
        ("base", tuple(TOGETHER)),
        ("base", ("keys", "no-log")),
        ("remote-runner", tuple(TOGETHER)),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_components_build_and_fit_the_schema_alone_and_together(
    build: Any, below: str, components: tuple[str, ...]
) -> None:
    made = build(*components, below=below)
    pods = [classifier(made)]
    pods += [
        m["spec"]["jobTemplate"]["spec"]["template"]["spec"] for m in made if m["kind"] == "CronJob"
    ]

    for manifest in made:
        check(manifest)
        assert manifest["kind"] == "ConfigMap" or manifest["metadata"]["labels"].items() >= {
            ("app.kubernetes.io/part-of", "credit-risk")
        }
    for spec in pods:
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            mounts = {mount["name"] for mount in container["volumeMounts"]}
            assert mounts == {volume["name"] for volume in spec["volumes"]}
            assert container["image"] == "credit_risk_classifier:7"
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert spec["securityContext"] == classifier(build())["securityContext"]


def test_the_overlay_that_the_document_shows_has_every_component_that_fits() -> None:
    (shown,) = map(yaml.safe_load, blocks("docs/deploying.md", "yaml"))
    listed = {name.strip("`") for name, *_ in rows(section("docs/deploying.md", "Components"))}

    assert shown["resources"] == ["../base"]
    assert sorted(shown["components"]) == [f"../components/{name}" for name in TOGETHER]
    assert shown["images"][0]["name"] == "credit_risk_classifier"
    assert listed == set(EACH)


@kustomized
def test_the_keys_are_where_the_service_looks_for_them(build: Any) -> None:
    made = build("keys")
    spec = classifier(made)
    (container,) = spec["containers"]
    (volume,) = (each for each in spec["volumes"] if each["name"] == "api-keys")
    (mount,) = (each for each in container["volumeMounts"] if each["name"] == "api-keys")

    assert environment(container)[COMMAND.variable] == f"{mount['mountPath']}/keys.toml"
    assert "subPath" not in mount, "or a change never arrives"
    assert volume["secret"]["defaultMode"] == 0o440
    annotations = found(made, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scrape"] == "false"


@kustomized
def test_without_a_log_there_is_no_trace_of_one(build: Any) -> None:
    made = build("no-log")
    base = build()
    spec, before = classifier(made), classifier(base)
    (container,), (full,) = spec["containers"], before["containers"]

    assert "PersistentVolumeClaim" not in {manifest["kind"] for manifest in made}
    assert environment(full).keys() - environment(container).keys() == {PATH_VARIABLE}
    assert [m["mountPath"] for m in container["volumeMounts"]] == ["/tmp"]  # noqa: S108
    assert [volume["name"] for volume in spec["volumes"]] == ["tmp"]


@kustomized
def test_each_setting_is_one_that_the_service_reads(build: Any, home: Path, tmp_path: Path) -> None:
    made = build(*TOGETHER)
    (container,) = classifier(made)["containers"]
    (settings,) = (m for m in made if m["kind"] == "ConfigMap")
    (taken,) = container["envFrom"]
    assert taken == {"configMapRef": {"name": settings["metadata"]["name"]}}
    shipped = yaml.safe_load((PROJECT / "bentoconfiguration.yaml").read_text())["services"]
    ((name, changes),) = json.loads(settings["data"]["BENTOML_CONFIG_OVERRIDES"])[
        "services"
    ].items()
    for key, value in changes.items():
        there = shipped[name][key]
        assert value == ({k: there[k] for k in value} if isinstance(value, dict) else there)

    COMMAND.add(tmp_path / "keys.toml", "bank")
    variables = environment(container) | settings["data"]
    variables |= {COMMAND.variable: str(tmp_path / "keys.toml")}
    variables |= {PATH_VARIABLE: str(tmp_path / "decisions")}
    del variables["BENTOML_HOME"]
    program = "import service; print(*service.check_before_start())"
    said = run("python", "-c", program, home=home, **variables).stdout

    assert f"decision log {tmp_path}" in said


@kustomized
def test_prometheus_is_shown_the_service_and_sends_a_key(build: Any) -> None:
    made = build("service-monitor")
    monitor, service = found(made, "ServiceMonitor"), found(made, "Service")
    (endpoint,) = monitor["spec"]["endpoints"]

    assert (
        monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    )
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] == "/metrics"
    assert endpoint["authorization"] == {
        "type": "Bearer",
        "credentials": {"name": "credit-risk-metrics-key", "key": "key"},
    }


@kustomized
def test_only_tls_comes_in_by_the_ingress(build: Any) -> None:
    made = build("ingress")
    spec, service = found(made, "Ingress")["spec"], found(made, "Service")
    (rule,), (tls,) = spec["rules"], spec["tls"]
    (path,) = rule["http"]["paths"]

    assert tls["hosts"] == [rule["host"]]
    assert tls["secretName"]
    target = path["backend"]["service"]
    assert target["name"] == service["metadata"]["name"]
    assert target["port"]["name"] in {port["name"] for port in service["spec"]["ports"]}


@kustomized
def test_the_nightly_job_checks_the_log_before_it_removes_from_it(build: Any) -> None:
    made = build("retention")
    job = found(made, "CronJob", "credit-risk-retention")["spec"]
    spec = job["jobTemplate"]["spec"]["template"]["spec"]
    (first,), (second,) = spec["initContainers"], spec["containers"]
    (service,) = classifier(made)["containers"]
    folder = environment(service)[PATH_VARIABLE]
    command = ["python", "-m", "credit_risk.decision_log"]

    assert job["concurrencyPolicy"] == "Forbid"
    assert first["command"] == [*command, "verify", folder]
    removal = [*command, "remove", folder, "--older-than", "400d"]
    assert second["command"] + second["args"] == removal
    assert first["image"] == second["image"] == service["image"]
    assert spec["restartPolicy"] == "Never"
