"""Round trips by ICMP echo (icmplib), bound to one interface, without privileges where the kernel allows it.

The kernel lets groups within `net.ipv4.ping_group_range` open ICMP datagram sockets; the package, or
`sinyal-agent install`, sees to it. SO_BINDTODEVICE needs no privilege on a socket that is not bound yet (Linux 5.7 and newer).
"""

from __future__ import annotations

import socket
import statistics
import time

from icmplib import ICMPv4Socket, ICMPv6Socket, is_hostname, is_ipv6_address, resolve  # type: ignore[import-untyped]
from icmplib.exceptions import ICMPLibError, SocketPermissionError  # type: ignore[import-untyped]
from icmplib.models import Host, ICMPRequest  # type: ignore[import-untyped]
from icmplib.utils import unique_identifier  # type: ignore[import-untyped]

from telemetry.streams import Probe, ProbeKind

WAIT_S = 2.0
PAYLOAD_BYTES = 56
IPV4_BYTES, IPV6_BYTES = 20 + 8 + PAYLOAD_BYTES, 40 + 8 + PAYLOAD_BYTES
"""One echo or its answer on the line (RFC 791, RFC 8200, RFC 792, RFC 4443)."""
GAP_S = 1.0


def _socket(address: str, interface: str, *, privileged: bool) -> ICMPv4Socket | ICMPv6Socket:
    base = ICMPv6Socket if is_ipv6_address(address) else ICMPv4Socket

    class Bound(base):  # type: ignore[misc,valid-type]  # the base is chosen by the address
        def _create_socket(self, type: int) -> socket.socket:  # noqa: A002  (icmplib's own name)
            sock: socket.socket = super()._create_socket(type)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            return sock

    return Bound(None, privileged)


def _open(address: str, interface: str) -> ICMPv4Socket | ICMPv6Socket:
    try:
        return _socket(address, interface, privileged=False)
    except SocketPermissionError:
        return _socket(address, interface, privileged=True)  # root, or a service with CAP_NET_RAW


def ping(host: str, count: int, interface: str, *, gap_s: float = GAP_S) -> Probe:
    """Measure `count` round trips to a host through an interface; what failed is in `error`."""
    found = Probe(kind=ProbeKind.PING, target=host)
    rtts: list[float] = []
    try:
        address = resolve(host)[0] if is_hostname(host) else host
        with _open(address, interface) as sock:
            name = unique_identifier()
            for sequence in range(count):
                if sequence:
                    time.sleep(gap_s)
                rtt_ms = _once(sock, ICMPRequest(address, name, sequence, payload_size=PAYLOAD_BYTES))
                rtts += [] if rtt_ms is None else [rtt_ms]
    except SocketPermissionError:
        found.error = "no right to ping; set net.ipv4.ping_group_range (sinyal-agent install does)"
        return found
    except (ICMPLibError, OSError) as error:
        found.error = str(error)[:100]
        return found
    # Its own packets: the counters of the interface would count the frames that pass meanwhile.
    found.bytes_used = (count + len(rtts)) * (IPV6_BYTES if is_ipv6_address(address) else IPV4_BYTES)
    summary = Host(address, count, rtts)
    found.loss_percent = round(100.0 * summary.packet_loss, 1)
    if rtts:
        found.rtt_ms = round(statistics.median(rtts), 2)
    if len(rtts) > 1:
        found.jitter_ms = round(summary.jitter, 2)
    return found


def _once(sock: ICMPv4Socket | ICMPv6Socket, request: ICMPRequest) -> float | None:
    """Return one round trip in ms, None when it was lost."""
    try:
        sock.send(request)
        reply = sock.receive(request, WAIT_S)
        reply.raise_for_status()
    except ICMPLibError:
        return None
    return float(reply.time - request.time) * 1000.0
