import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.video.stream_time import StreamTime

STEP_S = 0.04


def times(stamps: list[float | None], arrivals: list[float], **options: object) -> list[float]:
    """Times of pictures whose packets come at once decoded."""
    stream = StreamTime(**options)  # type: ignore[arg-type]
    out = []
    for stamp_s, arrival_s in zip(stamps, arrivals, strict=True):
        stream.packet(stamp_s, arrival_s)
        out.append(stream.picture(stamp_s, arrival_s))
    return out


def steady(count: int, first: float = 0.0, step: float = STEP_S) -> list[float]:
    return [first + number * step for number in range(count)]


@pytest.mark.parametrize(
    ("stamps", "arrivals", "expected"),
    [
        pytest.param([], [], [], id="none"),
        pytest.param([7.0], [100.0], [100.0], id="one is anchored by its arrival"),
        pytest.param([7, 7.04, 7.08], [100, 100.09, 100.1], [100, 100.04, 100.08], id="stamps, not arrivals"),
        pytest.param([None, None], [100, 100.05], [100, 100.05], id="no stamps: arrivals"),
        pytest.param([None, 7.0, 7.04], [100, 100.04, 100.08], [100, 100.04, 100.08], id="stamps begin late"),
        pytest.param([7, 7, 7], [100, 100.04, 100.08], [100, 100.04, 100.08], id="the same stamp over and over"),
        pytest.param([7, 12, 12.04], [100, 105, 105.04], [100, 105, 105.04], id="a hole is kept"),
        pytest.param([7, 0, 0.04], [100, 103, 103.04], [100, 103, 103.04], id="stamps restart at 0"),
        pytest.param([7, 5000, 5000.04], [100, 100.04, 100.08], [100, 100.04, 100.08], id="stamps jump ahead alone"),
        pytest.param([7, 7.04, 7.02], [100, 100.04, 100.08], [100, 100.04, 100.041], id="a late picture"),
        pytest.param([7, 7.04, 0.0], [100, 100.04, 100.0], [100, 100.04, 100.041], id="a new count before its time"),
        pytest.param([1e6, 1e6 + 0.5], [0.0, 0.5], [0.0, 0.5], id="large stamps"),
    ],
)
def test_stamps_become_times(stamps: list[float | None], arrivals: list[float], expected: list[float]) -> None:
    assert times(stamps, arrivals) == pytest.approx(expected, abs=2e-3)


def test_untrusted_stamps_are_not_used() -> None:
    assert times([0, 5, 9], [100, 100.04, 100.09], trusted=False) == [100, 100.04, 100.09]


def test_a_burst_at_first_holds_what_is_past() -> None:
    stream = StreamTime()
    burst = [(stamp, 100 + 0.001 * number) for number, stamp in enumerate(steady(50))]
    stream.begin(burst)
    assert stream.picture(0.0, 100.0) == pytest.approx(100.049 - 49 * STEP_S)
    assert stream.picture(49 * STEP_S, 100.049) == pytest.approx(100.049)


def test_no_time_is_before_that_of_the_connection_before() -> None:
    stream = StreamTime(not_before_s=100.0)
    stream.begin([(0.0, 100.5), (2.0, 100.51)])
    assert stream.picture(0.0, 100.5) > 100.0
    assert times([0.0, STEP_S], [99.0, 99.04], not_before_s=100.0) == pytest.approx([100.001, 100.041], abs=2e-3)


@pytest.mark.parametrize(
    ("rate", "off_s"),
    [
        pytest.param(1.0, 0.01, id="a good clock"),
        pytest.param(1.0001, 0.02, id="a quartz"),
        pytest.param(0.9999, 0.02, id="a quartz that is slow"),
        pytest.param(1.01, 0.4, id="one in a hundred fast"),
        pytest.param(0.97, 1.2, id="24.25 for 25"),
    ],
)
@pytest.mark.parametrize("jitter_s", [0.0, 0.2])
def test_drifting_stamps_are_led_back(rate: float, off_s: float, jitter_s: float) -> None:
    """An hour of a camera whose stamps run at another rate, with packets that the network delays."""
    chance = random.Random(0)
    true_s = np.arange(0, 3600, 0.2)
    late_s = np.array([chance.random() * jitter_s for _ in true_s])
    arrivals = np.maximum.accumulate(true_s + late_s)
    found = np.array(times((true_s * rate).tolist(), arrivals.tolist()))
    settled = true_s > 120
    assert abs(found - true_s)[settled].max() < off_s + jitter_s / 2
    steps = np.diff(found)[settled[1:]]
    assert steps.min() > 0.2 * rate * 0.89
    assert steps.max() < 0.2 * rate * 1.11


def test_a_pause_of_the_network_is_no_pause_of_the_camera() -> None:
    """Three seconds of nothing, then all of it at once: people walked on evenly meanwhile."""
    stamps = steady(500)
    arrivals = [max(stamp, 8.0) if stamp > 5 else stamp for stamp in stamps]
    found = times(stamps, [100 + arrival for arrival in arrivals])
    assert np.diff(found) == pytest.approx(STEP_S, rel=0.11)


def test_stamps_that_stay_behind_are_caught_up_with() -> None:
    stamps = steady(1000)
    arrivals = [100 + stamp + (30.0 if stamp > 4 else 0.0) for stamp in stamps]
    found = times(stamps, arrivals)
    assert found[-1] == pytest.approx(arrivals[-1], abs=0.5)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(-1e6, 1e6)), st.floats(0, 20)),
        max_size=60,
    )
)
def test_time_always_advances(packets: list[tuple[float | None, float]]) -> None:
    arrivals = list(itertools.accumulate(wait for _, wait in packets))
    found = times([stamp for stamp, _ in packets], arrivals)
    assert all(later > earlier for earlier, later in itertools.pairwise(found))
    assert all(time_s <= arrival_s + 12 for time_s, arrival_s in zip(found, arrivals, strict=True))
