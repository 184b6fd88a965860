"""What each reader makes of one sample of every registration and technology: `python -m tests.readers` prints the table.

All readers are the real ones, the samples lie in a real InfluxDB. A reader that cannot tell some answers apart says the coarser
one: `older` for 2G and 3G, `served` where it does not tell generations.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

from agent.aim.screen import state_word
from agent.host.level import class_of, level_of
from collector.rollup import Summary, recompute
from collector.sites.classes import read_classes
from collector.sites.sites import read_sites
from collector.store.influx1 import Influx1
from collector.store.store import Placed, Row, Store
from collector.watch.config import load as load_alerts
from collector.watch.rule import rules
from collector.watch.state import Hall, Modem
from dashboards.grafana import theme
from dashboards.grafana.halls import STATES, level_queries
from dashboards.needs.evidence import Evidence, Supply
from dashboards.needs.gather import evidence
from dashboards.needs.judge import judge
from dashboards.needs.measured import Measured
from dashboards.needs.model import Diagnosis, Period
from dashboards.needs.parameters import cuts, read_parameters
from dashboards.needs.seen import Surroundings
from dashboards.web.snapshot import Snapshot
from demo.table import state as demo_state
from lab.grafana_query import Choice
from lab.servers import MissingServerError, fetch, influxd
from telemetry.frame import Sample, Value, pack
from telemetry.meaning import Rat, Registration, Service, Standing, standing_of
from telemetry.streams import Proof, Signal

T_MS = 1_795_500_000_000
NOW_NS = (T_MS + 10_000) * 1_000_000
PERIOD = Period(date(2026, 11, 1), date(2026, 11, 9), datetime(2026, 11, 20, tzinfo=UTC))
SAMPLES_A_PERIOD = 2304
CONFIG = Path(__file__).resolve().parents[1] / "config"
CLASSES = read_classes(CONFIG / "classes.toml")
PARAMETERS = read_parameters(CONFIG / "needs.toml")
SITES = read_sites(CONFIG / "sites.csv")
HALLS = list(SITES)
LEVELS: Mapping[Rat | None, Mapping[str, Value]] = {
    Rat.GSM: {"arfcn": 98, "rssi_dbm": -71.0},
    Rat.WCDMA: {"uarfcn": 10563, "rscp_dbm": -88.0},
    Rat.NR_NSA: {"rsrp_dbm": -86.0, "nr_rsrp_dbm": -96.0},
    Rat.NR_SA: {"rsrp_dbm": -86.0, "nrarfcn": 627264},
}


@dataclass(frozen=True, slots=True)
class Case:
    """One sample in a hall of its own."""

    registration: str
    technology: str
    site: str
    values: Mapping[str, Value]

    @property
    def standing(self) -> Standing | None:
        """What it means."""
        return standing_of(self.values)


def cases() -> list[Case]:
    """Every registration and none, with every technology, with none, and with none but an RSRP."""
    technologies: list[tuple[str, dict[str, Value]]] = [("absent", {}), ("absent, RSRP", {"rsrp_dbm": -86.0})]
    technologies += [(rat, {"rat": rat, **LEVELS.get(rat, {"rsrp_dbm": -86.0})}) for rat in Rat]
    found: list[Case] = []
    for registration in (*Registration, None):
        state: dict[str, Value] = {} if registration is None else {"registration": str(registration)}
        whose: dict[str, Value] = {
            "home_plmn": "51010",
            "plmn": "51011" if registration is not None and registration.service is Service.LIMITED else "51010",
        }
        if registration is not None and not (registration.served or registration.service is Service.LIMITED):
            del whose["plmn"]
        for name, values in technologies:
            found.append(Case(registration or "absent", name, HALLS[len(found)], {**state, **whose, **values}))
    return found


def fold(standing: Standing | None, *, older: str = "older", served: str = "served") -> str | None:
    """Say an answer as a reader does that cannot tell some apart."""
    names: dict[Standing | None, str | None] = {
        Standing.TWO_G: older,
        Standing.THREE_G: older,
        Standing.SERVED: served,
        None: None,
    }
    return names.get(standing, standing)


def read_page(store: Store, all_cases: list[Case]) -> dict[str, str | None]:
    """Read the state of each hall on the live page."""
    halls = Snapshot(store, SITES, CLASSES, lambda: NOW_NS).halls().features
    states = {hall.id: hall.properties.state for hall in halls}
    words: dict[str, str | None] = {c.key: Standing.LTE for c in CLASSES.classes}
    words |= {"two_g_only": "older", "served": "served", "not_measured": None}
    return {case.site: words.get(states[case.site], states[case.site]) for case in all_cases}


def read_chart(store: Store, all_cases: list[Case]) -> dict[str, str | None]:
    """Read the strip of service under the charts."""
    page = Snapshot(store, SITES, CLASSES, lambda: NOW_NS)
    found: dict[str, str | None] = {}
    for case in all_cases:
        (modem,) = page.series(case.site, "24h").modems
        found[case.site] = next((word for word in modem.service if word is not None), None)
    return found


def read_grafana(url: str, all_cases: list[Case]) -> dict[str, str | None]:
    """Ask the level queries of the map as Grafana does, and take the largest, as its transformation does."""
    levels: defaultdict[str, list[float]] = defaultdict(list)
    choice = Choice(T_MS - 3_600_000, T_MS + 10_000)
    for target in level_queries():
        form = f"db=sinyal&epoch=ms&q={quote(choice.fill(target.query))}"
        code, body = fetch(f"{url}/query", form.encode())
        (result,) = json.loads(body)["results"]
        if code != 200 or "error" in result:
            raise ValueError(f"{result} for {target.query}")
        for one in result.get("series", []):
            row = dict(zip(one["columns"], one["values"][0], strict=True))
            levels[one["tags"]["site"]] += [row[state] for state in STATES if row.get(state) is not None]
    words: dict[str, str | None] = {"two_g_only": "older", "not_measured": None}
    found: dict[str, str | None] = {}
    for case in all_cases:
        level = max(levels[case.site])
        key = theme.LEVELS.get(int(level)) if level < theme.LOWEST_DBM else Standing.LTE
        found[case.site] = words.get(str(key), key)
    return found


def read_rollup(store: Store, all_cases: list[Case]) -> dict[str, str | None]:
    """Read what the hour of each sample counted."""
    hour = T_MS // 3_600_000
    recompute(store, SITES, {case.site: {hour} for case in all_cases})
    found: dict[str, str | None] = {}
    for row in store.samples("signal_1h", hour * 3_600_000_000_000, (hour + 1) * 3_600_000_000_000):
        counts = Summary.from_row(row).standings
        found[str(row["site"])] = next((standing for standing, count in counts.items() if count), None)
    return found


def read_needs(case: Case) -> str | None:
    """Judge eight days in which every sample was this one; the instrument is proven."""
    measured = Measured(slots={0: SAMPLES_A_PERIOD}, days=set(range(8)), modems={"m1"})
    for _ in range(SAMPLES_A_PERIOD):
        measured.summary.count(dict(case.values), "Telkomsel")
    told = evidence(case.site, "Telkomsel", measured, PERIOD, {}, Surroundings({}, {}, {}), [])
    told = replace(told, proof=Proof.HEARD)
    verdict = judge(told, PARAMETERS.limits, cuts(PARAMETERS, CLASSES), Supply(), SITES[case.site], operator="Telkomsel")
    return _needs_word(told, verdict.main.diagnosis)


def _needs_word(told: Evidence, diagnosis: Diagnosis) -> str | None:
    match diagnosis:
        case Diagnosis.BLANK_SPOT:
            return Standing.NO_SERVICE
        case Diagnosis.SIM_REFUSED | Diagnosis.DEVICE_FAULT:
            return Standing(diagnosis.value)
        case Diagnosis.TWO_G_ONLY:
            return "older"
        case Diagnosis.INSUFFICIENT_DATA:
            return "served" if told.served else None
        case _:
            return Standing.LTE if told.rsrp_median == -86 else diagnosis


def read_watch(row: Row) -> str | None:
    """Judge the row by all rules of the watch on one sample."""
    settings = load_alerts(CONFIG / "alerts.toml").rules
    served = Modem("m1", served_ms=int(row["time_ns"]) // 1_000_000)
    bad = {
        name: rule.on_row(settings[name], Hall("h"), served, row)
        for name, rule in rules().items()
        if rule.on_row is not None and "signal" in rule.columns
    }
    if all(verdict.bad is None for verdict in bad.values()):
        return None
    for rule, word in (("modem_sick", "device_fault"), ("no_sim", "device_fault"), ("sim_refused", "sim_refused")):
        if bad[rule][0]:
            return word
    if bad["no_service"][0]:
        return "no_service"
    return Standing.LTE if bad["weak_signal"][1] else "served"


def read_aim(case: Case) -> str | None:
    """Show the sample as aiming does."""
    values = {**case.values}
    values |= {"registration": Registration(str(values["registration"]))} if "registration" in values else {}
    signal = Signal(**values)  # type: ignore[arg-type]  # the values of a case are of the contract
    word = state_word(signal)
    level = level_of(signal)
    if word == "served":
        return Standing.LTE if level and class_of(level, CLASSES.cuts("rsrp_dbm")[::-1]) is not None else "served"
    return None if word == "unknown" else fold(standing_of({"registration": word}))


def read_demo(row: Row) -> str | None:
    """Read the column `state` of the demo's table."""
    words: dict[str, str | None] = {
        "no service": "no_service",
        "SIM refused": "sim_refused",
        "no sim": "device_fault",
        "modem silent": "device_fault",
        "served": "served",
        "says nothing": None,
    }
    text = demo_state(row, 1.0)
    generation = {"4G": Standing.LTE, "5G": Standing.LTE, "3G": "older", "2G": "older"}.get(text.partition(" ")[0])
    return generation or words[text]


