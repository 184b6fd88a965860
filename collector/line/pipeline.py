"""The line: receive -> decode -> check -> write -> ack. An answer leaves only after the store took the points.

So the collector may be killed at any instant: what it had not answered, the agents send again, and a sample overwrites itself.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from collector.errors import StoreUnavailableError
from collector.line.counters import Counters
from collector.line.inbox import Inbox, Received
from collector.line.keeper import Fate, Keeper, Stopped
from collector.line.limits import MOST_MODEMS, Modems, Throttle
from collector.line.message import frame_of, outlived, question_of, status_point
from collector.line.ranges import Ranges
from collector.line.rejected import RejectedFolder
from collector.line.tops import Tops
from collector.sites.sites import Site
from collector.store.answers import shorten
from collector.store.store import Placed, Point, Store
from ground.reasons import AHEAD, AHEAD_FOR_EVER, NOT_LISTED, OUR_FAULT, STORE, TOO_MANY_MODEMS, TOO_OLD
from ground.words import tr
from telemetry.ack import Ack, Answer, frame_id
from telemetry.frame import AHEAD_MS, Frame, FrameError
from telemetry.topics import split_topic

IDLE_S = 1.0
BATCH_BYTES = 1 << 20
"""Of payloads together, so that no batch takes long."""
SAMPLES_A_WRITE = 10_000
"""In one request: InfluxDB takes so many best; and what is decoded at one time is bounded, however few bytes it came in."""
REASON_CHARS = 200
log = logging.getLogger(__name__)


class Checked(NamedTuple):
    """A message that may go into the store."""

    message: Received
    frame: Frame
    site: Site


class Pipeline:
    """Works off an inbox, in any number of threads. `send_acks` gets one answer for each site of a batch, after the write."""

    def __init__(
        self,
        *,
        store: Store,
        sites: Mapping[str, Site],
        rejected: RejectedFolder,
        counters: Counters,
        send_acks: Callable[[Mapping[str, Ack]], None],
        late_after_s: float,
        patient: bool = True,
    ) -> None:
        self.sites = sites
        self._rejected = rejected
        self._counters = counters
        self._send_acks = send_acks
        self._store = store
        self._modems = Modems()
        self._throttle = Throttle()
        self._late_after_ms = late_after_s * 1000
        self._known: defaultdict[tuple[str, str | None], Ranges] = defaultdict(Ranges)
        self._before: dict[str, Ranges] = {}
        self._stop = threading.Event()
        self._counting = threading.Lock()
        self._keeper = Keeper(store, counters, self._stop, patient=patient)  # an import by hand does not wait for a store
        self._tops = Tops(store)

    def run(self, inbox: Inbox, *, batch_frames: int, linger_s: float, every: Callable[[], None]) -> None:
        """Work until the inbox is closed and empty, or `stop`; `every` runs after each batch and when idle."""
        self._keeper.look()
        self._learn_modems()
        while not self._stop.is_set() and not (inbox.closed and not len(inbox)):
            batch = inbox.take(batch_frames, BATCH_BYTES, linger_s, IDLE_S)
            try:
                self._keeper.look()
                self.process(batch)
                every()
            except Exception:
                log.exception("event=batch_failed frames=%d", len(batch))
                self._process_singly(batch)

    def know(self, site: str, seqs: Sequence[int]) -> None:
        """Tell which samples of a site are in the store already, so that duplicates are counted right."""
        self._before.setdefault(site, Ranges()).add(seqs)

    def _learn_modems(self) -> None:
        """Take up the modems that are in the store already: they stay admitted, whoever comes first after a restart."""
        try:
            rows = self._store.latest("signal")
        except StoreUnavailableError:
            return  # then those that come first are known first
        with self._counting:
            self._modems.know((str(row["site"]), str(row["modem"])) for row in rows if "modem" in row)

    def stop(self) -> None:
        """Give up waiting for a store; what is not answered comes again."""
        self._stop.set()

    def process(self, batch: Sequence[Received]) -> None:
        """Take a batch through the whole line. Returns when it is stored and answered, or after `stop`."""
        acks: defaultdict[str, Ack] = defaultdict(Ack)
        checked: list[Checked] = []
        samples = 0
        try:
            for message in batch:
                if found := self._check(message, acks):
                    checked.append(found)
                    samples += len(found.frame.seq)
                if samples >= SAMPLES_A_WRITE:
                    self._keep(checked, acks)
                    checked, samples = [], 0
            self._keep(checked, acks)
        except Stopped:
            pass  # what was stored before is answered, the rest comes again
        if acks:
            self._send_acks(acks)

    def _keep(self, checked: Sequence[Checked], acks: defaultdict[str, Ack]) -> None:
        fates = self._keeper.keep([Placed(c.frame, c.site) for c in checked])
        for found, fate in zip(checked, fates, strict=True):
            self._answer(found, fate, acks[found.site.code])

    def _process_singly(self, batch: Sequence[Received]) -> None:
        """After a fault of our own: let the good frames through, and answer the one we cannot handle `hold`."""
        for message in batch:
            try:
                self.process([message])
            except Exception as error:
                log.exception("event=frame_failed topic=%s", message.topic)
                self._count_held(None)
                answer = Answer(None, None, frame_id(message.payload), tr(OUR_FAULT, "en", reason=repr(error))[:REASON_CHARS])
                self._send_acks({split_topic(message.topic)[0]: Ack(hold=[answer])})

    def _check(self, message: Received, acks: defaultdict[str, Ack]) -> Checked | None:
        try:
            topic_site, stream = split_topic(message.topic)
        except ValueError as error:
            self._count_bad(message, "topic", str(error))  # no such site, so nobody to answer
            return None
        if stream == "status":
            self._take_status(message, topic_site)
            return None
        with self._counting:
            self._counters.received_frames += 1
        try:
            frame = frame_of(message, topic_site, stream)
        except FrameError as error:
            self._refuse(message, error.kind, error.reason, error.seq, acks[topic_site])
            return None
        return self._admit(message, frame, acks)

    def _admit(self, message: Received, frame: Frame, acks: defaultdict[str, Ack]) -> Checked | None:
        """Return a frame that may be stored, or answer why not."""
        site = self.sites.get(frame.site)
        if site is None:
            reason = tr(NOT_LISTED, "en", site=frame.site)
            acks[frame.site].hold.append(Answer(frame.seq[0], len(frame.seq), frame_id(message.payload), reason))
            self._count_held(None)
            return None
        if max(frame.t_ms) > message.at_ms + AHEAD_MS:
            self._send_back(message, frame, acks[frame.site])
            return None
        if not self._modems.admit(frame.site, frame.modem):
            reason = tr(TOO_MANY_MODEMS, "en", site=frame.site, n=MOST_MODEMS, modem=frame.modem)
            self._refuse(message, "modems", reason, (frame.seq[0], len(frame.seq)), acks[frame.site])
            return None
        return Checked(message, frame, site)

    def _send_back(self, message: Received, frame: Frame, ack: Ack) -> None:
        """Do not store a frame from the future: its agent dates it anew and sends it again; one that cannot sets it aside."""
        seq, ahead_s = (frame.seq[0], len(frame.seq)), (max(frame.t_ms) - message.at_ms) / 1000
        with self._counting:
            self._counters.future_samples += len(frame.seq)
        seconds = f"{ahead_s:.0f}"
        if frame.inst is None:
            self._refuse(message, "future", tr(AHEAD_FOR_EVER, "en", seconds=seconds), seq, ack)
            return
        ack.clock.append(Answer(*seq, frame_id(message.payload), tr(AHEAD, "en", seconds=seconds)))
        ack.time_ms = message.at_ms
        log.warning("event=from_the_future site=%s samples=%d ahead_s=%.0f", frame.site, len(frame.seq), ahead_s)

    def _take_status(self, message: Received, topic_site: str) -> None:
        site = self.sites.get(topic_site)
        point = status_point(site, message.payload, message.at_ms) if site else None
        if point is None:
            self._count_bad(message, "status", "not a status message of a site in the list")
        elif self._is_outlived(point):
            log.info("event=will_outlived site=%s", topic_site)
        elif not self._keeper.keep_point(point):
            self._count_bad(message, "status", "the store refuses it")
        elif question := question_of(message.payload):
            self._tell_top(topic_site, question, message.at_ms)

    def _is_outlived(self, status: Point) -> bool:
        """Ask the store, where collectors of other brokers write too; one that does not answer makes no hall online."""
        try:
            known = self._store.latest("site_status", status.tags["site"]) if status.values["state"] == "offline" else []
        except StoreUnavailableError:
            return False
        return any(outlived(status, row) for row in known)

    def _tell_top(self, site: str, question: Ack, at_ms: int) -> None:
        try:
            question.top = self._tops.top(site, question.inst or "", at_ms * 1_000_000)
        except StoreUnavailableError as error:
            log.warning("event=top_unknown site=%s reason=%s", site, error)  # the agent asks again
        else:
            self._send_acks({site: question})

    def _answer(self, checked: Checked, fate: Fate, ack: Ack) -> None:
        """Answer a frame by what became of its samples. `ok` is said only when nothing of it can be stored any more."""
        message, frame, site = checked
        seq = (frame.seq[0], len(frame.seq))
        if fate.held:
            ack.hold.append(Answer(*seq, frame_id(message.payload), shorten(tr(STORE, "en", reason=fate.reason), REASON_CHARS)))
            self._count_held(site.code)
        elif fate.refused or not fate.stored:
            kind, why = ("expired", TOO_OLD) if fate.expired else ("store", STORE)
            self._refuse(message, kind, tr(why, "en", reason=fate.reason), seq, ack)
        else:
            ack.ok.append(frame_id(message.payload))
            self._count_stored(message, frame)
            if fate.expired:
                self._count_expired(message, frame, fate)

    def _count_expired(self, message: Received, frame: Frame, fate: Fate) -> None:
        with self._counting:
            self._counters.expired_samples += fate.expired
            self._counters.intake[frame.site]["expired"] += fate.expired
            self._rejected.keep(message.topic, message.payload, "expired", fate.reason, message.at_ms)
        log.warning("event=samples_expired site=%s samples=%d reason=%s", frame.site, fate.expired, fate.reason)

    def _refuse(self, message: Received, kind: str, reason: str, seq: tuple[int, int] | None, ack: Ack) -> None:
        first, count = seq or (None, None)
        ack.bad.append(Answer(first, count, frame_id(message.payload), shorten(reason, REASON_CHARS)))
        with self._counting:
            self._counters.intake[split_topic(message.topic)[0]]["rejected"] += 1
        self._count_bad(message, kind, reason)

    def _count_bad(self, message: Received, kind: str, reason: str) -> None:
        source = f"{message.topic.rpartition('/')[0][-40:]} {kind}"
        with self._counting:
            self._counters.rejected_frames[kind] += 1
            told, untold = self._throttle.admit(source)
            if told:  # a flood of one site must not push out what others sent
                self._rejected.keep(message.topic, message.payload, kind, reason, message.at_ms)
        if untold:
            log.warning("event=rejected_more topic=%s kind=%s n=%d", message.topic, kind, untold)
        if told:
            log.warning("event=rejected topic=%s kind=%s reason=%s", message.topic, kind, reason)

    def _count_held(self, site: str | None) -> None:
        with self._counting:
            self._counters.held_frames += 1
            if site is not None:
                self._counters.intake[site]["held"] += 1

    def _count_stored(self, message: Received, frame: Frame) -> None:
        counters = self._counters
        late_before = message.at_ms - self._late_after_ms
        oldest, newest, count = min(frame.t_ms), max(frame.t_ms), len(frame.seq)
        late = 0 if oldest >= late_before else count if newest < late_before else sum(t < late_before for t in frame.t_ms)
        with self._counting:
            self._tops.stored(frame.site, frame.inst, frame.seq[-1])
            known = self._before.get(frame.site) or self._known[frame.site, frame.inst]
            duplicates = known.add(frame.seq)
            counters.duplicate_samples += duplicates
            counters.stored_samples += count - duplicates
            if late:
                counters.late_samples += late
                counters.intake[frame.site]["late"] += late
            if frame.dropped:
                counters.implausible_values += frame.dropped.total()
            counters.lag_ms.append(message.at_ms - newest)
