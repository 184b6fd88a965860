"""The handover columns, one row a point and operator, in a fixed order that grows at its end; typed values.

An unknown value is None: an empty cell. `kondisi` is the one scale of words; what was found is in `catatan`.
"""

from __future__ import annotations

from datetime import date

from collector.sites.facts import ANTENNA, INTERNET, LAND, OFFICE_LINK, SIGNAL, Facts
from dashboards.atlas.areas import dotted
from dashboards.needs.evidence import Evidence
from dashboards.needs.interval import Interval
from dashboards.needs.labels import COORDINATES, DIAGNOSIS_WORDS, indonesian, state_words
from dashboards.needs.model import Diagnosis, Report, Row, State, Verdict, Village, VillageVerdict, is_unknown
from dashboards.needs.need import INPUT_WORDS
from ground.words import joined, phrase
from telemetry.operators import operator_name

Cell = str | int | float | date | None
COLUMNS = (
    *("kode_desa", "kecamatan", "desa", "nama_titik", "jenis_titik", "lat", "lon", "sumber_koordinat", "akurasi_m"),
    *("di_dalam_batas_desa", "kondisi", "operator", "plmn", "teknologi", "band", "rsrp_median", "rsrp_p10", "sinr_median"),
    *("ketersediaan_persen", "jumlah_sampel", "periode_awal", "periode_akhir", "model_modem", "band_didukung", "antena"),
    *("penguat_sinyal", "jumlah_penduduk", "jumlah_kk", "fasilitas_umum", "listrik", "status_lahan", "jarak_menara_km"),
    *("sambungan_kantor", "podes_r1005a", "podes_r1005b", "podes_r1005c", "podes_r1005d", "skor_prioritas", "versi_ambang"),
    *("nomor_usulan", "status_usulan", "catatan"),
    *("kondisi_desa", "ketersediaan_bawah", "ketersediaan_atas", "rsrp_median_bawah", "rsrp_median_atas", "rsrp_p10_bawah"),
    *(
        "rsrp_p10_atas",
        "n_efektif",
        "kualitas_bukti",
        "alasan_kualitas",
        "menaikkan_kualitas",
        "peringkat_desa",
        "peringkat_terbaik",
    ),
    *("peringkat_terburuk", "skor_kebutuhan", "skor_kebutuhan_min", "skor_kebutuhan_maks", "skor_kesiapan_min"),
    *("skor_kesiapan_maks", "masukan_tidak_diketahui"),
)
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
        "kondisi": condition(row.verdict),
        "operator": None if is_unknown(row.operator) else row.operator,
        "periode_awal": report.period.first,
        "periode_akhir": report.period.last,
        "antena": indonesian(ANTENNA[site.antenna]) if site.antenna else None,
        "penguat_sinyal": YA[site.booster],
        "jumlah_penduduk": site.population,
        "listrik": LISTRIK.get(site.power or ""),
        "skor_prioritas": village.need.value,
        "versi_ambang": report.version,
        "catatan": remarks(village, row),
    }
    cells |= _told(site.facts) | _weighed(village) | _graded(row)
    return cells | (_measured(e) if e and e.samples else {"jumlah_sampel": 0})


def condition(verdict: Verdict | VillageVerdict) -> str:
    """Return the condition as a cell: small letters, but for `2G saja`."""
    words = indonesian(state_words(verdict)).split(" ")
    return " ".join(word if word[0].isdigit() else word.lower() for word in words)


def _told(facts: Facts) -> dict[str, Cell]:
    words = {
        "status_lahan": (facts.land_status, LAND),
        "sambungan_kantor": (facts.office_link, OFFICE_LINK),
        "podes_r1005c": (facts.podes_r1005c, SIGNAL),
        "podes_r1005d": (facts.podes_r1005d, INTERNET),
    }
    return {
        "jumlah_kk": facts.households,
        "fasilitas_umum": facts.public_facilities,
        "jarak_menara_km": facts.tower_distance_km,
        "podes_r1005a": facts.podes_r1005a,
        "podes_r1005b": facts.podes_r1005b,
        "nomor_usulan": facts.proposal_number,
        "status_usulan": facts.proposal_status,
        **{name: indonesian(known[word]) if word else None for name, (word, known) in words.items()},
    }


def _weighed(village: Village) -> dict[str, Cell]:
    unknown = dict.fromkeys((*village.need.unknown, *village.readiness.unknown))
    return {
        "kondisi_desa": condition(village.verdict),
        "peringkat_desa": village.rank.place,
        "peringkat_terbaik": village.rank.best,
        "peringkat_terburuk": village.rank.worst,
        "skor_kebutuhan": village.need.value,
        "skor_kebutuhan_min": village.need.lo,
        "skor_kebutuhan_maks": village.need.hi,
        "skor_kesiapan_min": village.readiness.lo,
        "skor_kesiapan_maks": village.readiness.hi,
        "masukan_tidak_diketahui": "; ".join(indonesian(INPUT_WORDS[name]) for name in unknown) or None,
    }


def _graded(row: Row) -> dict[str, Cell]:
    if row.grade is None:
        return {}
    return {
        "kualitas_bukti": row.grade.grade.value,
        "alasan_kualitas": "; ".join(indonesian(c.reason) for c in row.grade.limiting) or None,
        "menaikkan_kualitas": "; ".join(map(indonesian, row.grade.lifts)) or None,
    }


def _ends(name: str, interval: Interval | None) -> dict[str, Cell]:
    if interval is None:
        return {}
    return {f"{name}_bawah": interval.lo, f"{name}_atas": interval.hi}


def _measured(e: Evidence) -> dict[str, Cell]:
    return {
        "plmn": "; ".join(f"{p[:3]}-{p[3:]}" for p in e.plmns) or None,
        "teknologi": technologies(e) or None,
        "band": bands(e) or None,
        "rsrp_median": e.rsrp_median,
        "rsrp_p10": e.rsrp_p10,
        "sinr_median": e.sinr_median,
        "ketersediaan_persen": e.availability,
        "jumlah_sampel": e.samples,
        "model_modem": "; ".join(e.models) or None,
        **_ends("ketersediaan", e.availability_ci),
        **_ends("rsrp_median", e.rsrp_median_ci),
        **_ends("rsrp_p10", e.rsrp_p10_ci),
        "n_efektif": None if e.effective_n is None else round(e.effective_n),
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
            indonesian(
                phrase(
                    "No blank spot of the village: {names} not known.", names=joined(map(operator_name, village.unmeasured), ", ")
                )
            )
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
