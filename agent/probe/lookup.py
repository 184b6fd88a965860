"""Time of one name look-up over UDP, bound to one interface.

Own bytes and no library: paho-mqtt loads dnspython wherever it is installed, and the agent would carry 2.6 MB of it for ever.
Of the answer only the head is read (RFC 1035 4.1.1), as nothing but its time is wanted.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time

from telemetry.streams import Probe, ProbeKind

WAIT_S = 5.0
HEAD = struct.Struct("!6H")
RECURSION_DESIRED, IS_ANSWER = 0x0100, 0x8000
IP_UDP_BYTES = {socket.AF_INET: 20 + 8, socket.AF_INET6: 40 + 8}
TYPE_A, CLASS_IN = 1, 1
NOERROR, NXDOMAIN = 0, 3
"""That a name does not exist is an answer as well."""
RCODES = {1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}


def question(number: int, name: str) -> bytes:
    """Return the bytes that ask for the A record of a name. Raises UnicodeError for a name that DNS cannot have."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".")]
    body = b"".join(bytes([len(label)]) + label for label in labels) + b"\x00"
    return HEAD.pack(number, RECURSION_DESIRED, 1, 0, 0, 0) + body + struct.pack("!2H", TYPE_A, CLASS_IN)


def lookup(name: str, server: str, interface: str, *, port: int = 53) -> Probe:
    """Ask a resolver for a name through an interface; what failed is in `error`."""
    found = Probe(kind=ProbeKind.DNS, target=name)
    number = secrets.randbelow(65_536)
    try:
        asked = question(number, name)
        kind, _, _, _, where = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            sock.connect(where)
            began = time.perf_counter()
            found.bytes_used = sock.send(asked) + IP_UDP_BYTES[kind]
            rcode, size = _answer(sock, number, began + WAIT_S)
            found.bytes_used += size + IP_UDP_BYTES[kind]
            taken_ms = (time.perf_counter() - began) * 1000.0
    except TimeoutError:
        found.error = "timeout"
    except (OSError, UnicodeError) as error:
        found.error = str(error)[:100]
    else:
        if rcode in (NOERROR, NXDOMAIN):
            found.dns_ms = round(taken_ms, 2)
        else:
            found.error = RCODES.get(rcode, f"RCODE {rcode}")
    return found


def _answer(sock: socket.socket, number: int, until_s: float) -> tuple[int, int]:
    """Wait for the answer to our question and give its code and size; others are passed over. Raises TimeoutError."""
    while (left_s := until_s - time.perf_counter()) > 0:
        sock.settimeout(left_s)
        data = sock.recv(4096)
        if len(data) >= HEAD.size:
            got, flags = struct.unpack_from("!2H", data)
            if got == number and flags & IS_ANSWER:
                return int(flags & 0xF), len(data)
    raise TimeoutError
