from __future__ import annotations

from agent.poll.recovery import HOUR_S, Fault, Limits, RecoveryPolicy, Step


def climb(policy: RecoveryPolicy, fault: Fault, *, every_s: float, polls: int, start_s: float = 0.0) -> list[Step]:
    return [policy.failed(fault, start_s + k * every_s) for k in range(polls)]


def test_from_mild_to_harsh_with_rest_after_each_reset() -> None:
    steps = climb(RecoveryPolicy(Limits(settle_s=30)), Fault.SILENT, every_s=30, polls=5)
    assert steps == [Step.RETRY, Step.REOPEN, Step.REOPEN, Step.AT_RESET, Step.USB_RESET]
    steps = climb(RecoveryPolicy(Limits(settle_s=30)), Fault.SILENT, every_s=10, polls=8)
    assert steps[3:] == [Step.AT_RESET, Step.WAIT, Step.WAIT, Step.USB_RESET, Step.WAIT]


def test_no_hour_of_a_sick_day_passes_the_limits() -> None:
    limits = Limits(reopen=12, at_reset=2, usb_reset=1)
    steps = climb(RecoveryPolicy(limits), Fault.GARBAGE, every_s=30, polls=24 * 120)
    for step, limit in ((Step.REOPEN, 12), (Step.AT_RESET, 2), (Step.USB_RESET, 1)):
        times = [k * 30 for k, taken in enumerate(steps) if taken is step]
        assert times, step
        assert max(sum(t <= other < t + HOUR_S for other in times) for t in times) <= limit, step
        assert times[-1] > 23 * HOUR_S, f"{step} is never given up"


def test_zero_forbids_a_step() -> None:
    steps = climb(RecoveryPolicy(Limits(at_reset=0, usb_reset=0)), Fault.SILENT, every_s=30, polls=500)
    assert set(steps) <= {Step.RETRY, Step.REOPEN, Step.WAIT}


def test_a_missing_or_busy_port_is_looked_at_every_time_and_never_reset() -> None:
    for fault in (Fault.GONE, Fault.BUSY):
        assert set(climb(RecoveryPolicy(Limits(reopen=1)), fault, every_s=30, polls=300)) == {Step.REOPEN}


def test_recovery_tells_how_long_it_took_and_begins_anew() -> None:
    policy = RecoveryPolicy(Limits())
    assert policy.worked(0.0) is None
    climb(policy, Fault.SILENT, every_s=30, polls=3, start_s=100.0)
    assert policy.sick
    assert policy.worked(220.0) == 120.0
    assert not policy.sick
    assert policy.failed(Fault.SILENT, 300.0) is Step.RETRY


def test_limits_outlast_a_recovery() -> None:
    policy = RecoveryPolicy(Limits(at_reset=1, usb_reset=0, settle_s=0))
    taken = []
    for k in range(10):
        taken += climb(policy, Fault.SILENT, every_s=1, polls=6, start_s=k * 100.0)
        policy.worked(k * 100.0 + 50)
    assert taken.count(Step.AT_RESET) == 1
