"""Pictures of people on disk: how many, of whom, and what is remembered of them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from reidtrack.embed.select import Candidate
from reidtrack.errors import OutputError
from reidtrack.runs import crops
from reidtrack.runs.crops import CropStore, list_crops


def candidate(track_id: int, frame: int, quality: float) -> Candidate:
    return Candidate("door", track_id, frame, frame / 10, quality, np.zeros((8, 4, 3), np.uint8))


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        pytest.param("none", [], id="none"),
        pytest.param("best", [(1, 2), (2, 1)], id="the best of each track"),
        pytest.param("all", [(1, 1), (1, 2), (1, 3), (2, 1)], id="all"),
    ],
)
def test_which_are_kept(tmp_path: Path, keep: Literal["none", "best", "all"], kept: list[tuple[int, int]]) -> None:
    store = CropStore(tmp_path, keep)
    for track_id, frame, quality in [(1, 1, 0.5), (2, 1, 0.0), (1, 2, 0.9), (1, 3, 0.9)]:
        store.offer(candidate(track_id, frame, quality))
    assert [(crop.track_id, crop.frame) for crop in list_crops(tmp_path)] == kept


def test_a_camera_that_never_ends_has_one_of_each_track_and_memory_of_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crops, "_MOST_TRACKS", 5)
    store = CropStore(tmp_path, "best")
    for frame in range(60):
        store.offer(candidate(1, frame, 0.9 if frame == 3 else 0.1))  # somebody who is there all the time
        store.offer(candidate(2 + frame // 3, frame, 0.2 + 0.1 * (frame % 3)))
        assert len(store._best) <= 5
    found = [(crop.track_id, crop.frame) for crop in list_crops(tmp_path)]
    assert found == [(1, 3), *((2 + number, 3 * number + 2) for number in range(20))]


def test_a_crop_that_was_deleted_meanwhile_is_no_matter(tmp_path: Path) -> None:
    store = CropStore(tmp_path, "best")
    store.offer(candidate(1, 1, 0.5))
    for crop in list_crops(tmp_path):
        crop.path.unlink()
    store.offer(candidate(1, 2, 0.6))
    assert [crop.frame for crop in list_crops(tmp_path)] == [2]


def test_a_crop_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "crops").write_text("a file in its place")
    with pytest.raises(OutputError, match="cannot be written"):
        CropStore(tmp_path / "crops", "best").offer(candidate(1, 1, 0.5))
    store = CropStore(tmp_path / "crops", "best", may_fail=True)
    for frame in range(3):
        store.offer(candidate(1, frame, 0.5))
    assert store.lost == 3
    (tmp_path / "crops").unlink()
    store.offer(candidate(1, 4, 0.5))
    assert [crop.frame for crop in list_crops(tmp_path / "crops")] == [4]
