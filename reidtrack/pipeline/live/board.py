"""How it stands with a live session: counted from what the pass and the cameras tell, shown once a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from reidtrack.events import CameraDown, CameraRetry, CameraUp, Event, GapEvent, IdentityGiven
from reidtrack.pipeline.live.delays import MeasureDelays
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.publish.status import CameraStatus, LiveStatus
from reidtrack.runtime.delays import DelayFigures
from reidtrack.types import Frame, TrackletKey, Tracks

_RATE_S = 10.0
"""Time over which rates are taken."""


@dataclass
class _Camera:
    status: CameraStatus = field(default_factory=lambda: CameraStatus(state="starting"))
    since_s: float = 0.0
    tracks: frozenset[int] = frozenset()
    """Ids of those in its last frame."""
    rate_from: tuple[float, int] = (0.0, 0)
    fps: float | None = None

    @property
    def present(self) -> frozenset[int]:
        """Track ids of who is there: nobody as far as is known where no picture comes."""
        return frozenset() if self.status.state == "down" else self.tracks


@dataclass(frozen=True)
class Unseen:
    """Camera to how many of its frames were not looked at, by why, and what of its stream was no frame at all.

    Attributes:
        between: Spared between two looks, since there is much to do; boxes in them are filled in.
        dropped: Lost, for there was no time.
        left_out: Nothing moved in them.
        damaged: Packets and pictures of the stream that were damaged.
    """

    between: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    damaged: Mapping[str, int] = field(default_factory=dict)

    def of(self, camera: str) -> dict[str, int]:
        """The counts of one camera."""
        counts = {"between": self.between, "dropped": self.dropped, "left_out": self.left_out, "damaged": self.damaged}
        return {name: found.get(camera, 0) for name, found in counts.items()}


class Board(RunObserver):
    """Keeps the figures of a session. Threads may share it.

    Args:
        cameras: Their names.
        now_s: Time of the folder.
        identity: Number of a tracklet's person, None while it is not decided.
        delays: Of the session; told of each identity here, and of frames as an observer before this one.
    """

    def __init__(
        self,
        cameras: Collection[str],
        now_s: Callable[[], float],
        identity: Callable[[TrackletKey], int | None],
        delays: MeasureDelays,
    ) -> None:
        self._now_s, self._identity, self._delays = now_s, identity, delays
        self._lock = threading.RLock()
        self._began_s = now_s()
        self._cameras: dict[str, _Camera] = {}
        for name in cameras:
            self.add_camera(name)

    def add_camera(self, name: str) -> None:
        """Count another camera, or one that was taken out anew."""
        with self._lock:
            now_s = self._now_s()
            self._delays.add(name)
            camera = self._cameras.setdefault(name, _Camera(rate_from=(now_s, 0)))
            camera.status = replace(camera.status, state="starting", reason=None, wanted=True)
            camera.since_s = now_s

    # What happens to cameras and identities, in whichever thread.

    def note(self, event: Event) -> None:
        """Take in an event."""
        with self._lock:
            if isinstance(event, IdentityGiven):
                self._delays.identified((event.camera, event.track_id))
            elif isinstance(event, CameraUp | CameraDown | CameraRetry | GapEvent):
                self._note_camera(self._cameras[event.camera], event)

    def _note_camera(self, camera: _Camera, event: CameraUp | CameraDown | CameraRetry | GapEvent) -> None:
        status = camera.status
        if isinstance(event, GapEvent):
            camera.status = replace(status, gaps=status.gaps + 1)
            return
        up = isinstance(event, CameraUp)
        if up != (status.state == "up") or status.state == "starting":
            camera.since_s = event.time_s
        if isinstance(event, CameraUp):
            again = status.reconnects + (event.after_s is not None)
            camera.status = replace(status, state="up", reason=None, reconnects=again)
            camera.rate_from, camera.fps = (event.time_s, status.frames), None
        else:
            wanted = event.reason not in ("removed", "ended")
            camera.status = replace(status, state="down", reason=event.reason, wanted=wanted, people=0)
            camera.fps = None

    # In the thread of the pass.

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Count a look, and note who is there."""
        present = frozenset(tracks.track_id[tracks.frame == frame.index].tolist())
        with self._lock:
            camera = self._cameras[frame.camera]
            camera.tracks = present
            camera.status = replace(camera.status, frames=camera.status.frames + 1)

    def on_frame(self, frame: Frame) -> None:
        """Take the rate of looks now and then, also where nothing is looked at."""
        with self._lock:
            camera = self._cameras[frame.camera]
            frames = camera.status.frames
            since_s, counted = camera.rate_from
            passed_s = self._now_s() - since_s
            if passed_s >= _RATE_S:
                camera.fps = (frames - counted) / passed_s
                camera.rate_from = self._now_s(), frames

    # Whoever wants to know.

    def status(self, unseen: Unseen) -> LiveStatus:
        """How it stands, as far as the pass knows."""
        with self._lock:
            now_s = self._now_s()
            cameras = {name: self._status_of(name, camera, now_s, unseen) for name, camera in self._cameras.items()}
            return LiveStatus(cameras=cameras, people_now=self._people_now(), uptime_s=now_s - self._began_s)

    def _status_of(self, name: str, camera: _Camera, now_s: float, unseen: Unseen) -> CameraStatus:
        p50_s, p95_s = _figures(self._delays.boxes[name].recent())
        identity_p50_s, identity_p95_s = _figures(self._delays.identities[name].recent())
        return replace(
            camera.status,
            since_s=max(0.0, now_s - camera.since_s),
            between=unseen.between.get(name, 0),
            dropped=unseen.dropped.get(name, 0),
            left_out=unseen.left_out.get(name, 0),
            damaged=unseen.damaged.get(name, 0),
            fps_seen=camera.fps,
            delay_p50_s=p50_s,
            delay_p95_s=p95_s,
            identity_delay_p50_s=identity_p50_s,
            identity_delay_p95_s=identity_p95_s,
            people=len(camera.present),
        )

    def _people_now(self) -> int:
        """Nobody twice, but for whoever has no identity yet."""
        people: set[object] = set()
        for name, camera in self._cameras.items():
            for track_id in camera.present:
                number = self._identity((name, track_id))
                people.add((name, track_id) if number is None else number)
        return len(people)

    def overall(self, unseen: Unseen) -> dict[str, dict[str, float]]:
        """Counts and delays of each camera since the session began, for the manifest."""
        delays = self._delays.figures()
        with self._lock:
            return {
                name: {
                    "frames": camera.status.frames,
                    **unseen.of(name),
                    "gaps": camera.status.gaps,
                    "reconnects": camera.status.reconnects,
                    **delays.get(name, {}),
                }
                for name, camera in self._cameras.items()
            }


def _figures(figures: DelayFigures | None) -> tuple[float | None, float | None]:
    return (None, None) if figures is None else (figures.p50_s, figures.p95_s)
