"""A version on its way to the halls, as it is kept in rollout.json and told to people. The rule is in rings.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from collector.errors import ConfigError
from ground.words import Lang, Phrase, Said, mark, phrase, tr


class Fate(StrEnum):
    """How a hall fares that was told."""

    RUNS = "runs"
    PENDING = "pending"
    WAITS = "waits"
    DARK = "dark"
    SILENT = "silent"
    MUTE = "mute"
    RESTARTS = "restarts"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"


FATES: Mapping[Fate, str] = {
    Fate.RUNS: mark("run it"),
    Fate.PENDING: mark("will take it at night"),
    Fate.WAITS: mark("wait for bytes of a new month"),
    Fate.DARK: mark("not heard since"),
    Fate.SILENT: mark("silent"),
    Fate.MUTE: mark("measure no more"),
    Fate.RESTARTS: mark("restart again and again"),
    Fate.ROLLED_BACK: mark("went back to the version before"),
    Fate.REFUSED: mark("refused it"),
}


class Stored(BaseModel):
    """What is kept in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(Stored):
    """A hall that was told: when, how it was in the day before, since when it runs the version, when it last measured."""

    at_ms: int
    heard: bool
    measured: bool
    boots: int
    took_ms: int | None = None
    measured_ms: int = 0


class Offer(Stored):
    """The files that make the version of one that runs, and what they cost."""

    files: tuple[str, ...]
    bytes: int


class Rollout(Stored):
    """One version on its way. `offers`: version that runs (`*`: any) → what makes the new one of it."""

    id: str
    version: str
    offers: dict[str, Offer]
    pilot: tuple[str, ...]
    limit: str = "all"
    ring: int = -1
    ring_at_ms: int = 0
    well_at_ms: int | None = None
    """Since when enough of the ring runs it well."""
    silent_before: float = 0.0
    """Share of halls that were silent when the ring began, of those heard in the day before."""
    told: dict[str, Told] = {}
    counts: dict[str, int] = {}
    stopped: bool = False
    done: bool = False
    said: tuple[str, dict[str, str | int]] = ("", {})

    def reason(self) -> Phrase:
        """Return why it stands where it stands."""
        message, values = self.said
        words: dict[str, Said] = {"fate": phrase(FATES[Fate(str(values["fate"]))])} if "fate" in values else {}
        return phrase(message, **{**values, **words})


def read_rollout(path: Path) -> Rollout | None:
    """Return the rollout that is on its way; None: there is none. Raises ConfigError."""
    try:
        return Rollout.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); restore it from the backup, or delete it and begin anew") from None


def progress(rollout: Rollout) -> Phrase:
    """Return in one line how far a version is."""
    state = mark("version {version} for the halls is on its way: {reason}")
    if rollout.stopped:
        state = mark("version {version} for the halls is STOPPED: {reason}")
    elif rollout.done:
        state = mark("version {version} for the halls went through: {reason}")
    return phrase(state, version=rollout.version, reason=rollout.reason())


def shown(rollout: Rollout, lang: Lang) -> Iterator[str]:
    """Yield the lines that say how far a version is, and how the halls fare that were told."""
    yield progress(rollout).word(lang)
    for fate in Fate:
        if n := rollout.counts.get(fate):
            yield f"{n:>6}  {tr(FATES[fate], lang)}"
