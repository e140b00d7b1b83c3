"""Zones and lines of a live site: who enters, leaves and crosses, and how many an hour."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from reidtrack.events import Event
from reidtrack.pipeline.live.people import LiveEvidence
from reidtrack.pipeline.live.store import LiveStore
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.runs.event_log import last_event, read_events
from reidtrack.spacetime.site_yaml import SiteFile
from reidtrack.spacetime.zone_counter import REPLAY_S, REPLAYED, ZoneCounter
from reidtrack.types import DoubleArray, FloatArray, Frame, Tracks


class LiveZones(RunObserver):
    """Counts people in zones and over lines while they walk; threads may share it.

    Args:
        store: Of the session; counts of the sessions before are taken up.
        site: What the user says of the site.
        evidence: Knows where boxes stand on the plan.
        tell: Told of each event.
    """

    def __init__(
        self, store: LiveStore, site: SiteFile, evidence: LiveEvidence, tell: Callable[[Event], object]
    ) -> None:
        self._evidence, self._tell = evidence, tell
        self._lock = threading.Lock()
        self._counter: ZoneCounter | None = None
        if site.zones or site.lines:
            self._counter = ZoneCounter(site.zones, site.lines, store.manifest.origin, self._locate)
            last = last_event(store.folder.events)
            from_s = 0.0 if last is None else last["time_s"] - REPLAY_S
            self._counter.replay(read_events(store.folder.events, REPLAYED, from_s=from_s))

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        """See who stands where."""
        if self._counter is None:
            return
        events: list[Event] = []
        with self._lock:
            for time_s in np.unique(tracks.time_s).tolist():  # a track that is confirmed comes with its boxes before
                then = tracks[tracks.time_s == time_s]
                events += self._counter.update(frame.camera, time_s, frame.size, then.track_id, then.xyxy)
        self._tell_all(events)

    def note(self, event: Event) -> None:
        """Take in what became known of who is who; any thread."""
        if self._counter is not None:
            with self._lock:
                events = self._counter.correct(event)
            self._tell_all(events)

    def tick(self, now_s: float) -> None:
        """Tell who has left, and hours that are over; about once a second."""
        if self._counter is not None:
            with self._lock:
                events = self._counter.tick(now_s)
            self._tell_all(events)

    def close(self, now_s: float) -> None:
        """Tell that everybody has left, and the hour so far."""
        if self._counter is not None:
            with self._lock:
                events = self._counter.close(now_s)
            self._tell_all(events)

    def _tell_all(self, events: list[Event]) -> None:
        for event in events:
            self._tell(event)

    def _locate(self, camera: str, xyxy: FloatArray) -> DoubleArray:
        return self._evidence.site.locate(camera, xyxy)
