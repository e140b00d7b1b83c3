"""Whether a camera is there, and what is told about it: up, down, changed, and each hole in its frames."""

from __future__ import annotations

from collections.abc import Callable

from reidtrack.events import (
    CameraDown,
    CameraRetry,
    CameraUp,
    DownReason,
    Event,
    GapEvent,
    StreamChanged,
    StreamRestarted,
)
from reidtrack.video.failure import Failure
from reidtrack.video.wall_time import WallTime

HOLE_S = 1.0
HOLE_STEPS = 4.0
"""Time between two frames that is a hole: more than this, and more than so many times the usual."""
_WEIGHT = 0.1
"""Of the last step in the usual one."""
_MOST_STEP_S = 10.0


class CameraState:
    """What is known of one camera, from its frames and its failures; tells what changes.

    Args:
        camera: Its name.
        wall: Tells the time of what is no frame.
        tell: Told of each event.
        last_s: Time of the last frame of the session before; None if there was none.

    Attributes:
        is_up: Whether frames come.
        was_up: Whether any came, ever.
        last_s: Time of the last frame, or what was given; minus infinity if there was none.
        step_s: Usual seconds between two frames; 0 before it is known.
    """

    def __init__(self, camera: str, wall: WallTime, tell: Callable[[Event], None], last_s: float | None = None) -> None:
        self._camera, self._wall, self._tell = camera, wall, tell
        self.is_up = self.was_up = False
        self.last_s = float("-inf") if last_s is None else last_s
        self.step_s = 0.0
        self._from_s = wall.now_s() if last_s is None else last_s
        self._goes_on = last_s is not None
        self._told_s = float("-inf")
        self._reason: DownReason | None = None
        self._stream: tuple[int, int, str] | None = None

    def picture(self, time_s: float, size: tuple[int, int], codec: str, claimed: float | None, fps: float) -> None:
        """A frame has come.

        Args:
            time_s: Its time, later than that of the one before.
            size: Its width and height, pixels.
            codec: Name of the codec.
            claimed: Frames a second that the stream claims.
            fps: Frames a second that are to be expected.
        """
        came_back = not self.is_up
        if came_back:
            after_s = time_s - self.last_s if self.was_up else None
            self._tell(
                CameraUp(
                    time_s=self._at(time_s),
                    camera=self._camera,
                    width=size[0],
                    height=size[1],
                    codec=codec,
                    fps=claimed,
                    after_s=after_s,
                )
            )
            self.step_s = self.step_s or 1 / fps
        self._tell_change((*size, codec), time_s)
        self._tell_hole(time_s, came_back)
        self.is_up = self.was_up = True
        self.last_s = self._from_s = time_s
        self._reason = None

    def restarted(self, time_s: float, frame: int) -> None:
        """A frame has come with which a file begins again that is looped.

        Args:
            time_s: Its time.
            frame: Its number.
        """
        self._tell(StreamRestarted(time_s=self._at(time_s), camera=self._camera, frame=frame))

    def down(self, failure: Failure, retry_s: float | None) -> None:
        """No frame comes, for a reason; told once for each reason in a row.

        Args:
            failure: Why.
            retry_s: Seconds until the next try; None if there is none.
        """
        now_s = self._at(self._wall.now_s())
        first = self._reason is None or retry_s is None
        if first:
            self._tell(
                CameraDown(
                    time_s=now_s, camera=self._camera, reason=failure.reason, detail=failure.detail, retry_s=retry_s
                )
            )
        elif failure.reason != self._reason and retry_s is not None:
            self._tell(
                CameraRetry(
                    time_s=now_s, camera=self._camera, reason=failure.reason, detail=failure.detail, retry_s=retry_s
                )
            )
        self.is_up, self._reason = False, failure.reason

    def end(self) -> None:
        """Nothing comes any more: a hole that is still open ends now."""
        now_s = self._wall.now_s()
        if not self.is_up and self._reason is not None and now_s - self._from_s > HOLE_S:
            self._gap(now_s)

    def _tell_change(self, stream: tuple[int, int, str], time_s: float) -> None:
        if self._stream is not None and stream != self._stream:
            width, height, codec = stream
            self._tell(
                StreamChanged(time_s=self._at(time_s), camera=self._camera, width=width, height=height, codec=codec)
            )
        self._stream = stream

    def _tell_hole(self, time_s: float, came_back: bool) -> None:
        step_s = time_s - self._from_s
        known = self.was_up or self._goes_on or self._reason is not None
        if known and step_s > max(HOLE_S, 0.0 if came_back else HOLE_STEPS * self.step_s):
            self._gap(time_s)
        if not came_back:
            self.step_s += _WEIGHT * (min(step_s, _MOST_STEP_S) - self.step_s)

    def _gap(self, until_s: float) -> None:
        self._tell(GapEvent(time_s=self._at(until_s), camera=self._camera, from_s=self._from_s, until_s=until_s))

    def _at(self, time_s: float) -> float:
        """A time for an event: none is told of as earlier than the one before."""
        self._told_s = max(self._told_s, time_s)
        return self._told_s
