"""Another authority with the power cut before every single act: the same command again, and nothing is mixed or lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest
from cryptography import x509

from collector.enrol import roll
from collector.enrol.ca import Authority, common_name
from collector.enrol.register import Register
from collector.enrol.renewal import trust_list
from collector.enrol.server_pairs import init_ca
from collector.errors import ConfigError
from telemetry.identity import signed_text
from tests.cut import PowerCutError, cut_before

ACTS = ("replace", "rename", "unlink", "rmdir", "mkdir")


def whole(folder: Path, before: str) -> None:
    """Check that who signs can sign and is believed, and that the halls' list still holds who signed before."""
    signs = Authority.load(folder)
    assert roll._pem(signs).decode() in (folder / "ca.crt").read_text()
    assert {each.name for each in Authority.load_all(folder)} <= {"Sinyal CA", "Sinyal CA 2"}
    assert trust_list(folder).ca is None or before in _names(str(trust_list(folder).ca))


@pytest.mark.parametrize("step", ["start", "switch", "finish"])
def test_a_step_that_the_power_cut_ended_is_done_again(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the order is what is tried here; it takes ten times as long otherwise
    first = tmp_path / "first"
    init_ca(first, ["localhost"], lambda _: None, "en")
    for before in list(roll.STEPS)[: list(roll.STEPS).index(step)]:
        roll.STEPS[before](first)
    signed = Authority.load(first).name
    for cuts in range(200):
        folder = tmp_path / f"{cuts}"
        shutil.copytree(first, folder)
        ended = True
        with monkeypatch.context() as patch:
            cut_before(cuts, ACTS, patch)
            try:
                roll.STEPS[step](folder)
            except PowerCutError:
                ended = False
        whole(folder, signed)
        if not ended:
            roll.STEPS[step](folder)
        _finished(step, folder)
        if ended:
            assert cuts > 5
            return
    pytest.fail("it never ends")


def test_a_switch_that_was_cut_off_comes_to_its_end_before_anybody_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pki"
    init_ca(folder, ["localhost"], lambda _: None, "en")
    roll.start(folder)
    with monkeypatch.context() as patch:
        patch.setattr(roll, "make_server_pairs", lambda *_: (_ for _ in ()).throw(PowerCutError))
        with pytest.raises(PowerCutError):
            roll.switch(folder)
    with pytest.raises(ConfigError, match="ca roll switch"):
        roll.finish(folder)
    roll.switch(folder)
    roll.finish(folder)
    _finished("finish", folder)


@pytest.mark.parametrize("left", ["folder", "file"])
def test_what_an_earlier_change_left_does_not_pass_for_the_step_of_this_one(left: str, tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    init_ca(folder, ["localhost"], lambda _: None, "en")
    roll.start(folder)
    for name in ("next", "previous"):
        gone = folder / f"{name}.gone"
        if left == "file":
            gone.touch()
        else:
            gone.mkdir()
            (gone / "ca.key").touch()
    roll.switch(folder)
    _finished("switch", folder, besides=["previous.gone"])
    roll.finish(folder)
    _finished("finish", folder)
    assert not list(folder.glob("*.gone"))


def _names(pem: str) -> list[str]:
    return [common_name(cert) for cert in x509.load_pem_x509_certificates(pem.encode())]


def _finished(step: str, folder: Path, besides: Collection[str] = ()) -> None:
    signs, trust = Authority.load(folder), trust_list(folder)
    names = {"start": ("Sinyal CA", 2), "switch": ("Sinyal CA 2", 2), "finish": ("Sinyal CA 2", 1)}
    assert trust.ca is not None
    assert trust.n is not None
    assert trust.sig is not None
    assert (signs.name, len(_names(trust.ca))) == names[step]
    assert trust.ca == (folder / "ca.crt").read_text()
    text = signed_text(trust.n, trust.ca)
    assert any(_signs(each, trust.sig, text) for each in Authority.load_all(folder))
    broker = x509.load_pem_x509_certificate((folder / "broker.crt").read_bytes())
    broker.verify_directly_issued_by(signs.cert)
    folders = {"start": {"next"}, "switch": {"previous"}, "finish": set[str]()}[step] | {"issued"}
    assert {path.name for path in folder.iterdir() if path.is_dir()} - set(besides) == folders
    assert len(Register(folder)._lists()) == names[step][1]


def _signs(authority: Authority, signature: str, text: bytes) -> bool:
    from agent.uplink.credentials import _signed  # noqa: PLC0415

    return _signed(authority.cert, bytes.fromhex(signature), text)
