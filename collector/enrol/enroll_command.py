"""`sinyal-collector enroll SITE`: everything that a new hall needs, in one file."""

from __future__ import annotations

import argparse
import datetime as dt
from importlib.metadata import version
from pathlib import Path

from collector.config import Config, load
from collector.enrol import revoke_command
from collector.enrol.bundle import agent_toml, make_bundle, readme, write_secret
from collector.enrol.ca import HALL, RESERVED, Authority
from collector.enrol.card import OURS, user_data
from collector.enrol.register import Register
from collector.enrol.server_pairs import broker_host
from collector.errors import ConfigError
from collector.sites.sites import Site, read_sites
from ground.paths import add_config
from ground.words import Lang, add_lang, tr
from telemetry.topics import is_site_id

USER_DATA = "user-data"
"""What cloud-init reads from the FAT part."""
UPDATE_KEY = "update.pub"
"""Public half of the key that signs new versions (see `sinyal-agent update --help`); its private half is not on the server."""
ABOUT = """\
Makes key, certificate and configuration of a hall, in one file for its Raspberry Pi. Run as root on the server.

  sinyal-collector enroll 6408012001
  sinyal-collector enroll 6408012001 --modem telkomsel=/dev/serial/by-id/usb-Quectel_EC25-if02-port0 \\
      --out /media/usb/senyiur.sinyal
  sinyal-collector enroll --all --out /media/usb/halls     # a file for every hall that has no certificate yet

  sinyal-collector enroll 6408012001 --card /media/bootfs --deb sinyal-agent_0.1.0_all.deb

Then, in the hall: sudo sinyal-agent install 6408012001.sinyal. Without --modem the install looks for the modems itself.
A file update.pub in the CA folder goes along: the hall then takes new versions that are signed with its private half.
The file is a secret. The key is nowhere else: when the file is lost, `revoke` the site and enroll it again.

With --card the file is for a freshly written card of Raspberry Pi OS (its FAT part): the first boot installs everything, finds
the modems, reports, and wipes the file. A power cut or a late link does no harm.

With --all the same words again go on where it was interrupted.

exit: 0 written; 1 with --again: the broker does not keep the old certificate out yet (run it again); 2 bad usage or config, or
      the site has a certificate already
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `enroll`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("site", nargs="?", metavar="SITE", help="code of the site as in sites.csv")
    which.add_argument("--all", action="store_true", help="every site of sites.csv that has no certificate")
    parser.add_argument(
        "--modem", action="append", default=[], type=_modem, metavar="NAME=PORT", help="one modem of the hall; repeatable"
    )
    parser.add_argument("--again", action="store_true", help="for a new Pi or card: revoke what the site has, first")
    parser.add_argument("--wheel", action="append", default=[], type=Path, metavar="FILE", help="program to put in; repeatable")
    parser.add_argument("--card", type=Path, metavar="FOLDER", help="write user-data for a fresh card: its FAT part (bootfs)")
    parser.add_argument("--deb", action="append", default=[], type=Path, metavar="FILE", help="package for --card; repeatable")
    parser.add_argument("--out", "-o", type=Path, metavar="FILE", help="default: SITE.sinyal in this folder; with --all a folder")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Do `enroll`; return the exit code."""
    config = load(args.config)
    extras = {path.name: _file(path, ".whl") for path in args.wheel}
    if (config.ca.folder / UPDATE_KEY).exists():
        extras[UPDATE_KEY] = (config.ca.folder / UPDATE_KEY).read_bytes()
    modems = dict(args.modem)
    if len(modems) < len(args.modem):
        raise ConfigError("--modem: two modems have the same name; give each its own")
    if (args.card is None) != (not args.deb):
        raise ConfigError("--card: name the packages too, --deb sinyal-agent_VERSION_all.deb (`make deb`); both or none")
    office = _Office(config, modems, extras, {path.name: _file(path, ".deb") for path in args.deb})
    return _every(office, args) if args.all else _one(office, args)


