"""A proposal of the record, for the commands that speak of one: their common arguments, and its look-up."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector.agreement.agreement import FILE, Agreement
from collector.agreement.state import ProposalState, State
from collector.config import Config, load
from collector.errors import ConfigError
from collector.sites.sites import Site, read_sites
from ground.paths import STATE, add_config
from ground.words import add_lang


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal as it stands, its village, the register that knows it, and the record that holds it."""

    config: Config
    sites: dict[str, Site]
    agreement: Agreement
    state: State
    found: ProposalState

    @property
    def site(self) -> Site:
        """The village that it is for."""
        return self.sites[self.found.proposal.site]


def add_proposal(parser: argparse.ArgumentParser) -> None:
    """Declare the number of a proposal, and where record and configuration are."""
    parser.add_argument("number", metavar="U-YEAR-NNNN", help="of the proposal")
    parser.add_argument("--record", type=Path, default=STATE, metavar="DIR", help="folder of the agreement; default: %(default)s")
    add_config(parser)
    add_lang(parser, village=True)


@contextmanager
def proposed(args: argparse.Namespace) -> Iterator[Proposed]:
    """Open the record at the proposal that the arguments name. Raises ConfigError, LedgerError."""
    config = load(args.config)
    sites = read_sites(config.sites.file)
    if not (args.record / FILE).is_file():
        raise ConfigError(f"--record {args.record}: no {FILE} there")
    with closing(Agreement(args.record / FILE, sites)) as agreement:
        state = agreement.state()
        found = state.proposals.get(args.number)
        if found is None or found.proposal.site not in sites:
            raise ConfigError(f"there is no proposal {args.number} of a village in {config.sites.file.name}")
        yield Proposed(config, sites, agreement, state, found)
