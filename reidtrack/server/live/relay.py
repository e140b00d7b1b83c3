"""What the process of the live cameras tells the server while it tracks: never waiting, never without bound.

Of pictures and boxes only what the pipe takes is told, the newest: tracking goes on whatever the server does.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import BinaryIO

from reidtrack.config.live import CameraSettings
from reidtrack.events import Event
from reidtrack.pipeline.live.show import LiveShow
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.publish.status import LiveStatus
from reidtrack.runtime.background import SideThread
from reidtrack.server.live.wire import Message
from reidtrack.types import Frame, Tracks
from reidtrack.video.fragments import Beginning, Fragment, FragmentSink
from reidtrack.video.packet_sink import PacketSink
from reidtrack.video.wall_time import WallTime

MOST_MEDIA = 16 << 20
"""Bytes of pictures that wait for the pipe."""
MOST_WORDS = 10_000
"""Messages that wait for it."""
JPEG_EVERY_S = 0.125
JPEG_WIDTH = 960
JPEG_QUALITY = 75


class Outbox:
    """Writes messages in a thread of its own; what does not fit is left out, pictures of a camera up to the next key.

    Args:
        stream: Where to.

    Attributes:
        failed: Called where its thread ends by an error.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[Message] = deque()
        self._media = 0
        self._cut: set[str] = set()
        self._changed = threading.Condition()
        self._closed = False
        self.failed: Callable[[], object] = lambda: None
        self._thread = SideThread(self._write, "relay", failed=lambda: self.failed())
        self._thread.start()

    @property
    def fault(self) -> BaseException | None:
        """What its thread ended by before its time; None where it did not. Nothing is told any more then."""
        return self._thread.fault

    def send(self, message: Message) -> None:
        """Have something told; any thread."""
        with self._changed:
            if self._closed or len(self._waiting) >= MOST_WORDS:
                return
            camera = str(message.head.get("camera", ""))
            if message.kind == "fragment":
                if camera in self._cut and not message.head["key"]:
                    return
                self._cut.discard(camera)
            if message.data and self._media + len(message.data) > MOST_MEDIA:
                self._cut.add(camera)
                return
            self._media += len(message.data)
            self._waiting.append(message)
            self._changed.notify()

    def close(self, wait_s: float = 2.0) -> None:
        """Write what waits, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(wait_s)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._closed)
                if not self._waiting:
                    return
                messages = list(self._waiting)
                self._waiting.clear()
                self._media = 0
            try:
                self._stream.write(b"".join(message.packed() for message in messages))
                self._stream.flush()
            except (OSError, ValueError):
                with self._changed:
                    self._closed = True
                    self._waiting.clear()
                return


class Relay(LiveShow):
    """Tells the server of a session.

    Args:
        outbox: Takes the messages.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.boxes: _Boxes | None = None
        self._wanted: frozenset[str] = frozenset()

    @property
    def fault(self) -> BaseException | None:
        """What a thread ended by before its time that tells of the session; None where none did."""
        return self._outbox.fault or (None if self.boxes is None else self.boxes.encoding.fault)

    def want_jpeg(self, cameras: Collection[str]) -> None:
        """Cameras whose pictures are wanted one by one; any thread."""
        self._wanted = frozenset(cameras)
        if self.boxes is not None:
            self.boxes.wanted = self._wanted

    def begin(self, cameras: Sequence[CameraSettings]) -> None:
        """Tell which cameras there are."""
        names = [camera.name for camera in cameras]
        origin = None if self.boxes is None else self.boxes.wall.origin.isoformat()
        self._outbox.send(Message({"kind": "cameras", "cameras": names, "origin_utc": origin}))

    def event(self, event: Event) -> None:
        """Tell what happened."""
        if self.boxes is not None:
            self._outbox.send(Message({"kind": "event", "event": event.to_json(self.boxes.wall.origin)}))

    def status(self, status: LiveStatus) -> None:
        """Tell how it stands."""
        now_s = 0.0 if self.boxes is None else self.boxes.wall.now_s()
        self._outbox.send(Message({"kind": "status", "status": dataclasses.asdict(status), "now_s": now_s}))

    def observer(self, who: Callable[[str, Sequence[int]], Sequence[int | None]], wall: WallTime) -> RunObserver:
        """Who tells of boxes."""
        self.boxes = _Boxes(self._outbox, who, wall)
        self.boxes.wanted = self._wanted
        return self.boxes

    def packets(self, camera: CameraSettings) -> PacketSink:
        """Who tells of the stream."""
        name, outbox = camera.name, self._outbox

        def give(piece: Beginning | Fragment | None) -> None:
            if piece is None:
                outbox.send(Message({"kind": "beginning", "camera": name, "mime": None}))
            elif isinstance(piece, Beginning):
                head = {"kind": "beginning", "camera": name, "mime": piece.mime, "start_s": piece.start_s}
                outbox.send(Message(head, piece.data))
            else:
                head = {"kind": "fragment", "camera": name, "time_s": piece.time_s, "key": piece.key}
                outbox.send(Message(head, piece.data))

        return FragmentSink(give, playable=camera.rotate == 0)


class _Boxes(RunObserver):
    """Tells of boxes with their people, and of pictures of cameras where single ones are wanted."""

    def __init__(
        self,
        outbox: Outbox,
        who: Callable[[str, Sequence[int]], Sequence[int | None]],
        wall: WallTime,
    ) -> None:
        self._outbox, self._who, self.wall = outbox, who, wall
        self.wanted: frozenset[str] = frozenset()
        self._given_s: dict[str, float] = {}
        self._next: dict[str, Frame] = {}
        self._changed = threading.Condition()
        self.encoding = SideThread(self._encode, "jpeg", failed=outbox.failed)
        self.encoding.start()

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Tell of the boxes of a frame, and of those of frames before it that were not known then."""
        ids = sorted(set(tracks.track_id.tolist()))
        known = dict(zip(ids, self._who(frame.camera, ids), strict=True)) if ids else {}
        height, width = frame.image.shape[:2]
        times: dict[float, list[list[float | int | None]]] = {round(frame.time_s, 6): []}
        rows = zip(tracks.track_id.tolist(), tracks.time_s.tolist(), tracks.xyxy.tolist(), strict=True)
        for track_id, time_s, xyxy in rows:
            box = [track_id, known[track_id], *(round(side, 1) for side in xyxy)]
            times.setdefault(round(time_s, 6), []).append(box)
        for time_s, boxes in sorted(times.items()):
            head = {"kind": "boxes", "camera": frame.camera, "time_s": time_s, "size": [width, height], "boxes": boxes}
            self._outbox.send(Message(head))

    def on_frame(self, frame: Frame) -> None:
        """Have a picture encoded where that is wanted and due; a newer one takes the place of one that waits."""
        if frame.camera not in self.wanted:
            return
        now = time.monotonic()
        if now - self._given_s.get(frame.camera, -JPEG_EVERY_S) < JPEG_EVERY_S:
            return
        self._given_s[frame.camera] = now
        with self._changed:
            self._next[frame.camera] = frame
            self._changed.notify()

    def _encode(self) -> None:
        import cv2

        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._next))
                frame = self._next.pop(next(iter(self._next)))
            height, width = frame.image.shape[:2]
            shrink = min(1.0, JPEG_WIDTH / width)
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            image = frame.image if shrink == 1.0 else cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
            done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            if done:
                head = {"kind": "jpeg", "camera": frame.camera, "time_s": round(frame.time_s, 6)}
                self._outbox.send(Message(head, jpeg.tobytes()))
