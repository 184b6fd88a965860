"""Who gets a message and when: by audience, kecamatan and severity; quiet hours and digests move the when."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta

from collector.notify.config import NotifyConfig, RouteSection
from collector.notify.outbox import SEVERITIES, Message
from ground.edited import same
from ground.wita import wita

log = logging.getLogger(__name__)


class Router:
    """Gives the destinations of a message. Pure but for the log line of a message that no route takes."""

    def __init__(self, config: NotifyConfig) -> None:
        self._config = config

    def __call__(self, message: Message) -> list[tuple[str, int]]:
        """Return (destination, moment in ms UTC from which it may go out); a destination of two routes once, the sooner."""
        due: dict[str, int] = {}
        for route in self._config.route.values():
            if _takes(route, message):
                when = self._due_ms(route, message)
                for name in route.to:
                    due[name] = min(when, due.get(name, when))
        if not due:
            log.warning(
                "event=no_route key=%s rule=%s severity=%s role=%s", message.key, message.rule, message.severity, message.role
            )
        return list(due.items())

    def _due_ms(self, route: RouteSection, message: Message) -> int:
        if message.severity == "critical" and route.critical_passes and not message.digest:
            return message.at_ms
        when = wita(message.at_ms)
        if message.digest or route.gathers(message.role):
            when = min(_next(when, at) for at in self._config.digest.at)
        quiet = self._config.quiet
        if route.keeps_quiet() and _within(when.time(), quiet.start, quiet.end):
            when = _next(when, quiet.end)
        return max(message.at_ms, round(when.timestamp() * 1000))


def _takes(route: RouteSection, message: Message) -> bool:
    if route.kecamatan is not None and same(message.kecamatan or "") not in map(same, route.kecamatan):
        return False
    if SEVERITIES.index(message.severity) < SEVERITIES.index(route.severity):
        return False
    return message.role in route.roles()


def _within(now: time, start: time, end: time) -> bool:
    return start <= now < end if start <= end else now >= start or now < end


def _next(when: datetime, at: time) -> datetime:
    today = when.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return today if today >= when else today + timedelta(days=1)
