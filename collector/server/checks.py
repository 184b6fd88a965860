"""What `sinyal-collector doctor` looks at in the programs of the server: configuration, certificates, broker, store, services.

Each check is a function of the server; `doctor.py` lists them. It yields findings, each with its cure.
"""

from __future__ import annotations

import re
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from collector.config import SqliteSection
from collector.enrol.ca import NEXT, PREVIOUS, server_names
from collector.enrol.ends import LAST_DAYS, hall_ends, soon
from collector.errors import CollectorError, ConfigError, Fault, StoreUnavailableError
from collector.notify.config import check_kecamatan
from collector.notify.deliver import open_channels
from collector.server.subject import ANSWER_S, DAY_S, Server, ask, knock, watch_state
from collector.sites.classes import read_classes
from collector.store.health import NAMES
from ground.doctor import Finding, State, broken, fine, unseen, wanting
from ground.words import Figure, mark, phrase

SOON_DAYS = 60
HTTPS = 443
DOOR_DAYS = 14
"""certbot renews 30 days before the end."""
LATE_TICKS = 5


def configuration(server: Server) -> Iterator[Finding]:
    """Check that every file that a person edits can be read and fits the others."""
    told: set[str] = set()
    for read in (
        lambda: server.config,
        lambda: server.sites,
        lambda: read_classes(server.config.classes.file),
        lambda: check_kecamatan(server.alerts, {site.kecamatan for site in server.sites.values()}, server.alerts_file.name),
    ):
        try:
            read()
        except ConfigError as error:
            for line in dict.fromkeys(str(error).splitlines()):
                if line in told:
                    continue  # a file that another one leans on
                told.add(line)
                text, _, cure = line.partition("; ")
                yield Finding(State.FAULT, phrase("{reason}", reason=text), phrase("{cure}", cure=cure) if cure else None)
            if "config" not in vars(server):
                return  # all other files are named in this one
    if not told:
        places = {site.kecamatan for site in server.sites.values()}
        yield fine("{file}: {n} halls in {k} kecamatan", file=str(server.file), n=len(server.sites), k=len(places))


def certificates(server: Server) -> Iterator[Finding]:
    """Check that certificates and keys are there, fit each other, and have not ended."""
    broker, folder = server.config.broker, server.config.ca.folder
    if not broker.tls:
        yield unseen("TLS is off by the configuration: right only for a broker on this machine's loopback")
        return
    renew = mark("delete {path}, then: sudo sinyal-collector install --host NAME")
    ca, ends = None, list[datetime]()
    for path in dict.fromkeys(filter(None, (broker.ca, broker.cert, folder / "broker.crt"))):
        try:
            cert = x509.load_pem_x509_certificate(path.read_bytes())
        except FileNotFoundError:
            yield broken("{path} is missing", mark("sudo sinyal-collector ca init --host NAME"), path=str(path))
            continue
        except ValueError:
            yield broken("{path} is no certificate", renew, path=str(path))
            continue
        ca = ca or cert
        try:
            cert.verify_directly_issued_by(ca)
        except (ValueError, InvalidSignature, TypeError):
            yield broken("{path} is not signed by {ca}", renew, path=str(path), ca=str(broker.ca))
        ends.append(cert.not_valid_after_utc)
        days = (cert.not_valid_after_utc.timestamp() - server.now_s) / DAY_S
        if days < SOON_DAYS:
            text = mark("{path} ends in {n} days") if days > 0 else mark("{path} ended {n} days ago")
            yield (wanting if days > 0 else broken)(text, renew, path=str(path), n=Figure(abs(days)))
        if path == broker.cert and broker.key and broker.key.exists() and not _fits(cert, broker.key):
            yield broken(
                "{key} is not the key of {path}", mark("restore both from one backup"), key=str(broker.key), path=str(path)
            )
        if path.name == "broker.crt" and broker.host not in server_names(cert):
            cure = mark("sudo sinyal-collector install --host NAME --host {host}")
            yield broken("the broker's certificate is not for {host}, where the collector connects", cure, host=broker.host)
    yield from _revoked(folder / "crl.pem")
    if ends:
        yield fine("{n} certificates, the first ends on {day}", n=len(ends), day=min(ends).date())


