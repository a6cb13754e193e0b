"""deploy/compose.yaml: the service, and Prometheus scraping it."""

import re
from pathlib import Path

import yaml
from running import PROJECT

from credit_risk.decision_log.settings import PATH_VARIABLE

FOLDER = PROJECT / "deploy"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
CLASSIFIER = COMPOSE["services"]["classifier"]
PROMETHEUS = COMPOSE["services"]["prometheus"]


def test_prometheus_reads_our_configuration_and_finds_the_service_by_its_name() -> None:
    mounted = [v.split(":") for v in PROMETHEUS["volumes"] if v.startswith("./")]
    (source, rules) = (source for source, *_ in mounted)
    configuration = yaml.safe_load((FOLDER / source).read_text())
    assert [Path(rules)] == [Path(each) for each in configuration["rule_files"]]
    assert all(f"/etc/prometheus/{Path(s)}" == inside for s, inside, _ in mounted)
    (job,) = configuration["scrape_configs"]
    ((target,),) = (each["targets"] for each in job["static_configs"])
    name, port = target.split(":")

    assert COMPOSE["services"][name] is CLASSIFIER
    assert CLASSIFIER["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_the_version_must_be_named() -> None:
    for service in ("classifier", "logs-owner"):
        image = COMPOSE["services"][service]["image"]
        assert re.match(r"credit_risk_classifier:\$\{CREDIT_RISK_VERSION:\?.+\}$", image)


def test_every_port_is_bound_to_this_machine() -> None:
    ports = [p for service in COMPOSE["services"].values() for p in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_containers_may_do_nothing_but_serve() -> None:
    for service in (CLASSIFIER, PROMETHEUS):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "mem_limit" in service
    assert CLASSIFIER["user"] == "1034:1034"


def test_the_logs_are_on_a_volume_that_the_service_owns() -> None:
    owner = COMPOSE["services"]["logs-owner"]
    (logs,) = CLASSIFIER["volumes"]

    assert logs.split(":")[0] in COMPOSE["volumes"]
    assert owner["volumes"] == CLASSIFIER["volumes"]
    assert owner["entrypoint"] == ["chown", CLASSIFIER["user"], logs.split(":")[1]]
    assert CLASSIFIER["depends_on"] == {
        "logs-owner": {"condition": "service_completed_successfully"}
    }


def test_the_decision_log_is_on_the_volume_and_its_names_outlive_the_container() -> None:
    (logs,) = CLASSIFIER["volumes"]

    assert CLASSIFIER["environment"][PATH_VARIABLE].startswith(f"{logs.split(':')[1]}/")
    assert "hostname" in CLASSIFIER


def test_the_metrics_are_written_where_it_may_write() -> None:
    (writable,) = (mount.split(":")[0] for mount in CLASSIFIER["tmpfs"])

    assert CLASSIFIER["environment"]["BENTOML_HOME"].startswith(f"{writable}/")


def test_requests_under_way_are_answered_before_it_ends() -> None:
    configured = yaml.safe_load((PROJECT / "bentoconfiguration.yaml").read_text())["services"]
    timeout = max(each["traffic"]["timeout"] for each in configured.values())

    assert int(CLASSIFIER["stop_grace_period"].removesuffix("s")) > timeout + 5
