"""`sinyal-agent status`: is this hall measured, connected, up to date? In plain words, Indonesian first."""

from __future__ import annotations

import argparse
from typing import Any

from agent.config import Config
from agent.host import doctor
from agent.host.state import FRESH_INTERVALS, Backlog, backlog, read_state
from agent.spool import clock as clocks
from agent.spool import file as spoolfile

WORDS = {
    "id": {
        "title": "Balai {site}",
        "off": "Agen TIDAK berjalan. Jalankan: sudo systemctl start sinyal-agent",
        "measured": "Terukur: ya, modem {modem}: {what} ({age} lalu)",
        "unmeasured": "Terukur: TIDAK, modem {modem}: belum ada bacaan baru",
        "silent": "Terukur: TIDAK, modem {modem} tidak menjawab ({age} lalu); periksa kabel dan colokan USB",
        "no_modem": "Terukur: TIDAK, belum ada modem di konfigurasi. Cari dengan: sinyal-agent detect",
        "connected": "Tersambung ke server: ya",
        "disconnected": "Tersambung ke server: TIDAK{why}",
        "current": "Data mutakhir: ya, {waiting} bacaan menunggu giliran",
        "behind": "Data mutakhir: TIDAK, {waiting} bacaan menunggu, yang tertua {age}. Tidak ada yang hilang",
        "refused": "Ditolak server: {refused} bacaan. Lihat: sinyal-agent quarantine list",
        "clock_untrusted": "Jam: belum dipercaya; {untimed} bacaan menunggu waktu yang benar",
        "clock_ntp": "Jam: benar (NTP)",
        "clock_network": "Jam: benar (dari jaringan)",
        "unreadable": "Penyimpanan belum ada atau tidak terbaca: {why}",
    },
    "en": {
        "title": "Hall {site}",
        "off": "The agent is NOT running. Start it: sudo systemctl start sinyal-agent",
        "measured": "Measured: yes, modem {modem}: {what} ({age} ago)",
        "unmeasured": "Measured: NO, modem {modem}: no recent reading",
        "silent": "Measured: NO, modem {modem} does not answer ({age} ago); check cable and USB plug",
        "no_modem": "Measured: NO, the config has no modem. Find it: sinyal-agent detect",
        "connected": "Connected to the server: yes",
        "disconnected": "Connected to the server: NO{why}",
        "current": "Up to date: yes, {waiting} readings wait for their turn",
        "behind": "Up to date: NO, {waiting} readings wait, the oldest {age}. None is lost",
        "refused": "Refused by the server: {refused} readings. See: sinyal-agent quarantine list",
        "clock_untrusted": "Clock: not trusted yet; {untimed} readings wait for the right time",
        "clock_ntp": "Clock: right (NTP)",
        "clock_network": "Clock: right (from the network)",
        "unreadable": "The spool is missing or cannot be read: {why}",
    },
}
UNITS = {"id": ("detik", "menit", "jam", "hari"), "en": ("s", "min", "h", "days")}


def age(seconds: float, lang: str) -> str:
    """Write a span of time in the unit a person would use."""
    units = UNITS[lang]
    for limit, size, unit in ((120, 1, units[0]), (7200, 60, units[1]), (172_800, 3600, units[2])):
        if seconds < limit:
            return f"{max(0, int(seconds)) // size} {unit}"
    return f"{int(seconds) // 86_400} {units[3]}"


def report(config: Config, lang: str) -> tuple[list[str], bool]:
    """Return the lines for a person, and whether all is well."""
    words = WORDS[lang]
    state = read_state(config.agent.status_path)
    lines = [words["title"].format(site=config.agent.site)]
    well = True
    if state is None:
        lines.append(words["off"])
        well = False
    else:
        for found, good in (*_modems(config, state, lang), _line(state, lang)):
            lines.append(found)
            well = well and good
    try:
        found_lines, good = _card(config, backlog(config.agent.spool_path), state, lang)
    except spoolfile.DAMAGE as error:
        found_lines, good = [words["unreadable"].format(why=error)], False
    return lines + found_lines, well and good


def _modems(config: Config, state: dict[str, Any], lang: str) -> list[tuple[str, bool]]:
    words = WORDS[lang]
    if not config.modem:
        return [(words["no_modem"], False)]
    lines = []
    limit_s = config.sampling.interval_s * FRESH_INTERVALS + state["device_interval_s"]
    for modem in config.modem:
        last = state["last"].get(modem.name)
        since_s = None if last is None else (clocks.monotonic_ms() - last["at_mono_ms"]) / 1000
        if last is None or since_s is None or since_s > limit_s:
            lines.append((words["unmeasured"].format(modem=modem.name), False))
        elif last.get("registration") == "modem_silent":
            lines.append((words["silent"].format(modem=modem.name, age=age(since_s, lang)), False))
        else:
            text = words["measured"].format(modem=modem.name, what=_reading(last), age=age(since_s, lang))
            lines.append((text, True))
    return lines


def _reading(last: dict[str, Any]) -> str:
    named = (("registration", ""), ("rat", ""), ("plmn", ""), ("rsrp_dbm", " dBm RSRP"), ("nr_rsrp_dbm", " dBm SS-RSRP"))
    return ", ".join(f"{last[key]}{unit}" for key, unit in named if key in last)


def _line(state: dict[str, Any], lang: str) -> tuple[str, bool]:
    if state["connected"]:
        return WORDS[lang]["connected"], True
    why = f" ({state['refusal']})" if state.get("refusal") else ""
    return WORDS[lang]["disconnected"].format(why=why), False


def _card(config: Config, held: Backlog, state: dict[str, Any] | None, lang: str) -> tuple[list[str], bool]:
    words, lines = WORDS[lang], []
    late_s = 4 * max(config.sampling.frame_interval_s, config.sampling.device_interval_s)
    current = held.waiting == 0 or (held.oldest_s is not None and held.oldest_s <= late_s)
    span = "?" if held.oldest_s is None else age(held.oldest_s, lang)
    lines.append(words["current" if current else "behind"].format(waiting=held.waiting, age=span))
    if held.refused:
        lines.append(words["refused"].format(refused=held.refused))
    if state is not None:
        lines.append(words[f"clock_{state['clock']}"].format(untimed=held.untimed))
    return lines, current and not held.refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `status`."""
    parser.add_argument("--lang", choices=("id", "en"), default="id", help="language of the answer (default: id)")


def status_main(config: Config, args: argparse.Namespace) -> int:
    """Print the report; exit code 0 when all is well, 1 when something needs a person."""
    lines, well = report(config, args.lang)
    faults = doctor.faults(args.config, args.lang)
    print("\n".join([*lines, *faults]))
    return 0 if well and not faults else 1
