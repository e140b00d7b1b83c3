"""How it stands with live cameras at a moment: what the health page, the MQTT broker and the terminal are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reidtrack.events import DownReason

CameraState = Literal["up", "down", "starting"]


@dataclass(frozen=True, kw_only=True)
class CameraStatus:
    """How it stands with one camera.

    Attributes:
        state: `up` gives frames, `down` gives none, `starting` has not been reached for the first time yet.
        reason: Why it is down; None where it is not.
        since_s: For how many seconds it has been in that state.
        frames: Frames that were looked at, since the program started, as all counts here.
        between: Frames between two looks that were spared since there is much to do; boxes in them are filled in.
        dropped: Frames that came and were lost because there was no time.
        left_out: Frames of which only the motion gate or the tracker had a look, on purpose.
        damaged: Packets and pictures of its stream that were damaged.
        fps_in: Frames a second that come; None where that is not known yet, as with all below.
        fps_seen: Frames a second that are looked at.
        delay_p50_s: Median of the seconds from a frame's arrival to its boxes, of late.
        delay_p95_s: Its 95th percentile.
        identity_delay_p50_s: Median of the seconds from a track's confirmation to its identity, of late.
        identity_delay_p95_s: Its 95th percentile.
        reconnects: How often it was reached again.
        gaps: How many holes there are in its time.
        people: How many people it sees now.
        wanted: Whether it should run; a camera that was taken out of the list should not.
    """

    state: CameraState
    reason: DownReason | None = None
    since_s: float = 0.0
    frames: int = 0
    between: int = 0
    dropped: int = 0
    left_out: int = 0
    damaged: int = 0
    fps_in: float | None = None
    fps_seen: float | None = None
    delay_p50_s: float | None = None
    delay_p95_s: float | None = None
    identity_delay_p50_s: float | None = None
    identity_delay_p95_s: float | None = None
    reconnects: int = 0
    gaps: int = 0
    people: int = 0
    wanted: bool = True


@dataclass(frozen=True, kw_only=True)
class OutletStatus:
    """How it stands with one way out for events.

    Attributes:
        sent: Lines that arrived.
        dropped: Lines that were given up, since they could not be sent in time.
        waiting: Lines that are to be sent.
        connected: Whether the last try arrived.
    """

    sent: int = 0
    dropped: int = 0
    waiting: int = 0
    connected: bool = False


@dataclass(frozen=True, kw_only=True)
class LiveStatus:
    """How it stands with everything.

    Attributes:
        cameras: Name to camera, in the order of the list.
        people_now: People that any camera sees now, nobody twice.
        people_total: People since the folder began.
        memory_bytes: Memory the process takes; None where the system does not say, as with the next.
        disk_free_bytes: Room on the disk of the folder.
        recorded_bytes: Recordings of the cameras' streams in the folder.
        detect_every: Each so manieth frame goes through the detector.
        outlets: Name to outlet.
        uptime_s: Seconds since the program started.
        identities_wait: Why nobody is given a number that lasts, where processes share identities; None while all is
            well.
    """

    cameras: Mapping[str, CameraStatus] = field(default_factory=dict)
    people_now: int = 0
    people_total: int = 0
    memory_bytes: int | None = None
    disk_free_bytes: int | None = None
    recorded_bytes: int = 0
    detect_every: int = 1
    outlets: Mapping[str, OutletStatus] = field(default_factory=dict)
    uptime_s: float = 0.0
    identities_wait: str | None = None

    @property
    def down(self) -> dict[str, str]:
        """Cameras that should give frames and do not, with the reason; one that is starting is not down."""
        return {
            name: camera.reason or "unknown"
            for name, camera in self.cameras.items()
            if camera.wanted and camera.state == "down"
        }
