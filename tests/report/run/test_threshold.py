"""The section of a run's threshold."""

from __future__ import annotations

import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from reidtrack.report.run.threshold import threshold_section


def calibration(**other: Any) -> dict[str, Any]:
    """What `calibration.json` says of two cameras."""
    pair = {
        "cameras": ["*", "*"],
        "positives": 10,
        "negatives": 1234,
        "slope": 21.0,
        "midpoint": 0.55,
        "histogram": {
            "edges": [0.0, 0.5, 1.0, 1.5, 2.0],
            "same": [9.0, 1.0, 0.0, 0.0],
            "different": [0.0, 4.0, 60.0, 0.0],
        },
        "roc": [
            {"threshold": 0.4, "false_accept": 0.0, "false_reject": 0.3},
            {"threshold": 0.6, "false_accept": 0.02, "false_reject": 0.1},
            {"threshold": 1.2, "false_accept": 1.0, "false_reject": 0.0},
        ],
    }
    own = copy.deepcopy(pair) | {"cameras": ["hall", "<door>"]}
    return {
        "schema": 1,
        "threshold": 0.63,
        "source": "auto",
        "confidence": "fair",
        "reason": "few people are seen in two cameras (about 6 pairs)",
        "false_accept": 0.0002,
        "false_reject": 0.1,
        "pairs": [pair, own],
    } | other


class Balance(HTMLParser):
    """Fails on elements that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "nothing", [pytest.param(None, id="none"), pytest.param({}, id="empty"), pytest.param({"pairs": []}, id="no pairs")]
)
def test_older_runs_have_none(nothing: dict[str, Any] | None) -> None:
    assert threshold_section(nothing) == ""


def test_it_says_what_and_how_sure() -> None:
    page = threshold_section(calibration())
    words = re.sub(r"<[^>]+>", "", re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.S))
    assert "up to a distance of 0.63" in words
    assert "as found from the recording itself" in words
    assert "less than 0.1 % of pairs of two people" in words
    assert "10.0 % of one person’s pairs" in words
    assert "fair few people are seen in two cameras (about 6 pairs)." in words
    assert 'class="confidence fair"' in page
    assert "as was asked for" in threshold_section(calibration(source="fixed"))


def test_it_is_whole_and_takes_the_page_s_colours() -> None:
    page = threshold_section(calibration())
    checked = Balance()
    checked.feed(page)
    assert checked.open == []
    assert checked.seen.count("svg") == 2
    assert checked.seen.count("rect") == 4  # same and different in three bins that have any
    assert not re.search(r"#[0-9a-f]{3,6}\b", page)  # no colour of its own, which would not follow light and dark
    assert 'id="threshold"' in page


def test_names_are_escaped_and_long_tables_cut() -> None:
    many = calibration()
    many["pairs"] = many["pairs"][:1] + many["pairs"][1:] * 30
    page = threshold_section(many)
    assert "<door>" not in page
    assert "hall – &lt;door&gt;" in page
    assert page.count("hall – ") == 12
    assert "and 18 more pairs" in page


def test_a_run_without_any_pair_has_an_empty_chart() -> None:
    empty = calibration()
    empty["pairs"][0]["histogram"] |= {"same": [0.0] * 4, "different": [0.0] * 4}
    assert "no pairs" in threshold_section(empty)
