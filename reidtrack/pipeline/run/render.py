"""The rendering pass: the recordings once more, now with everybody's identity drawn in.

Each camera is decoded in a thread, drawn on in a second and encoded in a third.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial

import numpy as np

from reidtrack.config.run import OutputConfig
from reidtrack.errors import InputError
from reidtrack.runs.boxes import CameraBoxes, boxes_of_camera
from reidtrack.runs.folder import RunFolder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.runtime.stage_times import StageTimes, cores
from reidtrack.runtime.threads import BackgroundWorker, prefetch
from reidtrack.types import FloatArray, Frame, Identity, ImageArray, IntArray
from reidtrack.video.draw import Annotator
from reidtrack.video.merge import merge_by_time
from reidtrack.video.mosaic import MosaicLayout, mosaic
from reidtrack.video.sink import VideoSink
from reidtrack.video.source import Source

STAGES = ("decode again", "draw", "encode")


def at_once() -> int:
    """Cameras that are rendered side by side: enough to keep the processor busy, for each takes an encoder's memory."""
    return max(2, min(8, cores() // 2))


class VideoWorkers:
    """The threads that draw and encode one video; jobs are done in the order they are given.

    Args:
        sink: The video, opened.
        times: Told of the work.
        stack: Ends the threads.
    """

    def __init__(self, sink: VideoSink, times: StageTimes, stack: contextlib.ExitStack) -> None:
        self._sink, self._times = stack.enter_context(sink), times
        self._encoding = stack.enter_context(BackgroundWorker(self._encode))
        self._drawing = stack.enter_context(BackgroundWorker(self._draw))

    def draw(self, job: Callable[[], None]) -> None:
        """Do a piece of drawing, which may `write`."""
        self._drawing.put(job)

    def write(self, image: ImageArray, time_s: float) -> None:
        """Append a picture to the video; called while drawing."""
        self._encoding.put((image, time_s))

    def _draw(self, job: Callable[[], None]) -> None:
        with self._times.measure("draw"):
            job()

    def _encode(self, item: tuple[ImageArray, float]) -> None:
        with self._times.measure("encode"):
            self._sink.write(*item)


class CameraPainter:
    """Draws one camera's frames and writes its video."""

    def __init__(
        self, source: Source, boxes: CameraBoxes, workers: VideoWorkers, trail_s: float, names: Mapping[int, str]
    ) -> None:
        self._boxes, self._workers = boxes, workers
        self._annotator = Annotator(*source.size, source.camera, trail_s, names)

    def people(self, frame: Frame) -> tuple[FloatArray, IntArray]:
        """Boxes (N, 4) and identities (N,) of a frame."""
        first, last = np.searchsorted(self._boxes.frame, [frame.index, frame.index + 1])
        return self._boxes.xyxy[first:last], self._boxes.identity[first:last]

    def paint(self, frame: Frame) -> int:
        """Have one frame drawn and written; how many people it shows."""
        xyxy, identity = self.people(frame)
        self._workers.draw(partial(self._paint, frame, xyxy, identity))
        return len(identity)

    def _paint(self, frame: Frame, xyxy: FloatArray, identity: IntArray) -> None:
        self._workers.write(self._annotator.draw(frame.image, frame.time_s, xyxy, identity), frame.time_s)


class MosaicPainter:
    """Tiles the cameras' latest pictures into one video, once for each step of the fastest camera.

    Pictures are annotated at the size of their tile, so that labels stay readable however many cameras there are.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        workers: VideoWorkers,
        layout: MosaicLayout,
        trail_s: float,
        names: Mapping[int, str],
    ) -> None:
        self._names = [source.camera for source in sources]
        self._sizes = {
            source.camera: (right - left, bottom - top)
            for source, (left, top, right, bottom) in zip(sources, layout.places, strict=True)
        }
        self._annotators = {name: Annotator(*size, name, trail_s, names) for name, size in self._sizes.items()}
        self._latest: dict[str, ImageArray] = {}
        self._ended: list[str] = []
        self._step_s = 1 / max(source.nominal_fps for source in sources)
        self._workers, self._layout = workers, layout
        self._tick_s: float | None = None

    def paint(self, frame: Frame, xyxy: FloatArray, identity: IntArray) -> None:
        """Take a camera's new picture; one of a later step first brings out that of the step before."""
        self._workers.draw(partial(self._paint, frame, xyxy, identity))

    def end(self, camera: str) -> None:
        """A camera has no more pictures; its last one is shown for the step that it belongs to."""
        self._workers.draw(partial(self._ended.append, camera))

    def close(self) -> None:
        """Bring out the last step."""
        self._workers.draw(self._write)

    def _paint(self, frame: Frame, xyxy: FloatArray, identity: IntArray) -> None:
        import cv2

        if self._tick_s is None:
            self._tick_s = frame.time_s
        elif frame.time_s >= self._tick_s + 0.75 * self._step_s:
            self._write()
            self._tick_s = frame.time_s
        size = self._sizes[frame.camera]
        scale = np.float32(size[0] / frame.size[0])
        tile = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
        self._latest[frame.camera] = self._annotators[frame.camera].draw(tile, frame.time_s, xyxy * scale, identity)

    def _write(self) -> None:
        if self._tick_s is not None and self._latest:
            tiles = [self._latest.get(name) for name in self._names]
            self._workers.write(mosaic(tiles, self._layout, self._names), self._tick_s)
        for camera in self._ended:
            self._latest.pop(camera, None)
        self._ended.clear()


def render(
    folder: RunFolder,
    sources: Sequence[Source],
    identities: Sequence[Identity],
    last_frames: Mapping[str, int],
    config: OutputConfig,
    *,
    gpu: bool = False,
    times: StageTimes,
    progress: Progress,
    fail: Callable[[str, InputError], None],
    cancel: CancelToken,
) -> None:
    """Write the annotated videos of some cameras side by side, in the order of time, and their mosaic if asked for.

    Args:
        folder: Of the run.
        sources: The recordings, opened anew as for the tracking pass; at least one.
        identities: Everybody.
        last_frames: Camera to the number of the last frame that the tracking pass read; later ones are left out.
        config: What to render and how.
        gpu: Whether videos are encoded on a GPU where one can.
        times: Told where the time goes.
        progress: Told of each frame.
        fail: Told of a camera that cannot be read any further.
        cancel: Whether to end early; what is written until then plays.

    Raises:
        OutputError: If a video cannot be written.
    """
    names = {identity.id: identity.name for identity in identities if identity.name is not None}
    with contextlib.ExitStack() as stack:
        # Open a video for each camera, and the mosaic's.
        painters = {}
        for source in sources:
            path, fps = folder.video(source.camera), source.nominal_fps
            sink = VideoSink(path, source.size, fps_hint=fps, crf=config.crf, pixel_aspect=source.pixel_aspect, gpu=gpu)
            boxes = boxes_of_camera(identities, source.camera)
            workers = VideoWorkers(sink, times, stack)
            painters[source.camera] = CameraPainter(source, boxes, workers, config.trail_s, names)
        tiles = _mosaic_painter(folder, sources, config, gpu, times, stack, names) if config.mosaic else None

        def finish(camera: str) -> None:
            progress.finish(camera)
            if tiles is not None:
                tiles.end(camera)

        def lose(camera: str, error: InputError) -> None:
            fail(camera, error)
            finish(camera)

        # Read the cameras side by side, and have each frame drawn and encoded.
        streams = {
            s.camera: prefetch(times.measured("decode again", _up_to(s, last_frames[s.camera]))) for s in sources
        }
        frames = stack.enter_context(contextlib.closing(merge_by_time(streams, lose, finish)))
        for frame in frames:
            if cancel.cancelled:
                break
            painter = painters[frame.camera]
            if tiles is not None:
                tiles.paint(frame, *painter.people(frame))
            progress.advance(frame.camera, figures={"people": painter.paint(frame)})
        if tiles is not None:
            tiles.close()


def _up_to(source: Source, last_frame: int) -> Generator[Frame]:
    """The frames of a source up to the one of that number."""
    for frame in source:
        yield frame
        if frame.index >= last_frame:  # and not one more: the recording may be damaged there
            return


def _mosaic_painter(
    folder: RunFolder,
    sources: Sequence[Source],
    config: OutputConfig,
    gpu: bool,
    times: StageTimes,
    stack: contextlib.ExitStack,
    names: Mapping[int, str],
) -> MosaicPainter:
    """The painter of the mosaic, its video opened."""
    layout = MosaicLayout.of([(round(s.size[0] * s.pixel_aspect), s.size[1]) for s in sources])
    fps = max(source.nominal_fps for source in sources)
    sink = VideoSink(folder.mosaic, layout.size, fps_hint=fps, crf=config.crf, gpu=gpu)
    return MosaicPainter(sources, VideoWorkers(sink, times, stack), layout, config.trail_s, names)
