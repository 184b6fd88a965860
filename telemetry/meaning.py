"""What a sample of the stream `signal` says: the one home of *served*, *no service*, *generation*, *has a level*, *whose*.

Every reader derives from here: agent, rollup, watch, page, needs map, and the InfluxQL of Grafana. What a sample does not tell is
unknown: never LTE because nothing else was said, never 2G because nothing newer was. The table with its reasons: docs/truth.md.
A sample is a mapping by contract name in which absent values are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


def mark(message: str) -> str:
    """Return a message of the catalogue as it is; `make words` finds it by this name."""
    return message


class Service(StrEnum):
    """What a sample says of the service that the SIM's operator gives to this modem."""

    SERVED = "served"
    NO_SERVICE = "no_service"
    LIMITED = "limited"
    """Camped on a cell without normal service (TS 23.122): somebody is heard, the SIM is not served."""
    REFUSED = "refused"
    """The network answered and said no: it speaks of the SIM or its plan, never of coverage."""
    SIM_FAULT = "sim_fault"
    NO_SIM = "no_sim"
    SILENT = "silent"
    UNKNOWN = "unknown"


class Generation(StrEnum):
    """Generation of a technology as people name it. Unknown is its own word: in no numerator, never "2G only"."""

    G2 = "2G"
    G3 = "3G"
    G4 = "4G"
    G5 = "5G"
    UNKNOWN = "unknown"


class Registration(StrEnum):
    """State of the modem towards a network. Absence of service, a missing SIM and a silent modem are samples too.

    The agent decides it from all that the modem says: `limited` where a cell is camped on without normal service (TS 23.122),
    `denied` also where only a reject cause says so, `sim_fault` whenever the SIM is locked or faulty.
    """

    HOME = "home"
    ROAMING = "roaming"
    SEARCHING = "searching"
    DENIED = "denied"
    NOT_REGISTERED = "not_registered"
    NO_SIM = "no_sim"
    MODEM_SILENT = "modem_silent"
    LIMITED = "limited"
    SIM_FAULT = "sim_fault"

    @property
    def service(self) -> Service:
        """What this state alone says of the service of the SIM's operator; `service_of` asks the whole sample."""
        return _SERVICES[self]

    @property
    def message(self) -> str:
        """Message of the catalogue that names this state to people, in small letters."""
        return _MESSAGES[self]

    @property
    def served(self) -> bool:
        """Whether a network serves the modem."""
        return self.service is Service.SERVED


class Rat(StrEnum):
    """Radio access technology of the serving cell."""

    GSM = "gsm"
    WCDMA = "wcdma"
    LTE = "lte"
    LTE_M = "lte_m"
    NB_IOT = "nb_iot"
    NR_NSA = "nr_nsa"
    NR_SA = "nr_sa"

    @property
    def generation(self) -> Generation:
        """Generation of this technology."""
        return _GENERATIONS[self]


class SimState(StrEnum):
    """State of the SIM as the modem tells it (TS 27.007 8.3 +CPIN and the family's own words)."""

    READY = "ready"
    PIN = "pin"
    PUK = "puk"
    LOCKED = "locked"
    """Personalised to another network, operator or corporation."""
    BLOCKED = "blocked"
    FAULT = "fault"


# Looked up by the plain words of a sample too: a member of a StrEnum is its text.
_SERVICES: Mapping[object, Service] = {
    Registration.HOME: Service.SERVED,
    Registration.ROAMING: Service.SERVED,
    Registration.SEARCHING: Service.NO_SERVICE,
    Registration.NOT_REGISTERED: Service.NO_SERVICE,
    Registration.DENIED: Service.REFUSED,
    Registration.LIMITED: Service.LIMITED,
    Registration.SIM_FAULT: Service.SIM_FAULT,
    Registration.NO_SIM: Service.NO_SIM,
    Registration.MODEM_SILENT: Service.SILENT,
}

_MESSAGES = {
    Registration.HOME: mark("registered"),
    Registration.ROAMING: mark("roaming"),
    Registration.SEARCHING: mark("searching for a network"),
    Registration.NOT_REGISTERED: mark("not registered"),
    Registration.DENIED: mark("SIM refused by the network"),
    Registration.LIMITED: mark("limited service, other cells heard"),
    Registration.SIM_FAULT: mark("SIM locked or faulty"),
    Registration.NO_SIM: mark("no SIM"),
    Registration.MODEM_SILENT: mark("modem unresponsive"),
}

