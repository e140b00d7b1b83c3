"""Times and sizes as one types them."""

from __future__ import annotations

import argparse

import pytest

from reidtrack.cli.quantities import byte_count, seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90s", 90), ("10m", 600), ("10 min", 600), ("1.5h", 5400), ("7d", 604800), ("2w", 1209600)],
)
def test_times(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1s", "7 days", "1e9", "m", "٣m", "9" * 30, "nan", "0.0d"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected a time"):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1000", 1000), ("50G", 50 * 10**9), ("50GB", 50 * 10**9), ("1.5 Gi", 3 << 29), ("2TiB", 2 << 40), ("5B", 5)],
)
def test_sizes(text: str, value: int) -> None:
    assert byte_count(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1G", "50X", "G", "1iB", "0.1", "1e3", "9" * 16 + "T"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected a size"):
        byte_count(text)
