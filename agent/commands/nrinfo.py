"""AT!NRINFO? (Sierra EM9x): the NR cell as `label: value` pairs; AT!GSTATUS? prints the same labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agent.at.fields import to_hex
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from agent.at.reply import Reply
from agent.commands.labels import answer, band_of, labelled, number, settled, whole
from telemetry.streams import Rat

LABELS = (
    "Connectivity Mode", "NR5G Cell ID", "NR5G TAC", "NR5G MCC-MNC", "NR5G band", "NR5G bw", "NR5G dl bw", "NR5G ul bw",
    "NR5G Carrier ID", "NR5G Rx chan", "NR5G Tx chan", "NR5G Tx Power", r"NR5G RSRP \(dBm\)", r"NR5G RSRQ \(dB\)",
    r"NR5G SINR \(dB\)", "NR5G PCI", r"NR5G dl MIMO", r"NR5G ul MIMO", r"NR5G\(\w+\) Rx\d RSSI \(dBm\)",
    r"NR5G\(\w+\) Rx\d RSRP \(dBm\)",
)  # fmt: skip


def read_nrinfo(replies: Sequence[Reply], reading: Reading) -> None:
    """Read AT!NRINFO?: `Connectivity Mode: SA` makes it the serving cell, anything else the leg beside an LTE anchor."""
    values = settled(labelled(answer(replies, "!NRINFO"), LABELS))
    if values:
        read_nr_values(values, reading, standalone=values.get("connectivity mode", "").upper().startswith("SA"))


def read_nr_values(values: Mapping[str, str], reading: Reading, *, standalone: bool) -> None:
    """Fill the serving cell (SA) or the NR leg (EN-DC) from labels; `---` is no NR cell."""
    channel = whole(values.get("nr5g rx chan", ""))
    rsrp = number(values.get("nr5g rsrp (dbm)", ""))
    if channel is None and rsrp is None:
        return
    prefix = "" if standalone else "nr_"
    set_plausible(reading.signal, reading.notes, rat=Rat.NR_SA if standalone else Rat.NR_NSA)
    found = {
        "nrarfcn": channel,
        "rsrp_dbm": rsrp,
        "rsrq_db": number(values.get("nr5g rsrq (db)", "")),
        "sinr_db": number(values.get("nr5g sinr (db)", "")),
        "band": band_of(values.get("nr5g band", "")),
        "bandwidth_dl_mhz": number(values.get("nr5g dl bw", values.get("nr5g bw", ""))),
        "bandwidth_ul_mhz": number(values.get("nr5g ul bw", "")),
        "tx_power_dbm": number(values.get("nr5g tx power", "")),
        "pci": whole(values.get("nr5g pci", "")),
    }
    set_plausible(reading.signal, reading.notes, **{f"{prefix}{name}": value for name, value in found.items()})
    if standalone:
        plmn = re.match(r"(\d{3})-(\d{2,3})(?!\d)", values.get("nr5g mcc-mnc", ""))
        set_plausible(
            reading.signal,
            reading.notes,
            plmn="".join(plmn.groups()) if plmn else None,
            tac=both_bases("tac", values.get("nr5g tac", ""), reading),
            cell_id=both_bases("cell_id", values.get("nr5g cell id", ""), reading),
        )


def both_bases(name: str, value: str, reading: Reading) -> int | None:
    """Read `1F03 (7939)`: hexadecimal with the decimal in brackets. None where masked, or where the two disagree."""
    match = re.match(r"([0-9A-Fa-f]{1,9})(?:\s*\((\d+)\))?(?=\s|$)", value)
    if not match or (match.group(2) is None and "(" in value[: match.end() + 2]):  # a damaged number in the brackets
        return None
    number_hex = to_hex(match.group(1))
    if match.group(2) and number_hex != int(match.group(2)):
        reading.notes.append(f"{name} is printed as two different numbers: left out")
        return None
    return number_hex
