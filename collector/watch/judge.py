"""Rules on one row: is it bad (True), good (False), or does it say nothing about it (None)? Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from collector.store.store import Row
from collector.watch.config import Limits, Rules
from telemetry.meaning import Service, level_of, service_of
from telemetry.streams import ClockState

DRAINED = 0.5
FREE_AGAIN = 4 / 3
BUDGET_BAND_PERCENT = 10
MB = 1_000_000
NEARLY_SPENT = 0.95


class Verdict(NamedTuple):
    """What a row says to a rule; `detail` is the number for the text."""

    rule: str
    bad: bool | None
    detail: str = ""


def judge_signal(rules: Rules, row: Row) -> Iterator[Verdict]:
    """Judge a row of `signal` by the rules on one modem."""
    service = service_of(row)
    if service is Service.UNKNOWN:
        return
    silent, served = service is Service.SILENT, service is Service.SERVED
    yield Verdict("modem_sick", silent)
    yield Verdict("no_sim", None if silent else service is Service.NO_SIM)
    # A refused or locked SIM says nothing of the network: neither that it is there nor that it is not.
    refused = service in (Service.REFUSED, Service.SIM_FAULT)
    yield Verdict("sim_refused", True if refused else False if served else None)
    yield Verdict("no_service", False if served else True if service in (Service.NO_SERVICE, Service.LIMITED) else None)
    rsrp, sinr = level_of(row), _number(row, "sinr_db")
    weak = _low(rules.weak_signal, rsrp)
    yield Verdict("weak_signal", weak, "" if rsrp is None else f"{rsrp:.0f} dBm")
    # A weak signal is noisy too: its quality says nothing new.
    quality = _low(rules.low_quality, sinr) if served and weak is not True else None
    yield Verdict("low_quality", quality, "" if sinr is None else f"{sinr:.0f} dB")


def judge_device(rules: Rules, row: Row) -> Iterator[Verdict]:
    """Judge a row of `device` by the rules on one hall."""
    mains = row.get("mains")
    yield Verdict("mains_off", None if mains is None else not mains)
    yield _spool(rules, row)
    yield _budget(rules, row)


def clock_ok(row: Row) -> bool | None:
    """Return whether a device trusts its clock."""
    state = row.get("clock_state")
    return None if state is None else state != ClockState.UNTRUSTED


def over_budget(row: Row) -> bool:
    """Return whether the agent's budget is spent, or will be before its next frame."""
    used, budget = _number(row, "bytes_month"), _number(row, "budget_month")
    return used is not None and budget is not None and used >= NEARLY_SPENT * budget


def _low(limits: Limits | None, value: float | None) -> bool | None:
    if limits is None or value is None:
        return None
    return True if value < limits.below else False if value >= limits.above else None


def _spool(rules: Rules, row: Row) -> Verdict:
    rule = rules.spool_filling
    depth, free = _number(row, "spool_depth"), _number(row, "disk_free_mb")
    if rule is None or (depth is None and free is None):
        return Verdict("spool_filling", None)
    detail = "" if depth is None else f"{depth:.0f}"
    if (depth is not None and depth > rule.max_samples) or (free is not None and free < rule.min_disk_mb):
        return Verdict("spool_filling", True, detail)
    drained = depth is None or depth <= DRAINED * rule.max_samples
    roomy = free is None or free >= FREE_AGAIN * rule.min_disk_mb
    return Verdict("spool_filling", False if drained and roomy else None, detail)


def _budget(rules: Rules, row: Row) -> Verdict:
    rule, used = rules.data_budget, _number(row, "bytes_month")
    if rule is None or used is None:
        return Verdict("data_budget", None)
    percent = 100 * used / (_number(row, "budget_month") or rule.budget_mb * MB)
    if percent >= rule.used_percent:
        return Verdict("data_budget", True, f"{percent:.0f}")
    return Verdict("data_budget", False if percent < rule.used_percent - BUDGET_BAND_PERCENT else None, f"{percent:.0f}")


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
