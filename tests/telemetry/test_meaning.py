"""Of whom a sample speaks: the SIM's operator, and the network it is in only where that must be its own."""

from __future__ import annotations

import pytest

from telemetry.meaning import Registration, subject_plmn


@pytest.mark.parametrize("registration", [None, *Registration])
def test_the_network_names_the_operator_of_an_unread_sim_only_at_home(registration: Registration | None) -> None:
    values = {"plmn": "51011"} | ({} if registration is None else {"registration": registration.value})
    assert subject_plmn(values) == ("51011" if registration is Registration.HOME else None)


@pytest.mark.parametrize("registration", [None, *Registration])
def test_a_sim_that_was_read_names_its_operator_in_every_state(registration: Registration | None) -> None:
    values = {"plmn": "51011", "home_plmn": "51010"} | ({} if registration is None else {"registration": registration.value})
    assert subject_plmn(values) == "51010"


def test_nothing_named_is_nobody() -> None:
    assert subject_plmn({"registration": "home"}) is None
