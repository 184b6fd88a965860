"""The MQTT client of an agent: how it connects, and when it has to say that it lives."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from agent.uplink.segments import Segments
from agent.uplink.tls import read_password

if TYPE_CHECKING:
    from agent.config import Config

CONNECT_TIMEOUT_S = 20.0


class Client(mqtt.Client):
    """A client that connects as `segments` says, and tells it of a handshake that stood still."""

    segments: Segments
    _watched: socket.socket | None = None

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Note when something was sent, which paho 2.2 forgets: it pings beside every frame (168 bytes each time, P8)."""
        sent: int = super()._sock_send(buf)  # type: ignore[no-untyped-call, unused-ignore]
        with self._msgtime_mutex:
            self._last_msg_out = mqtt.time_func()
        return sent

    def _create_socket(self) -> Any:
        try:
            return super()._create_socket()  # type: ignore[no-untyped-call, misc, unused-ignore]
        except TimeoutError:
            self.segments.stood_still(self._watched)
            raise
        finally:
            if self._watched is not None:
                self._watched.close()
                self._watched = None

    def _create_socket_connection(self) -> socket.socket:
        made = self.segments.dial((self._host, self._port), self._connect_timeout)
        self._watched = made.dup()  # the TLS socket takes the other one over, and it is gone when its handshake fails
        return made


def make_client(config: Config, context: ssl.SSLContext | None, inst: str | None, segments: Segments) -> Client:
    """Make a client that never reconnects by itself. Its id names the installation: two copies do not throw each other out."""
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"sinyal-{config.agent.site}" + ("" if inst is None else f"-{inst}"),
        clean_session=True,
        protocol=mqtt.MQTTv311,
        reconnect_on_failure=False,
    )
    client.segments = segments
    client.connect_timeout = CONNECT_TIMEOUT_S
    if config.broker.username is not None:
        client.username_pw_set(config.broker.username, read_password(config.broker.password_file))
    if context is not None:
        client.tls_set_context(context)
    return client
