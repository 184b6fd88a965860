"""`sinyal-agent status`: is this hall measured, connected, up to date? In plain words, Indonesian first."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from typing import Any

from agent.config import Config
from agent.host import doctor
from agent.host.level import KINDS, UNSERVED, class_of, class_word, level_of
from agent.host.state import FRESH_INTERVALS, OFF, Backlog, await_start, backlog, read_state
from agent.spool import clock as clocks
from agent.spool import file as spoolfile
from agent.uplink.health import disk_free_mb
from ground.words import Figure, Lang, mark, number, span, tr
from telemetry.meaning import Generation, Rat, Registration
from telemetry.operators import operator_in, operator_name
from telemetry.streams import Signal

log = logging.getLogger(__name__)

CLOCKS = {
    "untrusted": mark("Clock: not synced yet; {n} measurements wait for the right time"),
    "ntp": mark("Clock: synced (NTP)"),
    "network": mark("Clock: synced (from the network)"),
    "rtc": mark("Clock: by the clock chip of the board"),
}
SILENT = mark("Measurement NOT running: modem {modem} does not respond ({span} ago); check the cable and the USB plug")
BEHIND = mark("Data up to date: NO, {n} measurements wait, the oldest {span}. None is lost")
BEHIND_LOST = mark("Data up to date: NO, {n} measurements wait, the oldest {span}")


def report(config: Config, lang: Lang) -> tuple[list[str], bool]:
    """Return the lines for a person, and whether all is well."""
    state = read_state(config.agent.status_path)
    lines = [tr("Hall {site}", lang, site=config.agent.site)]
    well = True
    if state is None:
        lines.append(tr(OFF, lang))
        well = False
    else:
        for found, good in (*_modems(config, state, lang), _line(state, lang)):
            lines.append(found)
            well = well and good
        if (forgets_s := state.get("path_forgets_s")) is not None:
            lines.append(tr("The network forgets connections that are silent for {span}", lang, span=span(forgets_s, lang)))
        if (size := state.get("segment_bytes")) is not None:
            lines.append(tr("The network loses large packets; this hall sends packets of {n} bytes at most", lang, n=size))
    try:
        found_lines, good = _card(config, backlog(config.agent.spool_path), state, lang)
    except spoolfile.DAMAGE as error:
        log.warning("event=spool_unreadable reason=%s", error)
        found_lines, good = [tr("The device storage is missing or cannot be read. Has the agent run here?", lang)], False
    return lines + found_lines, well and good


def _modems(config: Config, state: dict[str, Any], lang: Lang) -> list[tuple[str, bool]]:
    if not config.modem:
        return [(tr("Measurement NOT running: the configuration has no modem. Find it with: sinyal-agent detect", lang), False)]
    lines = []
    limit_s = config.sampling.interval_s * FRESH_INTERVALS + state["device_interval_s"]
    for modem in config.modem:
        last = state["last"].get(modem.name)
        since_s = None if last is None else (clocks.monotonic_ms() - last["at_mono_ms"]) / 1000
        if last is None or since_s is None or since_s > limit_s:
            lines.append((tr("Measurement NOT running: modem {modem}, no recent measurement", lang, modem=modem.name), False))
        elif last.get("registration") == "modem_silent":
            text = tr(SILENT, lang, modem=modem.name, span=span(since_s, lang))
            lines.append((text, False))
        else:
            what = _reading(last, config.sampling.rsrp_cuts_dbm, lang)
            running = tr(
                "Measurement running: {what}, {span} ago ({modem})", lang, what=what, span=span(since_s, lang), modem=modem.name
            )
            lines.append((running, True))
    return lines


def _reading(last: dict[str, Any], cuts_dbm: Sequence[float], lang: Lang) -> str:
    """Say what was measured last: operator and generation, level with its class; without service its registration."""
    registration = Registration(last["registration"]) if "registration" in last else None
    if registration is not None and registration in UNSERVED:
        return tr(UNSERVED[registration], lang)
    generation = Rat(last["rat"]).generation if "rat" in last else None
    who = [operator_name(operator_in("signal", last) or ""), "" if generation in (None, Generation.UNKNOWN) else str(generation)]
    level = level_of(Signal(**{name: last[name] for name, _ in KINDS if name in last}))
    parts = [" ".join(part for part in who if part)]
    if level is not None:
        grade = class_of(level, cuts_dbm)
        word = "" if grade is None else f" ({class_word(grade, cuts_dbm, lang)})"
        parts.append(f"{number(level.dbm, lang, 0)} dBm{word}")
    return ", ".join(part for part in parts if part) or tr("registered, no value", lang)


def _line(state: dict[str, Any], lang: Lang) -> tuple[str, bool]:
    if state["connected"]:
        return tr("Connected to the server: yes", lang), True
    return tr("Connected to the server: NO. The reason and what to do: sinyal-agent doctor", lang), False


def _card(config: Config, held: Backlog, state: dict[str, Any] | None, lang: Lang) -> tuple[list[str], bool]:
    late_s = 4 * max(config.sampling.frame_interval_s, config.sampling.device_interval_s)
    current = held.waiting == 0 or (held.oldest_s is not None and held.oldest_s <= late_s)
    waiting = Figure(held.waiting)
    if current:
        lines = [tr("Data up to date: yes, {n} measurements wait for their turn", lang, n=waiting)]
    else:
        oldest = "?" if held.oldest_s is None else span(held.oldest_s, lang)
        behind = BEHIND_LOST if held.thinned else BEHIND
        lines = [tr(behind, lang, n=waiting, span=oldest)]
    if held.thinned:
        lines.append(tr("The memory card was full: {n} measurements are LOST. Make room on it", lang, n=Figure(held.thinned)))
    if held.refused:
        lines.append(
            tr("Refused by the server: {n} measurements. See: sinyal-agent quarantine list", lang, n=Figure(held.refused))
        )
    if state is not None:
        lines.append(tr(CLOCKS[state["clock"]], lang, n=Figure(held.untimed)))
    return lines, current and not held.refused and not (held.thinned and _card_is_full(config))


def _card_is_full(config: Config) -> bool:
    free_mb = disk_free_mb(config.agent.data_dir)
    return free_mb is not None and free_mb < config.spool.min_free_mb


def status_main(config: Config, args: argparse.Namespace) -> int:
    """Print the report; exit code 0 when all is well, 1 when something needs a person."""
    await_start(config)
    lines, well = report(config, args.lang)
    faults = doctor.faults(args.config, args.lang)
    print("\n".join([*lines, *faults]))
    return 0 if well and not faults else 1
