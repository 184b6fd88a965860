"""What goes wrong in the demo, and when: a power cut, a modem that hangs, a broker that dies; every cycle at other halls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.line import DemoLine
from demo.modem import Fault

CYCLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that happens, at a time in seconds from the start of a cycle."""

    at_s: float
    text: str
    act: Callable[[], None]


class Script:
    """Makes the incidents happen to a line as time goes on."""

    def __init__(self, line: DemoLine) -> None:
        self._line = line
        self._cycle = 0
        self._todo = self._plan()

    def step(self, elapsed_s: float) -> list[str]:
        """Do what is due; return what happened, in words."""
        happened: list[str] = []
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
            Incident(8, f"{dark.desa}: power cut (kill -9 of its agent)", agent.kill),
            Incident(11, f"{sick.desa}: {name} hangs", fault(Fault.HANG)),
            Incident(14, f"{dark.desa}: power is back", agent.start),
            Incident(24, f"{sick.desa}: {name} answers again", fault(None)),
        ]
        # Not in every cycle: agents wait longer each time until a connection has lasted a minute.
        if self._cycle % 2 == 0:
            plan += [
                Incident(17, "the broker dies (kill -9); the halls go on measuring", line.broker.kill),
                Incident(22, "the broker is back; the backlog flows in", line.start_broker),
            ]
        return sorted(plan, key=lambda incident: incident.at_s)
