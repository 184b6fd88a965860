"""What a sample of the stream `signal` says: the one home of *served*, *no service*, *generation*, *has a level*.

Every reader derives from here: agent, rollup, watch, page, needs map, and the InfluxQL of Grafana. What a sample does not tell is
unknown: never LTE because nothing else was said, never 2G because nothing newer was. The whole table, with its reasons, is
docs/truth.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


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
    """State of the modem towards a network. Absence of service, a missing SIM and a silent modem are samples too."""

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


_SERVICES = {
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

_GENERATIONS = {
    Rat.GSM: Generation.G2,
    Rat.WCDMA: Generation.G3,
    Rat.LTE: Generation.G4,
    Rat.LTE_M: Generation.G4,
    Rat.NB_IOT: Generation.G4,
    Rat.NR_NSA: Generation.G5,
    Rat.NR_SA: Generation.G5,
}

_TELLING = {
    Generation.G5: ("nrarfcn", "nr_nrarfcn", "nr_rsrp_dbm"),
    Generation.G4: ("earfcn", "rsrp_dbm", "rsrq_db"),
    Generation.G3: ("uarfcn", "rscp_dbm", "ecio_db"),
    Generation.G2: ("arfcn",),
}
"""Values that exist on one generation only: where the technology was not told, they tell it. RSRP says: at least 4G."""


def registration_of(values: Mapping[str, object]) -> Registration | None:
    """Return the registration of a sample; None when it is absent or a word that this version does not know."""
    word = values.get("registration")
    return Registration(str(word)) if word in _SERVICES else None


def service_of(values: Mapping[str, object]) -> Service:
    """Return what a sample says of the service of its SIM's operator."""
    registration = registration_of(values)
    if registration is None:
        return Service.UNKNOWN
    return registration.service


def generation_of(values: Mapping[str, object]) -> Generation:
    """Return the generation of the serving cell: by the technology told, else by values that exist on one generation only."""
    word = values.get("rat")
    if word in _GENERATIONS:
        return Rat(str(word)).generation
    return next((g for g, names in _TELLING.items() if any(values.get(n) is not None for n in names)), Generation.UNKNOWN)
