"""Mains and battery of a hall, measured: a pin, the chip of a UPS board, or what the kernel knows of a power supply.

Pins and I2C go through python-periphery (Debian: python3-periphery), loaded only where agent.toml has [mains]. Whatever is wrong
with a sensor, its library or its rights, its fields are absent, it is said once, and the modems are measured.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.board.chips import CHIPS, Supply
from agent.board.read import integer, text
from telemetry.streams import Event

if TYPE_CHECKING:
    from agent.config import MainsSection

log = logging.getLogger(__name__)

POWER_SUPPLIES = Path("/sys/class/power_supply")
LACKING = "python3-periphery is not installed"


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a sensor gives nothing: the kind of fault (errno; ENOPKG: its library is missing, 0: none that is known), in words."""

    number: int
    reason: str


class Mains:
    """Reads what [mains] names. A part that does not answer is absent until it does.

    `unread` names those that do not answer now; `news` has an event for each that ever did not, until somebody takes it.
    """

    def __init__(self, wanted: MainsSection) -> None:
        """Open nothing yet: a library, pin or chip that is missing is found at the first look, and is no error."""
        self._parts: dict[str, Callable[[], Supply]] = {}
        self._told: set[str] = set()
        self.unread: dict[str, Unread] = {}
        self.news: list[Event] = []
        if wanted.gpio_line is not None:
            self._parts[f"line {wanted.gpio_line} of {wanted.gpio_chip}"] = Pin(wanted).read
        if wanted.ups is not None:
            self._parts[f"{wanted.ups} on {wanted.i2c_bus}"] = Chip(wanted).read
        if wanted.power_supply is not None:
            folder = POWER_SUPPLIES / wanted.power_supply
            self._parts[str(folder)] = lambda: kernel(folder)

    def read(self) -> Supply:
        """Read all parts; where two measure the same the pin is believed before the chip, the chip before the kernel."""
        found = Supply()
        for name, part in self._parts.items():
            try:
                found = found.beside(part())
                self.unread.pop(name, None)
            except Exception as error:  # noqa: BLE001  (whatever a driver raises, the modems are measured)
                self._note(name, error)
        return found

    def _note(self, name: str, error: Exception) -> None:
        number = error.errno if isinstance(error, OSError) else None
        fault = Unread(number or 0, (error.strerror if isinstance(error, OSError) else None) or repr(error))
        if name not in self.unread:
            log.warning("event=mains_unread part=%r reason=%r", name, str(error))
        if name not in self._told:  # once a start: one that comes and goes spends no SIM
            self._told.add(name)
            self.news.append(Event(kind="sensor_unread", detail=f"{name}: {fault.reason}"[:200]))
        self.unread[name] = fault


class Pin:
    """A line of a GPIO chip that an optocoupler or a UPS board drives. Opened at the first look, anew after a fault."""

    def __init__(self, wanted: MainsSection) -> None:
        self._open: Callable[[], Any] = lambda: _periphery().GPIO(str(wanted.gpio_chip), wanted.gpio_line, "in")
        self._high_is_mains = wanted.gpio_high_is_mains
        self._line: Any = None

    def read(self) -> Supply:
        """Return whether the mains are present. Raises OSError (GPIOError of periphery is one)."""
        try:
            self._line = self._open() if self._line is None else self._line
            return Supply(mains=bool(self._line.read()) is self._high_is_mains)
        except Exception:
            with suppress(Exception):
                self._line.close()
            self._line = None
            raise


class Chip:
    """A chip of a UPS board on I2C. The bus is opened for each look: seldom, and a board may be taken off."""

    def __init__(self, wanted: MainsSection) -> None:
        address, self._decode = CHIPS[wanted.ups or ""]
        self._address = wanted.i2c_address or address
        self._bus = str(wanted.i2c_bus)

    def read(self) -> Supply:
        """Return what the chip measures. Raises OSError (I2CError of periphery is one)."""
        i2c = _periphery().I2C
        bus, message = i2c(self._bus), i2c.Message

        def register(number: int, count: int) -> bytes:
            answer = message([0] * count, read=True)
            bus.transfer(self._address, [message([number]), answer])
            return bytes(answer.data)

        try:
            return self._decode(register)
        finally:
            bus.close()


def kernel(folder: Path) -> Supply:
    """Read a power supply that the kernel has a driver for (Documentation/ABI/testing/sysfs-class-power)."""
    kind = text(folder / "type")
    if kind is None:
        raise FileNotFoundError(errno.ENOENT, f"no such power supply; see ls {folder.parent}", str(folder))
    if kind != "Battery":
        online = integer(folder / "online")
        return Supply(mains=None if online is None else online > 0)
    volts, percent = integer(folder / "voltage_now"), integer(folder / "capacity")
    states = {"Discharging": True, "Charging": False, "Full": False, "Not charging": False}
    return Supply(
        on_battery=states.get(text(folder / "status") or ""),
        battery_v=None if volts is None else round(volts / 1e6, 2),
        battery_percent=None if percent is None else float(percent),
    )


def _periphery() -> Any:
    try:
        import periphery  # noqa: PLC0415  (only a hall with a sensor has it)
    except ImportError:
        raise OSError(errno.ENOPKG, LACKING) from None
    return periphery
