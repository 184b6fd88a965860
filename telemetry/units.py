"""Raw indices of 3GPP reports to physical values, each with its clause.

An index n names the bin [edge, edge + step). We give the lower edge, as ModemManager does (Nordic prints the upper one, so
tools differ by a step). n = 0 means "below the scale" and the top n "at or above"; they get the edge the row would have, which
keeps the order of readings. Unknown codes and indices off the scale give None.
"""

from __future__ import annotations


def _edge(index: int | None, top: int, low: float, step: float) -> float | None:
    if index is None or not 0 <= index <= top:
        return None
    return low + step * index


def csq_rssi_dbm(index: int | None) -> float | None:
    """Received power from +CSQ, dBm: -113 + 2n for n = 0..31; 99 is unknown (TS 27.007 8.5)."""
    return _edge(index, 31, -113, 2)


def rxlev_dbm(index: int | None) -> float | None:
    """2G received level, dBm: -111 + n for n = 0..63; 99 is unknown (TS 45.008 8.1.4)."""
    return _edge(index, 63, -111, 1)


def rscp_dbm(index: int | None) -> float | None:
    """3G received code power, dBm: -121 + n for n = 0..96; 255 is unknown (TS 25.133 9.1.1.3)."""
    return _edge(index, 96, -121, 1)


def ecno_db(index: int | None) -> float | None:
    """3G Ec/Io, dB: -24.5 + n/2 for n = 0..49; 255 is unknown (TS 25.133 9.1.2.3)."""
    return _edge(index, 49, -24.5, 0.5)


def rsrq_db(index: int | None) -> float | None:
    """LTE RSRQ, dB: -20 + n/2 for n = 0..34; 255 is unknown (TS 36.133 9.1.7)."""
    return _edge(index, 34, -20, 0.5)


def rsrp_dbm(index: int | None) -> float | None:
    """LTE RSRP, dBm: -141 + n for n = 0..97; 255 is unknown (TS 36.133 9.1.4)."""
    return _edge(index, 97, -141, 1)


def ss_rsrq_db(index: int | None) -> float | None:
    """NR SS-RSRQ, dB: -43.5 + n/2 for n = 0..126; 255 is unknown (TS 38.133 10.1.11.1)."""
    return _edge(index, 126, -43.5, 0.5)


def ss_rsrp_dbm(index: int | None) -> float | None:
    """NR SS-RSRP, dBm: -157 + n for n = 0..126; 255 is unknown (TS 38.133 10.1.6.1)."""
    return _edge(index, 126, -157, 1)


def ss_sinr_db(index: int | None) -> float | None:
    """NR SS-SINR, dB: -23.5 + n/2 for n = 0..127; 255 is unknown (TS 38.133 10.1.16.1)."""
    return _edge(index, 127, -23.5, 0.5)


LTE_BANDWIDTH_MHZ = (1.4, 3.0, 5.0, 10.0, 15.0, 20.0)
LTE_RESOURCE_BLOCKS = {6: 1.4, 15: 3.0, 25: 5.0, 50: 10.0, 75: 15.0, 100: 20.0}


def lte_bandwidth_mhz(index: int | None) -> float | None:
    """LTE channel bandwidth from an index 0..5, MHz (order of dl-Bandwidth, TS 36.331 6.2.2)."""
    return LTE_BANDWIDTH_MHZ[index] if index is not None and 0 <= index < len(LTE_BANDWIDTH_MHZ) else None


def lte_resource_blocks_mhz(blocks: int | None) -> float | None:
    """LTE channel bandwidth from its number of resource blocks, MHz (TS 36.101 table 5.6-1)."""
    return LTE_RESOURCE_BLOCKS.get(blocks) if blocks is not None else None
