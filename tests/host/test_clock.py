"""The real clock keeps the promises of `domain.clock.Clock`."""

from datetime import UTC, timedelta

from console.domain.clock import Clock, from_iso, iso
from console.host.clock import SystemClock


def test_now_is_aware_and_in_utc():
    clock: Clock = SystemClock()
    now = clock.now()
    assert now.tzinfo is UTC
    assert from_iso(iso(now)) == now


def test_both_times_run_forward():
    clock = SystemClock()
    moments = [clock.now() for _ in range(100)]
    ticks = [clock.monotonic() for _ in range(100)]
    assert ticks == sorted(ticks)
    assert abs(moments[-1] - moments[0]) < timedelta(minutes=1)
