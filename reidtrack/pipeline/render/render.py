"""Annotated videos of a stretch of time, from recordings and with everybody drawn in."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reidtrack.clock import file_time, in_utc
from reidtrack.errors import InputError, UsageError
from reidtrack.files import refuse_link
from reidtrack.pipeline.render.clips import Stretch, find_clips, nothing_recorded
from reidtrack.pipeline.render.look import Look
from reidtrack.pipeline.render.video import RenderedVideo, StretchVideo, moment
from reidtrack.pipeline.run.render import STAGES
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.live_history import read_history
from reidtrack.runs.sightings import read_sightings
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.runtime.threads import prefetch

_MARGIN_S = 2.0
"""Boxes of so long before and after the stretch are read: what is drawn at its ends may lie between two of them."""


@dataclass(frozen=True)
class RenderRequest:
    """What is to be rendered.

    Attributes:
        folder: Of live cameras, or of a run.
        start: First moment: seconds since the folder's origin, or a time.
        end: Last moment; None for all that is there.
        cameras: Which; none for all of which there are recordings.
        out: Where videos go; None for `rendered` in the folder.
    """

    folder: Path
    start: float | datetime
    end: float | datetime | None = None
    cameras: tuple[str, ...] = ()
    out: Path | None = None


@dataclass(frozen=True)
class Rendered:
    """What came of it: the videos, the origin of their times, and the cameras of which something could not be read."""

    videos: list[RenderedVideo]
    origin: datetime
    failed: list[InputError]


def render_stretch(request: RenderRequest, progress: Progress, cancel: CancelToken) -> Rendered:
    """Write an annotated video of a stretch of time for each camera of which there are recordings.

    Raises:
        InputError: If the folder holds neither, or there is no recording of that time.
        OutputError: If a video cannot be written.
        UsageError: If a camera is not known, or the end is not after the start.
    """
    folder = LiveFolder(request.folder)
    manifest = folder.read_manifest()
    from_s, until_s = _times(request, manifest.origin)
    clips = find_clips(folder, manifest, request.cameras, from_s, until_s)
    history = read_history(folder.events)
    people, names = read_sightings(
        folder,
        manifest.origin,
        from_s - _MARGIN_S,
        until_s + _MARGIN_S,
        history.identities(),
        settled=not manifest.settling,
    )
    out = folder.path / "rendered" if request.out is None else request.out
    refuse_link(out)
    failed: list[InputError] = []

    def fail(error: InputError) -> None:
        progress.fail(error)
        failed.append(error)

    progress.stage("rendering", dict.fromkeys(clips))
    videos = []
    for camera, found in clips.items():
        look = Look.of(manifest, camera, history, people.get(camera), {**history.names, **names})
        stretch = Stretch(camera, found, from_s, until_s, fail)
        videos += _render(stretch, look, manifest.origin, out, progress, cancel)
        progress.finish(camera)
        if cancel.cancelled:
            break
    if not videos and not cancel.cancelled and not failed:
        raise nothing_recorded(folder, list(clips))
    return Rendered(videos, manifest.origin, failed)


def _times(request: RenderRequest, origin: datetime) -> tuple[float, float]:
    def seconds(moment: float | datetime) -> float:
        if isinstance(moment, datetime):
            return (in_utc(moment) - origin).total_seconds()
        return moment

    from_s = seconds(request.start)
    until_s = float("inf") if request.end is None else seconds(request.end)
    if not until_s > from_s:
        raise UsageError(f"ends at {until_s:.1f} s", field="to", expected=f"after the start, {from_s:.1f} s")
    return from_s, until_s


def _render(
    stretch: Stretch, look: Look, origin: datetime, out: Path, progress: Progress, cancel: CancelToken
) -> list[RenderedVideo]:
    """Write the videos of one camera: one, or one for each size that its pictures have."""
    done: list[RenderedVideo] = []
    times = StageTimes(STAGES)
    with contextlib.ExitStack() as stack:
        frames = stack.enter_context(contextlib.closing(prefetch(stretch.frames())))
        video: StretchVideo | None = None
        for source, frame in frames:
            if cancel.cancelled:
                break
            image = look.turned(frame.image)
            size = (image.shape[1], image.shape[0])
            if video is None or video.size != size:
                if video is not None:
                    video.close()
                path = _free(out / f"{stretch.camera}-{file_time(moment(origin, frame.time_s))}.mp4", done)
                video = StretchVideo(path, size, source, look, frame.time_s, origin, times)
                stack.callback(video.close)
                done.append(video.rendered)
            progress.advance(stretch.camera, figures={"people": video.write(image, frame.time_s, look)})
    return done


def _free(path: Path, done: Sequence[RenderedVideo]) -> Path:
    """A path that no other video of this stretch has."""
    taken = {video.path for video in done}
    number = 2
    unique = path
    while unique in taken:
        unique = path.with_name(f"{path.stem}-{number}.mp4")
        number += 1
    return unique
