"""The tracking pass: every frame once through detector, tracker and embedder; observers are told what is found.

Recordings are taken in the order of their frames' time. What is found in a frame is rounded as the log rounds it before
anything is made of it, and what is logged already is not computed again: a run that goes on after an interruption gives
the same bytes as one that was never interrupted. For the same reason networks see the same batches in both, since the
last bit of a result depends on the size of its batch: one of which anything is missing in the log is computed whole.

Stages overlap: each camera is decoded in a thread, batches are detected in two (one prepares its pictures and reads
its boxes while the other's are in the network), crops are embedded in another, and in between, in the calling thread,
frames are tracked one after another. What a stage sees, and in which order, does not depend on the threads. Live
cameras go the same way with another policy of merging (`MergePolicy`), and there it does.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reidtrack.detect.protocol import Detector
from reidtrack.detect.surest import MOST_BOXES, surest
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.errors import InputError
from reidtrack.pipeline.run.embed_crops import CropEmbedding, TrackedBatch
from reidtrack.pipeline.run.looks import EveryNth, LookRule
from reidtrack.pipeline.run.observers import Gap, RunObserver
from reidtrack.pipeline.run.resumed import ResumedState
from reidtrack.runs.logs import round_detections
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.delays import Arrivals
from reidtrack.runtime.queues import closing_generator
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.runtime.threads import BackgroundWorker, parallel_map, prefetch
from reidtrack.track.camera_motion import CameraMotionEstimator
from reidtrack.track.tracker import Tracker, pending_until_s
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import Detections, Frame, Tracks
from reidtrack.video.merge import RECORDED, MergePolicy, merged_batches

STAGES = ("decode", "detect", "track", "embed")
_DETECTED_AT_ONCE = 2
"""Batches; more would only take memory: within a batch the engine keeps the processor busy."""
_UNEMBEDDED = 4
"""Batches of frames whose crops wait."""
_UNEMBEDDED_LIVE = 10
"""The same live: crops of all tracks come at once, every half second, and frames are not to wait for them."""
_GAP_S = 2.0
"""Time between two frames of a camera that counts as a gap: the default tracker gives up whoever is gone for longer."""
_ROUNDING_S = 1e-3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class _Batch:
    """Frames, whether each is looked at, once they were detected the detections of each, and cameras that are gone."""

    frames: Sequence[Frame]
    looked: Sequence[bool]
    found: Sequence[Detections] = ()
    gone: Sequence[str] = ()


class TrackingPass:
    """Takes frames of several cameras through detector, trackers and embedder, and tells observers what is found.

    Args:
        detector: Finds persons.
        trackers: Camera to its tracker; these cameras and no others are read.
        selector: Chooses the crops to embed.
        embedder: Turns crops into features.
        observers: Told what is found, in this order.
        resumed: What an interrupted run has logged.
        looks: Which frames are looked at; others are only logged as read, and the boxes in them are interpolated when
            the tracks are settled. None: all.
        batch: Most frames detected at once.
        embed_batch: Crops that are embedded at once.
        policy: Whether to wait for cameras that are late.
        tracklets: Makes tracklets in memory, for observers that want them when they end; None makes none.
        camera_motion: Camera to what follows its motion; cameras without one are taken to stand still.
        arrivals: Told of each frame, by camera and number, when its source gives it.
        embed_at_once: Embed the crops of each batch of frames with it, instead of waiting for a whole batch of crops.
        restart: Makes the tracker that takes over where a camera's pictures change their size, or it shows another
            place; None goes on with the one that there is.

    Attributes:
        times: Where the time went.
        left_out: Camera to its detections beyond `MOST_BOXES` in a frame, the least sure ones, that were left out.
        dropped: Camera to its frames that were dropped because too many waited, where the policy allows that.
    """

    def __init__(
        self,
        *,
        detector: Detector,
        trackers: Mapping[str, Tracker],
        selector: CropSelector,
        embedder: Embedder,
        observers: Sequence[RunObserver],
        resumed: ResumedState | None = None,
        looks: LookRule | None = None,
        batch: int,
        embed_batch: int,
        policy: MergePolicy = RECORDED,
        tracklets: TrackletBuilder | None = None,
        camera_motion: Mapping[str, CameraMotionEstimator] | None = None,
        arrivals: Arrivals | None = None,
        embed_at_once: bool = False,
        restart: Callable[[str], Tracker] | None = None,
    ) -> None:
        self._detector, self._trackers, self._selector = detector, dict(trackers), selector
        self._observers, self._restart = observers, restart
        self._resumed = ResumedState() if resumed is None else resumed
        self._looks = EveryNth() if looks is None else looks
        self._batch, self._policy = batch, policy
        self._camera_motion, self._arrivals = dict(camera_motion or {}), arrivals
        self._tells_tracklets = tracklets is not None
        self._ending: dict[str, set[int]] = {camera: set() for camera in trackers}
        self._alive: dict[str, set[int]] = {camera: set() for camera in trackers}
        self._size: dict[str, tuple[int, int]] = {}
        self._anew: dict[str, int] = {}
        self._gone: list[str] = []
        self._last_s: dict[str, float] = {}
        self.times = StageTimes(STAGES)
        self.dropped: dict[str, int] = {}
        self.left_out: dict[str, int] = {}
        self._counting = threading.Lock()
        self._embedding = CropEmbedding(
            embedder, embed_batch, self._resumed, observers, tracklets, self.times, at_once=embed_at_once
        )
        self._unembedded = _UNEMBEDDED_LIVE if embed_at_once else _UNEMBEDDED

    def run(
        self, sources: Mapping[str, Iterable[Frame]], fail: Callable[[str, InputError], None], cancel: CancelToken
    ) -> None:
        """Take every frame, until there are none left or the token is cancelled; then what is still held back.

        Args:
            sources: Camera to its frames.
            fail: Told of a camera that cannot be read any further.
            cancel: Asked between two batches.
        """
        streams = {camera: self.arriving(source) for camera, source in sources.items()}
        self.take(merged_batches(streams, self._batch, self._policy, fail, self.dropped), cancel)

    def take(self, merged: Generator[list[Frame]], cancel: CancelToken) -> None:
        """Take batches of frames of several cameras, until there are none left or the token is cancelled.

        Args:
            merged: Frames of each camera in order; empty where there is nothing yet. Closed at the end.
            cancel: Asked between two batches.
        """
        found, given = self._detected(merged), 0
        with closing_generator(found), BackgroundWorker(self._embedding.take, self._unembedded) as embedding:
            while not cancel.cancelled:
                item = next(found, None)
                if item is None:
                    break
                with self.times.measure("track"):
                    tracked = self._track_batch(item)
                    tracked.crops = self._looks.embeds(tracked.crops, given - self._embedding.embedded)
                    given += len(tracked.crops)
                embedding.put(tracked)
        for camera, count in sorted(self.left_out.items()):
            logger.warning(
                "%s: %d boxes were left out, the least sure of frames with more than %d", camera, count, MOST_BOXES
            )
        for observer in self._observers:
            observer.on_last_frame()
        self._embedding.finish(self._selector.flush())
        for observer in self._observers:
            observer.on_watermark(float("inf"))

    def arriving(self, source: Iterable[Frame]) -> Generator[Frame]:
        """Frames of a camera, the time they take and their arrival noted."""
        frames = self.times.measured("decode", source)
        with closing_generator(frames):
            for frame in frames:
                if self._arrivals is not None:
                    self._arrivals.came(frame.camera, frame.index)
                yield frame

    def add_camera(self, camera: str, tracker: Tracker, motion: CameraMotionEstimator | None = None) -> None:
        """Take frames of another camera from the next batch on; call it in the thread that gives the batches."""
        self._ending[camera], self._alive[camera] = set(), set()
        if motion is not None:
            self._camera_motion[camera] = motion
        self._trackers = {**self._trackers, camera: tracker}

    def begin_anew(self, camera: str, index: int) -> None:
        """Give a camera another tracker at its frame of that number: what it shows from there on is another place.

        Any thread may call it before that frame is taken.
        """
        self._anew[camera] = index

    def end_camera(self, camera: str) -> None:
        """End the tracks of a camera after its frames so far; call it in the thread that gives the batches."""
        self._gone.append(camera)

    def _detected(self, batches: Generator[list[Frame]]) -> Generator[_Batch]:
        """Batches with their detections; where nobody is to be waited for, each at once."""
        chosen = self._chosen(batches)
        if self._policy.order != "by_time":
            return prefetch(_mapped(self._detect, chosen), 1)
        if self._looks.learns:  # from tracks: each batch is tracked before the next one's frames are decided about
            return _mapped(self._detect, chosen)
        return parallel_map(self._detect, chosen, _DETECTED_AT_ONCE)

    def _chosen(self, batches: Generator[list[Frame]]) -> Generator[_Batch]:
        """Batches with the decision about each frame; one ends early where what is seen decides about the next."""
        with closing_generator(batches):
            for batch in batches:
                self._looks.load(self.times.busy_s, self.dropped)
                batch = list(self._looks.in_order(batch))
                gone, self._gone = self._gone, []
                if gone:
                    yield _Batch((), (), gone=gone)
                begins, looked = 0, list[bool]()
                for number, frame in enumerate(batch, 1):
                    look = self._looks.looks_at(frame)
                    looked.append(look != "no")
                    if number == len(batch) or look == "then_decide":
                        yield _Batch(batch[begins:number], looked)
                        begins, looked = number, []
                if not batch:
                    yield _Batch((), ())

    def _detect(self, batch: _Batch) -> _Batch:
        """A batch and the detections of each frame: the log's where it holds all, else the detector's."""
        logged = [self._resumed.detections.get(frame.camera, {}).get(frame.index) for frame in batch.frames]
        known = [detections for detections in logged if detections is not None]
        if len(known) == len(batch.frames):
            return replace(batch, found=known)
        chosen = [frame for frame, looked in zip(batch.frames, batch.looked, strict=True) if looked]
        with self.times.measure("detect"):
            seen = iter(self._detector.detect(chosen) if chosen else ())
            nothing = Detections.empty()
            found = [
                round_detections(self._fewer(frame, next(seen))) if looked else nothing
                for frame, looked in zip(batch.frames, batch.looked, strict=True)
            ]
        return replace(batch, found=found)

    def _fewer(self, frame: Frame, found: Detections) -> Detections:
        """The surest detections of a frame, as many as are looked at."""
        kept = surest(found, MOST_BOXES)
        if len(kept) < len(found):
            with self._counting:  # batches are detected in two threads
                self.left_out[frame.camera] = self.left_out.get(frame.camera, 0) + len(found) - len(kept)
        return kept

    def _track_batch(self, batch: _Batch) -> TrackedBatch:
        """Track a batch, tell of it, and choose crops to embed."""
        tracked = TrackedBatch()
        for camera in batch.gone:
            tracked.crops += self._end_all(camera)
            tracked.ended += self._newly_ended(camera)
        for frame, looked, detections in zip(batch.frames, batch.looked, batch.found, strict=True):
            self._tell_gap(frame)
            tracked.crops += self._on_new_place(frame)
            for observer in self._observers:
                observer.on_detections(frame, detections)
            tracks = self._track(frame, detections) if looked else Tracks.empty()
            for observer in self._observers:
                observer.on_frame(frame)
            tracked.crops += self._selector.offer(frame, tracks)
            if self._tells_tracklets:
                tracked.tracks.append((frame.camera, tracks))
                tracked.ended += self._newly_ended(frame.camera)
        if batch.frames:
            settled_s = self._settled_until(self._read_until(batch.frames[-1].time_s))
            for observer in self._observers:
                observer.on_watermark(settled_s)
        return tracked

    def _tell_gap(self, frame: Frame) -> None:
        last_s = self._last_s.get(frame.camera, frame.time_s)
        self._last_s[frame.camera] = frame.time_s
        if frame.time_s - last_s > _GAP_S:
            for observer in self._observers:
                observer.on_gap(Gap(frame.camera, last_s, frame.time_s))

    def _on_new_place(self, frame: Frame) -> list[Candidate]:
        """Give the camera a new tracker if its pictures have another size now, or it is to begin anew.

        A box of before means another place in the new pictures: everybody begins anew. Returns the last crops of the
        former's tracks.
        """
        former = self._size.setdefault(frame.camera, frame.size)
        due = self._anew.get(frame.camera, frame.index + 1) <= frame.index
        if (former == frame.size and not due and not frame.begins_anew) or self._restart is None:
            return []
        if due:  # and not one that was told of since, for a later frame
            del self._anew[frame.camera]
        self._size[frame.camera] = frame.size
        self._trackers = {**self._trackers, frame.camera: self._restart(frame.camera)}
        if frame.camera in self._camera_motion:
            self._camera_motion[frame.camera] = CameraMotionEstimator()
        return self._end_all(frame.camera)

    def _end_all(self, camera: str) -> list[Candidate]:
        """Have all tracks of a camera end; returns their last crops."""
        self._ending[camera] |= self._alive[camera]
        self._alive[camera] = set()
        return self._selector.flush(camera)

    def _track(self, frame: Frame, detections: Detections) -> Tracks:
        estimator = self._camera_motion.get(frame.camera)
        motion = None if estimator is None else estimator.update(frame.image, frame.time_s)
        tracker = self._trackers[frame.camera]
        tracks = tracker.update(detections, frame.index, frame.time_s, motion)
        self._looks.tracked(frame, detections, tracks, pending=tracker.pending_since_s is not None)
        for observer in self._observers:
            observer.on_tracks(frame, tracks)
        if self._tells_tracklets:
            ended = tracker.ended.tolist()
            self._ending[frame.camera].update(ended)
            self._alive[frame.camera].update(tracks.track_id.tolist())
            self._alive[frame.camera].difference_update(ended)
        return tracks

    def _newly_ended(self, camera: str) -> list[tuple[str, int]]:
        """Tracks that the tracker has given up and of which the selector gives no crop any more."""
        ending = self._ending[camera]
        ended = sorted(track_id for track_id in ending if not self._selector.holds(camera, track_id))
        ending.difference_update(ended)
        return [(camera, track_id) for track_id in ended]

    def _read_until(self, now_s: float) -> float:
        """Time before which no camera will give a frame any more, unless it is in a gap."""
        if self._policy.order == "by_time":
            return now_s
        newest_s = max(self._last_s.values())
        return min(last_s for last_s in self._last_s.values() if newest_s - last_s <= _GAP_S)

    def _settled_until(self, now_s: float) -> float:
        """Time before which no tracker will add a row any more."""
        waiting = [t for t in self._trackers.values() if now_s <= pending_until_s(t) + _ROUNDING_S]
        pending = (tracker.pending_since_s for tracker in waiting)
        return min((time_s for time_s in pending if time_s is not None), default=now_s)


def _mapped(work: Callable[[_Batch], _Batch], batches: Generator[_Batch]) -> Generator[_Batch]:
    with closing_generator(batches):
        for batch in batches:
            yield work(batch)
