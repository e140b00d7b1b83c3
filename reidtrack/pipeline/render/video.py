"""A video that is written: pictures with everybody drawn in, and what there is to tell of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reidtrack.clock import in_utc
from reidtrack.pipeline.render.look import Look
from reidtrack.pipeline.run.render import VideoWorkers
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.types import FloatArray, ImageArray, IntArray
from reidtrack.video.draw import Annotator
from reidtrack.video.sink import VideoSink
from reidtrack.video.source import Source

_GAP_S = 2.0
"""Of longer stretches without a picture the video shows only so much: what nobody recorded is not worth the wait."""
_MOST_FPS = 240.0


@dataclass
class RenderedVideo:
    """A video that was written.

    Attributes:
        camera: Of which camera.
        path: The file.
        first_time_s: Time of its first picture, seconds since the origin.
        last_time_s: Time of its last.
        frames: How many pictures it has.
        gaps: Stretches of time within it of which there is no picture: from, until.
        people: Identities that were drawn.
    """

    camera: str
    path: Path
    first_time_s: float
    last_time_s: float
    frames: int = 0
    gaps: list[tuple[float, float]] = field(default_factory=list)
    people: set[int] = field(default_factory=set)

    def to_json(self, origin: datetime) -> dict[str, Any]:
        """As `reidtrack render` prints it in JSON."""
        times = {"first_time_s": self.first_time_s, "last_time_s": self.last_time_s}
        return {
            "camera": self.camera,
            "video": str(self.path),
            **{name: round(value, 3) for name, value in times.items()},
            "first_time": _iso(origin, self.first_time_s),
            "last_time": _iso(origin, self.last_time_s),
            "frames": self.frames,
            "gaps": [[round(start, 3), round(end, 3)] for start, end in self.gaps],
            "people": sorted(self.people),
        }


class StretchVideo:
    """A video that is being written: drawn on in a thread, encoded in another."""

    def __init__(
        self,
        path: Path,
        size: tuple[int, int],
        source: Source,
        look: Look,
        time_s: float,
        origin: datetime,
        times: StageTimes,
    ) -> None:
        self.size = size
        self.rendered = RenderedVideo(source.camera, path, time_s, time_s)
        self._left_out_s = 0.0
        aspect = 1 / source.pixel_aspect if look.turns % 2 else source.pixel_aspect
        self._threads = contextlib.ExitStack()
        sink = VideoSink(path, size, fps_hint=min(source.nominal_fps, _MOST_FPS), pixel_aspect=aspect)
        self._workers = VideoWorkers(sink, times, self._threads)
        self._annotator = Annotator(
            *size, source.camera, names=look.names, clock=lambda moment_s: _clock_text(origin, moment_s)
        )

    def write(self, image: ImageArray, time_s: float, look: Look) -> int:
        """Have a picture drawn and written; how many people it shows."""
        step_s = time_s - self.rendered.last_time_s
        if step_s > _GAP_S:
            self.rendered.gaps.append((self.rendered.last_time_s, time_s))
            self._left_out_s += step_s - _GAP_S
        self.rendered.last_time_s = time_s
        self.rendered.frames += 1
        xyxy, identity = look.people(time_s, self.size)
        self.rendered.people |= {number for number in identity.tolist() if number >= 1}
        self._workers.draw(partial(self._paint, image, time_s, time_s - self._left_out_s, xyxy, identity))
        return len(identity)

    def _paint(self, image: ImageArray, time_s: float, shown_s: float, xyxy: FloatArray, identity: IntArray) -> None:
        self._workers.write(self._annotator.draw(image, time_s, xyxy, identity), shown_s)

    def close(self) -> None:
        """Finish it; again is nothing."""
        self._threads.close()


def moment(origin: datetime, time_s: float) -> datetime:
    """The date and time of a number of seconds since the origin, to the millisecond."""
    return origin + timedelta(seconds=round(time_s, 3))


def _iso(origin: datetime, time_s: float) -> str:
    return in_utc(moment(origin, time_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clock_text(origin: datetime, time_s: float) -> str:
    """The time of day, in UTC, as captions show it."""
    utc = in_utc(moment(origin, time_s))
    return f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 100_000} UTC"
