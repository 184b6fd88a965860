"""What can be written into the agreement: one strict model a kind. What is written is never changed; a later entry speaks of it.

Files of later versions may hold kinds and fields that this one does not know: the chain keeps them, `state.py` passes them by.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from ground.words import mark

Text = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(min_length=10, max_length=2000)]
"""A reason that says something: an answer without one settles nothing."""
Short = Annotated[str, Field(max_length=100)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SiteCode = Annotated[str, Field(pattern=r"^[0-9]{10}$")]
Number = Annotated[str, Field(pattern=r"^U-[0-9]{4}-[0-9]{4}$")]


class Says(StrEnum):
    """What a village or department says of a verdict. Never of a number: numbers are not edited."""

    AGREE = "agree"
    NOT_SO_AT = "not_so_at"
    POWER = "power"
    BOOSTER = "booster"
    WRONG_PLACE = "wrong_place"
    TOWER_BUILT = "tower_built"
    OTHER = "other"


class Outcome(StrEnum):
    """What the office answers to a remark, always with its reason."""

    STANDS = "stands"
    MEASURE_AGAIN = "measure_again"
    REGISTER_CORRECTED = "register_corrected"
    NOTED = "noted"


class Channel(StrEnum):
    """Where a proposal goes."""

    SIGNAL = "signal"
    PASTI = "pasti"
    OPERATOR = "operator"
    CSR = "csr"
    MUSRENBANG = "musrenbang"
    E_WALIDATA = "e_walidata"


class Indicator(StrEnum):
    """What a plan (Renstra) sets a target for, each year; `progress.py` measures it."""

    ADEQUATE_PERCENT = "adequate_percent"
    BLANK_SPOTS = "blank_spots"
    MEASURED_VILLAGES = "measured_villages"
    ANSWERED_IN_TIME_PERCENT = "answered_in_time_percent"


class Step(StrEnum):
    """How far a proposal is."""

    DRAFTED = "drafted"
    VILLAGE_AGREED = "village_agreed"
    KECAMATAN_VERIFIED = "kecamatan_verified"
    SUBMITTED = "submitted"
    SURVEYED = "surveyed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BUILT = "built"
    MEASURED_AGAIN = "measured_again"


class Role(StrEnum):
    """Who may do what: `rules.py` holds the rules."""

    OFFICE = "office"
    KECAMATAN = "kecamatan"
    READER = "reader"


WORDS: dict[StrEnum, str] = {
    Says.AGREE: mark("it is so"),
    Says.NOT_SO_AT: mark("not so in a part of the village"),
    Says.POWER: mark("it is the power, not the signal"),
    Says.BOOSTER: mark("a booster lifts the signal here"),
    Says.WRONG_PLACE: mark("the place on the map is wrong"),
    Says.TOWER_BUILT: mark("a tower has been built"),
    Says.OTHER: mark("something else"),
    Outcome.STANDS: mark("the verdict stands"),
    Outcome.MEASURE_AGAIN: mark("it will be measured again"),
    Outcome.REGISTER_CORRECTED: mark("the register was corrected"),
    Outcome.NOTED: mark("noted"),
    Step.DRAFTED: mark("drafted"),
    Step.VILLAGE_AGREED: mark("agreed by the village"),
    Step.KECAMATAN_VERIFIED: mark("verified by the kecamatan"),
    Step.SUBMITTED: mark("submitted"),
    Step.SURVEYED: mark("surveyed"),
    Step.ACCEPTED: mark("accepted"),
    Step.REJECTED: mark("rejected"),
    Step.BUILT: mark("built"),
    Step.MEASURED_AGAIN: mark("measured again"),
    Role.OFFICE: mark("office"),
    Role.KECAMATAN: mark("kecamatan"),
    Role.READER: mark("reader"),
    Indicator.ADEQUATE_PERCENT: mark("villages with adequate or fair service, % of those judged"),
    Indicator.BLANK_SPOTS: mark("villages that are a blank spot"),
    Indicator.MEASURED_VILLAGES: mark("villages that are measured and judged"),
    Indicator.ANSWERED_IN_TIME_PERCENT: mark("remarks answered in time, %"),
}
CHANNEL_WORDS: dict[Channel, str] = {
    Channel.SIGNAL: "SIGNAL",
    Channel.PASTI: "PASTI BAKTI",
    Channel.OPERATOR: mark("operator"),
    Channel.CSR: "CSR",
    Channel.MUSRENBANG: "Musrenbang",
    Channel.E_WALIDATA: "e-Walidata",
}


class Part(BaseModel):
    """What every model here keeps to: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Verdict(Part):
    """The measured verdict that somebody speaks of: of an operator at a hall, or of the village (no operator), in one period.

    `thresholds` names the version of the thresholds, `evidence` is the SHA-256 of what it rests on.
    """

    site: SiteCode
    operator: Short | None = None
    since: date
    until: date
    thresholds: Short
    word: Short
    grade: Annotated[str, Field(pattern=r"^[A-D]$")] | None = None
    evidence: Sha256 | None = None


