"""Frames of several cameras in one order."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable, Generator, Iterable, Mapping

from reidtrack.errors import InputError
from reidtrack.runtime.queues import closing_generator
from reidtrack.types import Frame


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

    def pull(place: int) -> None:
        try:
            frame = next(iterators[place], None)
        except InputError as error:
            fail(cameras[place], error)
            return
        if frame is not None:
            heapq.heappush(heap, (frame.time_s, place, frame))
        elif finish is not None:
            finish(cameras[place])

    with contextlib.ExitStack() as stack:
        for stream in streams.values():
            stack.enter_context(closing_generator(stream))
        for place in range(len(cameras)):
            pull(place)
        while heap:
            _, place, frame = heapq.heappop(heap)
            yield frame
            pull(place)
