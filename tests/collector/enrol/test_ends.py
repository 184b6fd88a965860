"""Which certificates end soon: halls by their last good one, and the server's own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from collector.enrol.ca import Authority
from collector.enrol.ends import LAST_DAYS, hall_ends, own_ends, soon
from collector.enrol.register import Register

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def test_what_ends_soon_is_told_by_the_last_certificate_that_is_good(tmp_path: Path) -> None:
    authority, register = Authority.create(tmp_path), Register(tmp_path)
    register.start(authority)
    days = {"renewed": (10, 900), "late": (-900, 20), "shut-out": (5, 900), "gone": (30,), "collector": (3,)}
    given = {name: [authority.client(name, NOW + dt.timedelta(days=n)).cert for n in each] for name, each in days.items()}
    for name, certs in given.items():
        for cert in certs:
            register.record(name, cert)
    register.revoke([authority], [given["shut-out"][1], *given["gone"]])
    (tmp_path / "broker.crt").write_text("no certificate")
    (tmp_path / "collector.crt").write_bytes(authority.client("collector", NOW + dt.timedelta(days=LAST_DAYS - 1)).cert_pem)
    ends = {**own_ends(tmp_path), **hall_ends(tmp_path)}
    assert set(ends) == {"ca.crt", "collector.crt", "renewed", "late", "shut-out"}
    assert list(soon(ends, NOW)) == ["shut-out", "late", "collector.crt"]
