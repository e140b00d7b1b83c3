"""What the events of a live folder come to by now: which numbers stand, and which tracks were told of and go on.

A session stores it with who is who, and how much of the log it holds; the next one reads the log from there alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.errors import InputError
from reidtrack.events import Event
from reidtrack.pipeline.live.number_runs import NumberRuns
from reidtrack.runs.event_log import read_events
from reidtrack.types import TrackletKey

_KINDS = {"identity", "merge", "split", "tracklet_started", "tracklet_ended"}
_KEY = "told"
_ANY_ORIGIN = datetime.fromtimestamp(0, UTC)
_MOST_OPEN, _MOST_STEP = 100_000, 1_000_000
"""Tracks that are remembered, and by how much a number may be above all before it: a log that says more is damaged."""


class Told:
    """Numbers and tracks that were told of. Threads may share it.

    It holds the highest number and, in runs, those below it that nobody has here, or has any more: what it takes grows
    with the people of the folder, not with those of other folders of a site.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._highest = 0
        self._unused = NumberRuns()
        self._open: dict[TrackletKey, None] = {}

    @property
    def people(self) -> int:
        """How many numbers stand."""
        with self._lock:
            return self._highest - len(self._unused)

    @property
    def highest(self) -> int:
        """The highest number that was ever given."""
        return self._highest

    def stands(self, number: int) -> bool:
        """Whether a number was told and not taken back."""
        with self._lock:
            return 0 < number <= self._highest and number not in self._unused

    def open_tracks(self) -> list[TrackletKey]:
        """Tracks that began and of which it was not told that they ended."""
        with self._lock:
            return list(self._open)

    def note(self, event: Event) -> None:
        """Take in what happened."""
        if event.event in _KINDS:
            self.take(event.to_json(_ANY_ORIGIN))

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in an event, as the log holds it; once more does no harm.

        Raises:
            KeyError, TypeError, ValueError: If it is none.
        """
        with self._lock:
            match event["event"]:
                case "identity":
                    self._stands(int(event["identity"]))
                case "merge":
                    self._stands(int(event["into"]))
                    self._goes(int(event["from"]))
                case "split":
                    self._stands(int(event["from"]))
                    self._stands(int(event["into"]))
                case "tracklet_started":
                    self._open[str(event["camera"]), int(event["track_id"])] = None
                    if len(self._open) > _MOST_OPEN:
                        del self._open[next(iter(self._open))]
                case "tracklet_ended":
                    self._open.pop((str(event["camera"]), int(event["track_id"])), None)

    def _stands(self, number: int) -> None:
        self._reach(number)
        self._unused.discard(number)

    def _goes(self, number: int) -> None:
        self._reach(number)
        if number not in self._unused:
            self._unused.add(number, number)

    def _reach(self, number: int) -> None:
        if not 0 < number <= self._highest + _MOST_STEP:
            raise ValueError(f"told: number {number} behind {self._highest}")
        if number > self._highest:
            self._unused.add(self._highest + 1, number)
            self._highest = number

    def array(self, log_bytes: int) -> dict[str, NDArray[Any]]:
        """What is to be stored.

        Args:
            log_bytes: How much of the log it holds at least.
        """
        with self._lock:
            text = {
                "log_bytes": log_bytes,
                "highest": self._highest,
                "unused": self._unused.runs(),
                "open": [list(key) for key in self._open],
            }
        return {_KEY: np.frombuffer(json.dumps(text).encode(), np.uint8)}

    @classmethod
    def read(cls, state: dict[str, NDArray[Any]] | None, log: Path) -> Told:
        """What was stored, and what the log holds besides; all of the log where nothing was stored.

        Args:
            state: Arrays; those of `array` are taken out.
            log: `events.jsonl`.

        Raises:
            InputError: If the log cannot be read.
        """
        found, log_bytes = cls(), 0
        stored = None if state is None else state.pop(_KEY, None)
        if stored is not None:
            try:
                log_bytes = found._restore(json.loads(stored.tobytes()))
            except (KeyError, TypeError, ValueError, AttributeError):
                found, log_bytes = cls(), 0
        if log_bytes and not (log.is_file() and log.stat().st_size >= log_bytes):
            log_bytes = 0  # it is another one by now
        for event in read_events(log, _KINDS, from_byte=log_bytes):
            try:
                found.take(event)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError("holds an event of another kind", where=log) from error
        return found

    def _restore(self, text: Mapping[str, Any]) -> int:
        self._highest, unused, before = int(text["highest"]), NumberRuns(), 0
        for run in text["unused"]:
            first, last = (run, run) if isinstance(run, int) else (int(run[0]), int(run[1]))  # one number: as it was
            if not before < first <= last <= self._highest:
                raise ValueError("told: numbers from 1 to the highest")
            unused.add(first, last)
            before = last
        self._unused = unused
        self._open = {(str(camera), int(track_id)): None for camera, track_id in text["open"]}
        if self._highest < 0:
            raise ValueError("told: numbers from 1 to the highest")
        return max(0, int(text["log_bytes"]))
