"""Pass one: every frame once through detector, tracker and embedder, into logs that a kill leaves readable.

Frames of all cameras come in the order of their time. What is found in a frame is rounded as the log rounds it before
anything is made of it, and the log is read back first: a run that goes on after an interruption gives the same bytes as
one that was never interrupted. For the same reason networks see the same batches in both, since the last bit of a
result depends on the size of its batch: one of which anything is missing in the log is computed whole.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reidtrack.detect.protocol import Detector
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.errors import InputError
from reidtrack.identity.features import FeatureLog
from reidtrack.identity.log import TIME_DECIMALS, DetectionLog, TrackLog, round_detections
from reidtrack.pipeline.crops import CropShelf
from reidtrack.pipeline.progress import Progress
from reidtrack.track.tracker import Tracker
from reidtrack.types import Detections, Frame


@dataclass
class CameraCount:
    """What was read of one camera.

    Attributes:
        frames: Frames read.
        last_frame: Number of the last one, 0-based; -1 before the first.
        first_time_s: Time of the first one, seconds since the run's origin.
        last_time_s: Time of the last one.
        boxes: Boxes of confirmed tracks.
        skipped_crops: Crops whose feature was not usable.
        damaged_packets: Packets or pictures that could not be decoded.
    """

    frames: int = 0
    last_frame: int = -1
    first_time_s: float | None = None
    last_time_s: float | None = None
    boxes: int = 0
    skipped_crops: int = 0
    damaged_packets: int = 0


@dataclass
class StageTimes:
    """Seconds spent in each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    def measure(self, name: str, began: float) -> None:
        """Add the time since `began` (`time.perf_counter`) to a stage."""
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


def merge_by_time(
    streams: Mapping[str, Iterable[Frame]],
    fail: Callable[[str, InputError], None],
    finish: Callable[[str], None] | None = None,
) -> Iterator[Frame]:
    """All frames of all cameras in the order of their time, ties in the order of the cameras.

    Args:
        streams: Camera to its frames.
        fail: Told of a camera that cannot be read any further; the others go on.
        finish: Told of a camera that has ended.
    """
    cameras = list(streams)
    iterators = [iter(stream) for stream in streams.values()]
    heap: list[tuple[float, int, Frame]] = []

    def pull(place: int) -> None:
        try:
            frame = next(iterators[place], None)
        except InputError as error:
            fail(cameras[place], error)
            return
        if frame is not None:
            heapq.heappush(heap, (frame.time_s, place, frame))
        elif finish is not None:
            finish(cameras[place])

    for place in range(len(cameras)):
        pull(place)
    while heap:
        _, place, frame = heapq.heappop(heap)
        yield frame
        pull(place)


