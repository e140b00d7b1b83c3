"""`reidtrack live`: cameras that stay up, and one identity over them while people are there."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType

from reidtrack.config.live import CameraSettings
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.errors import OutputError, ReidtrackError
from reidtrack.events import Event, Notice, Started, Stopped, StreamRestarted
from reidtrack.pipeline.live.board import Board, Unseen
from reidtrack.pipeline.live.cameras import LiveCameras
from reidtrack.pipeline.live.delays import MeasureDelays
from reidtrack.pipeline.live.identities import LiveIdentities
from reidtrack.pipeline.live.load import LEAST_PER_S, FollowLoad
from reidtrack.pipeline.live.logs import LiveLogs
from reidtrack.pipeline.live.newest import LEAST_LOOKS
from reidtrack.pipeline.live.outlets import LiveOutlets
from reidtrack.pipeline.live.people import LivePeople
from reidtrack.pipeline.live.regions import IgnoringDetector
from reidtrack.pipeline.live.request import LiveRequest, cameras_of
from reidtrack.pipeline.live.show import LiveShow
from reidtrack.pipeline.live.store import LiveStore, open_store
from reidtrack.pipeline.live.upkeep import Upkeep
from reidtrack.pipeline.live.warm_up import warm_up
from reidtrack.pipeline.live.zones import LiveZones
from reidtrack.pipeline.run.looks import WhereMotion
from reidtrack.pipeline.run.observers import CountCameras, RunObserver
from reidtrack.pipeline.run.reading import RunNetworks, make_looks, make_trackers
from reidtrack.pipeline.run.site import site_of
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.publish.status import LiveStatus
from reidtrack.runs.crops import CropStore
from reidtrack.runs.event_log import EventLog
from reidtrack.runs.lock import RunLock
from reidtrack.runtime.background import Every, first_fault, raise_first
from reidtrack.runtime.batches import timed_batches
from reidtrack.runtime.cancel import CancelToken
from reidtrack.track.camera_motion import CameraMotionEstimator
from reidtrack.track.numbered import NumberedTracker
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import Frame, Tracks
from reidtrack.video.merge import LIVE, ReadyFrames
from reidtrack.video.wall_time import WallTime

logger = logging.getLogger(__name__)

_MOST_BOXES, _MOST_FEATURES = 1024, 64
"""Of a track that goes on: somebody may sit in a picture all day."""


@dataclass
class ReloadToken:
    """Carries the user's wish to have the list of cameras read anew."""

    wanted: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class LiveOutcome:
    """How a session ended.

    Attributes:
        store: The folder.
        status: How it stood at the end.
        ended_by_itself: Whether every camera came to its end, as files do.
        disk_was_full: Whether something could not be written for want of room.
        unreadable: Cameras, files mostly, that ended since they cannot be read; none where it was asked to end.
    """

    store: LiveStore
    status: LiveStatus
    ended_by_itself: bool
    disk_was_full: bool
    unreadable: tuple[str, ...] = ()


def live(request: LiveRequest, show: LiveShow, cancel: CancelToken, reload: ReloadToken) -> LiveOutcome:
    """Watch cameras until the token is cancelled, or every camera has come to its end.

    Args:
        request: What is asked for.
        show: Told of what goes on.
        cancel: Ends the session in good order.
        reload: Has the list of cameras read anew.

    Raises:
        UsageError: If the request contradicts itself, or another process is at work in the folder.
        InputError: If the folder of the sessions before cannot be read.
        WeightsError: If a network cannot be used.
        OutputError: If the folder cannot be written at the beginning.
    """
    networks = RunNetworks.load(request.config, {})
    with RunLock(request.out) as lock:
        store = open_store(request, lock, networks.weights)
        warm_up(networks, store.manifest.prior)
        with LiveSession(request, store, networks, show) as session:
            return session.run(cancel, reload)