def _revoked(path: Path) -> Iterator[Finding]:
    try:
        x509.load_pem_x509_crl(path.read_bytes())
    except (OSError, ValueError):
        yield broken("the list of revoked certificates {path} cannot be read", mark("restore it from the backup"), path=str(path))


def renewals(server: Server) -> Iterator[Finding]:
    """Check that the halls' certificates are renewed in time, and that no change of the authority is left half done."""
    folder = server.config.ca.folder
    if not server.config.broker.tls or not (folder / "issued").is_dir():
        yield unseen("no hall has a certificate yet")
        return
    try:
        ends = hall_ends(folder)
        late = list(soon(ends, datetime.fromtimestamp(server.now_s, UTC)))
    except PermissionError:
        yield unseen("the halls' certificates cannot be read: run it as root")
        return
    if late:
        cure = mark("are these halls connected? sudo sinyal-collector ca renew; else bring a new bundle (enroll)")
        yield wanting(
            "the certificates of {n} halls end within {k} days: {sites}",
            cure,
            n=len(late),
            k=LAST_DAYS,
            sites=", ".join(late[:5]),
        )
    if (folder / NEXT).exists() or (folder / PREVIOUS).exists():
        cure = mark("sudo sinyal-collector ca roll status names the halls that are not ready; then the next step")
        yield wanting("the certificate authority is being changed", cure)
    if not late:
        yield fine("the certificates of {n} halls are good for longer than {k} days", n=len(ends), k=LAST_DAYS)


def broker(server: Server) -> Iterator[Finding]:
    """Check that the broker takes the collector's connection."""
    section = server.config.broker
    place = f"{section.host}:{section.port}"
    try:
        knock(section)
    except ConfigError as error:
        cure = mark("correct [broker] of collector.toml, or restore the files that it names from one backup")
        yield broken("the settings of the broker do not work: {reason}", cure, reason=str(error))
    except (OSError, CollectorError) as error:
        cure = mark("sudo systemctl restart mosquitto; its reason: sudo journalctl -u mosquitto -n 20")
        yield broken("the broker {place} does not take the connection: {reason}", cure, place=place, reason=str(error))
    else:
        yield fine("{place} takes the collector's connection", place=place)


def database(server: Server) -> Iterator[Finding]:
    """Check that the store takes a point and gives it back, and answers a question."""
    section = server.config.store
    try:
        server.store.check()
        newest = max((int(row["time_ns"]) for row in server.store.latest("ingest")), default=None)
    except StoreUnavailableError as error:
        if error.fault is not Fault.UNREACHABLE and not isinstance(section, SqliteSection):
            yield broken("{fault}: {reason}", error.cure, fault=phrase(NAMES[error.fault]), reason=error.reason[:200])
            return
        cure = mark("sudo systemctl restart influxdb; its reason: sudo journalctl -u influxdb -n 20")
        if isinstance(section, SqliteSection):
            cure = mark("see that the folder is there, not full, and belongs to the user sinyal")
        yield broken("the database does not answer: {reason}", cure, reason=str(error)[:200])
        return
    if newest is None:
        yield fine("{engine} answers; nothing is stored yet", engine=section.engine)
    else:
        hours = (server.now_s - newest / 1e9) / 3600
        yield fine("{engine} answers; last report of the collector {n} hours ago", engine=section.engine, n=Figure(hours, 1))


def program(server: Server) -> Iterator[Finding]:
    """Check that the collector runs and says that its parts work."""
    http = server.config.http
    start = mark("sudo systemctl restart sinyal-collector; its reason: sudo journalctl -u sinyal-collector -n 20")
    try:
        parts = ask(f"http://{http.host}:{http.port}/healthz").json()
    except (OSError, ValueError) as error:
        yield broken("the collector does not run (nobody answers on port {port})", start, port=http.port, reason=str(error))
        return
    idle = [name for name, works in parts.items() if works is False]
    if idle:
        yield broken(
            "the collector runs, but not: {parts}",
            mark("see the lines of broker and database above"),
            parts=", ".join(idle),
        )
    else:
        yield fine("the collector runs and stores")


