"""The table of faults in docs/results/live.md: each is held by tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "results" / "live.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", PAGE.partition("## Faults and their tests")[2], re.M)


def test_every_fault_is_there() -> None:
    assert [int(number) for number, *_ in ROWS] == [*range(1, 6), 7, *range(9, 14), 17, 21]


@pytest.mark.parametrize(("number", "tests"), [pytest.param(n, tests, id=n) for n, _, tests in ROWS])
def test_its_tests_exist(number: str, tests: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
    assert named, number
    for file, name in named:
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert re.search(rf"^\s*def {name}\(", text, re.M), f"{file}::{name}"
