"""The Kubernetes manifests, as files and as kustomize makes them."""

import functools
import subprocess
from typing import Any

import kubernetes_validate
import pytest
import yaml
from running import PROJECT

from credit_risk.decision_log.settings import PATH_VARIABLE
from service import CLASSIFIER, RUNNER

KUBERNETES = "1.37"
FOLDER = PROJECT / "deploy" / "kubernetes"
FILES = sorted(
    path
    for path in FOLDER.glob("*/*.yaml")
    if path.name != "kustomization.yaml" and ".patch." not in path.name
)
Manifest = dict[str, Any]


@functools.cache
def rendered(folder: str) -> list[Manifest]:
    """The manifests that `kubectl apply -k` sends."""
    command = ["kubectl", "kustomize", FOLDER / folder]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(made.stdout))


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
def test_each_file_fits_the_schema_of_a_current_kubernetes(path: Any) -> None:
    kubernetes_validate.validate(yaml.safe_load(path.read_text()), KUBERNETES, strict=True)


@kustomized
@pytest.mark.parametrize("folder", ["base", "remote-runner", "dask"])
def test_the_output_of_kustomize_fits_the_schema(folder: str) -> None:
    for manifest in rendered(folder):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_schema_refuses_a_misspelt_field() -> None:
    wrong = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x"},
        "spec": {"port": [{"port": 80}]},
    }

    with pytest.raises(kubernetes_validate.ValidationError, match="port"):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_every_file_is_part_of_a_kustomization() -> None:
    for folder in ("base", "remote-runner", "dask"):
        listed = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
        named = {n for n in listed["resources"] if n != "../base"}
        named |= {patch["path"] for patch in listed.get("patches", [])}
        there = {path.name for path in (FOLDER / folder).iterdir()}
        there -= {"kustomization.yaml", "job.yaml"}  # the job is created for each file
        assert named == there


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
