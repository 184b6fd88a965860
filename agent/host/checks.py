"""What `sinyal-agent doctor` looks at; `doctor.py` lists the checks. Each yields findings, each with its cure."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography import x509

from agent.config import Config, load
from agent.errors import ConfigError
from agent.host.state import FRESH_INTERVALS, backlog, read_state
from agent.port.holders import explain
from agent.spool import clock as clocks
from agent.spool import file as spoolfile
from agent.uplink.health import cpu_temperature_c, disk_free_mb, undervoltage
from agent.uplink.identity import files_in_force
from agent.uplink.tls import check_dates, tls_context
from ground.doctor import Finding, State, broken, fine, unseen, wanting
from ground.ntp import ntp_synced
from ground.paths import AGENT, PROGRAMS
from ground.words import Figure, mark, phrase

CONNECT_S, REFUSE_S = 15.0, 2.0
HOT_C = 80.0
"""A Raspberry Pi slows its processor from 80 °C on (Raspberry Pi documentation, frequency management)."""
SOON_DAYS, DAY_S, MB = 60, 86_400, 1e6


@dataclass
class Hall:
    """An installed hall. Properties read files once; `config` raises ConfigError."""

    file: Path = AGENT
    programs: Path = PROGRAMS

    @cached_property
    def config(self) -> Config:
        """The agent's configuration."""
        return load(self.file)

    @cached_property
    def state(self) -> dict[str, Any] | None:
        """What the running agent says of itself; None when none runs."""
        return read_state(self.config.agent.status_path)


def configuration(hall: Hall) -> Iterator[Finding]:
    """Check that agent.toml can be read and names a modem."""
    try:
        config = hall.config
    except ConfigError as error:
        for line in str(error).splitlines():
            text, _, cure = line.partition("; ")
            yield Finding(State.FAULT, phrase("{reason}", reason=text), phrase("{cure}", cure=cure) if cure else None)
        return
    if not config.modem:
        cure = mark("plug it in, then: sinyal-agent detect | sudo tee -a {file}; sudo systemctl restart sinyal-agent")
        yield broken("{file} names no modem", cure, file=str(hall.file))
    else:
        yield fine("hall {site}; modems: {n}", site=config.agent.site, n=len(config.modem))


def modems(hall: Hall) -> Iterator[Finding]:
    """Check that every modem's port is there and nobody else holds it."""
    for modem in hall.config.modem:
        if "://" in modem.port:
            yield fine("{modem}: no port of this machine ({port})", modem=modem.name, port=modem.port)
            continue
        if not Path(modem.port).exists():
            cure = mark("plug the modem in, see that its light is on; another port: sinyal-agent detect")
            yield broken("{modem}: {port} is not there", cure, modem=modem.name, port=modem.port)
        elif hall.state is None and (who := explain(modem.port, guess=False)):
            yield broken("{modem}: {reason}", mark("{cure}"), modem=modem.name, reason=who[0], cure=who[1])
        else:
            yield fine("{modem}: {port} is there", modem=modem.name, port=modem.port)


def measured(hall: Hall) -> Iterator[Finding]:
    """Check that the agent runs and every modem answers it."""
    state = hall.state
    if state is None:
        cure = mark("sudo systemctl start sinyal-agent; its reason: sudo journalctl -u sinyal-agent -n 20")
        yield broken("the agent does not run", cure)
        return
    limit_s = hall.config.sampling.interval_s * FRESH_INTERVALS + state["device_interval_s"]
    for modem in hall.config.modem:
        last = state["last"].get(modem.name)
        age_s = None if last is None else (clocks.monotonic_ms() - last["at_mono_ms"]) / 1000
        if last is None or age_s is None or age_s > limit_s:
            cure = mark("wait a minute; then: sudo journalctl -u sinyal-agent -n 20")
            yield wanting("{modem}: no new sample", cure, modem=modem.name)
        elif last.get("registration") == "modem_silent":
            cure = mark("check cable and USB plug; unplug it for ten seconds; the agent goes on by itself")
            yield broken("{modem}: the modem does not answer", cure, modem=modem.name)
        else:
            yield fine("{modem}: measured {n} seconds ago", modem=modem.name, n=Figure(age_s))