class _Office:
    """What all bundles of one call have in common."""

    def __init__(self, config: Config, modems: dict[str, str], extras: dict[str, bytes], packages: dict[str, bytes]) -> None:
        self.config, self._modems, self._extras, self._packages = config, modems, extras, packages
        self._authority, self._register = Authority.load(config.ca.folder), Register(config.ca.folder)

    def serials(self, site: Site) -> str:
        """Return the serial numbers of the certificates that a site has, "" for none."""
        return ", ".join(f"{cert.serial_number:x}" for cert in self._register.active(site.code))

    def make(self, site: Site, out: Path) -> None:
        """Make key and certificate of a site, and its bundle, or the file for its card. Raises ConfigError."""
        _room(out, of_image=bool(self._packages))
        folder = self.config.ca.folder
        place = (site.code, site.desa, site.kecamatan)
        toml = agent_toml(*place, broker_host(folder), self.config.ca.hall_port, self._modems)
        pair = self._authority.client(site.code, dt.datetime.now(dt.UTC) + HALL)
        self._register.record(site.code, pair.cert)  # before the key leaves: what is out there must be revocable
        ca_pem, text, made_by = (folder / "ca.crt").read_bytes(), readme(*place), version("sinyal")
        bundle = make_bundle(
            site=site.code, version=made_by, toml=toml, readme=text, ca_pem=ca_pem, pair=pair, extras=self._extras
        )
        write_secret(out, user_data(site.code, bundle, self._packages).encode() if self._packages else bundle)


def _one(office: _Office, args: argparse.Namespace) -> int:
    site = _site(args.site, office.config.sites.file)
    if args.again and office.serials(site) and (code := revoke_command.run(args)) != 0:
        return code  # a device that is not proven to be out would measure beside the new one
    if held := office.serials(site):
        raise ConfigError(
            f"{site.code}: has a certificate already (serial {held}); "
            f"for a new Pi or card: `sinyal-collector enroll {site.code} --again` shuts it out first"
        )
    out = args.out or (Path(f"{site.code}.sinyal") if args.card is None else args.card / USER_DATA)
    office.make(site, out)
    print((_done if args.card is None else _card_done)(out, site, args.lang))
    return 0


def _every(office: _Office, args: argparse.Namespace) -> int:
    if args.again:
        raise ConfigError("--again: is of one hall; name its SITE")
    if args.modem:
        raise ConfigError("--modem: is of one hall; `sinyal-agent install` finds the modems of each")
    folder = args.out or args.card
    if folder is None:
        raise ConfigError("--all: name the folder for the files with --out")
    _folder(folder)
    sites = [site for code, site in read_sites(office.config.sites.file).items() if code not in RESERVED]
    wanted = [site for site in sites if not office.serials(site)]
    for site in wanted:
        if args.card is not None:
            _folder(folder / site.code)
        out = folder / f"{site.code}.sinyal" if args.card is None else folder / site.code / USER_DATA
        office.make(site, out)
        print((_done if args.card is None else _card_done)(out, site, args.lang), flush=True)
    had = len(sites) - len(wanted)
    print(tr("{n} files are new in {path}; {k} halls had a certificate", args.lang, n=len(wanted), path=str(folder), k=had))
    return 0


def _room(out: Path, *, of_image: bool) -> None:
    """Make sure that a file can be new here, before there is a key for it; the image's own, all of it comments, makes room."""
    if not out.parent.is_dir():
        raise ConfigError(f"{out.parent}: no such folder; is the card or stick mounted there?")
    if of_image and out.is_file() and not out.read_bytes().startswith(OURS.encode()):
        if any(line.strip() and not line.startswith(b"#") for line in out.read_bytes().splitlines()):
            raise ConfigError(f"{out}: holds settings of somebody else; write the card anew without them, or delete the file")
        out.unlink()
    if out.exists():
        raise ConfigError(f"{out}: already exists; delete it, or give another name with --out")


def _folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{path}: is no folder and cannot be made one ({error})") from None


def _card_done(out: Path, site: Site, lang: Lang) -> str:
    place = f"{site.desa}, {site.kecamatan}"
    return tr("{file}: {place}; put the card into its Raspberry Pi, and plug it in", lang, file=str(out), place=place)


def _done(out: Path, site: Site, lang: Lang) -> str:
    place = f"{site.desa}, {site.kecamatan}"
    return tr("{file}: {place}; in the hall: sudo sinyal-agent install {name}", lang, file=str(out), place=place, name=out.name)


def _site(code: str, sites_file: Path) -> Site:
    if code in RESERVED:
        raise ConfigError(f"{code}: is the name of a program of the server; no hall may have it")
    site = read_sites(sites_file).get(code)
    if site is None:
        raise ConfigError(f"{code}: is not in {sites_file}; add its row first")
    return site


def _file(path: Path, kind: str) -> bytes:
    if path.suffix != kind:
        raise ConfigError(f"{path}: is not a *{kind}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None


def _modem(text: str) -> tuple[str, str]:
    name, _, port = text.partition("=")
    if not is_site_id(name) or not port.startswith(("/", "socket://", "http://")) or not port.isprintable():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PORT as telkomsel=/dev/serial/by-id/... (name of a-z 0-9 -)")
    return name, port
