"""Federation: what goes up, once and whole, whatever happens on the way; and what does not."""

from __future__ import annotations

import lzma
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest
import requests

from collector.cli import main
from collector.federate import keys, letter
from collector.federate.chain import Chain, Head
from collector.federate.command import node
from collector.federate.letter import Letter, LetterRefusedError, pack
from collector.federate.receive import listen
from collector.federate.send import send
from collector.federate.take import Node
from ground.wita import WITA
from lab.federation import DAY, IMSI_LIKE, Above, Regency

TODAY = datetime.now(UTC).astimezone(WITA).date()
DAYS = [TODAY - DAY * k for k in range(3, 0, -1)]


@pytest.fixture
def above(tmp_path: Path) -> Above:
    return Above(tmp_path / "above")


@pytest.fixture
def url(above: Above) -> Iterator[str]:
    """Let it listen, in this process."""
    server = listen("127.0.0.1", 0, *node(above.config, above.folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/federation"
    server.shutdown()
    server.server_close()


def _regency(folder: Path, above: Above, code: str = "6408", url: str = "") -> Regency:
    made = Regency(folder / code, code)
    keys.admit(above.letters, code, f"Regency {code}", made.key)
    made.goes_to(url)
    return made


def _nodes(above: Above) -> Node:
    return node(above.config, above.folder)[0]


def _letters(regency: Regency) -> list[bytes]:
    return [data for _, data in Chain(regency.letters, regency.code).after(0)]


def test_a_week_without_a_net_arrives_once(tmp_path: Path, above: Above, url: str) -> None:
    one, other = (_regency(tmp_path, above, code, url) for code in ("6408", "6409"))
    for day in DAYS:
        for regency in (one, other):
            regency.measure(day)
        one.write_letters(day)
        assert send(one.config, one.folder)["6408"].letters == 1
    assert above.rows(of="6409") == []
    for day in DAYS:  # its line comes back only now
        other.write_letters(day)
    assert [send(other.config, other.folder)["6409"].letters for _ in range(2)] == [len(DAYS), 0]
    for regency in (one, other):
        assert above.rows(of=regency.code) == regency.rows()
        assert len(_letters(regency)) == len(DAYS)
    assert (above.folder / "sites.csv").read_text().count("\n") == 1 + len(one.halls) + len(other.halls)


def test_late_data_change_the_day_above(tmp_path: Path, above: Above) -> None:
    regency, taker = _regency(tmp_path, above), _nodes(above)
    for day in DAYS:
        regency.measure(day)
        regency.write_letters(day)
    regency.measure(DAYS[0], hours=(3,), halls=1, arrived=TODAY)
    regency.write_letters(TODAY)
    last = letter.unpack(_letters(regency)[-1], lambda _: keys.own_key(regency.letters).public_key())
    assert set(last.tables["signal_1d"]["site"]) == {regency.halls[0]}, "only what changed"
    for data in _letters(regency):
        taker.take(data)
    assert above.rows() == regency.rows()


def test_nothing_else_goes_up(tmp_path: Path, above: Above) -> None:
    regency = _regency(tmp_path, above)
    regency.measure(DAYS[0])
    regency.publish(DAYS[0])
    regency.write_letters(DAYS[0])
    (data,) = _letters(regency)
    text = lzma.decompress(data.partition(b"\n")[2])
    said = orjson.loads(text)["tables"]
    assert set(said) == {"site", "verdict", "proposal", "signal_1d", "signal_1h"}
    assert "sim_expiry" not in said["site"]
    for name in (b"secret text", b"who", b"imsi", b"iccid", b"rsrp_dbm", b"cell_id", b"home_plmn", b"2027-01-01"):
        assert name not in text, name
    _nodes(above).take(data)
    table = node(above.config, above.folder)[1].csv(f"{DAYS[0]:%Y-%m}")
    (head, row) = (line.split(",") for line in table.splitlines())
    found = dict(zip(head, row, strict=True))
    assert (found["halls"], found["halls_measured"], found["villages_blank_spot"], found["grade_b"]) == ("3", "3", "3", "3")
    assert (found["proposals"], found["table_sha256"]) == ("1", "ab" * 32)


def _said(regency: Regency, /, **changed: object) -> Letter:
    """Return the first letter of a regency with other words in it."""
    (data,) = _letters(regency)
    return replace(letter.unpack(data, lambda _: keys.own_key(regency.letters).public_key()), **changed)  # type: ignore[arg-type]


@pytest.fixture
def liar(tmp_path: Path, above: Above) -> Regency:
    regency = _regency(tmp_path, above)
    regency.measure(DAYS[0])
    regency.write_letters(DAYS[0])
    return regency


def test_who_lies_about_others_is_refused(liar: Regency, above: Above, tmp_path: Path) -> None:
    own, taker = keys.own_key(liar.letters), _nodes(above)
    tables = _said(liar).tables
    daily, register = tables["signal_1d"], tables["site"]
    foreign = ["6409012001", *daily["site"][1:]]
    lies: dict[str, dict[str, object]] = {
        "no village of 6408": {"tables": {**tables, "signal_1d": {**daily, "site": foreign}}},
        "6409012001 is no village": {"tables": {**tables, "site": {**register, "code": ["6409012001", *register["code"][1:]]}}},
        "not in the register": {"tables": {**tables, "signal_1d": {**daily, "site": ["6408019999", *daily["site"][1:]]}}},
        "below 0": {"tables": {**tables, "signal_1d": {**daily, "served": [-1, *daily["served"][1:]]}}},
        "no time of a rollup": {"tables": {**tables, "signal_1d": {**daily, "time_ns": [1, *daily["time_ns"][1:]]}}},
        "is of 6409": {"regency": "6409"},
    }
    for words, changed in lies.items():
        data = pack(_said(liar, **changed), own)
        if words == "is of 6409":
            data = data.replace(b" 6409 ", b" 6408 ", 1)
        with pytest.raises(LetterRefusedError, match=words):
            taker.take(data)
    stranger = keys.own_key(tmp_path / "stranger")
    with pytest.raises(LetterRefusedError, match="signature is not that of 6408"):
        taker.take(pack(_said(liar), stranger))
    with pytest.raises(LetterRefusedError, match="6409 is not admitted"):
        taker.take(pack(_said(liar, regency="6409"), own))
    assert above.rows() == []
    assert taker.head("6408") == Head()


def test_what_a_regency_reckoned_itself_is_not_believed(liar: Regency, above: Above) -> None:
    tables = dict(_said(liar).tables)
    daily = tables["signal_1d"]
    tables["signal_1d"] = {**daily, "rsrp_median_dbm": [-44.0] * len(daily["site"]), "a_new_column": ["x"] * len(daily["site"])}
    tables["of_a_later_version"] = {"a": [1]}
    _nodes(above).take(pack(_said(liar, tables=tables), keys.own_key(liar.letters)))
    assert above.rows() == liar.rows()


def test_a_later_form_says_which_end_to_upgrade(liar: Regency, above: Above) -> None:
    (data,) = _letters(liar)
    with pytest.raises(LetterRefusedError, match="form 2, this end knows 1; upgrade sinyal on the node above"):
        _nodes(above).take(data.replace(b"federation 1 ", b"federation 2 ", 1))


def test_a_letter_that_is_cut_off_or_skipped_waits(tmp_path: Path, above: Above, url: str) -> None:
    regency, taker = _regency(tmp_path, above, url=url), _nodes(above)
    for day in DAYS[:2]:
        regency.measure(day)
        regency.write_letters(day)
    first, second = _letters(regency)
    with pytest.raises(LetterRefusedError, match="does not follow number 0"):
        taker.take(second)
    with pytest.raises(LetterRefusedError, match="signature"):
        taker.take(first[:-5])
    taker.take(first)
    assert taker.take(first).again
    assert send(regency.config, regency.folder)["6408"].letters == 1
    assert above.rows() == regency.rows()


def test_a_regency_from_an_old_backup_goes_on_above(tmp_path: Path, above: Above, url: str) -> None:
    regency = _regency(tmp_path, above, url=url)
    for day in DAYS[:2]:
        regency.measure(day)
        regency.write_letters(day)
        if day == DAYS[0]:
            shutil.copytree(regency.letters, tmp_path / "backup")
    assert main(regency.command("send")) == 0
    shutil.rmtree(regency.letters)
    shutil.move(tmp_path / "backup", regency.letters)
    regency.measure(DAYS[2], halls=2)
    assert main(regency.command("send")) == 1, "it is told, and goes on the next time"
    assert main(regency.command("send")) == 0
    assert above.rows() == regency.rows()
    assert _nodes(above).head("6408").number > 2


def test_a_province_passes_on(tmp_path: Path, above: Above, url: str) -> None:
    province = Above(tmp_path / "province")
    regency = _regency(tmp_path, province)
    keys.admit(above.letters, "6408", "Kutai Timur", regency.key)
    regency.measure(DAYS[0])
    regency.write_letters(DAYS[0])
    _nodes(province).take(_letters(regency)[0])
    province.config_file.write_text(province.config_file.read_text() + f'above = "{url}"\n')
    assert main(province.command("send")) == 0
    assert above.rows() == province.rows() == regency.rows()


def test_readers_see_their_own(tmp_path: Path, above: Above, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    for code in ("6408", "7301"):
        regency = _regency(tmp_path, above, code)
        regency.measure(DAYS[0])
        regency.write_letters(DAYS[0])
        _nodes(above).take(_letters(regency)[0])
    assert main(above.command("reader", "kaltim", "64")) == 0
    secret, ask = capsys.readouterr().out.strip(), f"{url}/table.csv?level=hall&month={DAYS[0]:%Y-%m}"
    assert (
        requests.get(ask, timeout=10).status_code
        == requests.get(ask, headers={"Authorization": "Bearer x"}, timeout=10).status_code
        == 401
    )
    text = requests.get(ask, headers={"Authorization": f"Bearer {secret}"}, timeout=10).text
    assert "6408012001" in text
    assert "7301" not in text
    assert secret not in (above.letters / "readers.json").read_text()
    assert IMSI_LIKE.search(text.encode()) is None


def test_a_month_is_reckoned_from_its_days(tmp_path: Path, above: Above) -> None:
    regency, first = _regency(tmp_path, above), date(2026, 10, 30)
    for day in (first, first + DAY, first + 2 * DAY):
        regency.measure(day)
        regency.write_letters(day)
    for data in _letters(regency):
        _nodes(above).take(data)
    october = [row for row in above.rows("signal_1m") if row["days"] == 2]
    assert len(october) == len(regency.halls)
    days = [row for row in regency.rows() if row["site"] == regency.halls[0]]
    assert october[0]["samples"] == sum(int(row["samples"]) for row in days[:2])
