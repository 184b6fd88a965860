"""Decides what is said: an opening for what fires, one for a common cause in place of many, a closing for what is over."""

from __future__ import annotations

from collections.abc import Mapping

from collector.notify.outbox import Message, Outbox
from collector.sites.sites import Site
from collector.watch.causes import Causes, Scope, bad_halls, covering
from collector.watch.config import EngineSection, Rule, Rules
from collector.watch.messages import message
from collector.watch.state import Alert, Hall, WatchDb

STILL_BAD_SHARE = 0.3
"""A common cause is over when at most this share of its halls is still bad."""
Change = tuple[str, Alert]


class AlertDispatcher:
    """Turns states into messages and points. `decide`, then `commit` in the transaction, then `committed` after it."""

    def __init__(
        self,
        engine: EngineSection,
        rules: Rules,
        sites: Mapping[str, Site],
        alerts: dict[str, Alert],
        halls: Mapping[str, Hall],
        outbox: Outbox,
        db: WatchDb,
    ) -> None:
        self._engine = engine
        self._rules = rules
        self._sites = sites
        self._alerts = alerts
        self._halls = halls
        self._outbox = outbox
        self._db = db
        self._messages: list[Message] = []
        self._points: list[tuple[int, dict[str, str], dict[str, str | int]]] = []
        self._now_ms = 0
        self.closed: set[str] = set()
        """Keys of alerts that are over."""

    def decide(self, now_ms: int, dt_s: float, maintained: Mapping[str, int]) -> set[str]:
        """Find what must be said now; return the keys of the alerts that changed."""
        self._now_ms = now_ms
        changed: set[str] = set()
        causes = {key: alert for key, alert in self._alerts.items() if alert.scope}
        bad = bad_halls(self._alerts.values()) if causes else {}
        for cause in causes.values():
            changed |= self._follow(cause, bad.get(cause.key, set()), dt_s)
        self._close_single(changed)
        # Only what is bad to the last: a tail of an outage that arrives with its end is over before it is told.
        waiting = [a for a in self._alerts.values() if a.firing and a.bad and a.told_ms is None and a.cover is None]
        waiting = [a for a in waiting if a.site not in maintained and a.kecamatan not in maintained]
        if waiting:
            changed |= self._open(waiting, {key: cause for key, cause in causes.items() if cause.firing})
        return changed

    def commit(self) -> None:
        """Put messages and points into the file, and take up acknowledgements (part of the caller's transaction)."""
        for key in self._db.take_acks():
            alert = self._alerts.get(key)
            if alert is not None and alert.told_ms is not None and not alert.acked:
                alert.acked = True
                self._point("acknowledged", alert)
                self._db.save([], [alert], [], {})
        self._outbox.put(self._messages)
        for at_ms, tags, fields in self._points:
            self._db.put_point(at_ms, tags, fields)

    def committed(self) -> None:
        """Forget what is on disk now."""
        self._messages.clear()
        self._points.clear()
        self.closed.clear()

    def _open(self, waiting: list[Alert], open_causes: dict[str, Alert]) -> set[str]:
        found = Causes(self._engine, self._rules, self._sites, self._halls.values(), self._alerts.values(), self._now_ms)
        changed: set[str] = set()
        for alert in waiting:
            changed.add(alert.key)
            cause = next((open_causes[key] for key in covering(alert, open_causes)), None)
            if cause is None and (common := found.of(alert)) is not None:
                cause = _cause(*common, alert)
                open_causes[cause.key] = self._alerts[cause.key] = cause
                self._say("open", cause)
                changed.add(cause.key)
            if cause is None:
                self._say("open", alert)
            else:
                alert.cover = cause.key
        return changed

    def _follow(self, cause: Alert, bad: set[str], dt_s: float) -> set[str]:
        """Judge a common cause by its halls; when it is over, what is still bad speaks for itself from then on."""
        cause.count = max(cause.count, len(bad))
        rule = self._rule(cause)
        verdict = len(bad) > STILL_BAD_SHARE * cause.count
        cause.feed(verdict, dt_s, self._now_ms, 0.0, rule.clear_minutes * 60 if rule else 0.0)
        if cause.firing:
            return {cause.key}
        covered = [alert for alert in self._alerts.values() if alert.cover == cause.key]
        for alert in covered:
            alert.cover, alert.firing, alert.level_s = None, False, 0.0
        return {cause.key, *(alert.key for alert in covered)}

    def _close_single(self, changed: set[str]) -> None:
        for alert in self._alerts.values():
            if not alert.firing and alert.told_ms is not None:
                self._say("resolve", alert)
                alert.told_ms, alert.acked, alert.bad, alert.level_s = None, False, False, 0.0
                self.closed.add(alert.key)
                changed.add(alert.key)
            elif not alert.firing and alert.cover is not None:
                alert.cover = None
                changed.add(alert.key)

    def _rule(self, alert: Alert) -> Rule | None:
        return getattr(self._rules, alert.rule, None)

    def _say(self, kind: str, alert: Alert) -> None:
        rule = self._rule(alert)
        if rule is None:
            return  # its rule was deleted from the file: it ends without a word
        if kind == "open":
            alert.told_ms = self._now_ms
        site = self._sites.get(alert.site or "")
        self._messages.append(message(kind, alert, rule, site, self._now_ms, self._engine.page_url))
        self._point("open" if kind == "open" else "resolved", alert)

    def _point(self, state: str, alert: Alert) -> None:
        rule = self._rule(alert)
        if rule is None:
            return
        site = self._sites.get(alert.site or "")
        told = message("resolve" if state == "resolved" else "open", alert, rule, site, self._now_ms, "")
        tags = {"site": alert.site, "kecamatan": alert.kecamatan, "modem": alert.modem, "operator": alert.operator}
        tags["desa"] = site.desa if site else None
        fields: dict[str, str | int] = {
            "key": alert.key, "rule": alert.rule, "state": state, "severity": rule.severity, "since_ms": alert.since_ms,
            "title_id": told.title_id, "title_en": told.title_en, "text_id": told.text_id, "text_en": told.text_en,
            "count": alert.count,
        }  # fmt: skip
        self._points.append((self._now_ms, {name: value for name, value in tags.items() if value}, fields))


def _cause(scope: Scope, halls: int, first: Alert) -> Alert:
    """Make the alert of a common cause, from the first hall whose patience ended."""
    return Alert(
        scope.key, scope.rule, kecamatan=scope.kecamatan, operator=scope.operator, band=scope.band, cell_id=scope.cell_id,
        detail=first.detail, firing=True, bad=True, since_ms=first.since_ms, scope=scope.key, count=halls,
    )  # fmt: skip
