"""Fixtures of the data sets' tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from reid_folders import MARKET, write_images

Writer = Callable[[Path, Iterable[str]], Path]


@pytest.fixture
def write() -> Writer:
    """Writes one small picture under each name; gives the folder."""
    return write_images


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """A data set laid out like Market-1501, with junk and distractors."""
    home = write_images(tmp_path / "data" / "Market-1501-v15.09.15", MARKET)
    (home / "bounding_box_train" / "Thumbs.db").write_bytes(b"")
    return home
