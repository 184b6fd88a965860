"""The serial line to one modem: the only module that imports pyserial. One command in flight, bounded, faults told apart."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import struct
import threading
import time
from dataclasses import replace
from types import TracebackType
from typing import Self

import serial

from agent.at.digest import digest, name_of
from agent.at.mask import is_private, mask, zeros
from agent.at.reply import Reply
from agent.errors import AgentError
from agent.port.holders import explain
from ground.words import Said, joined, mark, phrase

COOL_DOWN_S = 0.03  # after a final result; Telit asks for 20 ms, some SIMCom lose a command that follows sooner
WRITE_TIMEOUT_S = 2.0  # a modem that holds its flow control for longer is as good as silent
SLICE_S = 0.2  # longest wait before the stop event is looked at
AFTER_S = 2.0  # engineering reports follow their OK within a second
DRAIN_QUIET_S, DRAIN_MAX_S = 0.1, 1.0  # after a timeout: late bytes are over when it was quiet for that long
MAX_BUFFER = 65536  # bytes; the longest honest reply (a neighbour list) has about 4000
TIOCGEXCL = 0x80045440  # asm-generic/ioctls.h: is the terminal in exclusive mode?
BUSY = (errno.EBUSY, errno.EAGAIN)


class LinkError(AgentError):
    """Something is wrong with the line to a modem. The text names the port and, where one is known, the cure."""


class LinkTimeout(LinkError):  # noqa: N818 - named after what happened
    """No final result in time. `received` holds what came instead, if anything."""

    def __init__(self, port: str, command: str, timeout_s: float, received: bytes = b"") -> None:
        text = received[:60].decode("ascii", "backslashreplace")
        got: Said = repr(zeros(text) if is_private(command) else mask(text)) if received else phrase("nothing")
        values = {"port": port, "command": mask(command), "seconds": f"{timeout_s:g}", "reply": got}
        told = phrase("{port}: no final result to {command} within {seconds} s, got {reply}", **values)
        hint = _hint(received, command)
        super().__init__(joined([told, phrase(hint)]) if hint else told)
        self.received = received


def _hint(received: bytes, command: str) -> str | None:
    """Say what kind of port it is that never ends a reply, where that shows."""
    text = received.decode("ascii", "replace")
    lines = [line for line in text.split() if line]
    if lines and not text.replace(command, "").strip():
        return mark("only the echo: such a port is not the AT port; try the modem's others, `sinyal-agent detect` asks them all")
    if lines and all(line.startswith("$G") for line in lines[:3]):
        return mark("the port of the satellite receiver; try the modem's others, `sinyal-agent detect` asks them all")
    return None


class LinkClosed(LinkError):  # noqa: N818 - named after what happened
    """The port is not there (unplugged, renumbered, no permission) or went away (EIO, ENODEV, end of file)."""


class LinkBusy(LinkError):  # noqa: N818 - named after what happened
    """Another program has the port. The text names it where it can be seen."""


class Link:
    """An open AT port: a path, a by-id path or socket://host:port, with an exclusive lock.

    `baud` in bit/s. `stop`: when set, a wait ends early with LinkClosed. Raises LinkClosed or LinkBusy when it cannot be opened.
    """

    def __init__(self, port: str, *, baud: int = 115200, stop: threading.Event | None = None) -> None:
        self.port, self.leftovers, self.urcs = port, 0, 0
        self._stop = stop or threading.Event()
        self._ready_at = 0.0
        self._late = False
        self._serial = _open(port, baud)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the port. Never raises: a device that is gone cannot be closed better."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._serial.close()

    def ask(self, command: str, timeout_s: float = 3.0, after: str = "") -> Reply:
        """Send one command and wait for its final result, at most `timeout_s` seconds. Raises LinkTimeout, LinkClosed.

        `after`: the prefix of lines that the modem sends behind the final result OK; they become lines of the reply.
        """
        self._wait(self._ready_at - time.monotonic())
        self.drain(DRAIN_QUIET_S if self._late else 0.0)
        self._late = True
        self._write(command, timeout_s)
        buffer = bytearray()
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            chunk = self._read(min(left, SLICE_S))
            if not chunk:
                continue
            buffer += chunk
            found = digest(bytes(buffer), command)
            self.urcs += len(found.urcs)
            if found.reply is not None:
                del buffer[: found.consumed]
                reply = (
                    self._with_rest(found.reply, buffer, after) if after and found.reply.final.upper() == "OK" else found.reply
                )
                self.leftovers += len(buffer)
                self._late, self._ready_at = False, time.monotonic() + COOL_DOWN_S
                return reply
            del buffer[: max(found.consumed, len(buffer) - MAX_BUFFER)]
        raise LinkTimeout(self.port, command, timeout_s, bytes(buffer))

    def _with_rest(self, reply: Reply, buffer: bytearray, prefix: str) -> Reply:
        """Add the lines that come behind the final result: from the first with the prefix until it is quiet, at most AFTER_S."""
        lines: list[str] = []
        deadline = time.monotonic() + AFTER_S
        while (left := deadline - time.monotonic()) > 0:
            found = digest(bytes(buffer), "")
            del buffer[: found.consumed]
            lines += found.urcs
            begun = any(name_of(line) == prefix.lstrip("+^#!$%*") for line in lines)
            chunk = self._read(min(left, DRAIN_QUIET_S if begun and not buffer else SLICE_S))
            if begun and not chunk and not buffer:
                break
            buffer += chunk
        return replace(reply, lines=(*reply.lines, *lines))

    def drain(self, quiet_s: float = 0.0) -> None:
        """Throw away what waits (unsolicited lines, late replies) until nothing came for `quiet_s`, at most DRAIN_MAX_S."""
        deadline = time.monotonic() + DRAIN_MAX_S
        while time.monotonic() < deadline and (chunk := self._read(quiet_s)):
            self.leftovers += len(chunk)

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._stop.wait(seconds):
            raise LinkClosed(phrase("{port}: stopping", port=self.port))

    def _read(self, timeout_s: float) -> bytes:
        if self._stop.is_set():
            raise LinkClosed(phrase("{port}: stopping", port=self.port))
        try:
            self._serial.timeout = timeout_s
            first = self._serial.read(1)
            return bytes(first + self._serial.read(self._serial.in_waiting)) if first else b""
        except (OSError, serial.SerialException) as error:
            raise LinkClosed(phrase("{port}: went away ({error})", port=self.port, error=str(error))) from error

    def _write(self, command: str, timeout_s: float) -> None:
        try:
            self._serial.write(command.encode("ascii", "replace") + b"\r")
        except serial.SerialTimeoutException:
            raise LinkTimeout(self.port, command, timeout_s) from None
        except (OSError, serial.SerialException) as error:
            raise LinkClosed(phrase("{port}: went away ({error})", port=self.port, error=str(error))) from error


def _open(port: str, baud: int) -> serial.Serial:
    try:
        if "://" in port:
            return serial.serial_for_url(port, baudrate=baud, timeout=SLICE_S, write_timeout=WRITE_TIMEOUT_S)
        line = serial.Serial(port, baudrate=baud, timeout=SLICE_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
    except (OSError, serial.SerialException, ValueError) as error:
        raise _refused(port, error) from error
    if _exclusive_elsewhere(line.fileno()):
        line.close()
        raise _busy(port)
    return line


def _refused(port: str, error: Exception) -> LinkError:
    number = getattr(error, "errno", None)
    if number in BUSY:
        return _busy(port)
    if number in (errno.EACCES, errno.EPERM):
        return LinkClosed(phrase("{port}: no permission; add this user to the group dialout and log in again", port=port))
    if number == errno.ENOENT:
        return LinkClosed(phrase("{port}: not there; is the modem plugged in? `sinyal-agent detect` lists what is", port=port))
    return LinkClosed(phrase("{port}: cannot be opened ({error})", port=port, error=str(error)))


def _busy(port: str) -> LinkBusy:
    who = explain(port)
    if who is None:
        return LinkBusy(phrase("{port}: busy, held by a program that this user cannot see; try `sudo fuser -v` on it", port=port))
    return LinkBusy(phrase("{port}: busy, {who}; {cure}", port=port, who=who[0], cure=who[1]))


def _exclusive_elsewhere(fd: int) -> bool:
    """Return whether somebody set exclusive mode: root passes TIOCEXCL, so opening alone does not tell."""
    try:
        answer = fcntl.ioctl(fd, TIOCGEXCL, struct.pack("i", 0))
    except OSError:
        return False
    return bool(struct.unpack("i", answer)[0])
