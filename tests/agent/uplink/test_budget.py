"""The month's account of a SIM, from counters as the kernel shows them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from agent.config import ModemSection
from agent.uplink.budget import SimBudget

LIMIT = 1_000_000
MODEM = ModemSection(name="a", port="/dev/ttyUSB2", interface="lo", sim_bytes_month=LIMIT)
OTHER = ModemSection(name="b", port="/dev/ttyUSB6")


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp() * 1000)


NOVEMBER, LAST_SECOND, DECEMBER = at("2026-11-24T08:00+00:00"), at("2026-11-30T23:59:59+00:00"), at("2026-12-01T00:00:00+00:00")


class Kernel:
    """The folder /sys/class/net of one interface."""

    def __init__(self, folder: Path) -> None:
        self.net = folder / "net"
        self._counters = self.net / "lo" / "statistics"
        self._counters.mkdir(parents=True)
        self.total = 0
        self.move(0)

    def move(self, count: int) -> None:
        self.total += count
        (self._counters / "rx_bytes").write_text(f"{self.total // 3}\n")
        (self._counters / "tx_bytes").write_text(f"{self.total - self.total // 3}\n")

    def restart(self) -> None:
        self.total = 0
        self.move(0)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def budget(tmp_path: Path, kernel: Kernel, boot: str = "boot-1") -> SimBudget:
    return SimBudget((MODEM, OTHER), tmp_path / "budget.json", boot, net=kernel.net)


def test_bytes_are_counted_and_kept_while_the_agent_is_away(tmp_path: Path, kernel: Kernel) -> None:
    kernel.move(5000)
    first = budget(tmp_path, kernel)
    first.read(NOVEMBER)
    kernel.move(1000)
    first.read(NOVEMBER)
    assert first.used("a") == 6000
    first.keep()
    kernel.move(700)  # the system updates itself while the agent is stopped
    again = budget(tmp_path, kernel)
    again.read(NOVEMBER)
    assert again.used("a") == 6700
    assert again.used("b") is None, "no interface: not known"


def test_a_reboot_starts_the_counters_anew_not_the_account(tmp_path: Path, kernel: Kernel) -> None:
    first = budget(tmp_path, kernel)
    kernel.move(9000)
    first.read(NOVEMBER)
    first.keep()
    kernel.restart()
    kernel.move(9500)  # more than before: only the boot tells that it is new
    second = budget(tmp_path, kernel, "boot-2")
    second.read(NOVEMBER)
    assert second.used("a") == 18_500


def test_a_modem_that_was_unplugged_counts_from_zero_and_loses_nothing(tmp_path: Path, kernel: Kernel) -> None:
    account = budget(tmp_path, kernel)
    kernel.move(9000)
    account.read(NOVEMBER)
    kernel.restart()
    kernel.move(50)
    account.read(NOVEMBER)
    assert account.used("a") == 9050


def test_the_month_turns_in_utc(tmp_path: Path, kernel: Kernel) -> None:
    account = budget(tmp_path, kernel)
    kernel.move(LIMIT)
    account.read(LAST_SECOND)
    assert not account.may_probe("a", 0)
    account.read(DECEMBER)
    assert account.used("a") == 0
    assert account.may_probe("a", 0)
    kernel.move(10)
    account.read(DECEMBER)
    assert account.used("a") == 10


def test_before_the_time_is_known_nothing_is_lost_and_no_probe_runs(tmp_path: Path, kernel: Kernel) -> None:
    account = budget(tmp_path, kernel)
    kernel.move(500)
    account.read(None)
    account.keep()
    assert account.used("a") is None
    assert not account.may_probe("a", 0)
    account.read(NOVEMBER)
    assert account.used("a") == 500


def test_first_probes_stop_then_sending_slows(tmp_path: Path, kernel: Kernel) -> None:
    account = budget(tmp_path, kernel)
    steps = []
    for _ in range(10):
        kernel.move(LIMIT // 10)
        account.read(NOVEMBER)
        steps.append((account.may_probe("a", LIMIT // 20), account.spent("127.0.0.1")))
    assert steps == [(True, False)] * 7 + [(False, False)] * 2 + [(False, True)]
    assert not account.spent("192.0.2.7"), "the connection goes through another interface"


def test_probes_without_a_budget_or_an_interface(tmp_path: Path, kernel: Kernel) -> None:
    free = ModemSection(name="a", port="/dev/ttyUSB2", interface="lo")
    account = SimBudget((free, OTHER), tmp_path / "budget.json", "boot-1", net=kernel.net)
    assert account.may_probe("a", 10**9)
    assert not account.may_probe("b", 0)


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"month":"2026-11"}', b"\xff"])
def test_a_damaged_account_starts_anew(tmp_path: Path, kernel: Kernel, damage: bytes) -> None:
    (tmp_path / "budget.json").write_bytes(damage)
    account = budget(tmp_path, kernel)
    kernel.move(100)
    account.read(NOVEMBER)
    assert account.used("a") == 100


def test_an_interface_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    account = SimBudget((MODEM,), tmp_path / "budget.json", "boot-1", net=tmp_path / "none")
    account.read(NOVEMBER)
    assert account.used("a") == 0