class Reader:
    """Takes frames through detector, tracker and embedder.

    Args:
        cameras: Every camera of the run, in the order of the command line.
        detector: Finds persons.
        trackers: One for each camera.
        selector: Chooses the crops to embed.
        embedder: Turns crops into features.
        detection_log: Where detections go.
        track_log: Where tracks go.
        feature_log: Where features go.
        shelf: Where crops are kept for the report.
        known: Camera to frame number to detections that an interrupted run has logged.
        embedded: (camera, track id, frame) of the features it has logged.
        batch: Most frames detected at once.
        embed_batch: Crops that are embedded at once.
        progress: Told of each frame.

    Attributes:
        counts: Camera to what was read of it.
        chosen: (camera, track id, frame) of the crops that belong to the result.
        features_end: Bytes of the feature log that a run which goes on may use: what follows are windows cut short.
        times: Seconds spent in each stage.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        *,
        detector: Detector,
        trackers: Mapping[str, Tracker],
        selector: CropSelector,
        embedder: Embedder,
        detection_log: DetectionLog,
        track_log: TrackLog,
        feature_log: FeatureLog,
        shelf: CropShelf,
        known: Mapping[str, Mapping[int, Detections]],
        embedded: set[tuple[str, int, int]],
        batch: int,
        embed_batch: int,
        progress: Progress,
    ) -> None:
        self._detector, self._trackers, self._selector, self._embedder = detector, trackers, selector, embedder
        self._detection_log, self._track_log, self._feature_log = detection_log, track_log, feature_log
        self._shelf, self._known, self._embedded = shelf, known, embedded
        self._batch, self._embed_batch_size, self._progress = batch, embed_batch, progress
        self._pending: list[Candidate] = []
        self.counts = {camera: CameraCount() for camera in cameras}
        self.chosen: set[tuple[str, int, int]] = set()
        self.features_end = feature_log.end
        self.times = StageTimes()

    def read(self, frames: Iterable[Frame], stop: Callable[[], bool]) -> None:
        """Take every frame, until there are none left or `stop` says so; then write what is still held back."""
        stream = iter(frames)
        while not stop():
            began = time.perf_counter()
            batch = list(itertools.islice(stream, self._batch))
            self.times.measure("decode", began)
            if not batch:
                break
            self._take(batch)
        self.features_end = self._feature_log.end
        self._choose(self._selector.flush())
        self._embed(everything=True)
        self._track_log.release(float("inf"))

    def _take(self, batch: Sequence[Frame]) -> None:
        began = time.perf_counter()
        found = self._detect(batch)
        self.times.measure("detect", began)
        began = time.perf_counter()
        for frame, detections in zip(batch, found, strict=True):
            self._track(frame, detections)
        self._track_log.release(self._settled_until(batch[-1].time_s))
        self.times.measure("track", began)
        self._embed(everything=False)
        self._detection_log.flush()

    def _detect(self, batch: Sequence[Frame]) -> list[Detections]:
        """Detections of each frame: the log's where it holds all of them, the detector's otherwise."""
        logged = [self._known.get(frame.camera, {}).get(frame.index) for frame in batch]
        found = [known for known in logged if known is not None]
        if len(found) == len(batch):
            return found
        found = [round_detections(detections) for detections in self._detector.detect(batch)]
        for frame, known, detections in zip(batch, logged, found, strict=True):
            if known is None:
                self._detection_log.add(frame.camera, frame.index, frame.time_s, detections)
        return found

    def _track(self, frame: Frame, detections: Detections) -> None:
        tracks = self._trackers[frame.camera].update(detections, frame.index, frame.time_s)
        self._track_log.add(frame.camera, tracks)
        self._choose(self._selector.offer(frame, tracks))
        count = self.counts[frame.camera]
        count.frames += 1
        count.last_frame, count.last_time_s = frame.index, round(frame.time_s, TIME_DECIMALS)
        if count.first_time_s is None:
            count.first_time_s = count.last_time_s
        count.boxes += len(tracks)
        self._progress.advance(frame.camera, int((tracks.frame == frame.index).sum()))

    def _settled_until(self, now_s: float) -> float:
        """Time before which no tracker will add a row any more."""
        pending = (tracker.pending_since_s for tracker in self._trackers.values())
        return min((time_s for time_s in pending if time_s is not None), default=now_s)

    def _choose(self, candidates: Sequence[Candidate]) -> None:
        """Keep the pictures, and put them down for embedding."""
        for candidate in candidates:
            self._shelf.offer(candidate)
            self.chosen.add(_key(candidate))
            self._pending.append(candidate)

    def _embed(self, *, everything: bool) -> None:
        began = time.perf_counter()
        size = self._embed_batch_size
        while len(self._pending) >= size or (everything and self._pending):
            chosen, self._pending = self._pending[:size], self._pending[size:]
            if not all(_key(candidate) in self._embedded for candidate in chosen):
                self._embed_batch(chosen)
        self._feature_log.flush()
        self.times.measure("embed", began)

    def _embed_batch(self, chosen: Sequence[Candidate]) -> None:
        result = self._embedder.embed([c.crop for c in chosen])
        usable = set(result.rows.tolist())
        for place, candidate in enumerate(chosen):
            if place not in usable:
                self.counts[candidate.camera].skipped_crops += 1
        for row, feature in zip(result.rows.tolist(), result.features, strict=True):
            c = chosen[row]
            if _key(c) not in self._embedded:
                self._feature_log.add(c.camera, c.track_id, c.frame, c.quality, feature)


def _key(candidate: Candidate) -> tuple[str, int, int]:
    return candidate.camera, candidate.track_id, candidate.frame
