"""`sinyal-collector compose-init`: what config/compose.yaml needs before it starts: certificates, secrets, rules of the broker.

Runs in the container `setup`, each time, and makes only what is missing. Every secret is drawn by chance, lies in a file that
only the user of its container can read, and is printed nowhere.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from collector.enrol.server_pairs import init_ca
from collector.errors import ConfigError
from ground.durable import write_durably
from ground.paths import PKI, shipped
from ground.words import add_lang

MOSQUITTO, SINYAL, INFLUX, GRAFANA, CLICKHOUSE = 1883, 10001, 1000, 472, 101
"""User and group ids in the images eclipse-mosquitto, ours (config/Dockerfile), influxdb, grafana, clickhouse."""
ORG, BUCKET = "sinyal", "sinyal"
ABOUT = """\
Makes certificates and secrets for config/compose.yaml; its container `setup` runs this, a person need not. What is there stays.

  docker compose -f config/compose.yaml exec -u root grafana cat /run/sinyal/grafana-password    # user admin
  docker compose -f config/compose.yaml run --rm office enroll 6408012001

exit: 0 everything is there; 2 bad usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `compose-init`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument(
        "--host", action="append", required=True, metavar="NAME", help="name or address of the server; repeatable"
    )
    add_lang(parser)
    parser.add_argument("--pki", type=Path, default=PKI, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--secrets", type=Path, default=Path("/run/sinyal"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--grafana", type=Path, default=Path("/run/datasources"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--broker", type=Path, default=Path("/run/broker"), metavar="DIR", help="default: %(default)s")


def run(args: argparse.Namespace) -> int:
    """Do `compose-init`; return the exit code."""
    try:
        init_ca(args.pki, args.host, print, args.lang)
        _own(args.pki / "broker.key", MOSQUITTO)
        _own(args.pki / "collector.key", SINYAL)
        token = _secret(args.secrets, "influx-token", INFLUX)
        _write(args.secrets / "sinyal-token", token, SINYAL)
        _write(args.secrets / "clickhouse-password", token, CLICKHOUSE)
        _secret(args.secrets, "clickhouse-grafana", CLICKHOUSE)
        _secret(args.secrets, "influx-password", INFLUX)
        _secret(args.secrets, "grafana-password", GRAFANA)
        source = {"apiVersion": 1, "datasources": [datasource(token)]}
        _write(args.grafana / "sinyal.yaml", json.dumps(source, indent=1), GRAFANA)  # JSON is YAML
        for name, place in (("mosquitto.acl", "sinyal.acl"), ("mosquitto.conf", "conf.d/sinyal.conf")):
            _write(args.broker / place, (shipped() / name).read_text(encoding="utf-8"), MOSQUITTO)  # mounted, it is the host's
    except OSError as error:
        raise ConfigError(f"compose-init: {error}; run it as root, in the container `setup`") from None
    return 0


def datasource(token: str) -> dict[str, Any]:
    """Describe the database to Grafana as `sinyal-dashboards publish` does."""
    return {
        "uid": "sinyal-influxdb",
        "name": "Sinyal InfluxDB",
        "type": "influxdb",
        "access": "proxy",
        "url": "http://influxdb:8086",
        "database": BUCKET,
        "jsonData": {
            "version": "InfluxQL",
            "httpMode": "POST",
            "timeInterval": "30s",
            "dbName": BUCKET,
            "httpHeaderName1": "Authorization",
        },
        "secureJsonData": {"httpHeaderValue1": f"Token {token}"},
    }


def _secret(folder: Path, name: str, uid: int) -> str:
    path = folder / name
    if not path.exists():
        _write(path, secrets.token_urlsafe(32), uid)
        print(f"made {path}")
    return path.read_text()


def _write(path: Path, text: str, uid: int) -> None:
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, text.encode(), 0o400)
        _own(path, uid)


def _own(path: Path, uid: int) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, uid, 0 if uid == GRAFANA else uid)  # Grafana's image has the group root