def page(server: Server) -> Iterator[Finding]:
    """Check that the live page answers, and shows itself."""
    try:
        answer = ask(f"{server.page_url}/")
    except OSError:
        cure = mark("sudo systemctl restart sinyal-dashboards; its reason: sudo journalctl -u sinyal-dashboards -n 20")
        yield wanting("the live page does not answer on {url}", cure, url=server.page_url)
    else:
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            cure = mark("the reason, with the line of the program: sudo journalctl -u sinyal-dashboards -n 50")
            yield wanting("the live page on {url} answers with a fault of its own (500)", cure, url=server.page_url)
        else:
            yield fine("answers on {url}", url=server.page_url)


def door(server: Server) -> Iterator[Finding]:
    """Check the page's door to phones: nginx answers, and its certificate has not ended."""
    try:
        found = re.search(r"^\s*server_name\s+(\S+);", server.door.read_text(encoding="utf-8"), re.MULTILINE)
    except FileNotFoundError:
        yield fine("the page is for this machine only (install --public NAME opens it)")
        return
    name = found[1] if found else "localhost"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = (
        False,
        ssl.CERT_NONE,
    )  # whoever signed it: asked for is who answers, and till when
    try:
        with (
            socket.create_connection(("127.0.0.1", HTTPS), timeout=ANSWER_S) as plain,
            context.wrap_socket(plain, server_hostname=name) as line,
        ):
            end = x509.load_der_x509_certificate(line.getpeercert(binary_form=True) or b"").not_valid_after_utc
    except OSError as error:
        cure = mark("sudo nginx -t; sudo systemctl restart nginx; its reason: sudo journalctl -u nginx -n 20")
        yield broken("https://{name} does not answer: {reason}", cure, name=name, reason=error.strerror or str(error))
        return
    if (end.timestamp() - server.now_s) / DAY_S < DOOR_DAYS:
        cure = mark("sudo certbot renew; sudo systemctl reload nginx; why not by itself: systemctl status certbot.timer")
        yield wanting("the certificate of https://{name} ends on {day}", cure, name=name, day=end.date())
    else:
        yield fine("https://{name} answers", name=name)


def watch(server: Server) -> Iterator[Finding]:
    """Check that the watch looks at the store at its pace, and that what it has to say goes out."""
    engine = server.alerts.engine
    restart = mark("sudo systemctl restart sinyal-watch; its reason: sudo journalctl -u sinyal-watch -n 20")
    try:
        looked_s, failing_s, waiting = watch_state(engine.state)
    except sqlite3.Error as error:
        yield broken("the watch has left no state in {path} ({reason})", restart, path=str(engine.state), reason=str(error))
        return
    late_s = None if looked_s is None else server.now_s - looked_s
    if late_s is None or late_s > LATE_TICKS * engine.tick_s:
        yield broken("the watch last looked {n} minutes ago", restart, n=Figure(None if late_s is None else late_s / 60))
    else:
        yield fine("looked {n} seconds ago", n=Figure(late_s))
    if failing_s is not None:
        cure = mark("sinyal-collector alerts test tells the reason for each channel")
        minutes = Figure((server.now_s - failing_s) / 60)
        yield broken("{k} messages wait; the oldest cannot be delivered for {n} minutes", cure, k=waiting, n=minutes)


def channels(server: Server) -> Iterator[Finding]:
    """Check that somebody is told, and somebody outside notices when this server is dead."""
    alerts, file = server.alerts, server.alerts_file.name
    if not alerts.destination or not alerts.route:
        cure = mark("add [destination.NAME] and [route.NAME] to {file} as its comments show; then: sinyal-collector alerts test")
        yield wanting("nobody is told of any alert", cure, file=str(server.alerts_file))
        return
    open_channels(alerts, file)
    if alerts.heartbeat is None:
        yield wanting(
            "nobody notices when this server is dead", mark("add a [heartbeat] to {file}"), file=str(server.alerts_file)
        )
    yield fine("{n} channels: {names}", n=len(alerts.destination), names=", ".join(alerts.destination))


def _fits(cert: x509.Certificate, key_file: Path) -> bool:
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
    except (ValueError, TypeError):
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form) == cert.public_key().public_bytes(*form)
