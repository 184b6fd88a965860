"""The list speaks of the operator of the SIM, also where it has no service or nobody knows it."""

from __future__ import annotations

import pytest

from collector.store.store import Row
from dashboards.web.listing import Filter, lines, urgency
from dashboards.web.models import HallNow
from dashboards.web.state import hall_now, modem_now, rank
from tests.dashboards.web.plant import CLASSES, DEAD_SPOT, GOOD, NEVER, S

NOW = 1_795_500_000 * S


def modem(name: str, operator: str | None, **values: str | float) -> tuple[str | None, Row]:
    return operator, {"time_ns": NOW, "site": "a", "modem": name, **values}


@pytest.fixture
def halls() -> list[HallNow]:
    away = {"registration": "limited", "home_plmn": "51010", "plmn": "51011"}
    placed = {
        GOOD: [modem("quectel-1", "Telkomsel", **away)],
        DEAD_SPOT: [
            modem("quectel-1", "Telkomsel", **away),
            modem("quectel-2", "Telkomsel", registration="home", rat="lte", rsrp_dbm=-85.0),
            modem("quectel-3", "XLSMART", registration="denied"),
        ],
        NEVER: [
            modem("quectel-1", None, registration="searching"),
            modem("quectel-2", None, registration="limited", plmn="51011"),
        ],
    }
    return [
        hall_now(site, [modem_now([row], row, operator, NOW, CLASSES) for operator, row in modems], CLASSES)
        for site, modems in placed.items()
    ]


def codes(halls: list[HallNow], **wanted: str) -> list[str]:
    return sorted(row.hall.code for row in lines(halls, Filter(**wanted), urgency(CLASSES)))


def test_halls_without_service_are_found_under_the_operator_of_their_sim(halls: list[HallNow]) -> None:
    assert codes(halls, operator="Telkomsel", state="no_service") == [GOOD.code]
    assert codes(halls, operator="XLSMART", state="no_service") == []
    assert codes(halls, operator="XLSMART", state="sim_refused") == [DEAD_SPOT.code]
    assert codes(halls, state="no_service") == sorted([GOOD.code, NEVER.code])


def test_of_two_modems_of_an_operator_the_better_one_speaks(halls: list[HallNow]) -> None:
    assert codes(halls, operator="Telkomsel", state="good") == [DEAD_SPOT.code]


def test_modems_of_nobody_are_found_too_and_stay_apart(halls: list[HallNow]) -> None:
    assert codes(halls, operator="?", state="no_service") == [NEVER.code]
    never = next(hall for hall in halls if hall.code == NEVER.code)
    assert [(m.modem, m.heard) for m in never.modems] == [("quectel-1", None), ("quectel-2", "XLSMART")]


def test_the_worst_is_first_and_what_nobody_measured_is_last() -> None:
    order = urgency(CLASSES)
    keys = sorted(order, key=lambda key: order[key])
    assert keys[:4] == ["no_service", "two_g_only", "very_poor", "poor"]
    assert keys[-2:] == ["very_good", "not_measured"]
    assert set(keys) == set(rank(CLASSES))


def test_by_name_where_somebody_asks_for_it(halls: list[HallNow]) -> None:
    found = [row.hall.desa for row in lines(halls, Filter(sort="name"), urgency(CLASSES))]
    assert found == ["Senyiur", "Muara Wahau", NEVER.desa]
