"""Line protocol: exact text, the time of a point, and the same values through the fast path as one by one."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from collector.sites.sites import Site
from collector.store.lines import (
    MOST_NUMBERS,
    MOST_SHAPES,
    _Numbers,
    _shapes,
    apart_ns,
    frame_tags,
    lines,
    point_line,
    point_times_ns,
)
from telemetry.frame import Sample, Value, pack
from tests.collector.frames import SITE, T0_MS

WHERE = r"desa=Senyiur,kecamatan=Muara\ Ancalong"
SITE_TAG = "site=6408012001"


def one(stream: str, values: dict[str, Value], *, seq: int = 7, modem: str | None = "m1", site: Site = SITE) -> str:
    (line,) = lines(pack(site.code, stream, modem, [Sample(seq, T0_MS, "ntp", values)]), site)
    return line


def test_types_tags_in_the_order_of_the_store_and_time() -> None:
    values: dict[str, Value] = {"rat": "lte", "plmn": "51010", "band": 3, "pci": 211, "rsrp_dbm": -97.5, "registration": "home"}
    assert one("signal", values) == (
        f"signal,band=3,{WHERE},modem=m1,operator=Telkomsel,rat=lte,{SITE_TAG} "
        'seq=7i,clock="ntp",plmn="51010",pci=211i,rsrp_dbm=-97.5,registration="home" 1790000000000000007'
    )


def test_a_whole_number_in_a_float_field_stays_a_float() -> None:
    assert ' seq=7i,clock="ntp",rsrp_dbm=-97 ' in one("signal", {"rsrp_dbm": -97})


def test_what_is_equal_in_python_is_not_mixed_up() -> None:
    """0 == False and 5 == 5.0: neither the shape of one frame nor the text of one number may stand for another's."""

    def two(name: str, *column: Value) -> list[str]:
        samples = [Sample(k, T0_MS + k, "ntp", {name: value}) for k, value in enumerate(column)]
        return [line.split()[-2] for line in lines(pack(SITE.code, "signal", "m1", samples), SITE)]

    assert two("pci", 0, 0)[1] == 'seq=1i,clock="ntp",pci=0i'
    assert two("pci", 0, 2)[1] == 'seq=1i,clock="ntp",pci=2i'
    assert two("rsrq_db", 5.0, 6.0)[1] == 'seq=1i,clock="ntp",rsrq_db=6.0'
    assert two("pci", 5, 6)[1] == 'seq=1i,clock="ntp",pci=6i'
    assert two("rsrq_db", 1.0, 0.0)[1] == 'seq=1i,clock="ntp",rsrq_db=0.0'
    assert two("cqi", 1, 0)[1] == 'seq=1i,clock="ntp",cqi=0i'


def test_no_modem_no_tag_and_booleans() -> None:
    assert one("device", {"undervoltage": True, "uptime_s": 5}, modem=None).startswith(
        f'device,{WHERE},{SITE_TAG} seq=7i,clock="ntp",undervoltage=true,uptime_s=5i '
    )


def test_awkward_texts() -> None:
    site = Site("x-1", "A, B", "C=D 100%", 0.5, 117.0, "gnss")
    assert one("event", {"kind": "boot", "detail": 'a "b" \\ 50%'}, modem=None, site=site) == (
        r"event,desa=C\=D\ 100%,kecamatan=A\,\ B,site=x-1 "
        r'seq=7i,clock="ntp",kind="boot",detail="a \"b\" \\ 50%" 1790000000000000007'
    )


def test_absent_values_and_changing_tags_within_a_frame() -> None:
    rows: list[dict[str, Value]] = [
        {"rat": "lte", "rsrp_dbm": -97.0},
        {"rat": "gsm", "rssi_dbm": -71.0},
        {"registration": "no_sim"},
    ]
    got = lines(pack(SITE.code, "signal", "m1", [Sample(1 + i, T0_MS, "ntp", row) for i, row in enumerate(rows)]), SITE)
    assert [line.split(" 17900")[0].removeprefix(f"signal,{WHERE},modem=m1") for line in got] == [
        ',rat=lte,site=6408012001 seq=1i,clock="ntp",rsrp_dbm=-97.0',
        ',rat=gsm,site=6408012001 seq=2i,clock="ntp",rssi_dbm=-71.0',
        ',site=6408012001 seq=3i,clock="ntp",registration="no_sim"',
    ]


