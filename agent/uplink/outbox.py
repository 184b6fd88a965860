"""What goes out, in which order, and when a sample may leave the card (P1, P4): newest first, bounded in flight, acked by CRC.

Pure of MQTT: the publisher asks `due` for payloads and hands over answers. One thread uses it.
"""

from __future__ import annotations

import logging
import random
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson

from agent.spool.rows import Row
from agent.spool.spool import Spool
from telemetry.ack import Ack, frame_id
from telemetry.frame import Sample, encode, pack
from telemetry.streams import LIVE_STREAMS
from telemetry.topics import stream_topic

log = logging.getLogger(__name__)

BACKLOG_SAMPLES = 200
OVER_BUDGET_SAMPLES = 1000
OVER_BUDGET_INTERVAL_S = 3600.0
"""Over the monthly budget one round per hour goes out, in large frames; a change still goes at once, in one frame."""
MAX_IN_FLIGHT = 4
MAX_IN_FLIGHT_LIVE = 12
REMEMBERED = 64
"""Frames whose late answer still counts after they were given up."""
ACK_TIMEOUT_S = 30.0
MAX_BACKOFF_S = 900.0
HOLD_S = 900.0
CLOCK_PAUSE_S = 3.0
"""After a frame from the future; four times longer each time, for then this clock and the collector's disagree for good."""
RELEASED = "release"
"""Counter on the card: the number of the last order to release the quarantine."""
SLOW_EVERY = 3
"""Streams that nobody watches live go with the first round of a connection and every third: fewer headers (P8)."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frame ready for the wire."""

    topic: str
    payload: bytes
    crc: int
    seqs: tuple[int, ...]


