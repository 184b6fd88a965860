"""The handover columns, one row a point and operator, in the order that ministries and the regency agreed on; typed values.

An unknown value is None: an empty cell. `kondisi` speaks of coverage in five words; what else was found is in `catatan`.
"""

from __future__ import annotations

from datetime import date

from dashboards.atlas.areas import dotted
from dashboards.needs.evidence import Evidence
from dashboards.needs.labels import ANTENNA, COORDINATES, DIAGNOSIS_WORDS, indonesian
from dashboards.needs.model import Diagnosis, Report, Row, State, Village, is_unknown
from ground.words import joined, phrase

Cell = str | int | float | date | None
COLUMNS = (
    *("kode_desa", "kecamatan", "desa", "nama_titik", "jenis_titik", "lat", "lon", "sumber_koordinat", "akurasi_m"),
    *("di_dalam_batas_desa", "kondisi", "operator", "plmn", "teknologi", "band", "rsrp_median", "rsrp_p10", "sinr_median"),
    *("ketersediaan_persen", "jumlah_sampel", "periode_awal", "periode_akhir", "model_modem", "band_didukung", "antena"),
    *("penguat_sinyal", "jumlah_penduduk", "jumlah_kk", "fasilitas_umum", "listrik", "status_lahan", "jarak_menara_km"),
    *("sambungan_kantor", "podes_r1005a", "podes_r1005b", "podes_r1005c", "podes_r1005d", "skor_prioritas", "versi_ambang"),
    *("nomor_usulan", "status_usulan", "catatan"),
)
KONDISI = {
    State.ADEQUATE: "layak",
    State.FAIR: "layak",
    State.WEAK: "sinyal lemah",
    State.TWO_G_ONLY: "2G saja",
    State.BLANK_SPOT: "blank spot",
    **dict.fromkeys((State.ABSENT, State.UNJUDGEABLE, State.HEARD, State.INSUFFICIENT), "tidak diukur"),
    State.NOT_MEASURED: "tidak diukur",
}
LISTRIK = {"grid": "PLN 24 jam", "grid_partial": "PLN < 24 jam", "solar": "PLTS", "genset": "genset", "none": "tidak ada"}
YA = {True: "ya", False: "tidak", None: None}
SEEN_PERCENT = 1  # a technology or band below this share is a moment, not a service


def handover(report: Report, village: Village, row: Row) -> dict[str, Cell]:
    """Return the cells of a row by column, in order."""
    site, e = row.site, row.evidence
    kelurahan = len(site.code) == 10 and site.code[6] == "1"
    cells: dict[str, Cell] = dict.fromkeys(COLUMNS)
    cells |= {
        "kode_desa": dotted(site.code),
        "kecamatan": site.kecamatan,
        "desa": site.desa,
        "nama_titik": f"{'Kantor Kelurahan' if kelurahan else 'Kantor Desa'} {site.desa}",
        "jenis_titik": "kantor kelurahan" if kelurahan else "kantor desa",
        "lat": site.lat,
        "lon": site.lon,
        "sumber_koordinat": indonesian(COORDINATES[site.coordinate_source]),
        "akurasi_m": None if site.accuracy_m is None else round(site.accuracy_m, 1),
        "di_dalam_batas_desa": YA[village.inside],
        "kondisi": KONDISI[row.verdict.state],
        "operator": None if is_unknown(row.operator) else row.operator,
        "periode_awal": report.period.first,
        "periode_akhir": report.period.last,
        "antena": indonesian(ANTENNA[site.antenna]) if site.antenna else None,
        "penguat_sinyal": YA[site.booster],
        "jumlah_penduduk": site.population,
        "listrik": LISTRIK.get(site.power or ""),
        "skor_prioritas": row.priority.score,
        "versi_ambang": report.version,
        "catatan": remarks(village, row),
    }
    return cells | (_measured(e) if e and e.samples else {"jumlah_sampel": 0})


def _measured(e: Evidence) -> dict[str, Cell]:
    return {
        "plmn": "; ".join(f"{p[:3]}-{p[3:]}" for p in e.plmns) or None,
        "teknologi": technologies(e) or None,
        "band": bands(e) or None,
        "rsrp_median": e.rsrp_median,
        "rsrp_p10": e.rsrp_p10,
        "sinr_median": e.sinr_median,
        "ketersediaan_persen": None if e.availability is None else round(e.availability, 1),
        "jumlah_sampel": e.samples,
        "model_modem": "; ".join(e.models) or None,
        "band_didukung": None if e.supported is None else "; ".join(f"B{band}" for band in e.supported),
    }


def technologies(e: Evidence) -> str:
    """Name the technologies that served at least 1 % of the served time."""
    shares = (("LTE", e.lte), ("3G", e.three_g), ("2G", e.two_g))
    return "; ".join(name for name, count in shares if count and 100 * count >= SEEN_PERCENT * e.served)


def bands(e: Evidence) -> str:
    """Name the bands, most used first."""
    return "; ".join(f"B{band}" for band in e.bands)


def remarks(village: Village, row: Row) -> str:
    """Tell in Indonesian what the other columns cannot: diagnosis, reason, what limits the value."""
    verdict = row.verdict
    found = [f"{indonesian(DIAGNOSIS_WORDS[f.diagnosis])}: {indonesian(f.reason)}" for f in (verdict.main, *verdict.others)]
    told = [indonesian(verdict.main.reason)] if verdict.main.diagnosis is Diagnosis.NOT_MEASURED else found
    if verdict.state is State.BLANK_SPOT and village.unmeasured:
        told.append(
            indonesian(phrase("No blank spot of the village: {names} not known.", names=joined(village.unmeasured, ", ")))
        )
    told += [indonesian(note) for note in verdict.notes]
    if row.site.coordinate_source == "centroid":
        told.append(indonesian(phrase("The coordinate is the middle of the village, not the office.")))
    if row.site.fixes is not None:
        measured = phrase(
            "The modem measured the coordinate (GNSS, {n} fixes); it replaces the middle of the village.", n=row.site.fixes
        )
        told.append(indonesian(measured))
    if village.inside is False:
        told.append(indonesian(phrase("The coordinate lies outside the village: check it.")))
    if row.site.power == "no_grid":
        told.append(indonesian(phrase("No grid power.")))
    if row.compared and row.evidence:
        told.append(indonesian(phrase("Compared: {reason}.", reason=row.compared.reason)).replace("..", "."))
    return " ".join(told)
