from __future__ import annotations

import re

import pytest

from agent.modems.registry import FAMILIES, select

IDENTITIES = {
    "sierra": ("Sierra Wireless, Incorporated\nMC7455", "Sierra Wireless\nEM9191", "Dell\nDW5811e Snapdragon X7 LTE"),
    "telit": ("Telit\nLE910C1-EUX", "Telit Wireless Solutions\nLM960A18", "Telit\nLN940"),
    "foxconn": ("QUALCOMM INCORPORATED\nT99W175", "Dell\nDW5821e Snapdragon X20 LTE", "Foxconn\nT77W968"),
    "huawei": ("huawei\nE3372", "HUAWEI TECHNOLOGIES\nME909s-120", "TD Tech Ltd\nMT5700M-CN"),
    "ublox": ("u-blox\nSARA-R410M-02B", "u-blox\nLARA-R6001"),
    "fibocom": ("Fibocom Wireless Inc.\nFM350-GL", "Fibocom\nL850-GL", 'Fibocom\n+CGMM: "FM160"'),
    "cinterion": ("Cinterion\nPLS8-E", "Gemalto\nPLSx3", "THALES\nMV31-W"),
    "nordic": ("Nordic Semiconductor ASA\nnRF9160-SICA",),
    "neoway": ("Neoway\nN720",),
    "zte": ("ZTE CORPORATION\nMF821",),
    "qualcomm": ("Reliance\nOrbic RC400L",),
}
USB = {
    "1199:9071": ("sierra", "03"),
    "1199:c001": ("sierra", "00"),
    "1bc7:1201": ("telit", "04"),
    "1bc7:7021": ("telit", "06"),
    "0489:e0b5": ("foxconn", "02"),
    "413c:81d7": ("foxconn", "02"),
    "2cb7:0007": ("fibocom", "02"),
    "2cb7:010a": ("fibocom", "00"),
    "0e8d:7127": ("fibocom", "06"),
    "8087:095a": ("fibocom", "00"),
    "1e2d:00b3": ("cinterion", "02"),
    "1e2d:005b": ("cinterion", "00"),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in IDENTITIES.items() for text in texts])
def test_identity_selects_this_family_and_no_other(name: str, text: str) -> None:
    assert [family.name for family in FAMILIES if family.identity.search(text)] == [name]
    chosen = select(text)
    assert chosen is not None
    assert chosen.name == name


@pytest.mark.parametrize("usb_id", USB)
def test_usb_id_belongs_to_one_family(usb_id: str) -> None:
    assert [(family.name, family.usb[usb_id]) for family in FAMILIES if usb_id in family.usb] == [USB[usb_id]]


def test_usb_ids_are_well_formed_and_not_shared() -> None:
    ids = [usb_id for family in FAMILIES for usb_id in family.usb]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[0-9a-f]{4}:([0-9a-f]{4}|\*)", usb_id) for usb_id in ids)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_own_queries_are_the_familys_dialect(family: object) -> None:
    """A session of the poll alone, without identity, must lead back to the family that wrote it."""
    chosen = next(f for f in FAMILIES if f is family)
    text = "\n".join(command.text for command in chosen.poll)
    assert chosen.name == "generic" or chosen.dialect.search(text)
