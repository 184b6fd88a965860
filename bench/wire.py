"""Bytes on the wire: every IP byte of one agent's TLS connection, headers, answers and keep-alive included.

Counted from the packets themselves (AF_PACKET on loopback, needs root), so that it checks the agent's own count as well.
"""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Self

ETH_P_ALL = 3
ETH_HEADER = 14
PACKET_OUTGOING = 4
POLL_S = 0.2


@dataclass
class Tap:
    """Counts IP bytes and packets of all TCP connections to one loopback port, both ways."""

    port: int
    ip_bytes: int = 0
    packets: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.bind(("lo", 0))
        self._socket.settimeout(POLL_S)
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _count(self) -> None:
        while not self._stop.is_set():
            try:
                data, address = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            if address[2] != PACKET_OUTGOING:  # loopback shows each packet leaving and arriving
                self._packet(data[ETH_HEADER:])

    def _packet(self, packet: bytes) -> None:
        if len(packet) < 40 or packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_TCP:
            return
        header = (packet[0] & 15) * 4
        source, target = struct.unpack_from("!HH", packet, header)
        if self.port in (source, target):
            self.ip_bytes += struct.unpack_from("!H", packet, 2)[0]
            self.packets += 1
