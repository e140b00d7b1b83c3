"""What happens while cameras are live, as small records: a line of `events.jsonl` each, and what goes out over MQTT.

Every event has `event` (its kind), `time_s` (seconds since the origin of the folder, never going back within a camera)
and is written once: what turns out to be otherwise later is another event, never a changed line. `time` in JSON is the
same moment in UTC. Identities are numbers from 1 that are never given to somebody else.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

TIME_DECIMALS = 3

DownReason = Literal[
    "unreachable",
    "unauthorised",
    "not_found",
    "stalled",
    "ended",
    "no_video",
    "codec",
    "damaged",
    "refused",
    "removed",
]
"""Why a camera gives no frames: nobody answers; wrong user or password; the server does not know the path; it was
connected and silent; it closed the connection; only sound; pictures that FFmpeg cannot decode; what comes is no stream;
an address that is not allowed; taken out of the list of cameras."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at a moment.

    Attributes:
        time_s: When, seconds since the origin of the folder.
    """

    event: ClassVar[str]
    time_s: float

    def to_json(self, origin: datetime) -> dict[str, Any]:
        """A line of `events.jsonl`: the kind first, then the moment, then the fields that are not None.

        Args:
            origin: The moment from which times count.
        """
        moment = (origin + timedelta(seconds=self.time_s)).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"event": self.event, "time": moment.replace("+00:00", "Z")}
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if value is not None:
                name = entry.name.removesuffix("_")
                line[name] = round(value, TIME_DECIMALS) if isinstance(value, float) else value
        return line


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """A session begins: the program was started on this folder."""

    event: ClassVar[str] = "started"
    cameras: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    """A session has ended in good order."""

    event: ClassVar[str] = "stopped"
    reason: str


@dataclass(frozen=True, kw_only=True)
class CameraUp(Event):
    """A camera gives frames, for the first time or again.

    Attributes:
        width: Of its pictures, pixels.
        height: Of its pictures, pixels.
        codec: Name of the codec, such as `h264`.
        fps: The rate that it claims; None where it claims none.
        after_s: How long it gave none; None at first.
    """

    event: ClassVar[str] = "camera_up"
    camera: str
    width: int
    height: int
    codec: str
    fps: float | None = None
    after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class CameraDown(Event):
    """A camera gives no frames any more, or could not be reached at first.

    Attributes:
        reason: Of which kind.
        detail: What is wrong and what to do, in plain English, without secrets.
        retry_s: Seconds until the next try; None where there will be none.
    """

    event: ClassVar[str] = "camera_down"
    camera: str
    reason: DownReason
    detail: str
    retry_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class CameraRetry(Event):
    """A try to reach a camera failed otherwise than the one before; the same failure again is not told again."""

    event: ClassVar[str] = "camera_retry"
    camera: str
    reason: DownReason
    detail: str
    retry_s: float


@dataclass(frozen=True, kw_only=True)
class StreamChanged(Event):
    """A camera's pictures have another size or codec: a new segment, and its tracker starts anew."""

    event: ClassVar[str] = "stream_changed"
    camera: str
    width: int
    height: int
    codec: str


@dataclass(frozen=True, kw_only=True)
class StreamRestarted(Event):
    """A file that is played again and again is at its beginning: everybody is somewhere else at once.

    Its tracker starts anew, and what the place says of ways and times holds within one play alone.

    Attributes:
        frame: Number of the first frame of the new play.
    """

    event: ClassVar[str] = "stream_restarted"
    camera: str
    frame: int


@dataclass(frozen=True, kw_only=True)
class GapEvent(Event):
    """A stretch of time of which there is no frame of a camera; told at its end, which is `time_s`."""

    event: ClassVar[str] = "gap"
    camera: str
    from_s: float
    until_s: float


@dataclass(frozen=True, kw_only=True)
class TrackletStarted(Event):
    """A track is confirmed."""

    event: ClassVar[str] = "tracklet_started"
    camera: str
    track_id: int


@dataclass(frozen=True, kw_only=True)
class TrackletEnded(Event):
    """A track was given up; `time_s` is that of its last box."""

    event: ClassVar[str] = "tracklet_ended"
    camera: str
    track_id: int
    identity: int | None = None


@dataclass(frozen=True, kw_only=True)
class IdentityGiven(Event):
    """A track has an identity, or another one than before.

    Attributes:
        camera: Of the track.
        track_id: Of the track.
        identity: From 1.
        provisional: Whether it may still change without a word about the person; it is kept once this is false.
        name: What the person is called; None where nobody said.
        probability: That the track belongs to that person's others; None for a new one.
    """

    event: ClassVar[str] = "identity"
    camera: str
    track_id: int
    identity: int
    provisional: bool
    name: str | None = None
    probability: float | None = None


@dataclass(frozen=True, kw_only=True)
class Merged(Event):
    """Two identities are one person: the later number is not used any more."""

    event: ClassVar[str] = "merge"
    from_: int
    into: int


@dataclass(frozen=True, kw_only=True)
class Split(Event):
    """Some tracklets of an identity are somebody else: they have a new number.

    Attributes:
        from_: The identity, which goes on.
        into: The new number.
        tracklets: What goes over: `camera`, `track_id` each.
        since_s: Time of the first box that goes over, where a tracker went over from one person to another; None where
            tracks go over whole.
    """

    event: ClassVar[str] = "split"
    from_: int
    into: int
    tracklets: tuple[tuple[str, int], ...]
    since_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ZoneEntered(Event):
    """A person is in a zone and was not before, in no camera."""

    event: ClassVar[str] = "zone_entered"
    zone: str
    identity: int
    camera: str


@dataclass(frozen=True, kw_only=True)
class ZoneLeft(Event):
    """A person is not in a zone any more, in no camera; `time_s` is the last moment there."""

    event: ClassVar[str] = "zone_left"
    zone: str
    identity: int
    camera: str
    dwell_s: float


@dataclass(frozen=True, kw_only=True)
class LineCrossed(Event):
    """A person went over a line.

    Attributes:
        direction: `in` from the line's right to its left, seen from its first point to its second; `out` back.
    """

    event: ClassVar[str] = "line_crossed"
    line: str
    identity: int
    camera: str
    direction: Literal["in", "out"]


@dataclass(frozen=True, kw_only=True)
class HourCounted(Event):
    """How many people were in a zone or crossed a line in an hour, nobody twice.

    Attributes:
        hour: Its beginning, ISO 8601, UTC.
        place: Name of the zone or line.
        people: How many different people.
        identities: Who.
        entered: How often somebody came in.
        left: How often somebody went out.
    """

    event: ClassVar[str] = "hour"
    hour: str
    place: str
    people: int
    identities: tuple[int, ...]
    entered: int = 0
    left: int = 0


@dataclass(frozen=True, kw_only=True)
class Notice(Event):
    """Something about the work itself.

    Attributes:
        subject: `load` (frames are left out, or are not any more), `disk` (full, or not any more), `retention`
            (what was deleted), `cameras` (the list was read anew), `output` (an outlet cannot be reached, or can).
        text: In plain English.
        camera: Where it is about one.
        figures: Numbers that belong to it.
    """

    event: ClassVar[str] = "notice"
    subject: Literal["load", "disk", "retention", "cameras", "output"]
    text: str
    camera: str | None = None
    figures: dict[str, float] | None = field(default=None)