class LiveSession:
    """Everything that is at work while cameras are watched; a context, which ends it in good order.

    Args:
        request: What is asked for.
        store: The folder.
        networks: Detector and embedder.
        show: Told of what goes on.
    """

    def __init__(self, request: LiveRequest, store: LiveStore, networks: RunNetworks, show: LiveShow) -> None:
        config, names = request.config, [camera.name for camera in request.cameras]
        self._request, self._config, self._store, self._show = request, config, store, show
        self._wall = WallTime(store.manifest.origin, store.last_time_s)
        self._stack = contextlib.ExitStack()
        self._log = EventLog(store.folder.events, store.manifest.origin)
        self._stack.callback(self._close_log)
        self._disk_was_full = False
        self._outlets: LiveOutlets | None = None
        self._ticker: Every | None = None
        dim = networks.embedder.feature_dim
        self._people = LivePeople.open(store, request, dim, lambda: self._log.end, self._say_of_outlet)
        self._stack.callback(self._people.end)
        self._delays = MeasureDelays(names)
        self._board = Board(names, self._wall.now_s, self._people.number, self._delays)
        site = site_of(config.site, names)
        self._zones = LiveZones(store, site, self._people.evidence, self.tell)
        self._cameras = LiveCameras(
            store, config, self._wall, self.tell, realtime=request.realtime, packets=show.packets
        )
        self._logs = LiveLogs(
            store.folder,
            names,
            dim,
            self._people.identities.in_frame,
            self._wall.moment,
            config.record.segment_s,
            self._wall.now_s,
        )
        self._stack.callback(self._logs.close)
        self._counts = CountCameras(names)
        self._trackers: dict[str, NumberedTracker] = {}
        self._frames: ReadyFrames | None = None
        self._tracking = self._make_pass(networks, names)
        self._upkeep = Upkeep(store, config, self._logs, self._cameras, self._wall, self.tell)
        self._outlets = LiveOutlets(config, self._status, self._say_of_outlet)
        self._stack.callback(self._outlets.close)

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if error is None:  # everything is in order by now; what went wrong beside the work is said last
            raise_first([first_fault((self._ticker, self._cameras, self._outlets, self._log))])

    def tell(self, event: Event) -> None:
        """Log an event, and pass it on to whoever wants to know; any thread."""
        if isinstance(event, StreamRestarted):
            self._tracking.begin_anew(event.camera, event.frame)
        self._people.note(event)  # first: what it has stored holds all that is in the log
        line = self._log.append(event)
        self._board.note(event)
        if self._outlets is not None:
            self._outlets.send(line)
        self._show.event(event)
        self._zones.note(event)

    def run(self, cancel: CancelToken, reload: ReloadToken) -> LiveOutcome:
        """Watch until it is cancelled, or every camera has ended."""
        self._show.begin(self._request.cameras)
        names = tuple(camera.name for camera in self._request.cameras)
        for ended in self._people.ended_by_a_kill():
            self.tell(ended)
        self.tell(Started(time_s=self._wall.now_s(), cameras=names))
        self._ticker = Every(1.0, self._tick, "figures")
        try:
            self._cameras.open_all(self._request.cameras)
            self._frames = self._cameras.frames(self._tracking.arriving)
            self._tracking.take(self._batches(self._frames, reload), cancel)
        finally:
            self._cameras.close()
            if self._frames is not None:
                self._frames.close()
            self._ticker.close()
        self._identities.finish()
        return self._finish(ended_by_itself=not cancel.cancelled)

    def _finish(self, *, ended_by_itself: bool) -> LiveOutcome:
        """Have everything on disk as it is."""
        self._zones.close(self._wall.now_s())
        reason = "every camera has ended" if ended_by_itself else "asked to"
        self.tell(Stopped(time_s=self._wall.now_s(), reason=reason))
        self._logs.close()
        manifest = self._store.manifest
        manifest.status = "interrupted"
        manifest.people = self._people.count
        manifest.note_counts(self._counts.counts)
        manifest.live_figures = self._board.overall(self._unseen())
        with contextlib.suppress(OutputError):  # a disk that is full: said already
            self._store.write()
        full = self._disk_was_full or self._cameras.disk.was_full or self._logs.lost > 0 or self._log.lost > 0
        status = self._status()
        return LiveOutcome(self._store, status, ended_by_itself, full, tuple(status.down) if ended_by_itself else ())

    # Frames.

    def _batches(self, frames: ReadyFrames, reload: ReloadToken) -> Generator[list[Frame]]:
        """Frames as they come; in between, the list of cameras is taken over."""
        wait_s, idle_s = LIVE.batch_wait_s, LIVE.idle_s
        for batch in timed_batches(frames, self._batch_size, wait_s, idle_s=idle_s):
            if self._config.stream.catch_up and batch:
                batch += frames.take_waiting()  # the newest are looked at
            self._tracking.dropped.update(frames.dropped)
            yield batch
            if reload.wanted.is_set():
                reload.wanted.clear()
                self._reload(frames)

    def _batch_size(self) -> int:
        """About one frame of each camera: with more, what waits would be older by the time that it is looked at."""
        most = min(self._config.detect.batch, max(LEAST_LOOKS, len(self._cameras.open)))
        return min(most, self._load.room) if self._config.stream.catch_up else most

    def _reload(self, frames: ReadyFrames) -> None:
        """Read the list of cameras anew; one that is wrong changes nothing."""
        if self._request.cameras_file is None:
            return
        try:
            cameras = cameras_of((), None, self._request.cameras_file)
        except ReidtrackError as error:
            text = f"the list of cameras is wrong, nothing is changed: {error}"
            self.tell(Notice(time_s=self._wall.now_s(), subject="cameras", text=text))
            return
        self._cameras.take_over(cameras, frames, self._begin, self._tracking.end_camera)

    def _begin(self, camera: CameraSettings) -> None:
        """Make ready for the frames of a camera that is new, or begins anew."""
        self._board.add_camera(camera.name)
        self._logs.add_camera(camera.name)
        self._counts.add_camera(camera.name)
        if camera.name in self._trackers:
            self._tracking.begin_anew(camera.name, self._store.numbers(camera.name).last_frame + 1)
        else:
            self._tracking.add_camera(camera.name, self._tracker(camera.name), self._motion())

    # The tracking pass.

    def _make_pass(self, networks: RunNetworks, names: Sequence[str]) -> TrackingPass:
        config, dim = self._config, networks.embedder.feature_dim
        self._looks = make_looks(config, every=config.detect.every)
        self._load = FollowLoad(
            self._looks, self.tell, self._wall.now_s, follows=config.stream.catch_up, most=config.detect.batch
        )
        builder = TrackletBuilder(dim, most_boxes=_MOST_BOXES, most_features=_MOST_FEATURES)
        self._identities = LiveIdentities(
            self._people.identities,
            builder,
            self._wall.now_s,
            self.tell,
            updated=lambda: self._stored(self._people.updated),
            finished=lambda: self._stored(lambda: self._people.finish(self._wall.now_s())),
        )
        crops = _KeepCrops(CropStore(self._store.folder.crops, config.output.crops, may_fail=True))
        observers: list[RunObserver] = [self._logs, crops, self._counts, self._delays, self._board, self._identities]
        return TrackingPass(
            detector=IgnoringDetector(networks.detector, self._cameras.regions),
            trackers={name: self._tracker(name) for name in names},
            selector=CropSelector(
                networks.embedder.size_hw,
                every_s=config.embed.every_s,
                min_quality=config.embed.min_quality,
                staggered=True,
                eager=True,
                forget_s=max(10.0, 2 * config.track.max_age),
            ),
            embedder=networks.embedder,
            observers=[*observers, self._zones, _NoteNumbers(self._store), *self._shown()],
            looks=self._load,
            arrivals=self._delays.arrivals,
            batch=config.detect.batch,
            embed_batch=config.embed.batch,
            policy=LIVE,
            tracklets=builder,
            camera_motion={name: motion for name in names if (motion := self._motion()) is not None},
            embed_at_once=True,
            restart=self._tracker,
        )

    def _shown(self) -> list[RunObserver]:
        shown = self._show.observer(self._people.identities.in_frame, self._wall)
        return [] if shown is None else [shown]

    def _tracker(self, camera: str) -> NumberedTracker:
        """A tracker whose ids begin behind all that were given in a camera."""
        former = self._trackers.get(camera)
        last_id = self._store.numbers(camera).last_track if former is None else former.last_id
        longest_s = 1 / LEAST_PER_S if self._config.stream.catch_up else 0.0  # between two looks
        (tracker,) = make_trackers(self._config.track, {camera: longest_s}).values()
        self._trackers[camera] = NumberedTracker(tracker, last_id)
        return self._trackers[camera]

    def _motion(self) -> CameraMotionEstimator | None:
        return CameraMotionEstimator() if self._config.track.camera_motion else None

    # Once a second.

    def _tick(self) -> None:
        status = self._status()
        if self._outlets is not None:
            self._outlets.show(status)
        self._show.status(status)
        self._zones.tick(self._wall.now_s())
        self._people.correct()
        self._upkeep.tick()

    def _status(self) -> LiveStatus:
        status = self._board.status(self._unseen())
        every = round(self._load.detect_every * self._config.detect.every)
        status = replace(status, people_total=self._people.count, detect_every=every)
        status = self._upkeep.completed(status)
        status = self._people.completed(status)
        return status if self._outlets is None else self._outlets.completed(status)

    def _unseen(self) -> Unseen:
        sources = Counter({name: camera.source.dropped for name, camera in self._cameras.open.items()})
        damaged = {name: camera.source.damaged for name, camera in self._cameras.open.items()}
        still = dict(self._looks.closed) if isinstance(self._looks, WhereMotion) else {}
        dropped = sources + Counter(self._tracking.dropped) + Counter(self._load.lost)
        return Unseen(dict(self._load.passed_over), dropped, still, damaged)

    def _stored(self, store: Callable[[], object]) -> None:
        """Store something; a disk that is full ends nothing."""
        try:
            store()
        except OutputError as error:
            self._disk_was_full = True
            logger.warning("%s", error)

    def _say_of_outlet(self, text: str) -> None:
        self.tell(Notice(time_s=self._wall.now_s(), subject="output", text=text))

    def _close_log(self) -> None:
        try:
            self._log.close()
        except OutputError as error:
            self._disk_was_full = True
            logger.warning("%s", error)


class _KeepCrops(RunObserver):
    """Keeps pictures of people, for the report; nothing of them in memory."""

    def __init__(self, store: CropStore) -> None:
        self._store = store

    def on_crop(self, crop: Candidate) -> None:
        """Keep it, or not, as the store thinks right."""
        self._store.offer(crop)


class _NoteNumbers(RunObserver):
    """Keeps the last numbers that were given, for the session that follows."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Note the track ids."""
        if len(tracks):
            numbers = self._store.numbers(frame.camera)
            numbers.last_track = max(numbers.last_track, int(tracks.track_id.max()))

    def on_frame(self, frame: Frame) -> None:
        """Note index and time."""
        numbers = self._store.numbers(frame.camera)
        numbers.last_frame = max(numbers.last_frame, frame.index)
        numbers.last_time_s = max(numbers.last_time_s, round(frame.time_s, 6))
