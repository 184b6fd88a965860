"""Which modem carries our own connection: by the network interface that holds its local address, and the modem behind it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from agent.port.interface import addresses
from agent.port.usb import port_of

if TYPE_CHECKING:
    from agent.config import ModemSection

ROOT = Path("/")
MODEM_DRIVERS = frozenset(
    ("cdc_ether", "cdc_mbim", "cdc_ncm", "huawei_cdc_ncm", "option", "qmi_wwan", "rndis_host", "sierra_net", "wwan")
)
"""Kernel drivers of network interfaces that modems make; an Ethernet plug on USB has another."""


def interface_with(address: str) -> str | None:
    """Return the network interface that has a local address, None where none has."""
    return next((name for _, name in socket.if_nameindex() if address in addresses(name)), None)


def may_carry(modem: ModemSection, interface: str | None, root: Path = ROOT) -> bool:
    """Whether the connection over an interface may run through a modem: what cannot be told counts as yes.

    `interface` None: which one it is is not known.
    """
    if interface is None:
        return True
    if modem.interface is not None:
        return interface == modem.interface
    if interface == "lo":
        return False
    device = root / "sys/class/net" / interface / "device"
    if not device.exists():
        return True  # PPP, a tunnel: whatever is below it
    place = device.resolve().parts
    port = port_of(modem.port, root)
    if port is not None:
        return port.device in place
    driver = device / "driver"
    return driver.resolve().name in MODEM_DRIVERS if driver.exists() else True