def certificate(hall: Hall) -> Iterator[Finding]:
    """Check that the hall's certificate and key are there, fit, and have not ended."""
    broker = files_in_force(hall.config.broker, hall.config.agent.data_dir)
    if not broker.tls:
        yield unseen("TLS is off by the configuration")
        return
    tls_context(broker)
    if broker.cert is None:
        yield unseen("no certificate by the configuration")
        return
    cert = x509.load_pem_x509_certificate(broker.cert.read_bytes())
    debian12 = not hasattr(cert, "not_valid_after_utc")  # its cryptography 38 knows the time without its zone only
    end = cert.not_valid_after.replace(tzinfo=UTC) if debian12 else cert.not_valid_after_utc
    days = (end.timestamp() - time.time()) / DAY_S
    cure = mark("have a new bundle made on the server: sinyal-collector enroll {site}; then: sudo sinyal-agent install FILE")
    if days < 0:
        yield broken("ended on {day}", cure, day=end.date(), site=hall.config.agent.site)
    elif days < SOON_DAYS:
        cure = mark("it should have been renewed through the line by now; on the server: sudo sinyal-collector ca renew")
        yield wanting("ends on {day}", cure, day=end.date())
    else:
        yield fine("good until {day}", day=end.date())


def server(hall: Hall) -> Iterator[Finding]:
    """Check the way to the server: name, port, TLS. Costs one handshake, some 6 kB."""
    broker = hall.config.broker
    place = f"{broker.host}:{broker.port}"
    try:
        with socket.create_connection((broker.host, broker.port), timeout=CONNECT_S) as plain:
            if broker.tls:
                _shake_hands(plain, hall)
    except socket.gaierror:
        cure = mark("check data plan and antenna (sinyal-agent aim); the name stands under [broker] in {file}")
        yield broken("{place}: the name is not found: no internet, or a wrong name", cure, place=place, file=str(hall.file))
    except ssl.SSLCertVerificationError as error:
        cure = mark("the name in {file} must be one that the server was installed with; and the clock must be right")
        reason = error.verify_message
        text = mark("{place}: another server, or a wrong name: {reason}")
        yield broken(text, cure, place=place, reason=reason, file=str(hall.file))
    except ssl.SSLError as error:
        cure = mark("was this hall revoked? on the server: sinyal-collector enroll {site} makes a new bundle")
        text = mark("{place}: refuses this hall: {reason}")
        yield broken(text, cure, place=place, reason=str(error.reason), site=hall.config.agent.site)
    except OSError as error:
        cure = mark(
            "nothing is lost meanwhile; is there internet? is port {port} of the server open? there: sinyal-collector doctor"
        )
        yield broken(
            "{place} does not answer: {reason}", cure, place=place, reason=error.strerror or str(error), port=broker.port
        )
    else:
        yield fine("{place} answers", place=place)
    if hall.state is not None and not hall.state["connected"]:
        cure = mark("wait five minutes; then: sudo journalctl -u sinyal-agent -n 20")
        yield wanting("the agent is not connected: {reason}", cure, reason=hall.state.get("refusal") or None)


def _shake_hands(plain: socket.socket, hall: Hall) -> None:
    """Do the handshake as the agent does, and wait for a refusal, which TLS 1.3 tells afterwards. Raises ssl.SSLError."""
    context = tls_context(files_in_force(hall.config.broker, hall.config.agent.data_dir))
    check_dates(context, check=clocks.sane(clocks.wall_ms()))
    with context.wrap_socket(plain, server_hostname=hall.config.broker.host) as line:
        line.settimeout(REFUSE_S)
        try:
            line.recv(1)
        except TimeoutError:
            return  # it waits for us to speak: we are let in


def queue(hall: Hall) -> Iterator[Finding]:
    """Check what waits on the card and what the server refused."""
    config = hall.config
    try:
        held = backlog(config.agent.spool_path)
    except spoolfile.DAMAGE as error:
        cure = mark("sudo systemctl restart sinyal-agent: it sets a damaged spool aside and saves what is whole")
        yield wanting("the spool {path} cannot be read: {reason}", cure, path=str(config.agent.spool_path), reason=str(error))
        return
    if held.refused:
        cure = mark("sinyal-agent quarantine list tells why; once cured: sudo sinyal-agent quarantine resend")
        yield wanting("the server refused {n} samples", cure, n=held.refused)
    if held.oldest_s is not None and held.oldest_s > DAY_S:
        cure = mark("nothing is lost; see the line of the server above; without any link: sinyal-agent export /media/usb")
        yield wanting("{n} samples wait, the oldest for {k} hours", cure, n=held.waiting, k=Figure(held.oldest_s / 3600))
    else:
        yield fine("{n} samples wait", n=held.waiting)


