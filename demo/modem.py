"""A simulated modem on a real pty, with a switch for every fault: `sinyal-demo modem`; the tests of the agent talk to it too."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import select
import termios
import threading
import tty
from collections import deque
from enum import StrEnum
from pathlib import Path
from typing import Self

from agent.at.digest import parts
from demo.replies import WITHOUT_SIM, Answers, key

MAX_LINE = 1024  # bytes; no AT command is longer (TS 27.007 leaves it open, modems take 400 to 1024)
RESET = "AT+CFUN=1,1"
ECHO_OFF, ECHO_ON = "ATE0", "ATE1"
REAL_BAUD = termios.B9600  # what a modem with the fault wrong_baud listens to


class Fault(StrEnum):
    """What can be wrong with a modem."""

    SILENCE = "silence"
    GARBAGE = "garbage"
    HALF_LINE = "half_line"
    ECHO_TWICE = "echo_twice"
    BYTE_AT_A_TIME = "byte_at_a_time"
    DELAYED = "delayed"
    LOSSY = "lossy"
    URC_MID_REPLY = "urc_mid_reply"
    SIM_REMOVED = "sim_removed"
    CME_ERROR = "cme_error"
    VANISH = "vanish"
    HANG = "hang"
    DEAD = "dead"
    WRONG_BAUD = "wrong_baud"
    BUSY = "busy"


MUTE = (Fault.SILENCE, Fault.HANG, Fault.DEAD)
URCS = ('+CEREG: 1,"3AC9","243750D",7', '+QIND: "csq",20,99', "^RSSI: 18")


class SimulatedModem:
    """A modem behind a symlink. Use as a context manager; set `fault` at any time, from any thread.

    `boot_s`: silence after a reset. `away_s`: how long `vanish` lasts; the link then appears as `back_as` (default: as before).
    """

    def __init__(
        self,
        answers: Answers,
        link: Path,
        *,
        seed: int = 1,
        cme: int = 10,
        boot_s: float = 2.0,
        away_s: float = 2.0,
        back_as: Path | None = None,
        delay_s: float = 0.3,
    ) -> None:
        self.link, self.cme = link, cme
        self.asked: deque[str] = deque(maxlen=1000)
        self._answers, self._boot_s, self._away_s, self._delay_s, self._back_as = (
            answers,
            boot_s,
            away_s,
            delay_s,
            back_as or link,
        )
        self._rng = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._fault: Fault | None = None
        self._echo, self._line = True, bytearray()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._master = self._slave = -1
        self._thread = threading.Thread(target=self._run, name=f"modem {link.name}", daemon=True)

    def __enter__(self) -> Self:
        self._attach()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)
        self._detach()

    @property
    def fault(self) -> Fault | None:
        """The fault that is on, or None when healthy."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault | None) -> None:
        with self._lock:
            self._fault = fault
            self._hold(busy=fault is Fault.BUSY)

    @property
    def device(self) -> str:
        """Path of the pty that the link leads to now."""
        return os.ttyname(self._slave)

    def _attach(self) -> None:
        if self.link.exists() and not self.link.is_symlink():
            raise FileExistsError(f"{self.link}: is there and no symlink; give --link a free path")
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        # The link changes atomically, as udev does it: a reader sees the old device or the new one.
        fresh = self.link.with_name(f".{self.link.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(slave))
        with self._lock:
            self._master, self._slave = master, slave
            self._hold(busy=self._fault is Fault.BUSY)
        fresh.replace(self.link)

    def _detach(self) -> None:
        if self._master < 0:
            return
        if self.link.is_symlink() and str(self.link.readlink()) == self.device:
            self.link.unlink(missing_ok=True)
        with self._lock:
            os.close(self._master)
            os.close(self._slave)
            self._master = self._slave = -1

    def _hold(self, *, busy: bool) -> None:
        """Hold the port as another program would, by lock and exclusive mode, or let go of it."""
        if self._slave >= 0:
            fcntl.ioctl(self._slave, termios.TIOCEXCL if busy else termios.TIOCNXCL)
            with contextlib.suppress(BlockingIOError):  # somebody has the lock; the loop tries again
                fcntl.flock(self._slave, (fcntl.LOCK_EX if busy else fcntl.LOCK_UN) | fcntl.LOCK_NB)

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._fault is Fault.VANISH:
                self._vanish()
                continue
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if self._fault is Fault.BUSY:
                self._hold(busy=True)
            if not ready:
                continue
            with contextlib.suppress(OSError):  # EIO while nobody has the port open
                self._take(os.read(self._master, 4096))

    def _vanish(self) -> None:
        self._detach()
        self._stop.wait(self._away_s)
        self.link, self._echo = self._back_as, True
        self._line.clear()
        self._fault = None
        self._attach()

    def _take(self, data: bytes) -> None:
        for byte in data:
            if byte in b"\r\n":
                line, self._line = self._line.decode("latin-1"), bytearray()
                if line.strip():
                    self._exchange(line)
            elif len(self._line) < MAX_LINE:
                self._line.append(byte)

    def _exchange(self, line: str) -> None:
        command, fault = key(line), self._fault
        self.asked.append(command)
        if fault in MUTE:
            if fault is Fault.HANG and command == RESET:
                self._boot()
            return
        if fault is Fault.DELAYED:
            self._stop.wait(self._delay_s)
        self._send(self._bytes(line, self._reply(command)))
        if command in (ECHO_OFF, ECHO_ON):
            self._echo = command == ECHO_ON
        if command == RESET:
            self._boot()

    def _boot(self) -> None:
        self._stop.wait(self._boot_s)
        with contextlib.suppress(OSError):  # what arrived meanwhile went to a processor that was not running
            os.read(self._master, 65536)
        if self._fault is Fault.HANG:
            self._fault = None
        self._echo = True
        self._write(b"\r\nRDY\r\n")

    def _reply(self, command: str) -> list[str]:
        if self._fault in (Fault.SIM_REMOVED, Fault.CME_ERROR) and command in WITHOUT_SIM:
            code = self.cme if self._fault is Fault.CME_ERROR else 10
            return [line.format(code=code) for line in WITHOUT_SIM[command]]
        if command in (ECHO_OFF, ECHO_ON, "AT", RESET):
            if command == RESET:
                self._answers(command)  # a modem with a state of its own takes note
            return ["OK"]
        return self._chain(command)

    def _chain(self, command: str) -> list[str]:
        """Answer `AT+A;+B` as one: all lines and one OK, or up to the first error (TS 27.007 4)."""
        lines: list[str] = []
        for part in parts(command):
            *more, final = self._answers(f"AT{part}") or ["ERROR"]
            lines += more
            if final != "OK":
                return [*lines, final]
        return [*lines, "OK"]

    def _bytes(self, line: str, reply: list[str]) -> bytes:
        fault = self._fault
        if fault is Fault.URC_MID_REPLY:
            reply = [reply[0], *URCS, *reply[1:]] if len(reply) > 1 else [*URCS, *reply]
        echo = f"{line}\r" if self._echo else ""
        if fault is Fault.ECHO_TWICE:
            echo = f"{line}\r\r\n{line.lower()}\r"
        body = (echo + "".join(f"\r\n{text}\r\n" for text in reply)).encode("latin-1", "replace")
        if fault is Fault.HALF_LINE:
            return body[: max(1, len(body) // 2 - 2)]
        if fault is Fault.GARBAGE or (fault is Fault.WRONG_BAUD and termios.tcgetattr(self._slave)[5] != REAL_BAUD):
            return bytes(self._rng.choice(b"\x00\x80\xc0\xe0\xf0\xf8\xfc\xfe\xff") for _ in body)
        if fault is Fault.LOSSY:
            return bytes(b for b in body if self._rng.random() > 0.02)
        return body

    def _send(self, data: bytes) -> None:
        if self._fault is not Fault.BYTE_AT_A_TIME:
            self._write(data)
            return
        for k in range(len(data)):
            self._write(data[k : k + 1])
            self._stop.wait(0.0005)

    def _write(self, data: bytes) -> None:
        # A full buffer means that nobody reads: a modem drops then, it does not wait.
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._master, data)
