"""`tracklets.npz` read with care."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.errors import InputError
from reidtrack.runs.features import FeatureTable, read_tracklets, write_tracklets

GOOD: dict[str, Any] = {
    "cameras": np.array(["left", "right"]),
    "camera": np.array([0, 1]),
    "track_id": np.array([1, 2]),
    "frame": np.array([0, 7]),
    "quality": np.ones(2, np.float32),
    "feature": np.ones((2, 4), np.float16),
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("camera", np.array([0, 2])),
        ("camera", np.array([0, -1])),
        ("camera", np.array([0.0, 1.0])),
        ("track_id", np.array([1])),
        ("frame", np.array([[0, 7]])),
        ("frame", np.array(["0", "7"])),
        ("quality", np.array([1, np.nan], np.float32)),
        ("feature", np.ones(2, np.float16)),
        ("feature", np.full((2, 4), np.inf, np.float16)),
        ("feature", np.array([["a", "b"], ["c", "d"]])),
        ("cameras", np.array("left")),
        ("cameras", np.array([])),
    ],
)
def test_columns_that_do_not_fit(tmp_path: Path, column: str, value: Any) -> None:
    path = tmp_path / "tracklets.npz"
    np.savez(path, **{**GOOD, column: value})
    with pytest.raises(InputError, match="the features of a run"):
        read_tracklets(path)


def _huge(data: bytes) -> bytes:
    """The header of one column declares a shape that no memory holds; the sums of the archive are right."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text.replace(b"(2, 4), }".ljust(28), b"(9999999999999, 9999), }".ljust(28), 1))
    return changed.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"PK",
        lambda data: data.replace(b"\x00\x00\x00\x00", b"\x08\x00\x63\x00"),
        lambda data: data.replace(b"descr", b"des\x00r"),
        lambda data: data.replace(b"camera.npy", b"camero.npy"),
        _huge,
    ],
    ids=["cut", "empty", "two bytes", "methods", "header", "name", "a shape that no memory holds"],
)
def test_damaged(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "tracklets.npz"
    np.savez(path, **GOOD)
    good = path.read_bytes()
    assert damage(good) != good
    path.write_bytes(damage(good))
    with pytest.raises(InputError, match="the features of a run"):
        read_tracklets(path)


def test_every_flipped_byte_of_a_small_file_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "tracklets.npz"
    write_tracklets(path, FeatureTable.empty(("left",)))
    good = path.read_bytes()
    for at in range(0, len(good), 3):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        try:
            table = read_tracklets(path)
        except InputError:
            continue
        assert len(table.feature) == 0
