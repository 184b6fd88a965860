"""Shutting a hall's certificate out of a running Mosquitto, at once, without disturbing the other halls.

Mosquitto reads crl.pem again on SIGHUP, but that judges new connections only: a session that is open stays open. The listener of
the halls makes the CN the client id, and MQTT gives a client id to the newest who brings it. So, once the broker has proven that
it refuses a revoked certificate of the site, a certificate made for this moment takes the session over and leaves.
"""

from __future__ import annotations

import datetime as dt
import shlex
import ssl
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from collector.enrol.ca import Authority, Pair, client_context
from collector.enrol.register import Register

RELOAD_S = 15
"""How long the broker may take to read the list; it is a few kB."""
CONNECT_S = 5
MOMENT = dt.timedelta(minutes=10)
"""Life of the certificate that takes the session over; its key is forgotten at once."""


class NotShutOutError(Exception):
    """The list is written, but the running broker does not keep it yet. The text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The halls' listener: where it is, and the command that makes the broker read its files again."""

    host: str
    port: int
    ca_file: Path
    reload_command: str


def shut_out(authorities: Sequence[Authority], register: Register, gates: Sequence[Gate], site: str) -> int:
    """Revoke what a site has and end its session at each broker; return how many certificates it ever had.

    Raises ConfigError, NotShutOutError; the other brokers have been gone through then.

    A site whose certificates are on the list already goes through the same: so a revocation that met a broker away is finished.
    """
    issued = register.issued(site)
    if not issued:
        return 0
    authority = authorities[0]
    canary = authority.client(site)
    register.revoke(authorities, [*register.active(site), canary.cert])
    _reload(gates[0].reload_command)
    failed = []
    for gate in gates:
        try:
            _close(gate, authority, canary, site)
        except NotShutOutError as error:
            failed.append(str(error))
    if failed:
        raise NotShutOutError("; ".join(failed))
    return len(issued)


def _close(gate: Gate, authority: Authority, canary: Pair, site: str) -> None:
    end = time.monotonic() + RELOAD_S
    while _enters(gate, canary, site):
        if time.monotonic() > end:
            raise NotShutOutError(f"{gate.host}:{gate.port} still admits a revoked certificate; set crlfile, restart the broker")
        time.sleep(0.1)
    if not _enters(gate, authority.client(site, dt.datetime.now(dt.UTC) + MOMENT), site):
        raise NotShutOutError(f"{gate.host}:{gate.port} did not let the open session be taken over; restart the broker")


def _reload(command: str) -> None:
    try:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False, timeout=RELOAD_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotShutOutError(f"ca.broker_reload: {error}; make the broker read crl.pem again, or restart it") from None
    if done.returncode != 0:
        raise NotShutOutError(
            f"ca.broker_reload: {done.stderr.strip() or done.returncode}; the list holds from the next start on"
        )


def _enters(gate: Gate, pair: Pair, site: str) -> bool:
    """Return whether the broker lets this certificate in; a session that it opens is closed at once."""
    answers: list[bool] = []

    def answered(_client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _properties: object) -> None:
        answers.append(not code.is_failure)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=site, reconnect_on_failure=False)
    client.on_connect = answered
    with client_context(gate.ca_file, pair) as context:
        client.tls_set_context(context)
    client.connect_timeout = CONNECT_S
    try:
        client.connect(gate.host, gate.port)
    except ssl.SSLCertVerificationError as error:
        raise NotShutOutError(f"{gate.host}:{gate.port} is not the broker of this CA: {error}") from None
    except ssl.SSLError:
        return False
    except OSError as error:
        raise NotShutOutError(f"{gate.host}:{gate.port}: {error}; the list holds from the broker's next start on") from None
    end = time.monotonic() + CONNECT_S
    while not answers and time.monotonic() < end and client.loop(0.2) == MQTTErrorCode.MQTT_ERR_SUCCESS:
        pass
    client.disconnect()
    return answers == [True]