def card(hall: Hall) -> Iterator[Finding]:
    """Check that the card can be written and has room."""
    folder, limit = hall.config.agent.data_dir, hall.config.spool.min_free_mb
    if not folder.is_dir():
        yield broken("{path} is missing", mark("sudo sinyal-agent install FILE makes it"), path=str(folder))
        return
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        cure = mark("the card is dying: sinyal-agent export /media/usb, put a new card in, install again")
        yield broken("{path} cannot be written: the card is read-only", cure, path=str(folder))
        return
    free_mb = disk_free_mb(folder) or 0.0
    if free_mb < 2 * limit:
        cure = mark("sudo journalctl --vacuum-size=20M; see what is large: sudo du -xh / | sort -h | tail")
        yield wanting("{n} MB are left on the card; below {k} MB old samples are thinned", cure, n=Figure(free_mb), k=limit)
    else:
        yield fine("{n} MB are free", n=Figure(free_mb))


def supply(_hall: Hall) -> Iterator[Finding]:
    """Check power supply and temperature of the Raspberry Pi."""
    low, hot = undervoltage(), cpu_temperature_c()
    if low:
        cure = mark("use the supply that belongs to the Raspberry Pi, a short thick cable, and a powered USB hub for modems")
        yield broken("the voltage is or was too low", cure)
    if hot is not None and hot >= HOT_C:
        yield wanting("the processor has {n} °C", mark("give the case air and shade"), n=Figure(hot))
    if low is None and hot is None:
        yield unseen("this machine does not tell its voltage")
    elif not low and (hot is None or hot < HOT_C):
        yield fine("voltage good, processor {n} °C", n=Figure(hot))


def clock(hall: Hall) -> Iterator[Finding]:
    """Check the clock."""
    cure = mark("it comes by itself from the server or the network; readings wait for it and get the right time then")
    if not clocks.sane(clocks.wall_ms()):
        yield wanting("the clock says {day}: it is wrong", cure, day=datetime.now(UTC).date())
    elif hall.state is not None and hall.state["clock"] == "untrusted":
        yield wanting("no source of time is trusted yet", cure)
    else:
        yield fine("kept by NTP") if ntp_synced() else fine("right; not kept by NTP")


def program(hall: Hall) -> Iterator[Finding]:
    """Check which version runs, and whether a new one is on trial."""
    current, trial = hall.programs / "current", hall.programs / "trial.json"
    if trial.exists():
        cure = mark("wait 20 minutes: it is kept when the server answers it, else the version before comes back")
        yield wanting("a new version is on trial", cure)
    elif current.is_symlink() and not current.exists():
        cure = mark("sudo sinyal-agent install FILE")
        yield broken("{path} points to a version that is gone", cure, path=str(current))
    elif hall.state is not None and hall.state["version"] != version("sinyal"):
        cure = mark("sudo systemctl restart sinyal-agent")
        yield wanting("{old} runs, {new} is installed", cure, old=str(hall.state["version"]), new=version("sinyal"))
    else:
        yield fine("version {version}", version=version("sinyal"))


def budget(hall: Hall) -> Iterator[Finding]:
    """Check the SIMs' use of the month against their plans."""
    used = {} if hall.state is None else hall.state.get("sim_bytes_month", {})
    for modem in hall.config.modem:
        if modem.sim_bytes_month is None or (bytes_ := used.get(modem.name)) is None:
            continue
        share = 100 * bytes_ / modem.sim_bytes_month
        if share >= 80:
            cure = mark("probes have stopped by themselves; a larger plan: sim_bytes_month in {file}")
            yield wanting(
                "{modem}: {n} % of the month's plan is used", cure, modem=modem.name, n=Figure(share), file=str(hall.file)
            )
        else:
            yield fine("{modem}: {n} % of the month's plan", modem=modem.name, n=Figure(share))