class Publication(Part):
    """The needs map of a period was published: what it says of every village and operator, and the SHA-256 of its table (CSV)."""

    kind: Literal["publication"] = "publication"
    since: date
    until: date
    table: Sha256
    verdicts: Annotated[tuple[Verdict, ...], Field(min_length=1)]


class Remark(Part):
    """A village or department says something of a verdict. `once` is drawn by who sends it: sent again it counts once.

    `lat`, `lon`: where the phone was that sent it (WGS84, degrees), `accuracy_m` as the phone says; `photo`: SHA-256 of the JPEG.
    """

    kind: Literal["remark"] = "remark"
    once: Annotated[str, Field(pattern=r"^[0-9a-f-]{32,36}$")]
    verdict: Verdict
    says: Says
    hamlet: Short = ""
    text: Text = ""
    lat: Annotated[float, Field(ge=-11, le=6)] | None = None
    lon: Annotated[float, Field(ge=95, le=141)] | None = None
    accuracy_m: Annotated[float, Field(gt=0, le=100_000)] | None = None
    photo: Sha256 | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Remark:
        if self.says is Says.NOT_SO_AT and not self.hamlet.strip():
            raise ValueError("hamlet: say in which part of the village it is not so")
        if self.says is Says.OTHER and not self.text.strip():
            raise ValueError("text: say what it is")
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat, lon: a place has both")
        return self


class Answer(Part):
    """The office answers remark number `remark`."""

    kind: Literal["answer"] = "answer"
    remark: int
    outcome: Outcome
    reason: Reason


class Reopening(Part):
    """Who made a remark is not content with its answer, and says why."""

    kind: Literal["reopening"] = "reopening"
    remark: int
    reason: Reason


class Proposal(Part):
    """A proposal (usulan) for a village, on evidence that is frozen with it. `operators`: whom it asks; empty is all."""

    kind: Literal["proposal"] = "proposal"
    number: Number
    site: SiteCode
    channel: Channel
    operators: tuple[Short, ...] = ()
    verdicts: Annotated[tuple[Verdict, ...], Field(min_length=1)]
    evidence: Sha256
    text: Text = ""


class Progress(Part):
    """A proposal goes a step further. A rejection needs its reason; `reference` is the number that the other side gave."""

    kind: Literal["progress"] = "progress"
    number: Number
    to: Step
    reason: Text = ""
    reference: Short = ""
    evidence: Sha256 | None = None

    @model_validator(mode="after")
    def _has_its_reason(self) -> Progress:
        if self.to is Step.REJECTED and len(self.reason.strip()) < 10:
            raise ValueError("reason: say why it was rejected")
        if self.to is Step.MEASURED_AGAIN and self.evidence is None:
            raise ValueError("evidence: measured again rests on a measurement")
        return self


class Minutes(Part):
    """Minutes (berita acara) were printed: the SHA-256 of the document, and of the evidence that it shows."""

    kind: Literal["minutes"] = "minutes"
    about: Short
    document: Sha256
    evidence: Sha256


class Scan(Part):
    """The signed minutes came back as a scan: entry number of the minutes, SHA-256 of the file."""

    kind: Literal["scan"] = "scan"
    minutes: int
    file: Sha256


class Link(Part):
    """The link of a hall was made or revoked; its secret is in no entry."""

    kind: Literal["link"] = "link"
    site: SiteCode
    serial: Annotated[int, Field(ge=1)]
    revoked: bool = False


class Person(Part):
    """Somebody of the office or a kecamatan may sign in with this role, or may no more."""

    kind: Literal["person"] = "person"
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$")]
    role: Role
    kecamatan: Short = ""
    active: bool = True

    @model_validator(mode="after")
    def _has_a_kecamatan(self) -> Person:
        if (self.role is Role.KECAMATAN) != bool(self.kecamatan):
            raise ValueError("kecamatan: it is given with the role kecamatan, and only there")
        return self


class Target(Part):
    """A target of the plan for one indicator and year, with the document that it stands in; a later one takes its place."""

    kind: Literal["target"] = "target"
    indicator: Indicator
    year: Annotated[int, Field(ge=2020, le=2100)]
    value: Annotated[float, Field(ge=0, le=100_000)]
    source: Annotated[str, Field(min_length=3, max_length=200)]


Entry = Publication | Remark | Answer | Reopening | Proposal | Progress | Minutes | Scan | Link | Person | Target
ENTRY: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])
KINDS = frozenset(model.model_fields["kind"].default for model in Entry.__args__)
