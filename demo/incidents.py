"""What goes wrong in the demo, and when: a power cut, a modem that hangs, a broker that dies; every cycle at other halls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.line import DemoLine
from demo.modem import Fault
from ground.words import Phrase, phrase

CYCLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happens, at a time in seconds from the start of a cycle."""

    at_s: float
    text: Phrase
    act: Callable[[], None]


class Script:
    """Makes the incidents happen to a line as time goes on."""

    def __init__(self, line: DemoLine) -> None:
        self._line = line
        self._cycle = 0
        self._todo = self._plan()

    def step(self, elapsed_s: float) -> list[Phrase]:
        """Do what is due; return what happened, in words."""
        happened: list[Phrase] = []
        while self._todo and self._todo[0].at_s + self._cycle * CYCLE_S <= elapsed_s:
            incident = self._todo.pop(0)
            incident.act()
            happened.append(incident.text)
        if not self._todo:
            self._cycle += 1
            self._todo = self._plan()
        return happened

    def _plan(self) -> list[Incident]:
        line, halls = self._line, self._line.halls
        dark = halls[(self._cycle + 1) % len(halls)]
        sick = halls[self._cycle % len(halls)]
        agent = line.agents[dark.code]
        name = sick.modems[0].name
        modem = line.modems[sick.code, name]

        def fault(which: Fault | None) -> Callable[[], None]:
            return lambda: setattr(modem, "fault", which)

        plan = [
            Incident(8, phrase("{hall}: power cut (kill -9 of its agent)", hall=dark.desa), agent.kill),
            Incident(11, phrase("{hall}: {modem} hangs", hall=sick.desa, modem=name), fault(Fault.HANG)),
            Incident(14, phrase("{hall}: power is back", hall=dark.desa), agent.start),
            Incident(24, phrase("{hall}: {modem} answers again", hall=sick.desa, modem=name), fault(None)),
        ]
        # Not in every cycle: agents wait longer each time until a connection has lasted a minute.
        if self._cycle % 2 == 0:
            plan += [
                Incident(17, phrase("the broker dies (kill -9); the halls go on measuring"), line.broker.kill),
                Incident(22, phrase("the broker is back; the backlog flows in"), line.start_broker),
            ]
        return sorted(plan, key=lambda incident: incident.at_s)
