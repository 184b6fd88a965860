"""From the store to a report: gathers both periods, judges, ranks, compares."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from collector.sites.classes import Classes
from collector.sites.position import measured_place
from collector.sites.sites import Site
from collector.store.store import Store
from dashboards.atlas.areas import Area
from dashboards.needs.boundaries import inside
from dashboards.needs.compare import Measured as Judged
from dashboards.needs.compare import compare
from dashboards.needs.evidence import Evidence, Seen, Supply
from dashboards.needs.gather import evidence, operators_of, read_events, read_plmns, read_supply
from dashboards.needs.grade import Grading
from dashboards.needs.judge import judge
from dashboards.needs.measured import Measured
from dashboards.needs.method import SOURCES
from dashboards.needs.model import Context, Period, Report, Row, Village
from dashboards.needs.need import need, ranks, readiness
from dashboards.needs.parameters import Parameters, cuts
from dashboards.needs.seen import Surroundings, read_surroundings
from dashboards.needs.shared import days_of
from dashboards.needs.village import of_village
from telemetry.streams import Proof

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a report judges by, beside the measurements."""

    sites: Mapping[str, Site]
    contexts: Mapping[str, Context]
    areas: Mapping[str, Area]
    parameters: Parameters
    classes: Classes


@dataclass(frozen=True, slots=True)
class Gathered:
    """One period of all halls: evidence by site and operator, and the power of each hall."""

    evidence: Mapping[str, Mapping[str, Evidence]]
    seen: Mapping[str, Mapping[str, Seen]]
    positions: Mapping[str, Mapping[str, object]]
    supply: Mapping[str, Supply]
    unknown_sites: tuple[str, ...]


def gather(store: Store, basis: Basis, period: Period, again: Callable[[], Store] | None = None) -> Gathered:
    """Read one period; `again` opens the store once more, for processes beside. Raises StoreUnavailableError."""
    with days_of(store, again, basis.sites, period) as days:
        told = read_events(store, period)
        log.info("event=needs_read part=events boots=%d models=%d", told.boots.total(), len(told.models))
        around = read_surroundings(store, period)
        log.info("event=needs_read part=surroundings instruments=%d scanned=%d", len(around.instruments), len(around.scans))
        halls, unknown = days()
    log.info("event=needs_read part=days first=%s end=%s halls=%d", period.first, period.end, len(halls))
    if unknown:
        log.warning("event=needs_unknown_sites count=%d sites=%s cure=add_them_to_sites.csv", len(unknown), ",".join(unknown))
    read_plmns(store, halls, period)
    models = told.models | {key: found.model for key, found in around.instruments.items() if found.model}
    found = {code: _evidence(code, operators, period, models, around) for code, operators in halls.items()}
    _count_cut(found)
    seen = {
        code: {
            name: around.seen(
                code, name, {other: m.summary for other, m in halls.get(code, {}).items()}, _able(found.get(code, {}))
            )
            for name in operators_of(halls.get(code, {}))
        }
        for code in basis.sites
    }
    limit = basis.parameters.limits.power_completeness_percent.value
    supply = {}
    for code, operators in found.items():
        gaps = any(e.completeness is not None and e.completeness < limit for e in operators.values())
        supply[code] = read_supply(store, told, code, period, gaps=gaps)
    return Gathered(found, seen, around.positions, supply, unknown)


def _able(operators: Mapping[str, Evidence]) -> set[str]:
    """Return the modems of a hall that heard somebody themselves."""
    return {modem for e in operators.values() if e.proof in (Proof.HEARD, Proof.SCAN) for modem in e.modems}


def _count_cut(found: dict[str, dict[str, Evidence]]) -> None:
    """Tell each hall at how many others the same operator carries no data: one is quota or APN, many are the operator."""
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for operators in found.values():
        for name, e in operators.items():
            if e.pings_lost_share is not None:
                shares[name].append(e.pings_lost_share)
    for operators in found.values():
        for name, e in operators.items():
            halls = sum(share > 50 for share in shares[name]), len(shares[name])
            operators[name] = replace(e, halls_cut=halls)


def _evidence(
    code: str,
    operators: Mapping[str, Measured],
    period: Period,
    models: Mapping[tuple[str, str], str],
    around: Surroundings,
) -> dict[str, Evidence]:
    here = {modem: model for (site, modem), model in models.items() if site == code}
    return {
        name: evidence(code, name, m, period, here, around, [o.summary for other, o in operators.items() if other != name])
        for name, m in operators.items()
    }


def report(basis: Basis, period: Period, now: Gathered, earlier: tuple[Period, Gathered] | None) -> Report:
    """Judge what was gathered: pure. Every village of the register is in it, measured or not."""
    limits_cuts = cuts(basis.parameters, basis.classes)
    villages: list[Village] = []
    for site in basis.sites.values():
        village = _village(basis, site, now)
        if earlier is not None:
            village = _compared(basis, village, _village(basis, site, earlier[1]))
        villages.append(village)
    placed = ranks(villages)
    villages = [replace(village, rank=placed[village.site.code]) for village in villages]
    past = None if earlier is None else earlier[0]
    return Report(period, past, tuple(villages), basis.parameters, basis.classes, limits_cuts, SOURCES, now.unknown_sites)


def _village(basis: Basis, site: Site, gathered: Gathered) -> Village:
    measured, seen = gathered.evidence.get(site.code, {}), gathered.seen.get(site.code, {})
    site = measured_place(site, gathered.positions.get(site.code))
    supply, context = gathered.supply.get(site.code, Supply()), basis.contexts.get(site.code, Context())
    limits, borders = basis.parameters.limits, cuts(basis.parameters, basis.classes)
    verdicts = {
        name: judge(measured.get(name), limits, borders, supply, site, seen.get(name, Seen()), name)
        for name in operators_of(measured)
    }
    grading = Grading(basis.parameters.grade, site, inside(site, basis.areas))
    rows = tuple(
        Row(site, name, measured.get(name), verdict, grade=grading.of(name, measured[name], verdict) if judged else None)
        for name, verdict in verdicts.items()
        for judged in [verdict.state.judged]
    )
    told = of_village(rows)
    scores = need(verdicts, site, basis.parameters), readiness(site, context, basis.parameters)
    return Village(site, rows, grading.inside, supply, context, told, *scores)


def _compared(basis: Basis, village: Village, before: Village) -> Village:
    past: dict[str, Judged] = {row.operator: (row.evidence, row.verdict) for row in before.rows}
    limits, severity = basis.parameters.limits, basis.parameters.severity
    rows = tuple(
        replace(row, compared=compare((row.evidence, row.verdict), past[row.operator], limits, severity))
        if row.operator in past
        else row
        for row in village.rows
    )
    return replace(village, rows=rows)
