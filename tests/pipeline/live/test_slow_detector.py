"""A detector that is too slow: live cameras lose their oldest frames and each is counted, recordings lose none."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import pytest

from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import CropSelector
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.delays import Arrivals
from reidtrack.track.sort import Sort
from reidtrack.types import Detections, Frame
from reidtrack.video.merge import LIVE, RECORDED, MergePolicy

PICTURE = np.zeros((4, 4, 3), np.uint8)
FRAMES, LENGTH = 40, 4


class SlowDetector:
    """Finds nobody; its first call takes until every camera has given all it has, if it waits for that."""

    def __init__(self, cameras: int, *, waits: bool) -> None:
        self.given = threading.Semaphore(0)
        self._left = cameras if waits else 0

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        while self._left:
            assert self.given.acquire(timeout=60)
            self._left -= 1
        return [Detections.empty() for _ in frames]


class Count(RunObserver):
    def __init__(self) -> None:
        self.seen: dict[str, list[int]] = {"a": [], "b": []}

    def on_frame(self, frame: Frame) -> None:
        self.seen[frame.camera].append(frame.index)


@pytest.mark.parametrize("policy", [LIVE, RECORDED], ids=["live", "recorded"])
def test_a_detector_that_is_too_slow(policy: MergePolicy) -> None:
    live = policy is LIVE
    detector, count, arrivals = SlowDetector(2, waits=live), Count(), Arrivals()

    def frames(camera: str) -> Iterator[Frame]:
        for index in range(FRAMES):
            yield Frame(camera, index, index / 10, PICTURE)
        detector.given.release()

    tracking = TrackingPass(
        detector=cast(Any, detector),
        trackers={"a": Sort(), "b": Sort()},
        selector=CropSelector((8, 4)),
        embedder=cast(Embedder, None),  # nobody, nothing to embed
        observers=[count],
        batch=LENGTH,
        embed_batch=8,
        policy=policy,
        arrivals=arrivals,
    )
    tracking.run({"a": frames("a"), "b": frames("b")}, lambda camera, error: None, CancelToken())
    for camera, seen in count.seen.items():
        lost = tracking.dropped.get(camera, 0)
        assert len(seen) + lost == FRAMES
        assert seen == sorted(seen)
        assert seen[-1] == FRAMES - 1, "the newest is what is left"
        assert (lost > 0) == live
        assert arrivals.delay_s(camera, FRAMES - 1) is not None
