"""The hall's certificate on the wire: what is told on `identity`, what is given on `trust` (identity.py decides)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import paho.mqtt.client as mqtt

from agent.uplink.identity import Credentials
from telemetry.topics import identity_topic, trust_topic


class Exchange:
    """The two topics of one hall's credentials, on one connection after the other."""

    def __init__(self, credentials: Credentials, site: str, now_ms: Callable[[], int | None]) -> None:
        self._credentials, self._now_ms = credentials, now_ms
        self.topic, self._own = trust_topic(site), identity_topic(site)
        self._anew = False
        self._mid: int | None = None
        self._telling: mqtt.MQTTMessageInfo | None = None

    def connected(self, client: mqtt.Client) -> None:
        """Start over on a connection that the broker took, which proves the certificate."""
        self._anew, self._telling = False, None
        self._credentials.accepted()
        if self._credentials.enabled:
            _, self._mid = client.subscribe(self.topic, 0)

    def asked(self, mid: int) -> bool:
        """Whether the answer to a subscription is of ours: a broker with rules of before may refuse it, and all else goes on."""
        return mid == self._mid

    def take(self, payload: bytes, sock: socket.socket | None) -> None:
        """Take what the server gives."""
        peer = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
        self._anew = self._credentials.given(payload, peer, self._now_ms()) or self._anew

    def goes_on(self, client: mqtt.Client, *, heard: bool) -> bool:
        """Tell what is due once the collector is `heard`; return whether another connection is to take over from this one."""
        payload = self._credentials.due(self._now_ms()) if heard else None
        if payload is not None:
            self._telling = client.publish(self._own, payload, qos=1, retain=True)
        if self._telling is not None and self._telling.is_published():
            self._credentials.told()
            self._telling = None
        return self._anew
