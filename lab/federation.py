"""Regencies with a store each and a node above them, on loopback: what is measured, letters, programs that bring and take."""

from __future__ import annotations

import random
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from collector.agreement.agreement import FILE as AGREEMENT
from collector.agreement.agreement import Agreement
from collector.agreement.entries import Channel, Proposal, Publication, Verdict
from collector.agreement.rules import OFFICE
from collector.config import Config, load
from collector.federate import keys
from collector.federate.send import FOLDER, write_letters
from collector.sites.sites import read_sites
from collector.store.dirty_hours import WINDOW_NS, entry
from collector.store.open import open_store
from collector.store.store import Placed, Row
from ground.wita import midnight_ns
from lab.plant import python
from lab.servers import Server, free_port, listening
from telemetry.frame import Sample, Value, pack

CONFIG = """
[broker]
host = "127.0.0.1"
tls = false
[store]
engine = "sqlite"
path = "store.db"
[federation]
"""
HEAD = "code,kecamatan,desa,lat,lon,coordinate_source,sim_expiry\n"
HOUR_MS, DAY = 3_600_000, timedelta(days=1)
NIGHT_NS = 3 * 3_600_000_000_000
"""How long after midnight the letters of a day are written here."""
IMSI_LIKE = re.compile(rb"[0-9]{14,}")


@dataclass(slots=True)
class End:
    """One end, a regency or a node above: its configuration and what it keeps."""

    folder: Path

    @property
    def config_file(self) -> Path:
        """Return the path of its collector.toml."""
        return self.folder / "collector.toml"

    @property
    def config(self) -> Config:
        """Return its configuration."""
        return load(self.config_file)

    @property
    def letters(self) -> Path:
        """Return its folder of letters."""
        return self.folder / FOLDER

    def rows(self, measurement: str = "signal_1d", of: str = "") -> list[Row]:
        """Return the rows of its store, of the halls whose codes begin so."""
        with closing(open_store(self.config.store)) as store:
            found = [row for row in store.samples(measurement, 0, 2**62) if str(row["site"]).startswith(of)]
        return sorted(found, key=lambda row: (row["time_ns"], row["site"]))

    def command(self, *words: str) -> list[str]:
        """Return the words of `sinyal-collector federate` for this end."""
        config = [] if words[0] in {"key", "admit", "reader"} else ["--config", str(self.config_file)]
        return ["federate", words[0], *config, "--state", str(self.folder), *words[1:]]


class Above(End):
    """A node above."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True)
        self.port = free_port()
        self.config_file.write_text(f"{CONFIG}port = {self.port}\n")

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}/federation"

    def listens(self) -> Server:
        """Prepare `federate receive`."""
        server = python("above", self.folder, "collector.cli", *self.command("receive"))
        server.ready = lambda: listening(self.port)
        return server


class Regency(End):
    """A regency of some halls. What they measure is made up and repeatable."""

    def __init__(self, folder: Path, code: str, halls: int = 3) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True)
        self.code, self._seq = code, 1
        self.halls = [f"{code}01{number:04d}" for number in range(2001, 2001 + halls)]
        rows = "".join(f"{hall},Kecamatan,Desa {hall[-2:]},0.5,116.5,centroid,2027-01-01\n" for hall in self.halls)
        (folder / "sites.csv").write_text(HEAD + rows)
        self.goes_to("")

    def goes_to(self, url: str) -> None:
        """Name the node above."""
        above = f'above = "{url}"\n' if url else ""
        self.config_file.write_text(f'{CONFIG}regency = "{self.code}"\n{above}')

    @property
    def key(self) -> str:
        """Return its public key."""
        return keys.public(keys.own_key(self.letters))

    def measure(self, day: date, hours: tuple[int, ...] = (9, 20), halls: int | None = None, arrived: date | None = None) -> None:
        """Store samples of these hours (WITA) of a day, as the collector does when they arrive in the end of a day, this one."""
        sites = read_sites(self.folder / "sites.csv")
        window = midnight_ns((arrived or day) + DAY) // WINDOW_NS - 3
        with closing(open_store(self.config.store)) as store:
            for hall in self.halls[:halls]:
                for hour in hours:
                    t0_ms = midnight_ns(day) // 10**6 + hour * HOUR_MS
                    rng = random.Random(f"{hall} {day} {hour}")
                    samples = [Sample(self._seq + k, t0_ms + 300_000 * k, "ntp", _signal(rng)) for k in range(12)]
                    self._seq += 12
                    placed = Placed(pack(hall, "signal", "m1", samples), sites[hall])
                    store.write([placed], [entry(hall, t0_ms // HOUR_MS, window)])

    def write_letters(self, day: date) -> int:
        """Write in the night after a day what is new; return the number of letters."""
        with closing(open_store(self.config.store)) as store:
            return write_letters(self.config, self.folder, store, midnight_ns(day + DAY) + NIGHT_NS)

    def publish(self, until: date) -> None:
        """Publish a verdict of every hall, and propose the first of them."""
        sites = read_sites(self.folder / "sites.csv")

        def verdict(hall: str, operator: str | None) -> Verdict:
            word, grade = ("blank spot", None) if operator is None else ("lemah", "B")
            since = until.replace(day=1)
            return Verdict(
                site=hall,
                operator=operator,
                since=since,
                until=until,
                thresholds="2026-1",
                word=word,
                grade=grade,
                evidence="ab" * 32,
            )

        agreement = Agreement(self.folder / AGREEMENT, sites)
        with closing(agreement):
            verdicts = tuple(verdict(hall, operator) for hall in self.halls for operator in (None, "Telkomsel"))
            at_ms = midnight_ns(until) // 10**6
            agreement.add(
                Publication(since=until.replace(day=1), until=until, table="ab" * 32, verdicts=verdicts), OFFICE, "here", at_ms
            )
            number = f"U-{until.year}-0001"
            proposal = Proposal(
                number=number,
                site=self.halls[0],
                channel=Channel.SIGNAL,
                verdicts=verdicts[:1],
                evidence="ab" * 32,
                text="secret text",
            )
            agreement.add(proposal, OFFICE, "here", at_ms)


def _signal(rng: random.Random) -> dict[str, Value]:
    return {
        "registration": "home",
        "rat": "lte",
        "plmn": "51010",
        "home_plmn": "51010",
        "cell_id": 37975309,
        "band": 3,
        "rsrp_dbm": float(rng.randint(-110, -90)),
        "rsrq_db": rng.randint(-28, -18) / 2,
        "sinr_db": rng.randint(15, 60) / 5,
    }
