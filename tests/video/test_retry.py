import random

import pytest

from reidtrack.video.retry import RetrySchedule


@pytest.mark.parametrize(
    ("tries", "reason", "most_s"),
    [
        pytest.param(1, "unreachable", 1.0, id="first"),
        pytest.param(5, "stalled", 1.0, id="last quick one"),
        pytest.param(6, "stalled", 5.0, id="first after"),
        pytest.param(10, "ended", 5.0, id="tenth"),
        pytest.param(11, "ended", 10.0, id="eleventh"),
        pytest.param(20, "ended", 10.0, id="twentieth"),
        pytest.param(21, "ended", 60.0, id="from then on"),
        pytest.param(10_000, "ended", 60.0, id="after a week"),
        pytest.param(1, "unauthorised", 10.0, id="a wrong password, which locks out who tries often"),
        pytest.param(21, "unauthorised", 60.0, id="a wrong password for long"),
    ],
)
def test_waits_grow_with_the_tries(tries: int, reason: str, most_s: float) -> None:
    schedule = RetrySchedule(chance=random.Random(0))
    waits = [schedule.wait_s(tries, reason) for _ in range(100)]
    assert max(waits) <= most_s
    assert min(waits) >= 0.9 * most_s
    assert len(set(waits)) > 50, "cameras of one switch must not come back in step"


def test_without_jitter_waits_are_exact() -> None:
    assert [RetrySchedule(jitter=0).wait_s(n, "ended") for n in (1, 6, 11, 21)] == [1, 5, 10, 60]
