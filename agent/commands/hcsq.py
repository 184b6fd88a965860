"""AT^HCSQ? (Huawei, HiSilicon), also unsolicited: signal indices by technology. "ME909 AT Command Interface", ^HCSQ."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, pick, records, to_int
from agent.at.plausible import Value, set_plausible
from agent.at.reading import Reading
from agent.commands.labels import hint
from telemetry.streams import Rat, Registration
from telemetry.units import csq_rssi_dbm, rsrp_dbm, rsrq_db


def _level(text: str, low: float, step: float, top: int) -> float | None:
    """Index to dB or dBm: low + step * n for n = 0..top; 255 is unknown."""
    index = to_int(text)
    return low + step * index if index is not None and 0 <= index <= top else None


def _lte(row: Sequence[str]) -> dict[str, Value]:
    """Scales: rssi -121 + n, rsrp -141 + n, sinr -20.2 + n/5, rsrq -20 + n/2."""
    return {
        "rssi_dbm": _level(pick(row, 1), -121, 1, 96),
        "rsrp_dbm": rsrp_dbm(to_int(pick(row, 2))),
        "sinr_db": _level(pick(row, 3), -20.2, 0.2, 251),
        "rsrq_db": rsrq_db(to_int(pick(row, 4))),
    }


def _wcdma(row: Sequence[str]) -> dict[str, Value]:
    """Scales: rssi -121 + n, rscp -121 + n, ecio -32.5 + n/2."""
    return {
        "rssi_dbm": _level(pick(row, 1), -121, 1, 96),
        "rscp_dbm": _level(pick(row, 2), -121, 1, 96),
        "ecio_db": _level(pick(row, 3), -32.5, 0.5, 65),
    }


def read_hcsq(lines: Sequence[str], reading: Reading) -> None:
    """Read the last ^HCSQ; a stub of re-selection (LTE with rsrp 0 and rsrq 0) is unknown."""
    for record in records(lines, "^RSSI")[-1:]:
        set_plausible(reading.signal, reading.notes, rssi_dbm=csq_rssi_dbm(to_int(record)))
    for record in records(lines, "^HCSQ")[-1:]:
        row = fields_of(record)
        mode = pick(row, 0).upper()
        if mode == "LTE":
            set_plausible(reading.signal, reading.notes, rat=Rat.LTE)
            if pick(row, 2) == "0" and pick(row, 4) == "0":
                reading.notes.append("^HCSQ is the stub of a re-selection: levels left out")
            else:
                set_plausible(reading.signal, reading.notes, **_lte(row))
        elif mode == "NR":
            set_plausible(reading.signal, reading.notes, rat=Rat.NR_SA, rsrp_dbm=rsrp_dbm(to_int(pick(row, 1))))
            reading.notes.append("^HCSQ of NR: scales of SINR and RSRQ not settled, left out")
        elif mode == "WCDMA":
            set_plausible(reading.signal, reading.notes, rat=Rat.WCDMA, **_wcdma(row))
        elif mode == "GSM":
            set_plausible(reading.signal, reading.notes, rat=Rat.GSM, rssi_dbm=_level(pick(row, 1), -121, 1, 96))
        elif mode == "NOSERVICE":
            hint(reading.signal, Registration.NOT_REGISTERED)
