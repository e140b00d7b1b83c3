"""Frames of several cameras in one stream: in the order of their time, or from whichever camera has one.

Recordings are merged by time, so that results depend on nothing else: the merge waits for each camera's next frame.
Live cameras are merged as they are ready: a camera that is late, silent or lost holds up nobody.
"""

from __future__ import annotations

import contextlib
import heapq
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from reidtrack.errors import InputError
from reidtrack.runtime.batches import batches, timed_batches
from reidtrack.runtime.queues import (
    SYSTEM_CLOCK,
    BoundedQueue,
    Clock,
    EndOfItems,
    FullPolicy,
    closing_generator,
    fill,
    wait_until,
)
from reidtrack.runtime.threads import prefetch
from reidtrack.types import Frame


@dataclass(frozen=True)
class MergePolicy:
    """How frames of several cameras become batches.

    Attributes:
        order: `by_time` waits for each camera's next frame, `as_ready` for none.
        waiting: Frames of a camera that are read ahead at most.
        on_full: What becomes of a frame of an `as_ready` camera that finds as many waiting.
        batch_wait_s: Seconds after which an `as_ready` batch is closed though it is not full.
        idle_s: Seconds without a frame after which an `as_ready` merge gives an empty batch.
    """

    order: Literal["by_time", "as_ready"]
    waiting: int = 2
    on_full: FullPolicy = "block"
    batch_wait_s: float = 0.0
    idle_s: float = 0.5


RECORDED = MergePolicy("by_time")
"""Nothing is missing, and what comes out does not depend on who is late."""
LIVE = MergePolicy("as_ready", waiting=6, on_full="drop_oldest", batch_wait_s=0.05)
"""What comes out is recent: nobody is waited for, and what cannot be kept up with is dropped. A batch waits about as
long as a frame of a camera at 25 frames per second lasts, so that cameras of one rate share their batches. As many
frames may wait as come while a batch is looked at in which much is found; then all of them are taken, and the newest
are looked at (`pipeline/live/load.py`), so that this length is no delay."""


