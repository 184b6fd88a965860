"""The sentences of a verdict, with `{name}` where a number goes."""

from __future__ import annotations

from ground.words import Phrase, Said, mark, phrase, sentence

SENTENCES = {
    "not_measured": mark("This operator has not been measured at the hall; that does not mean that there is no signal."),
    "insufficient": mark("{what}."),
    "few_samples": mark("{n} samples of the network, {limit} needed"),
    "few_days": mark("{n} days measured, {limit} needed"),
    "few_slots": mark("{n} slots of 5 minutes, {limit} needed"),
    "few_lte": mark("{n} values of LTE RSRP, {limit} needed"),
    "blank_spot": mark("No service in {share} % of {n} samples although modem and SIM answer (limit: availability ≤ {limit} %)."),
    "two_g": mark("Served, but LTE is only {lte} % of the served time (2G {two} %, 3G {three} %; limit {limit} %)."),
    "weak": mark("{signs}."),
    "weak_median": mark("median RSRP of {v} dBm is below {cut} dBm"),
    "weak_p10": mark("10th percentile of RSRP of {v} dBm is below {cut} dBm"),
    "weak_lte": mark("LTE is only {v} % of the served time (limit {cut} %)"),
    "congested": mark(
        "RSRP is sufficient ({rsrp} dBm) but SINR falls from {whole} dB over the day to {busy} dB in the busy hour 19-22 "
        "WITA (limit {cut} dB): congested."
    ),
    "interfered": mark(
        "RSRP is sufficient ({rsrp} dBm) but SINR is {whole} dB over the day, {busy} dB in the busy hour (limit {cut} dB): "
        "interfered."
    ),
    "unstable": mark("{signs}."),
    "drops": mark("service is there {v} % of the measured time (limit {cut} %)"),
    "cell_changes": mark("the serving cell changes {v} times per hour (limit {cut})"),
    "device": mark(
        "Modem unresponsive in {silent} % and without SIM in {sim} % of the samples (limit {limit} %): look at the device. This "
        "time is not held against the network."
    ),
    "power": mark("There are data for {c} % of the time only, and {signs}. Time without power is not held against the network."),
    "boots": mark("the device restarted {n} times ({rate} per week)"),
    "undervoltage": mark("undervoltage or no mains in {v} % of the device's reports"),
    "known_power": mark("power of the hall by the register: {p}"),
    "adequate": mark("RSRP {v} dBm (limit {cut} dBm), 10th percentile {p10} dBm, {quality}, service available {a} %."),
    "sinr": mark("SINR {v} dB (limit {cut} dB)"),
    "no_sinr": mark("the modem gives no SINR, quality is not judged"),
    "booster": mark("There is a signal booster: the values hold inside the hall only."),
    "outdoor": mark("Outdoor antenna: a phone indoors has less signal."),
    "estimated": mark("The time of {v} % of the samples is estimated; the busy hour is not judged."),
}


def tell(name: str, **values: Said) -> Phrase:
    """Return a sentence, filled; one that ends with a full stop begins with a capital."""
    message = SENTENCES[name]
    return sentence(message, **values) if message.endswith(".") else phrase(message, **values)
