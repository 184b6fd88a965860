"""`sinyal-collector sites`: check the register, give out forms, take them in, say what is missing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from collector.errors import ConfigError
from collector.sites.form import read_form, take_in, write_form
from collector.sites.missing import report
from collector.sites.paper import paper
from collector.sites.sites import Site, read_sites
from ground.durable import write_durably
from ground.paths import COLLECTOR as CONFIG
from ground.words import add_lang, ntr, tr

REGISTER = CONFIG.with_name("sites.csv")
ABOUT = """\
The register of villages: one row of sites.csv per hall. What weighs in the needs map must stand in it, and nobody guesses it:

  sinyal-collector sites check sites.csv                 # what is wrong, line by line
  sinyal-collector sites missing sites.csv               # what is not known, by who can give it
  sinyal-collector sites form --out form.xlsx            # a workbook to fill in, what is known already in it
  sinyal-collector sites form --out form.html --page https://sinyal.example.go.id 6408012001    # on paper, with a QR code
  sinyal-collector sites import form.xlsx --into sites.csv    # whole or not at all; then the report of what is missing

exit: 0 done; 2 bad usage, or a fault in the register or the form
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `sites`."""
    parser.description, parser.formatter_class = ABOUT, argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=f"{about[:1].upper()}{about[1:]}.")

    check = add("check", "check a sites.csv")
    check.add_argument("file", type=Path, nargs="?", default=REGISTER, help="default: %(default)s")
    check.set_defaults(part=_check)
    lack = add("missing", "what the register does not know, by who can give it")
    lack.add_argument("file", type=Path, nargs="?", default=REGISTER, help="default: %(default)s")
    lack.set_defaults(part=_missing)
    form = add("form", "write a form to fill in")
    form.add_argument("codes", nargs="*", metavar="CODE", help="only these villages; default: all")
    form.add_argument("--out", "-o", type=Path, required=True, metavar="FILE", help=".xlsx, or .html for paper")
    form.add_argument("--file", type=Path, default=REGISTER, help="the register; default: %(default)s")
    form.add_argument("--page", metavar="URL", help="address of the live page, for the QR code on paper")
    form.set_defaults(part=_form)
    take = add("import", "put what a form says into the register")
    take.add_argument("form", type=Path, metavar="FORM", help=".xlsx or .csv with the names of the columns")
    take.add_argument("--into", type=Path, default=REGISTER, metavar="FILE", help="the register; default: %(default)s")
    take.add_argument("--dry-run", action="store_true", help="only say what would change")
    take.set_defaults(part=_import)
    for command in (check, lack, form, take):
        add_lang(command)


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return the exit code."""
    return int(args.part(args))


def _check(args: argparse.Namespace) -> int:
    sites = read_sites(args.file)
    counts = {"sites": len(sites), "kecamatan": len({site.kecamatan for site in sites.values()})}
    print(tr("{file}: {sites} sites in {kecamatan} kecamatan, no faults", args.lang, file=str(args.file), **counts))
    return 0


def _missing(args: argparse.Namespace) -> int:
    _print(list(read_sites(args.file).values()), args)
    return 0


def _print(sites: Sequence[Site], args: argparse.Namespace) -> None:
    for line in report(sites, args.lang):
        print(line)


def _form(args: argparse.Namespace) -> int:
    sites = read_sites(args.file)
    unknown = [code for code in args.codes if code not in sites]
    if unknown:
        raise ConfigError(f"{', '.join(unknown)}: not in {args.file.name}")
    chosen = [sites[code] for code in args.codes] or list(sites.values())
    if args.out.suffix.casefold() == ".xlsx":
        write_form(chosen, args.out, args.lang)
    else:
        try:
            write_durably(args.out, paper(chosen, args.page, args.lang).encode())
        except OSError as error:
            raise ConfigError(f"{args.out}: cannot be written: {error}") from None
    print(ntr("{file}: {n} village", "{file}: {n} villages", len(chosen), args.lang, file=str(args.out)))
    return 0


def _import(args: argparse.Namespace) -> int:
    changes = take_in(read_form(args.form), args.into, dry_run=args.dry_run)
    for change in changes:
        print(f"{change.code} {change.name}: {change.old or '-'} -> {change.new}")
    print(ntr("{n} cell changed", "{n} cells changed", len(changes), args.lang))
    touched = {change.code for change in changes}
    _print([site for code, site in read_sites(args.into).items() if code in touched], args)
    return 0
