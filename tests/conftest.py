"""Fixtures for every test: the shared material, where it is present."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real material beside the repository; the test is skipped where there is none, but never in CI."""
    if not (SHARED / "data").is_dir():
        if os.environ.get("REIDTRACK_REQUIRE_SHARED") == "1":
            pytest.fail(f"{SHARED} is absent, and REIDTRACK_REQUIRE_SHARED=1 forbids skipping")
        pytest.skip(f"real material is absent: {SHARED}")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests keep converted networks to themselves."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("REIDTRACK_CACHE", str(folder))
        yield folder
