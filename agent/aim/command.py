"""`sinyal-agent aim`: a live meter for the technician who turns the antenna."""

from __future__ import annotations

import argparse
import contextlib
import logging
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from agent.aim import screen as aim_screen
from agent.aim.poll import AimPoll, Watcher
from agent.aim.screen import Style
from agent.aim.terminal import Screen, keys, pressed, write
from agent.aim.track import Track
from agent.config import Config, ModemSection, SamplingSection, load
from agent.errors import ConfigError
from agent.host.level import level_of
from agent.host.state import OFF, read_state
from agent.port.holders import holders
from agent.port.link import Link, LinkBusy, LinkError
from ground.ending import on_signal
from ground.paths import AGENT as DEFAULT_CONFIG
from ground.words import Lang, add_lang, tr

SERVICE = "sinyal-agent.service"
TICK_S = 0.1
DRAW_S = 0.2
"""Faster drawing tells the eye nothing and costs bytes of the link that carries them."""
SLOW_BEEP_S, FAST_BEEP_S = 2.0, 0.15
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-agent aim`."""
    add_lang(parser, village=True)
    parser.description = (
        "Live meter for turning the antenna: level, class, best so far, as fast as each modem answers. One line per modem;\n"
        "on a narrow terminal (a phone) four short ones. Turn slowly and stop at each step: a modem averages before it answers.\n"
        "It needs the modems' ports for itself: stop the agent first, start it again afterwards. Nothing is recorded or sent."
    )
    parser.epilog = (
        "examples:\n"
        "  sudo systemctl stop sinyal-agent\n"
        "  sinyal-agent aim                                 all modems of /etc/sinyal/agent.toml\n"
        "  sinyal-agent aim --port /dev/ttyUSB2 --beep      one modem, no config; family found from its answers\n"
        "  sinyal-agent aim --seconds 60 > turn.log         without a terminal: one key=value line a reading\n"
        "  sudo systemctl start sinyal-agent\n\n"
        "keys: r forgets the best so far; q or Ctrl-C ends: that is the normal end, with a summary of the best and when it was.\n"
        "A value is shown for 5 s at most; then `-` and how long there was no answer. Classes: [sampling] rsrp_cuts_dbm.\n"
        "Bar: -125 dBm to -65 dBm; its mark is the best so far.\n"
        "exit status: 0 ended (Ctrl-C too), 2 port in use or wrong config, 3 no modem gave a reading"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"config file (default: {DEFAULT_CONFIG})")
    source.add_argument("--port", metavar="P", help="aim with this port alone, without a config")
    parser.add_argument("--baud", type=int, default=115200, help="speed for --port, bit/s (default 115200)")
    parser.add_argument("--seconds", type=float, metavar="N", help="end after N seconds (default: Ctrl-C)")
    parser.add_argument(
        "--beep", action="store_true", help="ring the terminal's bell, faster with a better signal (of the best modem)"
    )


def agent_name(pid: int, proc: Path = Path("/proc")) -> str | None:
    """Return `sinyal-agent.service` or `sinyal-agent` when this process is a running agent, else None. Any user may ask."""
    try:
        argv = (proc / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
        group = (proc / str(pid) / "cgroup").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    if "run" not in argv or not any(Path(word).name in ("sinyal-agent", "agent.cli") for word in argv):
        return None
    return SERVICE if SERVICE in group else "sinyal-agent"


def held_by_agent(port: str, pid: int, lang: Lang) -> str | None:
    """Say that the running agent has a port and what to do; None when this process is no agent."""
    name = agent_name(pid)
    if name is None:
        return None
    cure = "sudo systemctl stop sinyal-agent" if name == SERVICE else f"kill {pid}"
    who = f"{name} (pid {pid})"
    text = tr("{port} is in use by the running agent, {who}. Stop it first: {cure}", lang, port=port, who=who, cure=cure)
    again = tr("When done, start it again: sudo systemctl start sinyal-agent", lang)
    return f"{text}\n{again}" if name == SERVICE else text


def refusal(modems: Sequence[ModemSection], config: Config | None, lang: Lang) -> str | None:
    """Say why there is no use in starting: the agent runs, or others hold every port that is there. None: go on."""
    state = read_state(config.agent.status_path) if config else None
    if state is not None and (text := held_by_agent(", ".join(m.port for m in modems), int(state["pid"]), lang)):
        return text
    busy = []
    usable = False
    for modem in modems:
        if modem.port.startswith("http://"):
            usable = True
            continue
        try:
            Link(modem.port, baud=modem.baud).close()
        except LinkBusy as error:
            busy.append(_who(modem.port, lang) or error.word(lang))
        except LinkError:
            continue  # shown live: it may be plugged in meanwhile
        else:
            usable = True
    return "\n".join(busy) if busy and not usable else None


def _who(port: str, lang: Lang) -> str | None:
    """Find the agent that holds a busy port; another user's open files cannot be seen, so any running agent is named then."""
    seen = [holder.pid for holder in holders(port)]
    pids = seen or sorted(int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
    return next((text for pid in pids if (text := held_by_agent(port, pid, lang))), None)


def _source(args: argparse.Namespace) -> tuple[Config | None, tuple[ModemSection, ...]]:
    if args.port is None:
        config = load(args.config)
        if not config.modem:
            raise ConfigError(
                f"{args.config}: has no [[modem]]; `sinyal-agent detect` prints the section to paste, or use --port"
            )
        return config, config.modem
    try:
        return None, (ModemSection(name="modem", port=args.port, baud=args.baud),)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        raise ConfigError(f"--{found['loc'][0]} {found['input']}: {found['msg']}") from None


class Aim:
    """The watchers of all modems and what they found. `wait` takes in polls; `stop` ends it."""

    def __init__(self, modems: Sequence[ModemSection], seconds: float | None) -> None:
        self.stop = threading.Event()
        began = time.monotonic()
        self.tracks = {modem.name: Track(modem.name, began) for modem in modems}
        self._until = None if seconds is None else began + seconds
        self._polls: queue.SimpleQueue[AimPoll] = queue.SimpleQueue()
        self._watchers = [Watcher(modem, self._polls, self.stop) for modem in modems]
        on_signal(lambda _number: self.stop.set(), *ENDS)
        for watcher in self._watchers:
            watcher.start()

    @property
    def over(self) -> bool:
        """Return whether it was ended or the time is up."""
        return self.stop.is_set() or (self._until is not None and time.monotonic() >= self._until)

    def wait(self, until_s: float) -> list[tuple[Track, AimPoll]]:
        """Take in the polls that come until a monotonic moment; at least those that wait."""
        taken: list[tuple[Track, AimPoll]] = []
        while True:
            try:
                poll = self._polls.get(timeout=max(0.0, until_s - time.monotonic()))
            except queue.Empty:
                return taken
            track = self.tracks[poll.modem]
            track.take(poll)
            taken.append((track, poll))

    def close(self) -> None:
        """Let go of the ports."""
        self.stop.set()
        for watcher in self._watchers:
            watcher.join(timeout=10)


def on_screen(aim: Aim, style: Style, *, beep: bool) -> None:
    """Draw until it is over, and give the terminal back."""
    fd = sys.stdout.fileno()
    screen = Screen(fd)
    next_draw = next_beep = 0.0
    with keys() as keyboard:
        screen.enter()
        try:
            while not aim.over:
                now = time.monotonic()
                if now >= next_draw:
                    next_draw = now + DRAW_S
                    size = screen.size
                    screen.draw(aim_screen.drawing(list(aim.tracks.values()), now, size, style), size)
                if beep and now >= next_beep:
                    next_beep = now + _beep(fd, aim.tracks, now)
                aim.wait(now + TICK_S)
                _obey(pressed(keyboard), aim)
        finally:
            with contextlib.suppress(OSError):
                screen.leave()


def _obey(typed: str, aim: Aim) -> None:
    if "q" in typed:
        aim.stop.set()
    if "r" in typed:
        for track in aim.tracks.values():
            track.forget_best()


def _beep(fd: int, tracks: Mapping[str, Track], now: float) -> float:
    """Ring once where there is a level now; return the seconds to the next."""
    signals = [found for track in tracks.values() if (found := track.now(now))]
    shares = [level.share for found in signals if (level := level_of(found))]
    if not shares:
        return TICK_S
    write(fd, "\a")
    return SLOW_BEEP_S - (SLOW_BEEP_S - FAST_BEEP_S) * max(shares)


def as_lines(aim: Aim, style: Style, say: Callable[[str], None]) -> None:
    """Print one line per poll until it is over."""
    while not aim.over:
        for track, poll in aim.wait(time.monotonic() + TICK_S):
            say(aim_screen.line(track, poll, style))


def run(args: argparse.Namespace) -> int:
    """Aim until ended; return 0, 2 when the ports are in use, 3 when no modem gave a reading."""
    config, modems = _source(args)
    if text := refusal(modems, config, args.lang):
        print(text, file=sys.stderr)
        return 2
    cuts = (config.sampling if config else SamplingSection()).rsrp_cuts_dbm
    style = Style(args.lang, cuts, blocks=(sys.stdout.encoding or "").lower().startswith("utf"))
    live = sys.stdout.isatty()
    if live:
        logging.disable()  # its lines would stand across the screen, which shows the same faults
    aim = Aim(modems, args.seconds)
    fd = sys.stdout.fileno()
    try:
        if live:
            on_screen(aim, style, beep=args.beep)
        else:
            as_lines(aim, style, lambda text: write(fd, f"{text}\n"))
    finally:
        aim.close()
        logging.disable(logging.NOTSET)
    now = time.monotonic()
    for track in aim.tracks.values():
        write(fd, f"{aim_screen.summary(track, now, style, plain=not live)}\n")
    if live and config and read_state(config.agent.status_path) is None:
        write(fd, f"{tr(OFF, args.lang)}\n")
    return 0 if any(track.readings for track in aim.tracks.values()) else 3
