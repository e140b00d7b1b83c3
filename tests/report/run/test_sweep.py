"""What other thresholds would change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reidtrack.report.run.context import PageContext
from reidtrack.report.run.page import ReportData
from reidtrack.report.run.sweep import (
    Changes,
    Sweep,
    ThresholdRange,
    breaks_at,
    joins_of,
    other_thresholds,
    ranges_of_thresholds,
    read_sweep,
    tried_range,
)

Make = Callable[..., ReportData]
Read = Callable[[str], Any]

PEOPLE = {
    1: [("A", 1, 2.0, 9.5), ("B", 4, 12.0, 15.0)],
    2: [("A", 2, 3.0, 8.0), ("B", 5, 20.0, 30.0), ("A", 7, 40.0, 44.0)],
    3: [("B", 6, 50.0, 59.0)],
}
CALIBRATION = {
    "threshold": 0.6,
    "sweep": [
        {"threshold": 0.4, "joined": [], "parted": [{"camera": "B", "track_id": 5}, {"camera": "A", "track_id": 7}]},
        {"threshold": 0.5, "joined": [], "parted": [{"camera": "B", "track_id": 5}]},
        {"threshold": 0.6, "joined": [[1, 3]], "parted": [{"camera": "B", "track_id": 4}]},
        {"threshold": 0.8, "joined": [[3, 1], [1, 2], [2, 3]], "parted": []},
        {"threshold": 0.7, "joined": [[1, 3]], "parted": []},
    ],
}


def test_the_sweep_says_where_the_result_changes() -> None:
    sweep = read_sweep(CALIBRATION)
    assert sweep.threshold == 0.6
    assert [at for at, _ in sweep.parted] == [0.5, 0.4], "lower ones, the nearest first"
    assert sweep.joins == {(1, 3): 0.7, (1, 2): 0.8, (2, 3): 0.8}, "the nearest higher one; nothing at the one used"
    assert joins_of(sweep) == {1: [(3, 0.7), (2, 0.8)], 2: [(1, 0.8), (3, 0.8)], 3: [(1, 0.7), (2, 0.8)]}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(("B", 5), ("A", 2), 0.5, id="it leaves"),
        pytest.param(("A", 2), ("B", 5), 0.5, id="the other leaves"),
        pytest.param(("A", 7), ("A", 2), 0.4, id="only farther away"),
        pytest.param(("A", 7), ("B", 5), 0.5, id="one leaves first, then both"),
        pytest.param(("A", 2), ("A", 1), None, id="they stay"),
        pytest.param(("B", 4), ("A", 1), None, id="what the threshold in use parts is parted already"),
    ],
)
def test_a_link_breaks_where_one_of_its_visits_leaves(
    one: tuple[str, int], other: tuple[str, int], expected: float | None
) -> None:
    assert breaks_at(read_sweep(CALIBRATION), one, other) == expected


@pytest.mark.parametrize(
    "calibration",
    [
        pytest.param(None, id="no file"),
        pytest.param({}, id="nothing in it"),
        pytest.param({"threshold": None, "sweep": CALIBRATION["sweep"]}, id="no threshold"),
    ],
)
def test_without_a_calibration_nothing_is_said(calibration: Any) -> None:
    assert read_sweep(calibration) == Sweep()
    assert read_sweep({"threshold": 0.5}) == Sweep(0.5)


def test_ranges_of_thresholds_with_one_result() -> None:
    sweep = [
        {"threshold": 0.5, "identities": 4, "joined": [], "parted": [{"camera": "B", "track_id": 4}]},
        {"threshold": 0.4, "identities": 4, "joined": [], "parted": [{"camera": "B", "track_id": 4}]},
        {"threshold": 0.55, "identities": 3, "joined": [], "parted": []},
        {"threshold": 0.7, "identities": 2, "joined": [[1, 3]], "parted": []},
    ]
    assert ranges_of_thresholds({"threshold": 0.6, "sweep": sweep}, 3) == [
        ThresholdRange(0.4, 0.5, False, Changes(4, (), (("B", 4),))),
        ThresholdRange(0.55, 0.6, True, Changes(3)),
        ThresholdRange(0.7, 0.7, False, Changes(2, ((1, 3),))),
    ]
    assert tried_range({"sweep": sweep}) == (0.4, 0.7)
    assert tried_range(None) is tried_range({"sweep": []}) is None


def test_the_table_of_other_thresholds(make_report: Make, read_page: Read) -> None:
    many = [{"camera": "Z", "track_id": n} for n in range(9)]
    sweep = [
        {"threshold": 0.5, "identities": 12, "joined": [], "parted": many},
        {"threshold": 0.7, "identities": 2, "joined": [[1, 3]], "parted": [{"camera": "B", "track_id": 5}]},
    ]
    data = make_report(PEOPLE, names={2: "Anna"}, calibration={"threshold": 0.6, "sweep": sweep})
    rows = read_page(other_thresholds(PageContext.of(data))).all("tr")[1:]
    assert [row.all("th")[0].text for row in rows] == ["0.50", "0.60", "0.70"]
    assert rows[0].all_text.endswith("Z track 5 would leave its person; and 3 more changes")
    assert rows[1].attributes["class"] == "here" and rows[1].all_text.endswith("nothing")
    assert rows[2].all_text == "0.70 2 Person 1 and Person 3 would be one; B track 5 would leave Anna"
