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
        "Tanpa layanan pada {share} % dari {n} sampel (batas: ketersediaan ≤ {limit} %); kartu SIM tidak ditolak, dan alat ukur"
        " terbukti berfungsi: {proof}.",
        "No service in {share} % of {n} samples (limit: availability ≤ {limit} %); the SIM is not refused, and the instrument is"
        " proven: {proof}.",
    ),
    "proof_heard": Both("modem ini pernah menerima sel", "this modem has received a cell"),
    "proof_scan": Both("pemindaian modem ini menemukan sel", "a scan of this modem found a cell"),
    "proof_other_modem": Both("modem lain di balai desa menerima sel", "another modem of the hall receives a cell"),
    "proof_recovery_tried": Both("belum", "not yet"),
    "proof_none": Both("belum", "not yet"),
    "sim_refused": Both(
        "SIM ditolak / terkunci: tidak dapat dinilai. Ditolak jaringan pada {refused} % dan kartu SIM terkunci atau rusak pada"
        " {fault} % sampel: periksa kartu SIM dan paketnya. Waktu ini tidak dihitung pada jaringan.",
        "SIM refused / locked: cannot be judged. Refused by the network in {refused} % and SIM locked or faulty in {fault} % of"
        " the samples: check the SIM and its plan. This time is not held against the network.",
    ),
    "barred": Both(
        "Sel operator ini sendiri terdengar tanpa memberi layanan pada {v} % sampel: dibatasi, padat, atau kartu SIM; bukan"
        " blank spot.",
        "This operator's own cell is heard without serving in {v} % of the samples: barred, overloaded, or the SIM; no blank"
        " spot.",
    ),
    "heard_unserved": Both(
        "SIM operator ini tanpa layanan, tetapi selnya terdengar pada {n} sampel modem lain dan {days} dari {of} hari pemindaian:"
        " periksa kartu SIM dan modem; bukan blank spot.",
        "The SIM of this operator has no service, but its cell is heard in {n} samples of other modems and on {days} of {of} days"
        " with a scan: check SIM and modem; no blank spot.",
    ),
    "unproven": Both(
        "Tanpa layanan pada {n} sampel, tetapi modem ini belum pernah menerima sel apa pun: alat ukur belum terbukti. Uji di"
        " tempat bersinyal atau pasang modem kedua.",
        "No service in {n} samples, but this modem never received any cell: the instrument is not proven. Try it where there is"
        " signal, or add a second modem.",
    ),
    "unproven_tried": Both(
        "Tanpa layanan pada {n} sampel dan belum pernah ada sel yang terdengar; radio dimatikan-dinyalakan dan modem direset"
        " tanpa perubahan: alat ukur belum terbukti. Periksa antena, uji di tempat bersinyal, atau pasang modem kedua.",
        "No service in {n} samples and no cell was ever heard; radio off and on and reset changed nothing: the instrument is not"
        " proven. Check the antenna, try it where there is signal, or add a second modem.",
    ),
    "unsupported_band": Both(
        "Tidak dapat diukur dengan modem ini: tidak mendukung {bands} milik operator ini.",
        "Not measurable with this modem: it lacks {bands} of this operator.",
    ),
    "unknown_operator": Both(
        "Operator kartu SIM di modem {modem} tidak diketahui: isi kolom operators di sites.csv atau beri nama modemnya.",
        "The operator of the SIM in modem {modem} is not known: fill the column operators of sites.csv, or name the modem after"
        " it.",
    ),
    "heard": Both(
        "Terdengar, belum diukur: selnya diterima pada {n} sampel modem ber-SIM lain dan ditemukan pada {days} dari {of} hari"
        " pemindaian.",
        "Heard, not measured: its cell was received in {n} samples of modems with another SIM and found on {days} of {of} days"
        " with a scan.",
    ),
    "absent": Both(
        "Tidak ditemukan pada pemindaian lengkap di {n} hari oleh modem yang mendukung pitanya, dan tidak pernah terdengar.",
        "Not found by complete scans on {n} days by a modem that supports its bands, and never heard.",
    ),
    "guest": Both(
        "{v} % dari waktu terlayani lewat jaringan operator lain (roaming).",
        "{v} % of the served time was through another operator's network (roaming).",
    ),
    "data_refused": Both(
        "Layanan data ditolak pada {v} % dari waktu terlayani: periksa paket.",
        "Packet service was refused in {v} % of the served time: check the plan.",
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
