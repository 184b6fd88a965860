"""A made-up history of one hall, hour by hour, as the frames its agent would have sent; repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from collector.sites.sites import Site
from collector.store.store import Point
from demo.halls import IOH, TELKOMSEL, XLSMART
from demo.history_modem import Batch, Columns, Modem
from demo.profiles import Profile
from telemetry.frame import Frame
from telemetry.operators import operator_of

FRAME_SAMPLES = 100
SLOW_S = 300
"""Interval of device and cell samples; a measuring interval above it is used for them too."""
HOUR_S, DAY_S, WITA_S = 3600, 86400, 8 * 3600
VERSION = "0.1.0"
MODEL = "family quectel: Quectel EC25"
BUDGET_BYTES = 6_000_000
SECOND_MODEM_SHARE = 0.45


class History:
    """The history of one hall. `hour` must be called for every hour in turn; `rest` gives what is left in the end."""

    def __init__(self, site: Site, profile: Profile, interval_s: int, seed: int, slow_s: int = SLOW_S) -> None:
        self._site, self._profile = site, profile
        self.interval_s, self.slow_s = interval_s, slow_s
        """Between samples of the signal, and of everything else; may be set from one hour to the next."""
        self._rng = rng = random.Random(f"{seed}/{site.code}")  # noqa: S311 - a repeatable history, not a secret
        self._phase_s = rng.randrange(interval_s * 10) / 10
        first = rng.choices((TELKOMSEL, IOH, XLSMART), (6, 3, 1))[0]
        others = [plmn for plmn in (TELKOMSEL, IOH, XLSMART) if plmn != first]
        plmns = [first, *others[: int(rng.random() < SECOND_MODEM_SHARE)]]
        self._modems = [Modem(site, (operator_of(plmn) or "").lower(), plmn, profile, rng) for plmn in plmns]
        self._device, self._event = Batch(site.code, "device", None), Batch(site.code, "event", None)
        self._batches = [self._device, self._event, *(b for m in self._modems for b in m.batches)]
        self._seq = 1
        self._boot_s: float | None = None
        self._month = (0, 0)  # number of the month since 1970, bytes spent in it
        self.status: list[Point] = []

    def hour(self, start_s: int, first_s: int, end_s: int) -> Iterator[Frame]:
        """Live through one UTC hour, measuring only from first_s to end_s (UTC, s); return the frames that became full."""
        wita_hour = (start_s + WITA_S) % DAY_S // HOUR_S
        interval = self.interval_s
        k = -int((self._phase_s - max(start_s, first_s)) // interval)
        times = []
        while (t := k * interval + self._phase_s) < min(start_s + HOUR_S, end_s):
            times.append(t)
            k += 1
        if times and self._powered(wita_hour, start_s):
            self._boot(times[0])
            for modem in self._modems:
                for t_ms, words in modem.hour(times, interval, max(self.slow_s, interval), wita_hour):
                    self._event.add([t_ms], {"clock": "ntp", "kind": "cell_change", "detail": words})
            self._measure_device(times)
        elif times and self._boot_s is not None:
            self._say(times[0] + 90, "offline")
            self._boot_s = None
        yield from self._full(FRAME_SAMPLES)

    def rest(self) -> Iterator[Frame]:
        """Return the frames of what is still waiting."""
        return self._full(1)

    def _full(self, least: int) -> Iterator[Frame]:
        for batch in self._batches:
            count = len(batch.t_ms)
            if count >= least:
                yield batch.frame(self._seq)
                self._seq += count

    def _powered(self, wita_hour: int, start_s: int) -> bool:
        profile = self._profile
        if profile.one_day_in > 1:
            return wita_hour == 10 and (start_s + WITA_S) // DAY_S % profile.one_day_in == 0
        if profile.off is None:
            return True
        begin, end = profile.off
        return end <= wita_hour < begin

    def _boot(self, t_s: float) -> None:
        if self._boot_s is not None:
            return
        self._boot_s = t_s
        self._event.add([round(t_s * 1000)], {"clock": "rebased", "kind": "boot", "detail": f"agent {VERSION} started"})
        for modem in self._modems:
            modem.event.add([round(t_s * 1000) + 1], {"clock": "ntp", "kind": "modem_identified", "detail": MODEL})
        self._say(t_s, "online")

    def _say(self, t_s: float, state: str) -> None:
        tags = {"site": self._site.code, "kecamatan": self._site.kecamatan, "desa": self._site.desa}
        texts = {"state": state, "boot": f"{self._site.code}-{int(self._boot_s or 0)}", "agent": VERSION}
        self.status.append(Point("site_status", tags, texts, round(t_s * 1000) * 1_000_000))

    def _measure_device(self, times: Sequence[float]) -> None:
        rng, every = self._rng, max(self.slow_s, self.interval_s)
        chosen = [t for t in times if t % every < self.interval_s]
        sick = self._profile.off is not None
        mains: Columns = {"mains": [self._mains(t) for t in chosen]} if sick else {}
        count = len(chosen)
        depths = [rng.randrange(4, 14) for _ in chosen]
        columns: Columns = {
            "clock": "ntp",
            "uptime_s": [int(t - (self._boot_s or t)) for t in chosen],
            "cpu_temperature_c": [round(rng.gauss(52, 2), 1) for _ in chosen],
            "undervoltage": [sick and rng.random() < 0.3 for _ in chosen],
            "disk_free_mb": 11800.0 - rng.randrange(20),
            "spool_depth": depths,
            "spool_age_s": [depth * self.interval_s for depth in depths],
            "quarantined": 0,
            "thinned": 0,
            "clock_state": "ntp",
            "bytes_month": [self._spent(t) for t in chosen],
            "budget_month": BUDGET_BYTES,
            "agent_version": VERSION,
            **mains,
        }
        if count:
            self._device.add([round(t * 1000) for t in chosen], columns)

    def _mains(self, t_s: float) -> bool:
        """Return what the sensor of a hall says that is without power at night: a battery carries it through the first hour."""
        begin = self._profile.off[0] if self._profile.off else 24
        return (t_s + WITA_S) % DAY_S // HOUR_S != begin - 1

    def _spent(self, t_s: float) -> int:
        month = int(t_s // (30 * DAY_S))  # near enough to a month for a made-up figure
        before = self._month[1] if self._month[0] == month else 0
        self._month = (month, before + self._rng.randrange(500, 700))
        return self._month[1]