class Outbox:
    """Frames from the spool, and what the collector's answers do to it."""

    def __init__(
        self,
        spool: Spool,
        site: str,
        frame_interval_s: float,
        *,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._spool, self._site, self._interval_s = spool, site, frame_interval_s
        self._now, self._jitter = now, jitter
        self._flights: dict[int, float] = {}
        self._sent: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        self._mark = self._slow_mark = 0
        self._round, self._round_at = 0, 0.0
        self._urgent = self._more = self._over_budget = False
        self._failures, self._refusals, self._pause_until = 0, 0, 0.0
        self.answers = self.overdue = 0
        """Frames of this connection that were answered; and how many times in a row nobody answered in time."""
        self._unanswered = False

    def connected(self) -> None:
        """Start over on a fresh connection: nothing is in flight, a round is due now."""
        self._flights.clear()
        self._failures, self._pause_until = 0, 0.0
        self.answers = self.overdue = 0
        self._round, self._round_at = 0, self._now()

    def disconnected(self) -> None:
        """Note that the connection is gone: what is measured from now on has not left."""
        self._spool.resting()

    def hurry(self) -> None:
        """Send a round at the next call: something changed that cannot wait."""
        self._urgent = True

    @property
    def wants(self) -> bool:
        """Whether a round is to be sent now."""
        now = self._now()
        return now >= self._pause_until and (self._urgent or now >= self._round_at)

    def pace(self, frame_interval_s: float) -> None:
        """Send a round of all streams at the next call, and from then on one every `frame_interval_s`."""
        self._interval_s = frame_interval_s
        self._round, self._round_at = 0, self._now()

    def due(self, utc_ms: int | None, *, over_budget: bool) -> list[Outgoing]:
        """Return the frames to publish now, newest first. `over_budget`: the month's budget is spent, so rounds are hourly."""
        now = self._now()
        self._over_budget = over_budget
        self._give_up(now)
        if now < self._pause_until:
            return []
        regular = now >= self._round_at
        live = self._start_round(now, over_budget=over_budget)
        refill = self._more and not over_budget and len(self._flights) <= MAX_IN_FLIGHT // 2  # each look at the spool costs CPU
        if not (live or refill):
            return []
        room = (MAX_IN_FLIGHT_LIVE if live else MAX_IN_FLIGHT) - len(self._flights)
        if self._failures:
            room = min(room, 1 - len(self._flights))  # one frame asks whether the collector is back
        if over_budget and not regular:
            room = min(room, 1)  # the newest signal frame: it has the change
        if room <= 0:
            return []
        with self._spool.lock:  # from reading to noting: no sample is dated or numbered anew on its way out
            if self._spool.dating:
                self._more = True
                return []
            frames = self._frames(room, utc_ms, OVER_BUDGET_SAMPLES if over_budget else BACKLOG_SAMPLES)
            if frames:
                self._spool.leaving([seq for frame in frames for seq in frame.seqs])
        self._more = len(frames) == room
        for frame in frames:
            self._flights[frame.crc] = now + ACK_TIMEOUT_S
            self._sent[frame.crc] = frame.seqs
            self._sent.move_to_end(frame.crc)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return frames

    def _start_round(self, now: float, *, over_budget: bool) -> bool:
        regular = now >= self._round_at
        if not regular and not self._urgent:
            return False
        self._mark = self._spool.newest()
        if regular:
            if self._round % SLOW_EVERY == 0:
                self._slow_mark = self._mark
            self._round += 1
            self._round_at = now + (OVER_BUDGET_INTERVAL_S if over_budget else self._interval_s)
        self._urgent = False
        return True

    def _give_up(self, now: float) -> None:
        """Take frames back whose answer is overdue, and wait longer each time before asking again."""
        late = [crc for crc, deadline in self._flights.items() if now >= deadline]
        if not late:
            return
        self._failures += 1
        self.overdue += 1
        self._flights.clear()
        self._unanswered = True
        wait = min(MAX_BACKOFF_S, ACK_TIMEOUT_S * 2.0 ** (self._failures - 1)) * (0.8 + 0.4 * self._jitter())
        self._pause(wait)
        log.warning("event=ack_timeout frames=%d failures=%d wait_s=%.0f", len(late), self._failures, wait)

    def _pause(self, seconds: float) -> None:
        self._pause_until = self._now() + seconds
        if not self._over_budget:
            self._round_at = min(self._round_at, self._pause_until)
        self._more = True

    def _frames(self, room: int, utc_ms: int | None, chunk: int) -> list[Outgoing]:
        flying = {seq for crc in self._flights for seq in self._sent.get(crc, ())}
        rows = [r for r in self._spool.window(chunk * 5 + len(flying), self._mark, self._slow_mark) if r.seq not in flying]
        newest_ms = utc_ms or max((r.t_ms for r in rows), default=0)
        groups: dict[tuple[bool, str, str | None, str | None], list[Row]] = {}
        for row in rows:
            rounds = 1 if row.stream in LIVE_STREAMS else SLOW_EVERY
            late = row.t_ms < newest_ms - int((rounds + 0.5) * self._interval_s * 1000)
            groups.setdefault((late, row.stream, row.modem, self._spool.installations.of(row.seq)), []).append(row)
        batches = [(late, batch) for (late, *_), group in groups.items() for batch in _chunks(group, chunk)]
        batches.sort(key=lambda item: (item[0], item[1][0].stream != "signal", -item[1][0].seq))
        return [self._frame(batch) for _, batch in batches[:room]]

    def _frame(self, batch: Sequence[Row]) -> Outgoing:
        samples = [Sample(r.seq, r.t_ms, r.clock, orjson.loads(r.body)) for r in reversed(batch)]
        inst = self._spool.installations.of(batch[0].seq)
        payload = encode(pack(self._site, batch[0].stream, batch[0].modem, samples, inst))
        return Outgoing(stream_topic(self._site, batch[0].stream), payload, frame_id(payload), tuple(s.seq for s in samples))

    def answered(self, ack: Ack, utc_ms: int | None) -> int:
        """Apply the collector's answers; return how many samples left the card. Answers to unknown frames are ignored."""
        stored = [seq for crc in ack.ok for seq in self._settled(crc)]
        gone = self._spool.delete(stored, utc_ms) if stored else 0
        if gone:
            self._refusals = 0
        if stored and self._unanswered:
            self._unanswered, self._pause_until = False, 0.0  # the collector is back: what waits goes now
        for answer in ack.bad:
            seqs = self._settled(answer.crc)
            if seqs:
                self._spool.quarantine(seqs, answer.reason)
                log.error("event=frame_refused n=%d reason=%r", len(seqs), answer.reason)
        self._misdated([seq for answer in ack.clock for seq in self._settled(answer.crc)])
        if any(self._sent.get(answer.crc) for answer in ack.hold):
            self._flights.clear()
            self._failures += 1
            self.overdue = 0
            self._pause(HOLD_S * (0.9 + 0.2 * self._jitter()))
            log.warning("event=frame_held reason=%r", ack.hold[0].reason)
        if ack.release is not None:
            self._release(ack.release)
        return gone

    def _misdated(self, seqs: Sequence[int]) -> None:
        """Take back what the collector did not store because it is from the future; the pause lets it be dated anew."""
        if not seqs:
            return
        with self._spool.lock:
            self._spool.sent.refused(seqs)
        self._flights.clear()
        self._refusals += 1
        self._pause(min(HOLD_S, CLOCK_PAUSE_S * 4.0 ** (self._refusals - 1)))
        log.warning("event=frame_from_the_future n=%d refusals=%d", len(seqs), self._refusals)

    def took_s(self, crcs: Iterable[int]) -> float | None:
        """Return how long ago the last of these frames left, s; None when none of them is in flight."""
        left = [self._flights[crc] - ACK_TIMEOUT_S for crc in crcs if crc in self._flights]
        return self._now() - max(left) if left else None

    def _release(self, order: int) -> None:
        """Send again what is in quarantine, once for each order of the server."""
        last = self._spool.count(RELEASED)
        if order > last:
            n = self._spool.release()
            self._spool.add(RELEASED, order - last)
            self._more = True
            log.warning("event=quarantine_released n=%d order=%d", n, order)

    def _settled(self, crc: int) -> tuple[int, ...]:
        seqs = self._sent.pop(crc, None)
        if seqs is None:
            return ()
        self._flights.pop(crc, None)
        self._failures = self.overdue = 0
        self.answers += 1
        self._more = True
        return seqs


def _chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
