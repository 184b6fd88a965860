"""What somebody wrote on a page, as an entry of the record, and the file that belongs to it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from collector.agreement.entries import (
    Answer,
    Channel,
    Entry,
    Indicator,
    Minutes,
    Outcome,
    Progress,
    Proposal,
    Remark,
    Reopening,
    Says,
    Scan,
    Step,
    Target,
)
from collector.agreement.papers import digest_of
from collector.agreement.photo import cleaned
from collector.agreement.rules import RefusedError, next_number, no_proposal
from collector.agreement.state import State
from dashboards.web.forms import Form
from ground.wita import WITA
from ground.words import phrase

Written = tuple[Entry, bytes]
"""An entry, and the file whose hash it names; empty where it names none."""
PHOTO, SCAN = "photo", "scan"


def village_wrote(form: Form, state: State, site: str) -> Written:
    """Read what a village wrote. Raises ValueError, RefusedError where it is none of what can be."""
    match form.fields.get("act"):
        case "remark":
            return remark_of(form, state, site)
        case "reopen":
            return _reopening(form.fields), b""
        case "agree":
            return Progress(number=form.fields.get("number", ""), to=Step.VILLAGE_AGREED), b""
    raise ValueError("act: remark, reopen or agree")


def office_wrote(form: Form, state: State, now: datetime) -> Written:
    """Read what somebody of office or kecamatan wrote. Raises ValueError, RefusedError where it is none of what can be."""
    act, fields = form.fields.get("act", ""), form.fields
    if act == "remark":
        return remark_of(form, state, fields.get("site", ""))
    if act == "scan":
        if not (content := form.files.get(SCAN, b"")):
            raise RefusedError(phrase("scan: choose the file"))
        return Scan(minutes=int(fields.get("minutes", "")), file=digest_of(content)), content
    if act == "propose":
        return _proposal(fields, state, now), b""
    if (read := _OFFICE.get(act)) is None:
        raise ValueError("act: " + ", ".join([*_OFFICE, "remark", "scan", "propose"]))
    return read(fields), b""


def printed(number: str, state: State, document: bytes) -> Written:
    """Make the entry of minutes that were printed of a proposal. Raises RefusedError."""
    known = state.proposals.get(number)
    if known is None:
        raise no_proposal(number)
    return Minutes(about=number, document=digest_of(document), evidence=known.proposal.evidence), document


def remark_of(form: Form, state: State, site: str) -> tuple[Remark, bytes]:
    """Read a remark on a verdict of a village, with its photo and place. Raises ValueError, RefusedError.

    The form names the publication that it showed: what was written on it days ago is not said of one that came since.
    """
    fields = form.fields
    evidence = fields.get("evidence")
    shown = [v for v in state.published.get(site, ()) if v.evidence == evidence] if evidence else state.newest(site)
    verdict = next((v for v in shown if (v.operator or "") == fields.get("operator", "")), None)
    if verdict is None:
        raise RefusedError(phrase("operator: nothing was published of it"))
    photo = cleaned(form.files[PHOTO]) if form.files.get(PHOTO) else b""
    place = {name: float(given) for name in ("lat", "lon", "accuracy_m") if (given := fields.get(name, "").strip())}
    said = {name: fields.get(name, "").strip() for name in ("hamlet", "text")}
    hashed = digest_of(photo) if photo else None
    once, says = fields.get("once", ""), Says(fields.get("says", ""))
    return Remark(once=once, verdict=verdict, says=says, photo=hashed, **said, **place), photo


def _reopening(fields: Mapping[str, str]) -> Entry:
    return Reopening(remark=int(fields.get("remark", "")), reason=fields.get("text", "").strip())


def _answer(fields: Mapping[str, str]) -> Entry:
    reason = fields.get("reason", "").strip()
    return Answer(remark=int(fields.get("remark", "")), outcome=Outcome(fields.get("outcome", "")), reason=reason)


def _progress(fields: Mapping[str, str]) -> Entry:
    said = {name: fields.get(name, "").strip() for name in ("reason", "reference")}
    evidence = fields.get("evidence") or None
    return Progress(number=fields.get("number", ""), to=Step(fields.get("to", "")), evidence=evidence, **said)


def _target(fields: Mapping[str, str]) -> Entry:
    value = float(fields.get("value", "").replace(",", "."))
    given = {"year": int(fields.get("year", "")), "value": value, "source": fields.get("source", "").strip()}
    return Target(indicator=Indicator(fields.get("indicator", "")), **given)


def _proposal(fields: Mapping[str, str], state: State, now: datetime) -> Entry:
    site, operator = fields.get("site", ""), fields.get("operator", "")
    verdicts = state.newest(site)
    if not verdicts or verdicts[0].evidence is None:
        raise RefusedError(phrase("nothing was published of {site}", site=site))
    if operator and operator not in {verdict.operator for verdict in verdicts}:
        raise RefusedError(phrase("operator: nothing was published of it"))
    return Proposal(
        number=next_number(state, now.astimezone(WITA).year),
        site=site,
        channel=Channel(fields.get("channel", "")),
        operators=(operator,) if operator else (),
        verdicts=verdicts,
        evidence=verdicts[0].evidence,
        text=fields.get("text", "").strip(),
    )


_OFFICE: dict[str, Callable[[Mapping[str, str]], Entry]] = {
    "answer": _answer,
    "progress": _progress,
    "reopen": _reopening,
    "target": _target,
}