_GENERATIONS: Mapping[object, Generation] = {
    Rat.GSM: Generation.G2,
    Rat.WCDMA: Generation.G3,
    Rat.LTE: Generation.G4,
    Rat.LTE_M: Generation.G4,
    Rat.NB_IOT: Generation.G4,
    Rat.NR_NSA: Generation.G5,
    Rat.NR_SA: Generation.G5,
}

TELLING: Mapping[Generation, tuple[str, ...]] = {
    Generation.G5: ("nrarfcn", "nr_rsrp_dbm"),
    Generation.G4: ("earfcn", "rsrp_dbm"),
    Generation.G3: ("uarfcn", "rscp_dbm"),
    Generation.G2: ("arfcn",),
}
"""Values that exist on one generation only, newest first: where the technology was not told, they tell it. RSRP exists on E-UTRA
and NR, so it says: at least 4G."""

LEVEL = "rsrp_dbm"
"""The level that coverage is judged by. RSSI moves with load and bandwidth, RSCP and RxLev are other quantities: no level."""


class Standing(StrEnum):
    """The one answer of a sample, as every reader shows or counts it."""

    LTE = "lte"
    """Served on 4G or newer."""
    THREE_G = "three_g"
    TWO_G = "two_g"
    SERVED = "served"
    """Served, the generation was not told."""
    NO_SERVICE = "no_service"
    SIM_REFUSED = "sim_refused"
    """Refused, locked or faulty SIM: it says nothing of coverage."""
    DEVICE_FAULT = "device_fault"
    """No SIM, or the modem is silent."""


_BY_GENERATION = {
    Generation.G5: Standing.LTE,
    Generation.G4: Standing.LTE,
    Generation.G3: Standing.THREE_G,
    Generation.G2: Standing.TWO_G,
    Generation.UNKNOWN: Standing.SERVED,
}
_BY_SERVICE = {
    Service.NO_SERVICE: Standing.NO_SERVICE,
    Service.LIMITED: Standing.NO_SERVICE,
    Service.REFUSED: Standing.SIM_REFUSED,
    Service.SIM_FAULT: Standing.SIM_REFUSED,
    Service.NO_SIM: Standing.DEVICE_FAULT,
    Service.SILENT: Standing.DEVICE_FAULT,
}


def service_of(values: Mapping[str, object]) -> Service:
    """Return what a sample says of the service of its SIM's operator; unknown where it has no registration that is known."""
    return _SERVICES.get(values.get("registration"), Service.UNKNOWN)


def generation_of(values: Mapping[str, object]) -> Generation:
    """Return the generation of the serving cell: by the technology told, else by values that exist on one generation only."""
    told = _GENERATIONS.get(values.get("rat"))
    if told is not None:
        return told
    return next((g for g, names in TELLING.items() if any(values.get(name) is not None for name in names)), Generation.UNKNOWN)


def standing_of(values: Mapping[str, object]) -> Standing | None:
    """Return the one answer of a sample; None where it tells nothing of service."""
    service = service_of(values)
    return _BY_GENERATION[generation_of(values)] if service is Service.SERVED else _BY_SERVICE.get(service)


def level_of(values: Mapping[str, object]) -> float | None:
    """Return the RSRP (NR: SS-RSRP) in dBm of a served sample on 4G or newer; None where there is no such level."""
    value = values.get(LEVEL)
    if standing_of(values) is Standing.LTE and isinstance(value, (int, float)):
        return float(value)
    return None


def subject_plmn(values: Mapping[str, object]) -> str | None:
    """Return the PLMN of the operator that a sample speaks of: that of its SIM.

    Where the SIM was not read, a modem that is registered at home tells it by the network it is in. In every other state the
    network that it is in, or hears, is not known to be its own: None.
    """
    home = values.get("home_plmn")
    if home is None and values.get("registration") == Registration.HOME:
        home = values.get("plmn")
    return None if home is None else str(home)


def heard_plmn(values: Mapping[str, object]) -> str | None:
    """Return the PLMN of the cell that was heard, whoever's it is; None where nobody was, or it was not told whose."""
    plmn = values.get("plmn")
    return None if plmn is None else str(plmn)


def registrations(*services: Service) -> tuple[Registration, ...]:
    """Return the registrations that mean one of these services."""
    return tuple(word for word in Registration if word.service in services)


def technologies(*generations: Generation) -> tuple[Rat, ...]:
    """Return the technologies of these generations."""
    return tuple(word for word in Rat if word.generation in generations)
