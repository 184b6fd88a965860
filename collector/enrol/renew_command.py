"""`sinyal-collector ca renew` and `ca roll`: halls' certificates through the line, and another authority without a visit."""

from __future__ import annotations

import argparse
from typing import Any

from collector.config import Config, load
from collector.enrol.ca import RESERVED
from collector.enrol.register import Register
from collector.enrol.renewal import TrustLink, renew_all
from collector.enrol.roll import STEPS, behind
from collector.errors import ConfigError
from ground.paths import add_config
from ground.words import Lang, add_lang, tr

ABOUT_RENEW = """\
Signs what halls ask for in the last year of their certificates, and tells them which authorities to believe. sinyal-renew.timer
does it every hour; by hand where ca.key has a passphrase:

  sudo --preserve-env=SINYAL_CA_PASSPHRASE sinyal-collector ca renew

exit: 0 done, also where nothing waited; 2 bad usage or config
"""
ABOUT_ROLL = """\
Changes the certificate authority while everything runs, in three steps. Between them days may pass; `status` names the halls that
are not ready, and a step refuses while there are any. Run as root on the server; after each step restart the programs it names.

  sudo sinyal-collector ca roll start      # makes the next authority; everybody is told to believe both
  sinyal-collector ca roll status
  sudo sinyal-collector ca roll switch     # the next one signs: broker, collector, and the halls as they renew
  sudo sinyal-collector ca roll finish     # the one before is believed no more

--without-them goes on without the halls that are not ready: they need a new bundle (`enroll`), and somebody who brings it.

exit: 0 done; 1 halls are not ready; 2 bad usage or config
"""
RESTART = "systemctl restart mosquitto sinyal-collector sinyal-watch"


def add_commands(commands: Any) -> None:
    """Add `renew` and `roll` below `ca`."""
    raw = argparse.RawDescriptionHelpFormatter
    renew = commands.add_parser("renew", help="sign what halls ask for", description=ABOUT_RENEW, formatter_class=raw)
    roll = commands.add_parser("roll", help="change the authority", description=ABOUT_ROLL, formatter_class=raw)
    roll.add_argument("step", choices=[*STEPS, "status"], help="one after the other; `status` says which is next")
    roll.add_argument("--without-them", action="store_true", help="go on without the halls that are not ready")
    for parser, do in ((renew, _renew), (roll, _roll)):
        add_config(parser)
        add_lang(parser)
        parser.set_defaults(do=do)


def _renew(args: argparse.Namespace) -> int:
    for site, answer in renew_all(load(args.config)).items():
        if answer.done:
            print(f"{site}: {answer.done}")
    return 0


def _roll(args: argparse.Namespace) -> int:
    config, lang = load(args.config), args.lang
    if args.step != "start":
        late = _behind(config, lang)
        if args.step == "status" or (late and not args.without_them):
            return 1 if late else 0
    STEPS[args.step](config.ca.folder)
    renew_all(config)
    print(tr("done; now: sudo {command}", lang, command=RESTART))
    return 0


def _behind(config: Config, lang: Lang) -> int:
    """Say which halls are not ready; return how many."""
    folder = config.ca.folder
    register = Register(folder)
    sites = [site for site in sorted(register.sites() - RESERVED) if register.active(site)]
    try:
        with TrustLink(config) as line:
            late = behind(folder, line.identities, sites)
    except OSError as error:
        raise ConfigError(f"{folder}: {error}; run this as root, on the server") from None
    for site, why in late.items():
        print(f"{site}: {why}")
    print(tr("{n} of {k} halls are ready", lang, n=len(sites) - len(late), k=len(sites)))
    return len(late)
