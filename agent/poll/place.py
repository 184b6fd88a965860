"""Where a modem is: the port to open, found again after renumbering, and refused where another modem stands in it."""

from __future__ import annotations

from pathlib import Path

from agent.poll.session import Session
from agent.port import usb
from agent.port.link import LinkClosed


class Place:
    """The USB place and the IMEI of one modem of the configuration. `root` is where sysfs and /dev begin."""

    def __init__(self, port: str, root: Path) -> None:
        self.usb: usb.UsbPort | None = None
        self._port, self._root = port, root
        self._imei: str | None = None  # a hash; kept in memory alone

    def path(self) -> str:
        """Return the path to open: the configured one, unless another modem has that number now or it is gone."""
        configured, was = self._port, self.usb
        if was is None:
            return configured
        now = usb.port_of(configured, self._root)
        if now and usb.is_same(was, now):
            return configured
        found = usb.find_again(was, self._root)
        if found is None:
            if now:
                raise LinkClosed(f"{configured}: is another modem now ({now.vid_pid} {now.product}); {was.vid_pid} is not there")
            return configured
        return str(self._root / "dev" / found.tty)

    def arrived(self, path: str, session: object) -> list[tuple[str, str]]:
        """Remember where a modem is that answered; return events (kind, detail). Raises LinkClosed when it is another modem."""
        now, was = usb.port_of(path, self._root), self.usb
        if now is None:
            return []
        told = self._recognise(now, session) if now.doubtful and isinstance(session, Session) else []
        self.usb = now
        if was and was.tty != now.tty:
            told.append(("modem_moved", f"{was.tty} is {now.tty} now; use {now.link} as port"))
        return told

    def _recognise(self, now: usb.UsbPort, session: Session) -> list[tuple[str, str]]:
        """Tell by the IMEI whether this is the modem of before, where serial numbers do not."""
        was, known, imei = self.usb, self._imei, session.imei_hash()
        if known and imei and known != imei:
            if was and was.device != now.device:
                raise LinkClosed(f"{self._port}: is another modem than before (its IMEI differs), at USB place {now.device}")
            self._imei = imei
            return [("modem_changed", f"another modem at USB place {now.device}: its IMEI differs")]
        self._imei = imei or known
        if was is None and now.shared and "/by-path/" not in self._port:
            return [("modem_ambiguous", f"several modems here have one serial number; use {now.link} as port")]
        return []
