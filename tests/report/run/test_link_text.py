"""Links in words."""

from __future__ import annotations

from math import inf, nan

import pytest

from reidtrack.report.run.link_text import brief_terms, certainty, least_certain, named_terms
from reidtrack.types import Link


def link(margin: float, probability: float | None = None) -> Link:
    return Link(("A", 1), ("B", 1), 0.3, margin, probability=probability)


@pytest.mark.parametrize(
    ("margin", "probability", "expected"),
    [
        pytest.param(inf, None, "clear", id="nobody else"),
        pytest.param(0.15, None, "clear", id="at the threshold of clear"),
        pytest.param(0.149, None, "fair", id="below it"),
        pytest.param(0.05, None, "fair", id="at the threshold of fair"),
        pytest.param(0.049, None, "close", id="below that"),
        pytest.param(-0.2, None, "close", id="somebody else is nearer"),
        pytest.param(-0.2, 0.95, "clear", id="a probability decides where there is one"),
        pytest.param(0.5, 0.79, "close", id="also against the margin"),
    ],
)
def test_certainty(margin: float, probability: float | None, expected: str) -> None:
    assert certainty(link(margin, probability)) == expected


def test_the_least_certain_comes_first() -> None:
    people = {"none": [], "clear": [link(0.4)], "two": [link(0.4), link(-0.1)], "calibrated": [link(0.4, 0.6)]}
    order = sorted(people, key=lambda name: least_certain(people[name]))
    assert order == ["two", "calibrated", "clear", "none"]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        pytest.param("travel_s", 7.25, ("travel time", "7.2 s"), id="seconds"),
        pytest.param("travel_s", -2.0, ("travel time", "−2.0 s"), id="before it began"),
        pytest.param("travel_s", 95.0, ("travel time", "1 min 35 s"), id="minutes"),
        pytest.param("ground_m", 0.421, ("ground distance", "0.42 m"), id="metres"),
        pytest.param("ground_px", 12.4, ("ground distance", "12 px"), id="pixels, by the name of the metres"),
        pytest.param("travel_log_odds", 1.2, ("travel log odds", "1.20"), id="no unit"),
        pytest.param("speed_mps", 1.4, ("speed", "1.40 m/s"), id="metres a second"),
        pytest.param("log_odds", 1.5, ("place and time", "4.5 times likelier as one person"), id="for one person"),
        pytest.param("log_odds", -3.0, ("place and time", "20 times likelier as two people"), id="against it"),
        pytest.param("log_odds", 1e4, ("place and time", "over 1,000 times likelier as one person"), id="no more"),
        pytest.param("log_odds", 0.05, ("place and time", "says nothing"), id="neither"),
        pytest.param("s", 1.2, ("s", "1.20"), id="a unit alone is a name"),
    ],
)
def test_terms_have_names_and_units(key: str, value: float, expected: tuple[str, str]) -> None:
    assert named_terms({key: value}) == [expected]


def test_terms_in_brief() -> None:
    assert brief_terms({"ground_m": 0.42, "log_odds": 3.0, "travel_s": nan}) == [
        ("0.42 m", "ground distance: 0.42 m"),
        ("20× likelier", "place and time: 20 times likelier as one person"),
    ]
    briefs = [brief_terms({"log_odds": value})[0][0] for value in (-1.0, 0.0, 9.0)]
    assert briefs == ["2.7× unlikelier", "", "over 1,000× likelier"]


def test_terms_that_are_not_known_are_left_out() -> None:
    assert named_terms({"a": nan, "b": inf, "c": 0.0}) == [("c", "0.00")]
