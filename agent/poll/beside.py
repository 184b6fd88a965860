"""What a worker does seldom, beside sampling: scan, tell what the instrument is, wake a deaf radio, find its place."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.modems.model_bands import bands_of
from agent.poll.antenna import Antenna
from agent.poll.instrument import DeafLimits, DeafRadio, DeafStep, Ears, Prover, hears, searches
from agent.poll.memory import Memory
from agent.poll.notices import event
from agent.poll.position import Locator
from agent.poll.scan import ScanPlan, scan
from agent.poll.session import Poll, Session
from agent.port.link import LinkError
from telemetry.streams import Instrument, Position, Row, Scan
from telemetry.vocabulary import BandsSource

if TYPE_CHECKING:
    from agent.config import ModemSection, PositionSection, ScanSection
    from agent.poll.hilink import HilinkSession

RADIO_OFF, RADIO_ON, RESET = "AT+CFUN=4", "AT+CFUN=1", "AT+CFUN=1,1"
OFF_S = 3.0
"""How long a radio stays off: firmware ends its procedures within a second or two."""
RADIO_S = 15.0
OVERHEARD_EVERY_S = 3600.0


def _default(section: str) -> Any:
    """Return a section as it is where nothing is written; loaded only then, as the models cost a third of the memory."""
    return getattr(importlib.import_module("agent.config"), section)()


@dataclass(slots=True)
class Hall:
    """What the workers of a hall share. `carries`: whether a modem may carry our connection; `utc_ms`: None if untrusted."""

    memory: Memory = field(default_factory=Memory)
    ears: Ears = field(default_factory=Ears)
    carries: Callable[[str], bool] = lambda _: False
    utc_ms: Callable[[], int | None] = lambda: None
    scan: ScanSection = field(default_factory=lambda: _default("ScanSection"))
    position: PositionSection = field(default_factory=lambda: _default("PositionSection"))


class Beside:
    """The slow jobs of one modem. `after` gives rows to record; `restarted` says that the session is of no more use."""

    def __init__(self, config: ModemSection, hall: Hall, stop: threading.Event) -> None:
        limits = config.recovery
        self._modem, self._hall, self._stop = config.name, hall, stop
        self._plan = ScanPlan(hall.scan, config.name, hall.memory)
        self._prover = Prover(config.name, hall.ears)
        self._deaf = DeafRadio(DeafLimits(limits.deaf_after_s, limits.deaf_settle_s, limits.deaf_per_day))
        self._antenna = Antenna()
        self._locator = Locator(hall.position, config.name, hall.memory)
        self._unserved_s: float | None = None
        self._told: Instrument | None = None
        self._heard_s: dict[tuple[object, ...], float] = {}
        self.restarted = False

    def after(self, session: Session | HilinkSession, poll: Poll, now_s: float) -> Iterator[tuple[str, Row]]:
        """Do what is due after a good poll; `now_s` is monotonic, s. A LinkError ends it: the next poll meets the same fault."""
        self.restarted = False
        heard = hears(poll.reading)
        if heard:
            self._prover.heard(now_s)
        registration = poll.reading.signal.registration
        if registration is not None and registration.served:
            self._unserved_s = None
        elif self._unserved_s is None:
            self._unserved_s = now_s
        yield from (("event", found) for found in self._antenna.after(poll.reading.signal, now_s))
        yield from (("scan", row) for row in self._overheard(poll, now_s))
        with contextlib.suppress(LinkError):
            for stream, row in self._scan(session, now_s):
                heard = heard or (isinstance(row, Scan) and bool(row.found))
                yield stream, row
            yield from self._wake(session, poll, now_s, heard=heard)
            yield from self._locate(session, now_s)
        yield from self._instrument(session, now_s)

    def _scan(self, session: Session | HilinkSession, now_s: float) -> Iterator[tuple[str, Row]]:
        unserved_s = 0.0 if self._unserved_s is None else now_s - self._unserved_s
        utc_ms = self._hall.utc_ms()
        why = self._plan.due(now_s, utc_ms, unserved_s=unserved_s)
        served = self._unserved_s is None  # a modem without service carries nothing
        if why is None or not isinstance(session, Session) or (served and self._hall.carries(self._modem)):
            return
        self._plan.started(now_s, utc_ms)
        yield "event", event("scan_started", f"looking for all operators ({why}); no reading meanwhile")
        for found in scan(session):
            if isinstance(found, str):
                yield "event", event("scan_failed", found)
                continue
            if any(row.found for row in found):
                self._prover.heard(now_s, by_scan=True)
            yield from (("scan", row) for row in found)

    def _overheard(self, poll: Poll, now_s: float) -> list[Scan]:
        """Return the neighbours of other operators than the one camped on, each operator and technology once an hour."""
        own = poll.reading.signal.plmn
        fresh: dict[tuple[object, ...], Scan] = {}
        for row in poll.reading.heard:
            name = (row.plmn, row.rat)
            told_s = self._heard_s.get(name)
            if own is not None and row.plmn != own and (told_s is None or now_s - told_s >= OVERHEARD_EVERY_S):
                fresh.setdefault(name, row)
        self._heard_s.update(dict.fromkeys(fresh, now_s))
        for row in fresh.values():
            row.found, row.complete, row.method = len(fresh), False, "neighbour"
        return list(fresh.values())

    def _wake(self, session: Session | HilinkSession, poll: Poll, now_s: float, *, heard: bool) -> Iterator[tuple[str, Row]]:
        silence_s = self._deaf.silence_s(now_s)
        step = self._deaf.step(now_s, heard=heard, searching=searches(poll.reading))
        if step is None:
            return
        beside = self._hall.ears.other(self._modem, now_s)
        hint = f"; beside it {beside} hears" if beside else ""
        text = {
            DeafStep.FOUND: f"has heard no cell of anybody for {silence_s:.0f} s{hint}: antenna, radio, or nobody there",
            DeafStep.OFF_ON: f"radio off and on ({RADIO_OFF}, {RADIO_ON})",
            DeafStep.RESET: f"modem reset ({RESET})",
            DeafStep.UNCHANGED: f"radio off and on and a reset changed nothing{hint}",
            DeafStep.OVER: f"hears again after {silence_s:.0f} s",
        }[step]
        yield "event", event(step, text)
        if step is DeafStep.UNCHANGED:
            self._prover.tried = True
        elif isinstance(session, Session) and step in (DeafStep.OFF_ON, DeafStep.RESET):
            self._step(session, step)

    def _step(self, session: Session, step: DeafStep) -> None:
        if step is DeafStep.OFF_ON:
            session.ask(RADIO_OFF, RADIO_S)
            self._stop.wait(OFF_S)
            session.ask(RADIO_ON, RADIO_S)
            return
        self.restarted = True
        session.ask(RESET, RADIO_S)

    def _locate(self, session: Session | HilinkSession, now_s: float) -> Iterator[tuple[str, Row]]:
        found = self._locator.step(session, now_s, self._hall.utc_ms()) if isinstance(session, Session) else None
        if isinstance(found, Position):
            yield "position", found
        elif found is not None:
            yield "event", event("position_not_found", found)

    def _instrument(self, session: Session | HilinkSession, now_s: float) -> Iterator[tuple[str, Row]]:
        bands, source = session.bands, BandsSource.READ
        if bands is None:
            bands, source = bands_of(f"{session.model} {session.revision}"), BandsSource.TABLE
        row = Instrument(
            model=session.model or None,
            revision=session.revision or None,
            bands=",".join(map(str, bands)) if bands else None,
            bands_source=source if bands else None,
            proven=self._prover.proof(now_s),
        )
        if row not in (self._told, Instrument()):
            self._told = row
            yield "instrument", row
