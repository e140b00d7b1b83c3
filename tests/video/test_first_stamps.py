"""Packets without a stamp at the beginning of a connection."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reidtrack.video.first_stamps import FirstStamps

NONE = None


@pytest.mark.parametrize(
    ("reordered", "packets", "wanted"),
    [
        pytest.param(False, [(0, 5.0), (1, 5.1)], [5.0, 5.1], id="all have one"),
        pytest.param(False, [(NONE, 5.0), (1, 4.5), (2, 4.6)], [4.4, 4.5, 4.6], id="the first has none"),
        pytest.param(False, [(NONE, 5.0), (NONE, 5.0), (2, 4.6)], [4.4, 4.5, 4.6], id="the first two"),
        pytest.param(False, [(0, 4.4), (NONE, 5.0), (2, 4.6)], [4.4, 4.5, 4.6], id="one in the midst"),
        pytest.param(False, [(NONE, 5.0 + i) for i in range(6)], [5, 6, 7, 8, 9, 10], id="a stream that has none"),
        pytest.param(False, [(NONE, 5.0)] * 3, [], id="not enough to tell"),
        pytest.param(
            True,
            [(NONE, 5.0), (3, 4.7), (1, 4.5), (2, 4.6), (6, 5.0), (4, 4.8)],
            [4.4, 4.7, 4.5, 4.6, 5.0, 4.8],
            id="out of order",
        ),
        pytest.param(True, [(0, 4.4), (3, 4.7), (1, 4.5)], [4.4, 4.7, 4.5], id="out of order, all have one"),
    ],
)
def test_times(reordered: bool, packets: list[tuple[int | None, float]], wanted: list[float]) -> None:
    stamps = FirstStamps(0.1, reordered=reordered)
    found: list[tuple[Any, float]] = []
    for number, (pts, time_s) in enumerate(packets):
        packet: Any = SimpleNamespace(pts=pts, number=number)
        found += stamps.add(packet, time_s)
    assert [packet.number for packet, _ in found] == list(range(len(wanted)))
    assert [time_s for _, time_s in found] == pytest.approx(wanted)
