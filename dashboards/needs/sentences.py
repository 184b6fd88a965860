"""The sentences of a verdict: Indonesian and English, with `{name}` where a number goes."""

from __future__ import annotations

from dashboards.needs.words import Both, say

SENTENCES = {
    "not_measured": Both(
        "Belum ada pengukuran operator ini di balai desa; ini bukan berarti tidak ada sinyal.",
        "This operator has not been measured at the hall; that does not mean that there is no signal.",
    ),
    "insufficient": Both("{what}.", "{what}."),
    "few_samples": Both("{n} sampel tentang jaringan, perlu {limit}", "{n} samples of the network, {limit} needed"),
    "few_days": Both("{n} hari terukur, perlu {limit}", "{n} days measured, {limit} needed"),
    "few_slots": Both("{n} slot 5 menit, perlu {limit}", "{n} slots of 5 minutes, {limit} needed"),
    "few_lte": Both("{n} nilai RSRP LTE, perlu {limit}", "{n} values of LTE RSRP, {limit} needed"),
    "blank_spot": Both(
        "Tanpa layanan pada {share} % dari {n} sampel, meski modem dan kartu SIM menjawab (batas: ketersediaan ≤ {limit} %).",
        "No service in {share} % of {n} samples although modem and SIM answer (limit: availability ≤ {limit} %).",
    ),
    "two_g": Both(
        "Terlayani, tetapi LTE hanya {lte} % dari waktu terlayani (2G {two} %, 3G {three} %; batas {limit} %).",
        "Served, but LTE is only {lte} % of the served time (2G {two} %, 3G {three} %; limit {limit} %).",
    ),
    "weak": Both("{signs}.", "{signs}."),
    "weak_median": Both("nilai tengah RSRP {v} dBm di bawah {cut} dBm", "median RSRP of {v} dBm is below {cut} dBm"),
    "weak_p10": Both("10 % terburuk RSRP {v} dBm di bawah {cut} dBm", "worst 10 % of RSRP at {v} dBm is below {cut} dBm"),
    "weak_lte": Both(
        "LTE hanya {v} % dari waktu terlayani (batas {cut} %)", "LTE is only {v} % of the served time (limit {cut} %)"
    ),
    "congested": Both(
        "RSRP cukup ({rsrp} dBm) tetapi SINR turun dari {whole} dB sepanjang hari ke {busy} dB pada jam sibuk 19-22 WITA"
        " (batas {cut} dB): sel padat.",
        "RSRP is sufficient ({rsrp} dBm) but SINR falls from {whole} dB over the day to {busy} dB in the busy hour"
        " 19-22 WITA (limit {cut} dB): congested.",
    ),
    "interfered": Both(
        "RSRP cukup ({rsrp} dBm) tetapi SINR {whole} dB sepanjang hari, {busy} dB pada jam sibuk (batas {cut} dB): interferensi.",
        "RSRP is sufficient ({rsrp} dBm) but SINR is {whole} dB over the day, {busy} dB in the busy hour (limit {cut} dB):"
        " interfered.",
    ),
    "unstable": Both("{signs}.", "{signs}."),
    "drops": Both(
        "layanan tersedia {v} % dari waktu terukur (batas {cut} %)", "service is there {v} % of the measured time (limit {cut} %)"
    ),
    "cell_changes": Both(
        "sel pelayan berganti {v} kali per jam (batas {cut})", "the serving cell changes {v} times per hour (limit {cut})"
    ),
    "device": Both(
        "Modem bisu pada {silent} % dan tanpa SIM pada {sim} % sampel (batas {limit} %): periksa perangkat. Waktu ini tidak"
        " dihitung pada jaringan.",
        "Modem silent in {silent} % and without SIM in {sim} % of the samples (limit {limit} %): look at the"
        " device. This time is"
        " not held against the network.",
    ),
    "power": Both(
        "Data hanya ada pada {c} % waktu, dan {signs}. Waktu tanpa listrik tidak dihitung pada jaringan.",
        "There are data for {c} % of the time only, and {signs}. Time without power is not held against the network.",
    ),
    "boots": Both("perangkat menyala ulang {n} kali ({rate} per minggu)", "the device started anew {n} times ({rate} a week)"),
    "undervoltage": Both(
        "tegangan kurang atau listrik padam pada {v} % laporan perangkat",
        "undervoltage or no mains in {v} % of the device's reports",
    ),
    "known_power": Both("listrik balai desa menurut daftar: {p}", "power of the hall by the register: {p}"),
    "adequate": Both(
        "RSRP {v} dBm (batas {cut} dBm), 10 % terburuk {p10} dBm, {quality}, layanan tersedia {a} %.",
        "RSRP {v} dBm (limit {cut} dBm), worst 10 % {p10} dBm, {quality}, service available {a} %.",
    ),
    "sinr": Both("SINR {v} dB (batas {cut} dB)", "SINR {v} dB (limit {cut} dB)"),
    "no_sinr": Both("SINR tidak diberikan modem, mutu tidak dinilai", "the modem gives no SINR, quality is not judged"),
    "booster": Both(
        "Ada penguat sinyal: nilai hanya berlaku di dalam balai desa.",
        "There is a signal booster: the values hold inside the hall only.",
    ),
    "outdoor": Both(
        "Antena luar ruang: sinyal ponsel di dalam ruang lebih lemah.", "Outdoor antenna: a phone indoors has less signal."
    ),
    "estimated": Both(
        "Jam {v} % sampel diperkirakan; jam sibuk tidak dinilai.",
        "The time of {v} % of the samples is estimated; the busy hour is not judged.",
    ),
}


def tell(name: str, **values: float | str | Both | None) -> Both:
    """Return a sentence, filled; one that ends with a full stop begins with a capital."""
    text = say(*SENTENCES[name], **values)
    return Both(*(part[0].upper() + part[1:] if part.endswith(".") else part for part in text))
