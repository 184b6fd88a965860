"""What can go wrong, each as a function that does it and mends it. `wait` is how long it lasts, in seconds."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from lab.plant import OPEN_ACL, SHUT_ACL, Plant

Fault = Callable[[Plant, random.Random], None]


def _pause(rng: random.Random, longest_s: float = 2.0) -> None:
    time.sleep(rng.uniform(0.05, longest_s))  # the fault's own length, not a wait for an event


def agent_killed(plant: Plant, rng: random.Random) -> None:
    """Power cut in a hall: kill -9 of an agent at any instant, back later."""
    agent = plant.agents[rng.choice(sorted(plant.agents))]
    agent.kill()
    _pause(rng, 1.0)
    agent.start()


def broker_killed(plant: Plant, rng: random.Random) -> None:
    """kill -9 of the broker; it keeps nothing on disk."""
    plant.broker.kill()
    _pause(rng)
    plant.broker.start()


def collector_killed(plant: Plant, rng: random.Random) -> None:
    """kill -9 of one collector; the other goes on."""
    collector = rng.choice(plant.collectors)
    collector.kill()
    _pause(rng)
    collector.start()


def collectors_killed(plant: Plant, rng: random.Random) -> None:
    """kill -9 of both collectors."""
    for collector in plant.collectors:
        collector.kill()
    _pause(rng)
    for collector in plant.collectors:
        collector.start()


def store_killed(plant: Plant, rng: random.Random) -> None:
    """kill -9 of the database."""
    plant.store.kill()
    _pause(rng)
    plant.store.start()


def acl_denies(plant: Plant, rng: random.Random) -> None:
    """A wrong access list: the broker takes publications and drops them without a word."""
    plant.set_acl(SHUT_ACL)
    _pause(rng)
    plant.set_acl(OPEN_ACL)


def everything_killed(plant: Plant, rng: random.Random) -> None:
    """The server room loses power: broker, database and collectors at once."""
    for server in (plant.broker, plant.store, *plant.collectors):
        server.kill()
    _pause(rng)
    for server in (plant.store, plant.broker, *plant.collectors):
        server.start()


def nothing(_plant: Plant, rng: random.Random) -> None:
    """A quiet moment, in which the backlog drains."""
    _pause(rng)


FAULTS: tuple[Fault, ...] = (
    agent_killed,
    broker_killed,
    collector_killed,
    collectors_killed,
    store_killed,
    acl_denies,
    everything_killed,
    nothing,
)
