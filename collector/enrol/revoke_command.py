"""`sinyal-collector revoke SITE`: a stolen Pi is worth nothing from now on."""

from __future__ import annotations

import argparse
import sys

from collector.config import load
from collector.enrol.ca import Authority
from collector.enrol.register import Register
from collector.enrol.revoke import Gate, NotShutOutError, shut_out
from collector.errors import ConfigError
from ground.paths import add_config
from ground.words import add_lang, tr
from telemetry.topics import is_site_id

ABOUT = """\
Shuts every certificate of a site out of the running broker: its open session ends, and it cannot connect again. Other halls
notice nothing. The command returns when the broker has proven it. Run as root on the server. Readings that are stored stay.

  sinyal-collector revoke 6408012001

A new Pi for the same hall: `sinyal-collector enroll 6408012001` afterwards.

exit: 0 shut out, proven; 1 on the list, but the broker does not keep it yet (run it again); 2 bad usage or config;
      3 the site never had a certificate
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Set the help and the arguments of `revoke`."""
    add_lang(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = ABOUT
    parser.add_argument("site", metavar="SITE", help="code of the site; it need not be in sites.csv any more")
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """Do `revoke`; return the exit code."""
    if not is_site_id(args.site):
        raise ConfigError(f"{args.site}: is not a site; write its code as in sites.csv")
    config = load(args.config)
    folder = config.ca.folder
    where = (config.ca.hall_port, folder / "ca.crt", config.ca.broker_reload)
    gates = [Gate(broker.host, *where) for broker in config.broker.pool]
    try:
        count = shut_out(Authority.load_all(folder), Register(folder), gates, args.site)
    except NotShutOutError as error:
        print(
            tr(
                "{site}: on the list of revoked certificates, NOT YET shut out: {error}",
                args.lang,
                site=args.site,
                error=str(error),
            ),
            file=sys.stderr,
        )
        return 1
    if count == 0:
        print(tr("{site}: never had a certificate", args.lang, site=args.site), file=sys.stderr)
        return 3
    print(
        tr(
            "{site}: shut out ({n} certificates revoked): the broker refuses them, no session is open",
            args.lang,
            site=args.site,
            n=count,
        )
    )
    return 0