def merged_batches(
    streams: Mapping[str, Iterable[Frame]],
    size: int,
    policy: MergePolicy,
    fail: Callable[[str, InputError], None],
    dropped: dict[str, int] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Generator[list[Frame]]:
    """Frames of all cameras in batches of up to `size`, each camera read in a thread of its own.

    Args:
        streams: Camera to its frames; generators are closed at the end.
        size: Most frames of a batch.
        policy: Whom to wait for. Where it waits for nobody, batches may be empty.
        fail: Told of a camera that cannot be read any further; the others go on.
        dropped: Brought up to date with each batch: camera to its frames that were dropped, where any may be.
        clock: Measures how long batches wait.
    """
    if policy.order == "by_time":
        ahead = {camera: prefetch(stream, policy.waiting) for camera, stream in streams.items()}
        yield from batches(merge_by_time(ahead, fail), size)
        return
    with ReadyFrames(streams, fail, length=policy.waiting, on_full=policy.on_full, clock=clock) as frames:
        for batch in timed_batches(frames, size, policy.batch_wait_s, idle_s=policy.idle_s, clock=clock):
            if dropped is not None:
                dropped.update(frames.dropped)
            yield batch


def merge_by_time(
    streams: Mapping[str, Iterable[Frame]],
    fail: Callable[[str, InputError], None],
    finish: Callable[[str], None] | None = None,
) -> Generator[Frame]:
    """All frames of all cameras in the order of their time, ties in the order of the cameras.

    Args:
        streams: Camera to its frames; generators are closed at the end.
        fail: Told of a camera that cannot be read any further; the others go on.
        finish: Told of a camera that has ended.
    """
    cameras = list(streams)
    iterators = [iter(stream) for stream in streams.values()]
    heap: list[tuple[float, int, Frame]] = []

    def pull(index: int) -> None:
        try:
            frame = next(iterators[index], None)
        except InputError as error:
            fail(cameras[index], error)
            return
        if frame is not None:
            heapq.heappush(heap, (frame.time_s, index, frame))
        elif finish is not None:
            finish(cameras[index])

    with contextlib.ExitStack() as stack:
        for stream in streams.values():
            stack.enter_context(closing_generator(stream))
        for index in range(len(cameras)):
            pull(index)
        while heap:
            _, index, frame = heapq.heappop(heap)
            yield frame
            pull(index)


class ReadyFrames:
    """Frames of live cameras as they come: whoever has one is next, in turn where several have.

    Each camera is read in a thread of its own into a short queue. Frames of one camera stay in order; those of
    different cameras come in the order they are ready, which is near that of their time as long as nobody is late.

    Args:
        streams: Camera to its frames, which may come late or never; generators are closed at the end.
        fail: Told of a camera that cannot be read any further; the others go on.
        finish: Told of a camera that has ended.
        length: Frames of a camera that wait at most.
        on_full: What becomes of a frame that finds as many waiting.
        patience_s: How long closing waits for a camera that is in the midst of reading; its thread is left behind then.
        clock: Measures how long `take` waits.
    """

    def __init__(
        self,
        streams: Mapping[str, Iterable[Frame]],
        fail: Callable[[str, InputError], None],
        finish: Callable[[str], None] | None = None,
        *,
        length: int = 2,
        on_full: FullPolicy = "drop_oldest",
        patience_s: float = 5.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._fail, self._finish, self._patience_s, self._clock = fail, finish, patience_s, clock
        self._length, self._on_full = length, on_full
        self._changed = threading.Condition()
        self._queues: dict[str, BoundedQueue[Frame]] = {}
        self._reading: dict[str, BoundedQueue[Frame]] = {}  # in turn: whoever gave a frame goes to the end
        self._threads: list[threading.Thread] = []
        for camera, stream in streams.items():
            self.add(camera, stream)

    def add(self, camera: str, stream: Iterable[Frame]) -> None:
        """Read another camera too, or one that was removed anew; in the thread that takes."""
        former = self._queues.get(camera)
        queue: BoundedQueue[Frame] = BoundedQueue(self._length, self._on_full, changed=self._changed, clock=self._clock)
        queue.dropped = 0 if former is None else former.dropped
        self._queues[camera] = self._reading[camera] = queue
        thread = threading.Thread(target=fill, args=(queue, stream), name=f"read {camera}", daemon=True)
        self._threads = [*(t for t in self._threads if t.is_alive()), thread]
        thread.start()

    def remove(self, camera: str) -> None:
        """Read a camera no more, and drop what waits of it; in the thread that takes.

        Its thread ends once it has the frame that it waits for.
        """
        self._reading.pop(camera, None)
        self._queues[camera].close()

    @property
    def dropped(self) -> dict[str, int]:
        """Camera to how many of its frames were dropped because too many waited, so far."""
        return {camera: queue.dropped for camera, queue in self._queues.items()}

    def take(self, timeout_s: float | None = None) -> Frame:
        """The next frame of any camera; waits for one `timeout_s` seconds at most, for ever if that is None.

        Raises:
            TimeoutError: If none came in that time.
            EndOfItems: If every camera has ended.
            BaseException: What a camera's thread raised, unless it was an InputError.
        """
        ends_s = None if timeout_s is None else self._clock.now() + timeout_s
        while self._reading:
            left_s = None if ends_s is None else max(0.0, ends_s - self._clock.now())
            with self._changed:
                if not wait_until(self._changed, self._ready, left_s, self._clock):
                    raise TimeoutError
            frame = self._frame_of(self._ready()[0])
            if frame is not None:
                return frame
        raise EndOfItems

    def take_waiting(self) -> list[Frame]:
        """The frames of all cameras that wait just now, those of each camera in order; waits for none."""
        found: list[Frame] = []
        for _ in range(sum(len(queue) for queue in self._reading.values())):
            try:
                found.append(self.take(0.0))
            except (TimeoutError, EndOfItems):
                break
        return found

    def _ready(self) -> list[str]:
        """Cameras that have a frame or have ended, whose turn is next first."""
        return [camera for camera, queue in self._reading.items() if len(queue) or queue.exhausted]

    def _frame_of(self, camera: str) -> Frame | None:
        """The next frame of a camera that is ready; None if it has ended, which is told."""
        queue = self._reading.pop(camera)
        try:
            frame = queue.take()
        except EndOfItems:
            if self._finish is not None:
                self._finish(camera)
        except InputError as error:
            self._fail(camera, error)
        else:
            self._reading[camera] = queue
            return frame
        return None

    def __iter__(self) -> Iterator[Frame]:
        """Take frames until every camera has ended."""
        while True:
            try:
                frame = self.take()
            except EndOfItems:
                return
            yield frame

    def close(self) -> None:
        """Read no more: threads end once they have the frame that they wait for."""
        for queue in self._queues.values():
            queue.close()
        for thread in self._threads:
            thread.join(self._patience_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
