"""The cameras of a live session: each one's source, and what records it; they come and go with the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from reidtrack.config.live import CameraSettings, LiveConfig
from reidtrack.errors import OutputError
from reidtrack.events import CameraDown, Event, Notice
from reidtrack.pipeline.live.regions import Region
from reidtrack.pipeline.live.store import LiveStore
from reidtrack.runtime.background import SideThread, first_fault
from reidtrack.types import Frame
from reidtrack.video.live import LiveSource
from reidtrack.video.main_recorder import MainRecorder
from reidtrack.video.merge import LIVE, ReadyFrames
from reidtrack.video.packet_sink import PacketSink, together
from reidtrack.video.recorder import Recorder
from reidtrack.video.recording_disk import RecordingDisk
from reidtrack.video.wall_time import WallTime

Arriving = Callable[[Iterable[Frame]], Iterable[Frame]]


@dataclass
class LiveCamera:
    """One camera that is read.

    Attributes:
        settings: What the user says of it.
        source: Gives its frames.
        recorder: Records its stream; None where it is not recorded.
        main: Reads the stream that is recorded, where another one is looked at.
        closing: Finishes its recording; None while it is read.
    """

    settings: CameraSettings
    source: LiveSource
    recorder: Recorder | None
    main: MainRecorder | None
    closing: SideThread | None = None

    @property
    def fault(self) -> BaseException | None:
        """What a thread ended by before its time that records it; None where none did."""
        return first_fault((self.recorder, self.main, self.closing))

    @property
    def is_closing(self) -> bool:
        """Whether its recording is being finished."""
        return self.closing is not None and self.closing.alive

    def close(self) -> None:
        """Read it no more; its recording ends."""
        self.source.close()
        if self.main is not None:
            self.main.close()
        if self.recorder is not None:
            self.recorder.close()


class LiveCameras:
    """Opens the cameras, and brings them up to date with the list.

    Other threads may look at `open` meanwhile: it is never changed, another takes its place.

    Args:
        store: Of the session.
        config: Every setting.
        wall: Time of the folder.
        tell: Told of what happens to cameras and recordings.
        realtime: Whether files are played at the pace at which they were taken.
        packets: Who takes the packets of a camera beside its recorder.
    """

    def __init__(
        self,
        store: LiveStore,
        config: LiveConfig,
        wall: WallTime,
        tell: Callable[[Event], None],
        *,
        realtime: bool,
        packets: Callable[[CameraSettings], PacketSink | None],
    ) -> None:
        self._packets = packets
        self._store, self._config, self._wall, self._tell, self._realtime = store, config, wall, tell, realtime
        self.disk = RecordingDisk(store.folder.recordings_folder, tell=tell, now_s=wall.now_s)
        self._arriving: Arriving = iter
        self.open: Mapping[str, LiveCamera] = {}
        self._ended: list[LiveCamera] = []
        self.regions: dict[str, Sequence[Region]] = {}
        """Camera to the regions to ignore."""

    def open_all(self, cameras: Sequence[CameraSettings]) -> None:
        """Open cameras."""
        for camera in cameras:
            self._open(camera)

    def frames(self, arriving: Arriving) -> ReadyFrames:
        """Frames of all cameras, as they come.

        Args:
            arriving: What each camera's frames go through first.
        """
        self._arriving = arriving
        streams = {name: arriving(camera.source) for name, camera in self.open.items()}
        return ReadyFrames(streams, _failed, length=LIVE.waiting, on_full=LIVE.on_full)

    def take_over(
        self,
        cameras: Sequence[CameraSettings],
        frames: ReadyFrames,
        begin: Callable[[CameraSettings], None],
        end: Callable[[str], None],
    ) -> None:
        """Read the cameras of a new list; those of which nothing has changed are not touched, but for those given up.

        Args:
            cameras: The list.
            frames: Where frames are taken, in the same thread.
            begin: Told of a camera before its frames come.
            end: Told of a camera that is not in the list any more, after its last frame.
        """
        wanted = {camera.name: camera for camera in cameras}
        gone = [
            name for name, camera in self.open.items() if wanted.get(name) != camera.settings or camera.source.given_up
        ]
        for name in gone:
            frames.remove(name)
            self._end(self.open[name])
            self.open = {other: camera for other, camera in self.open.items() if other != name}
            self._store.skip_numbers(name)  # frames that are under way have some behind the last that is known
            if name not in wanted:
                end(name)
                detail = "taken out of the list of cameras"
                self._tell(CameraDown(time_s=self._wall.now_s(), camera=name, reason="removed", detail=detail))
        fresh = [camera for camera in cameras if camera.name not in self.open]
        self._store.add_cameras(fresh)
        with suppress(OutputError):  # before anything is logged of them; a disk that is full: said already
            self._store.write()
        for camera in fresh:
            self._open(camera)
            begin(camera)
            frames.add(camera.name, self._arriving(self.open[camera.name].source))
        text = f"the list of cameras was read anew: {len(fresh)} begun, {len(gone)} ended, {len(self.open)} in all"
        self._tell(Notice(time_s=self._wall.now_s(), subject="cameras", text=text))

    def close(self) -> None:
        """Read no more; recordings are finished."""
        for camera in self.open.values():
            self._end(camera)
        for camera in self._ended:
            if camera.closing is not None:
                camera.closing.join()

    @property
    def fault(self) -> BaseException | None:
        """What a thread ended by before its time that recorded a camera; None where none did."""
        return first_fault((*self._ended, *self.open.values()))

    def _end(self, camera: LiveCamera) -> None:
        """Read a camera no more; its recording is finished by a thread that nobody has to wait for yet."""
        camera.source.close()
        camera.closing = SideThread(camera.close, f"close {camera.settings.name}")
        camera.closing.start()
        self._ended = [*(other for other in self._ended if other.fault is not None or other.is_closing), camera]

    def _open(self, camera: CameraSettings) -> None:
        stream, recorder, main = self._config.stream, self._recorder(camera), None
        if recorder is not None and camera.sub is not None:
            main = MainRecorder(
                camera.address,
                camera.name,
                wall=self._wall,
                tell=self._tell,
                packets=recorder,
                stall_s=stream.stall_s,
                transport=stream.transport,
                realtime=self._realtime,
                loop=stream.loop,
            )
        self.regions[camera.name] = camera.ignore
        numbers = self._store.numbers(camera.name)
        source = LiveSource(
            camera.sub or camera.address,
            camera.name,
            wall=self._wall,
            tell=self._tell,
            first_index=numbers.last_frame + 1,
            not_before_s=numbers.last_time_s or None,
            fps=camera.fps or stream.fps,
            rotate=camera.rotate,
            stall_s=stream.stall_s,
            transport=stream.transport,
            realtime=self._realtime,
            loop=stream.loop,
            packets=together(None if main is not None else recorder, self._packets(camera)),
        )
        self.open = {**self.open, camera.name: LiveCamera(camera, source, recorder, main)}

    def _recorder(self, camera: CameraSettings) -> Recorder | None:
        record = self._config.record
        if not (record.enabled if camera.record is None else camera.record):
            return None
        return Recorder(
            self._store.folder.recordings_folder / camera.name,
            camera.name,
            origin=self._wall.origin,
            disk=self.disk,
            tell=self._tell,
            segment_s=record.segment_s,
        )


def _failed(camera: str, error: Exception) -> None:
    """A live source tells by itself what is wrong with it, and does not end by that."""
    raise AssertionError(f"{camera} ended: {error}")
