"""What forbids to say *blank spot*: a refused SIM, its own cell heard, bands the modem lacks, an instrument never proven.

Pure. A blank spot accuses an operator before a ministry; each finding here says why nothing can be said of it instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.needs.evidence import Evidence, Seen
from dashboards.needs.model import Diagnosis, Finding, State, Verdict
from dashboards.needs.parameters import Limits
from dashboards.needs.sentences import tell
from ground.words import Figure, Said
from telemetry.operators import COVERAGE_BANDS
from telemetry.streams import Proof

PROVING = frozenset({Proof.HEARD, Proof.SCAN, Proof.OTHER_MODEM})
"""Recovery that changed nothing makes a deaf radio likelier, not less likely: it proves no instrument."""


def of_own(e: Evidence, limits: Limits) -> Finding | None:
    """Return what the samples of its own SIM say of SIM or access instead of coverage, where it is more than a moment."""
    limit = limits.device_fault_percent.value
    if e.sim_share is not None and e.sim_share >= limit:
        refused, fault = 100 * e.refused / e.samples, 100 * e.sim_fault / e.samples
        return Finding(Diagnosis.SIM_REFUSED, tell("sim_refused", refused=refused, fault=fault))
    barred = 100 * e.barred / e.samples
    return Finding(Diagnosis.BARRED, tell("barred", v=barred)) if barred >= limit else None


def of_blank_spot(e: Evidence, seen: Seen, limits: Limits, operator: str) -> Finding | None:
    """Return the first reason not to call an operator without service a blank spot; None where there is none."""
    return next(_against(e, seen, limits, operator), None)


def _against(e: Evidence, seen: Seen, limits: Limits, operator: str) -> Iterator[Finding]:
    rare, often = limits.blank_spot_availability_percent.value, limits.device_fault_percent.value
    own = of_own(e, limits)
    if own is not None:
        yield own
    if (e.barred_share or 0) > rare:
        yield Finding(Diagnosis.BARRED, tell("barred", v=e.barred_share))
    if (seen.heard_share or 0) > rare or (seen.found_share or 0) > often:
        yield Finding(Diagnosis.BARRED, tell("heard_unserved", **_heard(seen)))
    if (e.unnamed_share or 0) > rare and not seen.scanned_days:
        yield Finding(Diagnosis.BARRED, tell("unnamed", v=e.unnamed_share))
    if e.proof not in PROVING:
        name = "unproven_tried" if e.proof is Proof.RECOVERY_TRIED else "unproven"
        yield Finding(Diagnosis.UNPROVEN, tell(name, n=Figure(e.network)))
    lacking = blind_to(operator, e.supported)
    if lacking:
        bands = ", ".join(f"B{band}" for band in lacking)
        yield Finding(Diagnosis.UNSUPPORTED_BAND, tell("unsupported_band", bands=bands))


def of_others(seen: Seen, limits: Limits) -> Verdict:
    """Judge an operator without a SIM at the hall by what others tell of it: heard, absent, or not measured."""
    if seen.heard or seen.found_days:
        return Verdict(State.HEARD, Finding(Diagnosis.HEARD, tell("heard", **_heard(seen))))
    if seen.scan_days >= limits.min_scan_days.value:
        return Verdict(State.ABSENT, Finding(Diagnosis.ABSENT, tell("absent", n=Figure(seen.scan_days))))
    return Verdict(State.NOT_MEASURED, Finding(Diagnosis.NOT_MEASURED, tell("not_measured")))


def blind_to(operator: str, supported: tuple[int, ...] | None) -> list[int]:
    """Return the bands of an operator's coverage that a modem lacks; none where its bands are not known."""
    return [] if supported is None else sorted(COVERAGE_BANDS.get(operator, frozenset()).difference(supported))


def _heard(seen: Seen) -> dict[str, Said]:
    return {"n": Figure(seen.heard), "days": Figure(seen.found_days), "of": Figure(seen.scanned_days)}
