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
    "blank_spot": mark(
        "No service in {share} % of {n} samples; available in {most} % at most (95 %, limit {limit} %); the SIM is not refused, "
        "and the instrument is proven: {proof}."
    ),
    "nearly_blank": mark(
        "Service is there {v} % of the measured time, but it can be {most} % (95 %); a blank spot has {limit} % at "
        "most: measure on."
    ),
    "rarely_served": mark("Service is there {v} % of the measured time only (limit {cut} %)."),
    "proof_heard": mark("this modem has received a cell"),
    "proof_scan": mark("a scan of this modem found a cell"),
    "proof_other_modem": mark("another modem of the hall receives a cell"),
    "proof_recovery_tried": mark("not yet"),
    "proof_none": mark("not yet"),
    "sim_refused": mark(
        "Cannot be judged. Refused by the network in {refused} % and SIM locked or faulty in {fault} % of "
        "the samples: check the SIM and its plan. This time is not held against the network."
    ),
    "barred": mark(
        "This operator's own cell is heard without serving in {v} % of the samples: barred, overloaded, or the SIM; no "
        "blank spot."
    ),
    "heard_unserved": mark(
        "The SIM of this operator has no service, but its cell is heard in {n} samples of other modems and on {days} of {of} "
        "days with a scan: check SIM and modem; no blank spot."
    ),
    "unnamed": mark(
        "A cell is heard without service in {v} % of the samples, the modem does not tell whose, and no scan says who is there."
    ),
    "unproven": mark(
        "No service in {n} samples, but this modem never received any cell: the instrument is not proven. Try it where there is "
        "signal, or add a second modem."
    ),
    "unproven_tried": mark(
        "No service in {n} samples and no cell was ever heard; radio off and on and reset changed nothing: the instrument is "
        "not proven. Check the antenna, try it where there is signal, or add a second modem."
    ),
    "unsupported_band": mark("Not measurable with this modem: it lacks {bands} of this operator."),
    "unknown_operator": mark(
        "The operator of the SIM in modem {modem} is not known: fill the column operators of sites.csv, or name the modem after "
        "it."
    ),
    "heard": mark(
        "Its cell was received in {n} samples of modems with another SIM and found on {days} of {of} days with a scan."
    ),
    "absent": mark("Not found by complete scans on {n} days by a modem that supports its bands, and never heard."),
    "guest": mark("{v} % of the served time was through another operator's network (roaming)."),
    "data_out": mark(
        "Registered, but {v} % of {n} pings got no answer: quota, APN or the operator's core. Most pings fail at {cut} of "
        "{halls} halls with this operator: at one it is the SIM's quota or APN, at many the operator."
    ),
    "data_refused": mark("Packet service was refused in {v} % of the served time: check the plan."),
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
