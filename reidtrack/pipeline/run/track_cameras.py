"""Pass one: every frame once through detector, tracker and embedder, into logs that a kill leaves readable.

Frames of all cameras come in the order of their time. What is found in a frame is rounded as the log rounds it before
anything is made of it, and the log is read back first: a run that goes on after an interruption gives the same bytes as
one that was never interrupted. For the same reason networks see the same batches in both, since the last bit of a
result depends on the size of its batch: one of which anything is missing in the log is computed whole.

Stages overlap: each camera is decoded in a thread, batches are detected in two (one prepares its pictures and reads
its boxes while the other's are in the network), crops are embedded in another, and in between, in the calling thread,
frames are tracked one after another. What a stage sees, and in which order, does not depend on the threads (`threads`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

from reidtrack.detect.protocol import Detector
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.errors import InputError
from reidtrack.runs.crops import CropStore
from reidtrack.runs.features import FeatureLog
from reidtrack.runs.logs import TIME_DECIMALS, DetectionLog, TrackLog, round_detections
from reidtrack.runs.manifest_sections import CameraCount
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.runtime.queues import closing_generator
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.runtime.threads import BackgroundWorker, parallel_map, prefetch
from reidtrack.track.tracker import Tracker
from reidtrack.types import Detections, Frame, Tracks
from reidtrack.video.merge import merge_by_time

STAGES = ("decode", "detect", "track", "embed")
_DECODED = 2
"""Frames of a camera that wait for the others."""
_DETECTED_AT_ONCE = 2
"""Batches; more would only take memory: within a batch the engine keeps the processor busy."""
_UNEMBEDDED = 4
"""Batches of frames whose crops wait."""


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
        detect_every: Frames whose number is a multiple of it are looked at; others are only logged as read, and the
            boxes in them are interpolated when the tracks are settled.
        batch: Most frames detected at once.
        embed_batch: Crops that are embedded at once.
        progress: Told of each frame.

    Attributes:
        counts: Camera to what was read of it.
        chosen: (camera, track id, frame) of the crops that belong to the result.
        features_end: Bytes of the feature log that a run which goes on may use: what follows are windows cut short.
        times: Where the time went.
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
        shelf: CropStore,
        known: Mapping[str, Mapping[int, Detections]],
        embedded: set[tuple[str, int, int]],
        detect_every: int = 1,
        batch: int,
        embed_batch: int,
        progress: Progress,
    ) -> None:
        self._detector, self._trackers, self._selector, self._embedder = detector, trackers, selector, embedder
        self._detection_log, self._track_log, self._feature_log = detection_log, track_log, feature_log
        self._shelf, self._known, self._embedded = shelf, known, embedded
        self._detect_every, self._batch, self._embed_batch_size = detect_every, batch, embed_batch
        self._progress, self._people = progress, dict.fromkeys(cameras, 0)
        self._pending: list[Candidate] = []
        self.counts = {camera: CameraCount() for camera in cameras}
        self.chosen: set[tuple[str, int, int]] = set()
        self.features_end = feature_log.end
        self.times = StageTimes(STAGES)

    def read(
        self,
        streams: Mapping[str, Iterable[Frame]],
        fail: Callable[[str, InputError], None],
        cancel: CancelToken,
    ) -> None:
        """Take every frame, until there are none left or `cancel` says so; then write what is still held back.

        Args:
            streams: Camera to its frames.
            fail: Told of a camera that cannot be read any further.
            cancel: Asked between two batches.
        """
        decoded = {camera: prefetch(self.times.measured("decode", s), _DECODED) for camera, s in streams.items()}
        found = parallel_map(self._detect, self._batches(merge_by_time(decoded, fail)), _DETECTED_AT_ONCE)
        with closing_generator(found), BackgroundWorker(self._embed_full, _UNEMBEDDED) as embedding:
            while not cancel.cancelled:
                batch, detections, new = next(found, ((), (), False))
                if not batch:
                    break
                with self.times.measure("track"):
                    chosen = self._take(batch, detections, new=new)
                embedding.put(chosen)
        self.features_end = self._feature_log.end
        self._embed(self._selector.flush(), everything=True)
        self._track_log.release(float("inf"))

    def _batches(self, frames: Generator[Frame]) -> Generator[list[Frame]]:
        with closing_generator(frames):
            while batch := list(itertools.islice(frames, self._batch)):
                yield batch

    def _detect(self, batch: Sequence[Frame]) -> tuple[Sequence[Frame], Sequence[Detections], bool]:
        """Detections of each frame, and whether they are new: the log's where it holds all, else the detector's."""
        logged = [self._known.get(frame.camera, {}).get(frame.index) for frame in batch]
        found = [known for known in logged if known is not None]
        if len(found) == len(batch):
            return batch, found, False
        with self.times.measure("detect"):
            seen = iter(self._detector.detect([frame for frame in batch if self._looks_at(frame)]))
            nothing = Detections.empty()
            return batch, [round_detections(next(seen)) if self._looks_at(f) else nothing for f in batch], True

    def _looks_at(self, frame: Frame) -> bool:
        return frame.index % self._detect_every == 0

    def _take(self, batch: Sequence[Frame], found: Sequence[Detections], *, new: bool) -> list[Candidate]:
        """Log and track a batch; the crops to embed."""
        chosen = []
        for frame, detections in zip(batch, found, strict=True):
            if new and frame.index not in self._known.get(frame.camera, {}):
                self._detection_log.add(frame.camera, frame.index, frame.time_s, detections)
            tracks = self._track(frame, detections) if self._looks_at(frame) else Tracks.empty()
            self._count(frame, tracks)
            chosen += self._selector.offer(frame, tracks)
        self._detection_log.flush()
        self._track_log.release(self._settled_until(batch[-1].time_s))
        return chosen

    def _track(self, frame: Frame, detections: Detections) -> Tracks:
        tracks = self._trackers[frame.camera].update(detections, frame.index, frame.time_s)
        self._track_log.add(frame.camera, tracks)
        self._people[frame.camera] = int((tracks.frame == frame.index).sum())
        return tracks

    def _count(self, frame: Frame, tracks: Tracks) -> None:
        count = self.counts[frame.camera]
        count.frames += 1
        count.last_frame, count.last_time_s = frame.index, round(frame.time_s, TIME_DECIMALS)
        if count.first_time_s is None:
            count.first_time_s = count.last_time_s
        count.boxes += len(tracks)
        self._progress.advance(frame.camera, figures={"people": self._people[frame.camera]})

    def _settled_until(self, now_s: float) -> float:
        """Time before which no tracker will add a row any more."""
        pending = (tracker.pending_since_s for tracker in self._trackers.values())
        return min((time_s for time_s in pending if time_s is not None), default=now_s)

    def _embed_full(self, candidates: Sequence[Candidate]) -> None:
        self._embed(candidates, everything=False)

    def _embed(self, candidates: Sequence[Candidate], *, everything: bool) -> None:
        """Keep the pictures, and embed them as soon as there are enough for a batch."""
        with self.times.measure("embed"):
            for candidate in candidates:
                self._shelf.offer(candidate)
                self.chosen.add(_key(candidate))
                self._pending.append(candidate)
            size = self._embed_batch_size
            while len(self._pending) >= size or (everything and self._pending):
                chosen, self._pending = self._pending[:size], self._pending[size:]
                if not all(_key(candidate) in self._embedded for candidate in chosen):
                    self._embed_batch(chosen)
            self._feature_log.flush()

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
