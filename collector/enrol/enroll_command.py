"""`sinyal-collector enroll SITE`: everything that a new hall needs, in one file."""

from __future__ import annotations

import argparse
import datetime as dt
from importlib.metadata import version
from pathlib import Path

from collector.config import load
from collector.enrol.bundle import agent_toml, readme, write_bundle
from collector.enrol.ca import HALL, RESERVED, Authority
from collector.enrol.register import Register
from collector.enrol.server_pairs import broker_host
from collector.errors import ConfigError
from collector.sites.sites import Site, read_sites
from ground.paths import add_config
from ground.words import add_lang, tr
from telemetry.topics import is_site_id

UPDATE_KEY = "update.pub"
"""Public half of the key that signs new versions (see `sinyal-agent update --help`); its private half is not on the server."""
ABOUT = """\
Makes key, certificate and configuration of a hall, in one file for its Raspberry Pi. Run as root on the server.

  sinyal-collector enroll 6408012001
  sinyal-collector enroll 6408012001 --modem telkomsel=/dev/serial/by-id/usb-Quectel_EC25-if02-port0 \\
      --out /media/usb/senyiur.sinyal

Then, in the hall: sudo sinyal-agent install 6408012001.sinyal. Without --modem the install looks for the modems itself.
A file update.pub in the CA folder goes along: the hall then takes new versions that are signed with its private half.
The file is a secret. The key is nowhere else: when the file is lost, `revoke` the site and enroll it again.

exit: 0 written; 2 bad usage or config, or the site has a certificate already
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `enroll`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("site", metavar="SITE", help="code of the site as in sites.csv")
    parser.add_argument(
        "--modem", action="append", default=[], type=_modem, metavar="NAME=PORT", help="one modem of the hall; repeatable"
    )
    parser.add_argument("--wheel", action="append", default=[], type=Path, metavar="FILE", help="program to put in; repeatable")
    parser.add_argument("--out", "-o", type=Path, metavar="FILE", help="default: SITE.sinyal in this folder")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Do `enroll`; return the exit code."""
    config = load(args.config)
    extras = {path.name: _wheel(path) for path in args.wheel}
    site, modems = _site(args.site, config.sites.file), dict(args.modem)
    if len(modems) < len(args.modem):
        raise ConfigError("--modem: two modems have the same name; give each its own")
    folder = config.ca.folder
    authority, register = Authority.load(folder), Register(folder)
    if held := register.active(site.code):
        since = ", ".join(f"{cert.serial_number:x}" for cert in held)
        raise ConfigError(
            f"{site.code}: has a certificate already (serial {since}); "
            f"for a new Pi or card first `sinyal-collector revoke {site.code}`"
        )
    out = args.out or Path(f"{site.code}.sinyal")
    if out.exists():
        raise ConfigError(f"{out}: already exists; delete it, or give another name with --out")
    toml = agent_toml(site.code, site.desa, site.kecamatan, broker_host(folder), config.ca.hall_port, modems)
    pair = authority.client(site.code, dt.datetime.now(dt.UTC) + HALL)
    register.record(site.code, pair.cert)  # before the key leaves: what is out there must be revocable
    text = readme(site.code, site.desa, site.kecamatan)
    ca_pem = (folder / "ca.crt").read_bytes()
    if (folder / UPDATE_KEY).exists():
        extras[UPDATE_KEY] = (folder / UPDATE_KEY).read_bytes()
    made_by = version("sinyal")
    write_bundle(out, site=site.code, version=made_by, toml=toml, readme=text, ca_pem=ca_pem, pair=pair, extras=extras)
    place = f"{site.desa}, {site.kecamatan}"
    print(
        tr("{file}: {place}; in the hall: sudo sinyal-agent install {name}", args.lang, file=str(out), place=place, name=out.name)
    )
    return 0


def _site(code: str, sites_file: Path) -> Site:
    if code in RESERVED:
        raise ConfigError(f"{code}: is the name of a program of the server; no hall may have it")
    site = read_sites(sites_file).get(code)
    if site is None:
        raise ConfigError(f"{code}: is not in {sites_file}; add its row first")
    return site


def _wheel(path: Path) -> bytes:
    if path.suffix != ".whl":
        raise ConfigError(f"--wheel: {path} is not a wheel (*.whl)")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--wheel: {error}") from None


def _modem(text: str) -> tuple[str, str]:
    name, _, port = text.partition("=")
    if not is_site_id(name) or not port.startswith(("/", "socket://", "http://")) or not port.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PORT as telkomsel=/dev/serial/by-id/... (name of a-z 0-9 -)")
    return name, port
