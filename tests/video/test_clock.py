import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.video.clock import Clock


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([700], [0.0], id="first is zero"),
        pytest.param([700, 710, 750, 751], [0, 1, 5, 5.1], id="real gaps kept"),
        pytest.param([0, None, None, 30], [0, 1, 2, 3], id="no stamp: nominal step"),
        pytest.param([None, None, 500, 510], [0, 1, 2, 3], id="stamps begin late"),
        pytest.param([None, None, None], [0, 1, 2], id="no stamps at all"),
        pytest.param([0, 10, 10, 20], [0, 1, 1.5, 2], id="same stamp twice"),
        pytest.param([0, 10, 9, 20], [0, 1, 1.5, 2], id="slips back a little"),
        pytest.param([0, 10, 100, 20, 110], [0, 1, 10, 10.5, 11], id="one late frame does not rebase"),
        pytest.param([0, 10, 100, 20, 110, 30, 120], [0, 1, 10, 10.5, 11, 11.5, 12], id="late frames in between"),
        pytest.param([900, 910, 0, 10, 20, 35], [0, 1, 1.5, 2, 3, 4.5], id="a new count goes on"),
        pytest.param([0, 10, 100_000, 100_010], [0, 1, 10_000, 10_001], id="a pause is kept"),
    ],
)
def test_stamps_become_seconds(stamps: list[int | None], expected: list[float]) -> None:
    clock = Clock(Fraction(1, 10), step_s=1.0)
    assert [clock.read(stamp) for stamp in stamps] == pytest.approx(expected)


@given(st.lists(st.one_of(st.none(), st.integers(-(10**7), 10**7)), max_size=60))
def test_time_always_advances(stamps: list[int | None]) -> None:
    clock = Clock(Fraction(1, 1000), step_s=0.04)
    times = [clock.read(stamp) for stamp in stamps]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