def test_samples_of_one_millisecond_have_times_of_their_own() -> None:
    frame = pack(SITE.code, "cell", "m1", [Sample(999_999 + i, T0_MS, "ntp", {"pci": i}) for i in range(3)])
    assert point_times_ns(frame) == [T0_MS * 1_000_000 + n for n in (999_999, 0, 1)]


def test_point_of_the_collector() -> None:
    line = point_line("ingest", {}, {"stored": 5, "lag": 1.5, "up": False, "name": "a b"}, 42)
    assert line == 'ingest stored=5i,lag=1.5,up=false,name="a b" 42'


ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "rsrp_dbm": st.floats(-157, -30, width=32),
            "pci": st.integers(0, 1007),
            "rat": st.sampled_from(["lte", "gsm"]),
            "plmn": st.sampled_from(["51010", "51089", "50212"]),
            "registration": st.sampled_from(["home", "denied"]),
        },
    ),
    min_size=1,
    max_size=8,
)


@given(ROWS)
def test_a_frame_gives_what_its_samples_give_alone(rows: list[dict[str, Value]]) -> None:
    samples = [Sample(1 + i, T0_MS + i, "ntp", row) for i, row in enumerate(rows)]
    together = lines(pack(SITE.code, "signal", "m1", samples), SITE)
    alone = [lines(pack(SITE.code, "signal", "m1", [s]), SITE)[0] for s in samples]
    assert [parts(line) for line in together] == [parts(line) for line in alone]


def parts(line: str) -> tuple[str, set[str], str]:
    head, body, time = line.replace(r"\ ", "_").split(" ")
    return head, set(body.split(",")), time


def test_the_time_of_a_point_holds_its_number_and_its_installation() -> None:
    samples = [Sample(seq, T0_MS + 5, "ntp", {"pci": 1}) for seq in (999_998, 999_999, 1_000_000)]
    plain = pack(SITE.code, "signal", "m1", samples)
    assert point_times_ns(plain) == [(T0_MS + 5) * 1_000_000 + k for k in (999_998, 999_999, 0)]
    of_one = dataclasses.replace(plain, inst="00000003")
    assert point_times_ns(of_one) == [(T0_MS + 5) * 1_000_000 + k for k in (1, 2, 3)]
    assert apart_ns("0f424005") == 5 + 0x0F424000 % 1_000_000
    assert apart_ns(None) == 0


def test_remembered_texts_of_numbers_are_bounded() -> None:
    known = _Numbers()
    for number in range(3 * MOST_NUMBERS):
        assert known[number] == str(number)
        assert len(known) <= MOST_NUMBERS
    assert len(known) > 1


def test_remembered_shapes_are_bounded() -> None:
    _shapes.clear()
    sizes = []
    for number in range(MOST_SHAPES + 2):
        one("device", {"uptime_s": 5}, modem=None, site=dataclasses.replace(SITE, code=f"x-{number}"))
        sizes.append(len(_shapes))
    assert sizes[:3] == [1, 2, 3]
    assert sizes[-3:] == [MOST_SHAPES, 1, 2]


def test_only_a_frame_of_an_installation_has_its_tag() -> None:
    frame = pack(SITE.code, "signal", "m1", [Sample(1, T0_MS, "ntp", {"pci": 1})])
    assert frame_tags(frame, SITE) == {"site": SITE.code, "kecamatan": SITE.kecamatan, "desa": SITE.desa, "modem": "m1"}
    assert frame_tags(dataclasses.replace(frame, inst="00c0ffee"), SITE)["inst"] == "00c0ffee"


def test_a_backslash_at_the_end_of_a_tag_does_not_swallow_the_next_one() -> None:
    site = Site("x-1", "A\\", "B\\C\\\\", 0.5, 117.0, "gnss")
    assert one("device", {"uptime_s": 5}, modem=None, site=site).split(" ")[0].split(",")[1:] == [
        "desa=B\\C",
        "kecamatan=A",
        "site=x-1",
    ]