def table(url: str) -> tuple[list[Case], dict[str, dict[str, str | None]]]:
    """Write every case into an InfluxDB and ask every reader: by reader, by hall."""
    store, all_cases = Influx1(url, "sinyal"), cases()
    store.write(
        [Placed(pack(c.site, "signal", "m1", [Sample(1, T_MS, "ntp", dict(c.values))]), SITES[c.site]) for c in all_cases]
    )
    rows = {str(row["site"]): row for row in store.latest("signal")}
    readers: dict[str, dict[str, str | None]] = {"rollup": read_rollup(store, all_cases)}
    readers |= {
        "page": read_page(store, all_cases),
        "chart": read_chart(store, all_cases),
        "Grafana": read_grafana(url, all_cases),
        "needs map": {case.site: read_needs(case) for case in all_cases},
        "watch": {case.site: read_watch(rows[case.site]) for case in all_cases},
        "aim": {case.site: read_aim(case) for case in all_cases},
        "demo": {case.site: read_demo(rows[case.site]) for case in all_cases},
    }
    store.close()
    return all_cases, readers


FOLDS: Mapping[str, Callable[[Standing | None], str | None]] = {
    "rollup": lambda s: s,
    "chart": lambda s: s,
    "watch": lambda s: fold(s, older="served"),
    "aim": lambda s: fold(s, older="served"),
}
"""How a reader that is not named here speaks: `fold` with its defaults."""


def disagreements(all_cases: list[Case], readers: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """Name every reader that says something else than the sample means."""
    return [
        f"{case.registration} x {case.technology}: {reader} says {said[case.site]}, means {case.standing}"
        for case in all_cases
        for reader, said in readers.items()
        if said[case.site] != FOLDS.get(reader, fold)(case.standing)
    ]


def main() -> int:
    """Print the table; exit 1 where two readers disagree."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            server = influxd(Path(folder))
        except MissingServerError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        with server:
            all_cases, readers = table(server.url)
    heads = ["registration", "technology", "means", *readers]
    widths = [15, 13, *(13 for _ in heads[2:])]
    lines = [heads]
    lines += [
        [c.registration, c.technology, c.standing or "-", *(said[c.site] or "-" for said in readers.values())] for c in all_cases
    ]
    for cells in lines:
        sys.stdout.write(" ".join(str(cell).ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() + "\n")
    wrong = disagreements(all_cases, readers)
    sys.stdout.write(f"{len(all_cases)} samples x {len(readers)} readers, {len(wrong)} disagree\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
