"""AT%XMONITOR (Nordic nRF91): registration and serving cell. "nRF91x1 AT Commands Reference Guide", %XMONITOR."""

from __future__ import annotations

from collections.abc import Sequence

from agent.at.fields import fields_of, hex_id, pick, plmn_of, records, to_int
from agent.at.plausible import set_plausible
from agent.at.reading import Reading
from telemetry.streams import Rat, Registration
from telemetry.units import rsrp_dbm

_STATES = {
    "0": Registration.NOT_REGISTERED,
    "1": Registration.HOME,
    "2": Registration.SEARCHING,
    "3": Registration.DENIED,
    "4": Registration.NOT_REGISTERED,
    "5": Registration.ROAMING,
    "8": Registration.LIMITED,  # emergency bearer services only
    "90": Registration.SIM_FAULT,  # UICC failure
}
_RATS = {"7": Rat.LTE_M, "9": Rat.NB_IOT}


def read_xmonitor(lines: Sequence[str], reading: Reading) -> None:
    """Read %XMONITOR: `reg,"name","short","PLMN","TAC",AcT,band,"cell",PCI,EARFCN,rsrp,snr,...`.

    rsrp -141 + n (255 unknown), snr n - 25 dB (127 unknown); AcT 7 is LTE-M here. Old firmware ends after the cell.
    """
    for record in records(lines, "%XMONITOR")[-1:]:
        row = fields_of(record)
        snr = to_int(pick(row, 11))
        plmn = pick(row, 3)
        set_plausible(
            reading.signal,
            reading.notes,
            registration=_STATES.get(pick(row, 0)),
            rat=_RATS.get(pick(row, 5)),
            plmn=plmn_of(plmn[:3], plmn[3:]),
            tac=hex_id(pick(row, 4)),
            band=to_int(pick(row, 6)) or None,
            cell_id=hex_id(pick(row, 7)),
            pci=to_int(pick(row, 8)),
            earfcn=to_int(pick(row, 9)),
            rsrp_dbm=rsrp_dbm(to_int(pick(row, 10))),
            sinr_db=None if snr is None or snr == 127 else snr - 25,
        )
