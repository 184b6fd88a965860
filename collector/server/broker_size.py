"""How large the broker must be for the halls of the register: its connections, memory and open files. Pure.

Measured on Mosquitto 2.0.11, TLS 1.3 with client certificates: 24.5 kB a connection (`python -m bench.capacity`, 5,000 clients).
Reckoned here with 60 kB, for a hall that sends a backlog has buffers too, and with two connections a hall: behind a broken path
the old one stays half open beside the new.
"""

from __future__ import annotations

import re

SHIPPED_CONNECTIONS = 1000
SHIPPED_MEMORY_BYTES = 256 << 20
CONNECTION_BYTES = 60_000
OWN_FILES = 200
"""Files, listeners, connections of the server's own programs."""


def connections(halls: int) -> int:
    """Return how many connections the halls' listener takes, at least as many as the shipped file says."""
    return max(SHIPPED_CONNECTIONS, 2 * halls)


def sized(conf: str, halls: int) -> str:
    """Return mosquitto.conf with max_connections of the halls' listener and memory_limit for so many halls."""
    many = connections(halls)
    memory = SHIPPED_MEMORY_BYTES + (many - SHIPPED_CONNECTIONS) * CONNECTION_BYTES
    conf = re.sub(rf"(?m)^max_connections {SHIPPED_CONNECTIONS}$", f"max_connections {many}", conf)
    return re.sub(rf"(?m)^memory_limit {SHIPPED_MEMORY_BYTES}$", f"memory_limit {memory}", conf)


def drop_in(halls: int) -> str | None:
    """Return the lines for systemd that let Mosquitto open so many files; None where the usual 1,024 are enough."""
    many = connections(halls)
    return None if many <= SHIPPED_CONNECTIONS else f"[Service]\nLimitNOFILE={many + OWN_FILES}\n"
