"""Where a modem is: the port to open, found again after renumbering, and refused where another modem stands in it."""

from __future__ import annotations

from pathlib import Path

from agent.poll.memory import Memory
from agent.poll.session import Session
from agent.port import usb
from agent.port.link import LinkClosed
from ground.words import phrase


class Place:
    """The USB place and the IMEI of one modem of the configuration. `root` is where sysfs and /dev begin.

    The place is remembered over restarts: after a power cut the kernel may number the modems in another order.
    """

    def __init__(self, port: str, root: Path, memory: Memory | None = None, name: str = "") -> None:
        self.usb: usb.UsbPort | None = None
        self._port, self._root, self._memory, self._name = port, root, memory or Memory(), name
        self._imei: str | None = None  # a hash; never on the card

    def path(self) -> str:
        """Return the path to open: the configured one, unless another modem has that number now or it is gone."""
        configured, was = self._port, self.usb
        if was is None:
            return self._remembered() or configured
        now = usb.port_of(configured, self._root)
        if now and usb.is_same(was, now):
            return configured
        found = usb.find_again(was, self._root)
        if found is None:
            if now:
                other = f"{now.vid_pid} {now.product}"
                raise LinkClosed(
                    phrase(
                        "{port}: is another modem now ({product}); {was} is not there",
                        port=configured,
                        product=other,
                        was=was.vid_pid,
                    )
                )
            return configured
        return str(self._root / "dev" / found.tty)

    def _remembered(self) -> str | None:
        """Return the port at the place of last time, where the configured name is only a number and serials tell nothing.

        Raises LinkClosed where that place is empty and one of several alike has taken the number.
        """
        now = usb.port_of(self._port, self._root)
        if now is None or "/by-path/" in self._port or self._memory.text(self._name, "port") != self._port:
            return None
        shared = self._memory.text(self._name, "usb_shared") is not None
        if not (now.doubtful or shared):
            return None
        place = self._memory.text(self._name, "usb_place")
        alike = [p for p in usb.ports(self._root) if (p.vid_pid, p.interface) == (now.vid_pid, now.interface)]
        if place is None or now.device == place:
            return None
        if tty := next((p.tty for p in alike if p.device == place), None):
            return str(self._root / "dev" / tty)
        if shared:
            raise LinkClosed(
                phrase(
                    "{port}: is the modem at USB place {now}, this one was at {before}; use a by-path port",
                    port=self._port,
                    now=now.device,
                    before=place,
                )
            )
        return None

    def arrived(self, path: str, session: object) -> list[tuple[str, str]]:
        """Remember where a modem is that answered; return events (kind, detail). Raises LinkClosed when it is another modem."""
        now, was = usb.port_of(path, self._root), self.usb
        if now is None:
            return []
        told = self._recognise(now, session) if now.doubtful and isinstance(session, Session) else []
        self.usb = now
        shared = "yes" if now.shared or self._memory.text(self._name, "usb_shared") else None
        self._memory.keep(self._name, port=self._port, usb_place=now.device, usb_shared=shared)
        if was and was.tty != now.tty:
            told.append(("modem_moved", f"{was.tty} is {now.tty} now; use {now.link} as port"))
        return told

    def _recognise(self, now: usb.UsbPort, session: Session) -> list[tuple[str, str]]:
        """Tell by the IMEI whether this is the modem of before, where serial numbers do not."""
        was, known, imei = self.usb, self._imei, session.imei_hash()
        if known and imei and known != imei:
            if was and was.device != now.device:
                raise LinkClosed(
                    phrase(
                        "{port}: is another modem than before (its IMEI differs), at USB place {place}",
                        port=self._port,
                        place=now.device,
                    )
                )
            self._imei = imei
            return [("modem_changed", f"another modem at USB place {now.device}: its IMEI differs")]
        self._imei = imei or known
        if was is None and now.shared and "/by-path/" not in self._port:
            return [("modem_ambiguous", f"several modems here have one serial number; use {now.link} as port")]
        return []
