"""Sends to one destination: back-off, second channel, limit per hour, one message where many of a kecamatan are due at once.

At least once: a message is marked delivered after the service took it. A kill in between (one commit; for e-mail also the
server's answer to QUIT) repeats it after the restart, with the same reference: `Ref` in the text, and where the channel
has room for them X-Sinyal-Id in the header and `id` in the body.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import islice

from collector.notify import formats
from collector.notify.channel import Channel
from collector.notify.config import DestinationSection
from collector.notify.formats import Text
from collector.notify.outbox import Message, Outbox

log = logging.getLogger(__name__)
RETRY_S, RETRY_MAX_S = 5, 300
"""First and longest pause between attempts; without jitter, for there is one sender."""
REFUSED_AFTER = 3
"""A message that failed this often may be refused for itself: the next one is tried as well before pausing."""
GIVE_UP_MS = 3 * 86_400_000
"""An alert that old moves nobody any more; it stays in the outbox with its error."""
HOUR_MS = 3_600_000
GROUPS_MAX = 3
"""What waited for a digest goes by kecamatan for so many; beyond it one message speaks of all."""
WAITED_MS = 900_000
CLOCK_STEP_MS = 60_000
Clock = Callable[[], int]


class Sender:
    """Sends what is due to one destination, oldest first; not shared between threads. Times in ms UTC."""

    def __init__(
        self, section: DestinationSection, channel: Channel, second: Channel | None, outbox: Outbox, clock: Clock
    ) -> None:
        self._channel = channel
        self._second = second
        self._second_after = section.second_after
        self._outbox = outbox
        self._clock = clock
        self._failures = 0  # of the first channel, in a row
        self._rest_until_ms = 0  # the first channel is left alone so long while the second works
        self._pause_until_ms = 0
        self._cost_ms = HOUR_MS // section.per_hour
        self._room = max(1, section.per_hour // 6)
        self._free_at_ms = 0  # when all room is free again
        self._last_ms = clock()
        outbox.retry_now(channel.name, self._last_ms)

    def step(self) -> int:
        """Send what is due and may go now; return the messages delivered. A service that fails is logged, never raised."""
        now = self._now()
        if now < self._pause_until_ms:
            return 0
        due = [message for message, _ in self._outbox.pending(now, self._channel.name)]
        groups = self._groups(due, self._allowed(now))
        delivered = failed = pause_until_ms = 0
        for group in islice(groups, self._allowed(now)):
            attempts = self._outbox.attempts(group[0].id, self._channel.name)
            if self._deliver(group, attempts):
                delivered, failed, pause_until_ms = delivered + len(group), 0, 0
                continue
            failed += 1
            # As long as the longest wait of these: then all are due again, and the oldest goes first.
            pause_until_ms = max(pause_until_ms, self._clock() + backoff_ms(attempts + 1))
            if failed > 1 or attempts + 1 < REFUSED_AFTER:
                break
        self._pause_until_ms = pause_until_ms
        return delivered

    def _now(self) -> int:
        """Return the time; when the clock was set back, forget the waits that were counted on the old one."""
        now = self._clock()
        if now < self._last_ms - CLOCK_STEP_MS:
            self._pause_until_ms = self._rest_until_ms = self._free_at_ms = 0
            self._outbox.retry_now(self._channel.name, now)
        self._last_ms = now
        return now

    def _allowed(self, now: int) -> int:
        """Count the messages that may go now within the hourly limit."""
        used = -(-max(0, self._free_at_ms - now) // self._cost_ms)
        return max(0, self._room - used)

    def _groups(self, due: Sequence[Message], allowed: int) -> list[list[Message]]:
        """Put together what goes as one message: by kecamatan, or all of them where the limit would be passed."""
        places: dict[str | None, list[Message]] = {}
        for message in due:
            places.setdefault(message.kecamatan, []).append(message)
        groups = [part for group in places.values() for part in self._parts(group)]
        now = self._clock()
        gathered = len(groups) > GROUPS_MAX and all(now - message.at_ms > WAITED_MS for message in due)
        return self._parts(due) if gathered or len(groups) > allowed else groups

    def _parts(self, group: Sequence[Message]) -> list[list[Message]]:
        """Cut a digest where it gets too long; messages of one alert stay together."""
        if self._channel.form == "sms":
            return [list(group)] if group else []
        parts: list[list[Message]] = []
        part_of: dict[str, list[Message]] = {}
        for message in group:
            if message.key not in part_of:
                if len(part_of) % formats.LINES_MAX == 0:
                    parts.append([])
                part_of[message.key] = parts[-1]
            part_of[message.key].append(message)
        return parts

    def _deliver(self, group: list[Message], attempts: int) -> bool:
        via, error = self._try(group, attempts)
        name, now = self._channel.name, self._clock()
        told = (name, ",".join(str(message.id) for message in group), attempts + 1)
        if error is None:
            self._outbox.delivered_all([message.id for message in group], name)
            self._free_at_ms = max(self._free_at_ms, now) + self._cost_ms
            age_s = (now - group[0].at_ms) / 1000
            log.info("event=delivered destination=%s messages=%s attempts=%d via=%s age_s=%.1f", *told, via, age_s)
            return True
        log.warning("event=not_delivered destination=%s messages=%s attempts=%d error=%r", *told, error)
        for message in group:
            given_up = now - message.at_ms > GIVE_UP_MS
            self._outbox.failed(message.id, name, error, None if given_up else now + backoff_ms(attempts + 1))
            if given_up:
                log.error("event=message_given_up destination=%s message=%d key=%s", name, message.id, message.key)
        return False

    def _try(self, group: list[Message], attempts: int) -> tuple[str, str | None]:
        """Try the channels; return the one that was tried last, and its error."""
        first, second = self._channel, self._second
        resting = self._failures >= self._second_after and self._clock() < self._rest_until_ms
        error: str | None = None
        if second is None or not resting:
            error = self._send(first, group)
            if error is None:
                self._failures = 0
                return first.name, None
            self._failures += 1
            self._rest_until_ms = self._clock() + backoff_ms(self._failures)
        if second is None or max(self._failures, attempts + 1) < self._second_after:
            return first.name, error
        other = self._send(second, group)
        if other is None:
            return second.name, None
        return second.name, "; ".join(part for part in (error, f"{second.name}: {other}") if part)

    def _send(self, channel: Channel, group: list[Message]) -> str | None:
        return channel.send(text_for(channel, group), formats.severity(group), marks(group))


def text_for(channel: Channel, group: Sequence[Message]) -> Text:
    """Write messages in the form of a channel."""
    if channel.form == "sms":
        return Text("", formats.sms(group, channel.segments))
    text = formats.single(group[0], channel.lang) if len(group) == 1 else formats.digest(group, channel.lang)
    return formats.on_one_line(text) if channel.form == "line" else text


def marks(group: Sequence[Message]) -> dict[str, str]:
    """Return what machines read: `id` stays the same when a message is repeated, and is unique over a rebuilt outbox."""
    return {
        "id": ",".join(f"{message.id}-{message.at_ms}" for message in group),
        "alert": ",".join(dict.fromkeys(message.key for message in group)),
        "kind": group[0].kind if len(group) == 1 else "digest",
        "severity": formats.severity(group),
    }


def backoff_ms(attempts: int) -> int:
    """Return the pause after so many failures in a row, 5 s doubling up to 5 min, in ms."""
    return min(RETRY_S << min(max(attempts, 1) - 1, 10), RETRY_MAX_S) * 1000
