"""Identities while people are there: what the tracking pass finds goes in twice a second, events come out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from reidtrack.events import Event, TrackletEnded, TrackletStarted
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import Frame, Tracklet, TrackletKey, Tracks

UPDATE_EVERY_S = 0.5


class Identities(Protocol):
    """Who is who so far: `associate.online.OnlineIdentities`, or `shared.group.SharedIdentities`, who asks others."""

    def update(self, open_: Sequence[Tracklet], ended: Sequence[Tracklet], now_s: float) -> list[Event]:
        """Take the confirmed tracklets that go on, and those that have ended since; what changed."""
        ...

    def identity(self, key: TrackletKey) -> tuple[int, bool] | None:
        """The number of a tracklet's person and whether it may still change; None while that is not decided."""
        ...

    def close(self) -> list[Event]:
        """End, after the last update; what was left to tell."""
        ...


class LiveIdentities(RunObserver):
    """Keeps identities up to date in a thread of its own, which the pass does not wait for.

    Args:
        identities: Decides.
        builder: Of the pass; asked in the thread that embeds.
        now_s: The time of the folder.
        tell: Told of each event, from whichever thread.
        updated: Called after each update, in the thread of the updates.
        finished: Called after the last one, in that thread.
        every_s: Seconds between two updates.
    """

    def __init__(
        self,
        identities: Identities,
        builder: TrackletBuilder,
        now_s: Callable[[], float],
        tell: Callable[[Event], object],
        updated: Callable[[], object] = lambda: None,
        finished: Callable[[], object] = lambda: None,
        every_s: float = UPDATE_EVERY_S,
    ) -> None:
        self._identities, self._builder, self._now_s, self._tell = identities, builder, now_s, tell
        self._every_s, self._updated, self._finished = every_s, updated, finished
        self._confirmed: dict[str, set[int]] = {}
        self._ended: list[Tracklet] = []
        self._next: tuple[Sequence[Tracklet], Sequence[Tracklet], float] | None = None
        self._changed = threading.Condition()
        self._busy = self._closed = False
        self._error: BaseException | None = None
        self._updated_s = -float("inf")
        self._thread = threading.Thread(target=self._run, name="identities", daemon=True)
        self._thread.start()

    # In the thread of the pass.

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Tell of tracks that are confirmed."""
        known = self._confirmed.setdefault(frame.camera, set())
        for track_id in sorted(set(tracks.track_id.tolist()) - known):
            known.add(track_id)
            self._tell(TrackletStarted(time_s=frame.time_s, camera=frame.camera, track_id=track_id))

    # In the thread that embeds.

    def on_tracklet_ended(self, tracklet: Tracklet) -> None:
        """Keep it for the next update."""
        self._confirmed.get(tracklet.camera, set()).discard(tracklet.track_id)
        self._ended.append(tracklet)

    def on_batch_embedded(self) -> None:
        """Begin an update if it is time to and the last one is done.

        Raises:
            BaseException: What went wrong in an update.
        """
        if self._error is not None:
            raise self._error
        if time.monotonic() - self._updated_s < self._every_s:
            return
        with self._changed:
            if self._busy or self._closed:
                return
            self._updated_s = time.monotonic()
            self._give()

    def finish(self) -> None:
        """Decide on what is left and end; after the pass.

        Raises:
            BaseException: What went wrong in an update.
        """
        with self._changed:
            while self._busy:
                self._changed.wait()
            self._give()
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _give(self) -> None:
        ended, self._ended = self._ended, []
        self._next = self._builder.snapshot(), ended, self._now_s()
        self._busy = True
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._next is None and not self._closed:
                    self._changed.wait()
                given, self._next = self._next, None
            try:
                if given is None:
                    for event in self._identities.close():
                        self._tell(event)
                    self._finished()
                    return
                self._update(*given)
            except BaseException as error:
                self._error = error
                if given is None:
                    return
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _update(self, open_: Sequence[Tracklet], ended: Sequence[Tracklet], now_s: float) -> None:
        for event in self._identities.update(open_, ended, now_s):
            self._tell(event)
        self._updated()
        for tracklet in ended:
            known = self._identities.identity(tracklet.key)
            self._tell(
                TrackletEnded(
                    time_s=tracklet.last_time_s,
                    camera=tracklet.camera,
                    track_id=tracklet.track_id,
                    identity=None if known is None else known[0],
                )
            )
