"""Links in a word."""

from __future__ import annotations

from math import inf

import pytest

from reidtrack.report.run.link_text import certainty, least_certain
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
