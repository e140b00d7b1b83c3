"""Pass two: the recordings once more, now with everybody's identity drawn in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from reidtrack.config import OutputConfig
from reidtrack.errors import InputError
from reidtrack.identity.export import CameraBoxes, boxes_of_camera
from reidtrack.pipeline.folder import RunFolder
from reidtrack.pipeline.progress import Progress
from reidtrack.pipeline.reading import merge_by_time
from reidtrack.types import FloatArray, Frame, Identity, ImageArray, IntArray
from reidtrack.video.draw import Annotator
from reidtrack.video.mosaic import MosaicLayout, mosaic
from reidtrack.video.sink import VideoSink
from reidtrack.video.source import Source


class _CameraPainter:
    """Draws one camera's frames and writes its video."""

    def __init__(self, source: Source, boxes: CameraBoxes, sink: VideoSink, trail_s: float) -> None:
        self._boxes, self._sink = boxes, sink
        self._annotator = Annotator(*source.size, source.camera, trail_s)

    def people(self, frame: Frame) -> tuple[FloatArray, IntArray]:
        """Boxes (N, 4) and identities (N,) of a frame."""
        first, last = np.searchsorted(self._boxes.frame, [frame.index, frame.index + 1])
        return self._boxes.xyxy[first:last], self._boxes.identity[first:last]

    def paint(self, frame: Frame) -> int:
        """Draw and write one frame; how many people it shows."""
        xyxy, identity = self.people(frame)
        self._sink.write(self._annotator.draw(frame.image, frame.time_s, xyxy, identity), frame.time_s)
        return len(identity)


class _MosaicPainter:
    """Tiles the cameras' latest pictures into one video, once for each step of the fastest camera.

    Pictures are annotated at the size of their tile, so that labels stay readable however many cameras there are.
    """

    def __init__(self, sources: Sequence[Source], sink: VideoSink, layout: MosaicLayout, trail_s: float) -> None:
        self._names = [source.camera for source in sources]
        self._sizes = {
            source.camera: (right - left, bottom - top)
            for source, (left, top, right, bottom) in zip(sources, layout.places, strict=True)
        }
        self._annotators = {name: Annotator(*size, name, trail_s) for name, size in self._sizes.items()}
        self._latest: dict[str, ImageArray] = {}
        self._ended: list[str] = []
        self._step_s = 1 / max(source.nominal_fps for source in sources)
        self._sink, self._layout = sink, layout
        self._tick_s: float | None = None

    def paint(self, frame: Frame, xyxy: FloatArray, identity: IntArray) -> None:
        """Take a camera's new picture; one of a later step first brings out that of the step before."""
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

    def end(self, camera: str) -> None:
        """A camera has no more pictures; its last one is shown for the step that it belongs to."""
        self._ended.append(camera)

    def close(self) -> None:
        """Bring out the last step."""
        if self._latest:
            self._write()

    def _write(self) -> None:
        if self._tick_s is not None:
            tiles = [self._latest.get(name) for name in self._names]
            self._sink.write(mosaic(tiles, self._layout, self._names), self._tick_s)
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
    progress: Progress,
    fail: Callable[[str, InputError], None],
    stop: Callable[[], bool],
) -> None:
    """Write the annotated videos of some cameras side by side, in the order of time, and their mosaic if asked for.

    Args:
        folder: Of the run.
        sources: The recordings, opened anew as for pass one; at least one.
        identities: Everybody.
        last_frames: Camera to the number of the last frame that pass one read; later ones are left out.
        config: What to render and how.
        progress: Told of each frame.
        fail: Told of a camera that cannot be read any further.
        stop: Whether to end early; what is written until then plays.

    Raises:
        OutputError: If a video cannot be written.
    """
    with contextlib.ExitStack() as stack:
        painters = {}
        for source in sources:
            sink = VideoSink(folder.video(source.camera), source.size, fps_hint=source.nominal_fps, crf=config.crf)
            boxes = boxes_of_camera(identities, source.camera)
            painters[source.camera] = _CameraPainter(source, boxes, stack.enter_context(sink), config.trail_s)
        tiles = _mosaic_painter(folder, sources, config, stack) if config.mosaic else None

        def finish(camera: str) -> None:
            progress.finish(camera)
            if tiles is not None:
                tiles.end(camera)

        def lose(camera: str, error: InputError) -> None:
            fail(camera, error)
            finish(camera)

        streams = {source.camera: _up_to(source, last_frames[source.camera]) for source in sources}
        for frame in merge_by_time(streams, lose, finish):
            if stop():
                break
            painter = painters[frame.camera]
            if tiles is not None:
                tiles.paint(frame, *painter.people(frame))
            progress.advance(frame.camera, painter.paint(frame))
        if tiles is not None:
            tiles.close()


def _up_to(source: Source, last_frame: int) -> Iterator[Frame]:
    for frame in source:
        yield frame
        if frame.index >= last_frame:  # and not one more: the recording may be damaged there
            return


def _mosaic_painter(
    folder: RunFolder, sources: Sequence[Source], config: OutputConfig, stack: contextlib.ExitStack
) -> _MosaicPainter:
    layout = MosaicLayout.of([source.size for source in sources])
    fps = max(source.nominal_fps for source in sources)
    sink = stack.enter_context(VideoSink(folder.mosaic, layout.size, fps_hint=fps, crf=config.crf))
    return _MosaicPainter(sources, sink, layout, config.trail_s)
