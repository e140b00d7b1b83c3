"""How long it takes from a frame's arrival to its boxes, and to the identities of the people in it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.runtime.delays import Arrivals, DelayWindow
from reidtrack.runtime.queues import SYSTEM_CLOCK, Clock
from reidtrack.types import Frame, TrackletKey, Tracks

_MOST_TRACKS = 10_000
"""Tracks of a camera that are remembered; beyond, those seen longest ago are forgotten."""


class MeasureDelays(RunObserver):
    """Measures delays by camera; give `arrivals` to the tracking pass, and tell of identities by `identified`.

    Args:
        cameras: Their names.
        window_s: How far back recent figures go.
        clock: Says what time it is.

    Attributes:
        arrivals: When frames came in.
        boxes: Camera to the delays from a frame's arrival to what the tracker says of it.
        identities: Camera to the delays from the arrival of the frame with which a track was confirmed to the first
            identity that it was given.
    """

    def __init__(self, cameras: Iterable[str], window_s: float = 60.0, clock: Clock = SYSTEM_CLOCK) -> None:
        self._window_s, self._clock = window_s, clock
        self.arrivals = Arrivals(clock=clock)
        self.boxes: dict[str, DelayWindow] = {}
        self.identities: dict[str, DelayWindow] = {}
        self._confirmed_s: dict[str, dict[int, float]] = {}
        self._known: dict[str, OrderedDict[int, None]] = {}
        self._lock = threading.Lock()
        for camera in cameras:
            self.add(camera)

    def add(self, camera: str) -> None:
        """Measure one more camera."""
        self.boxes.setdefault(camera, DelayWindow(self._window_s, clock=self._clock))
        self.identities.setdefault(camera, DelayWindow(self._window_s, clock=self._clock))
        with self._lock:
            self._confirmed_s.setdefault(camera, {})
            self._known.setdefault(camera, OrderedDict())

    def remove(self, camera: str) -> None:
        """Forget a camera."""
        with self._lock:
            for figures in (self.boxes, self.identities, self._confirmed_s, self._known):
                figures.pop(camera, None)
        self.arrivals.forget(camera)

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """Note how long the boxes took, and which tracks are new."""
        delay_s = self.arrivals.delay_s(frame.camera, frame.index)
        if delay_s is None or frame.camera not in self.boxes:
            return
        self.boxes[frame.camera].add(delay_s)
        came_s = self._clock.now() - delay_s
        with self._lock:
            waiting, known = self._confirmed_s[frame.camera], self._known[frame.camera]
            for track_id in dict.fromkeys(tracks.track_id.tolist()):
                if track_id in known:
                    known.move_to_end(track_id)
                else:
                    known[track_id], waiting[track_id] = None, came_s
            while len(known) > _MOST_TRACKS:
                waiting.pop(known.popitem(last=False)[0], None)

    def identified(self, key: TrackletKey) -> None:
        """Note how long the identity of a track took; only its first one counts."""
        camera, track_id = key
        with self._lock:
            came_s = self._confirmed_s.get(camera, {}).pop(track_id, None)
        if came_s is not None and camera in self.identities:
            self.identities[camera].add(self._clock.now() - came_s)

    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """Camera to its delays since the beginning, seconds: `delay_p50_s`, `identity_delay_p95_s` and so on."""
        found: dict[str, dict[str, float]] = {}
        for camera, boxes in self.boxes.items():
            found[camera] = {}
            for name, window in (("delay", boxes), ("identity_delay", self.identities[camera])):
                figures = window.overall()
                if figures is not None:
                    found[camera] |= {
                        f"{name}_p50_s": round(figures.p50_s, 3),
                        f"{name}_p95_s": round(figures.p95_s, 3),
                    }
        return found
