"""The MQTT topics of contract v1: `sinyal/v1/{site}/{kind}`."""

from __future__ import annotations

import re
from functools import lru_cache

from telemetry.streams import STREAMS

ROOT = "sinyal/v1"
HALL_WRITES = (*STREAMS, "status", "reported", "identity")
HALL_READS = ("ack", "config", "trust", "release")
"""What a hall may publish and read, each below its own site only: config/mosquitto.acl says the same to the broker."""
KINDS = frozenset((*HALL_WRITES, *HALL_READS))
_SITE_ID = re.compile(r"[a-z0-9-]{1,32}")


def is_site_id(text: str) -> bool:
    """Return whether a text can name a site: a village code without dots, or 1..32 of a-z, 0-9 and '-'."""
    return _SITE_ID.fullmatch(text) is not None


def _topic(site: str, kind: str) -> str:
    if not is_site_id(site):
        raise ValueError(f"site {site!r}: must be 1..32 of a-z, 0-9 and '-'")
    return f"{ROOT}/{site}/{kind}"


def stream_topic(site: str, stream: str) -> str:
    """Topic of a stream's frames (agent to collector). Raises ValueError for a bad site, KeyError for an unknown stream."""
    STREAMS[stream]
    return _topic(site, stream)


def ack_topic(site: str) -> str:
    """Topic of the collector's answers (collector to agent)."""
    return _topic(site, "ack")


def status_topic(site: str) -> str:
    """Topic of the retained online/offline status, also the last will (agent to collector)."""
    return _topic(site, "status")


def config_topic(site: str) -> str:
    """Topic of the retained desired settings (server to agent)."""
    return _topic(site, "config")


def reported_topic(site: str) -> str:
    """Topic of the settings in force (agent to server)."""
    return _topic(site, "reported")


def identity_topic(site: str) -> str:
    """Topic of the retained certificate in use and the request for another one (agent to server)."""
    return _topic(site, "identity")


def trust_topic(site: str) -> str:
    """Topic of the retained new certificate and authorities (server to agent)."""
    return _topic(site, "trust")


def release_topic(site: str) -> str:
    """Topic of the retained version to take (server to agent)."""
    return _topic(site, "release")


@lru_cache(4096)
def split_topic(topic: str) -> tuple[str, str]:
    """Return site and kind of a topic. Raises ValueError when it is not one of ours."""
    head, _, tail = topic.rpartition("/")
    root, _, site = head.rpartition("/")
    if root != ROOT or tail not in KINDS or not is_site_id(site):
        raise ValueError(f"topic {topic[:100]!r} is not {ROOT}/SITE/KIND")
    return site, tail
