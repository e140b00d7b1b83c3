"""reidtrack from Python: a run that is watched, ended early and gone on with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scene import Scene

from reidtrack import api
from reidtrack.errors import UsageError
from reidtrack.runtime.progress import Silent

ORIGIN = datetime(2026, 11, 20, 10, tzinfo=UTC)


class Watch(Silent):
    """Keeps what it is told, and cancels once enough frames were read."""

    def __init__(self, cancel: api.CancelToken, frames: float = float("inf")) -> None:
        self.stages: list[str] = []
        self.frames: dict[str, int] = {}
        self._cancel, self._left = cancel, frames

    def stage(self, title: str, totals: Mapping[str, int | None], unit: str = "frames") -> None:
        self.stages.append(title)
        self.frames |= dict.fromkeys(totals, 0)

    def advance(self, task: str, count: int = 1, figures: Mapping[str, float] | None = None) -> None:
        self.frames[task] += count
        self._left -= count
        if self._left <= 0:
            self._cancel.cancel()


def run(scene: Scene, out: Path, **more: Any) -> api.Outcome:
    """Every second frame of the first three seconds, without videos."""
    return api.run(
        list(scene.videos.values()),
        out,
        reid=scene.reid,
        detections=scene.detections,
        settings={"engine": "torch", "device": "cpu", "output.video": False},
        part=api.Part(end_s=3.0, stride=2),
        origin=ORIGIN,
        **more,
    )


def test_a_run_that_is_watched_cancelled_and_gone_on_with(scene: Scene, tmp_path: Path) -> None:
    folder, cancel = tmp_path / "run", api.CancelToken()
    watch = Watch(cancel, frames=9)
    outcome = run(scene, folder, progress=watch, cancel=cancel)
    assert outcome.interrupted
    assert watch.stages == ["reading"]
    assert 9 <= sum(watch.frames.values()) < 30
    read = [*outcome.record["cameras"]]

    cancel = api.CancelToken()
    watch = Watch(cancel)
    outcome = run(scene, folder, resume=True, progress=watch, cancel=cancel)
    assert not outcome.interrupted
    assert watch.frames == dict.fromkeys(read, 15)  # those that were read before are told of at once
    assert {camera: entry["frames"] for camera, entry in outcome.record["cameras"].items()} == dict.fromkeys(read, 15)
    assert datetime.fromisoformat(outcome.record["origin_utc"]) == ORIGIN
    assert outcome.identities
    assert (folder / "report.html").is_file()

    with pytest.raises(UsageError, match=r"use overwrite=True, resume=True or another out$"):
        run(scene, folder)
