"""Who is who for one group of cameras, where an associator of its site decides it."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidtrack.associate.live.constraints import Pair
from reidtrack.events import Event, IdentityGiven, Merged, Split
from reidtrack.pipeline.live.shared.answers import Answer
from reidtrack.pipeline.live.shared.link import GroupEntry, Link
from reidtrack.pipeline.live.shared.outgoing import Outgoing
from reidtrack.pipeline.live.shared.wire import Entry, Piece, encode, of_wire_id, portions, tenure_of
from reidtrack.types import Tracklet, TrackletKey

_KEY = "shared"
_MOST_KNOWN = 8192
"""Tracks whose number is remembered."""
_BEAT_S = 1.0
"""An entry goes so often at least, so that time goes on for the associator."""
CLOSE_S = 3.0


class SharedIdentities:
    """Tells an associator of tracks, and knows what it said of them; `update` and `close` by one thread.

    Args:
        link: To the associators.
        group: Who the group is.
        origin_s: From when times count, seconds since 1970.
        sector: Of each camera.
        sizes: Width and height of each camera's pictures, as far as they are known.
        stands: Whether a number was told in the folder and not taken back.
        dim: Length of a feature.
        known: Track to number and whether it is provisional, from the session before.
        close_s: So long the end waits for the last answers.
    """

    def __init__(
        self,
        link: Link,
        group: GroupEntry,
        origin_s: float,
        sector: Callable[[str], str],
        sizes: Callable[[Collection[str]], Mapping[str, tuple[int, int]]],
        stands: Callable[[int], bool],
        dim: int,
        known: Mapping[TrackletKey, tuple[int, bool]] | None = None,
        close_s: float = CLOSE_S,
    ) -> None:
        self.link, self._group, self._origin_s = link, group, origin_s
        self._sector, self._sizes, self._stands, self._dim = sector, sizes, stands, dim
        self._outgoing = Outgoing(origin_s)
        self._tenure = tenure_of(group.owner)
        self._known: OrderedDict[TrackletKey, tuple[int, bool]] = OrderedDict(known or {})
        self._lock = threading.Lock()
        self._seq: dict[str, int] = {}
        self._told_s: dict[str, float] = {}
        self._now_s, self._close_s = 0.0, close_s
        self._fresh: set[int] = set()
        self._gone: set[int] = set()
        self._taken: str | None = None

    # What `LiveIdentities` asks for.

    def update(self, open_: Sequence[Tracklet], ended: Sequence[Tracklet], now_s: float) -> list[Event]:
        """Tell what is new of tracks; what was said of tracks since."""
        self._now_s = now_s
        pieces: dict[str, list[Piece]] = {sector: [] for sector in self._seq}
        for piece in self._outgoing.take(open_, ended):
            if self.link.owns(piece.camera):
                pieces.setdefault(self._sector(piece.camera), []).append(piece)
        for sector, new in pieces.items():
            if new or now_s - self._told_s.get(sector, float("-inf")) >= _BEAT_S:
                self._send(sector, new, now_s)
        return self._take()

    def identity(self, key: TrackletKey) -> tuple[int, bool] | None:
        """The number of a track's person and whether it may still change; None while that is not decided."""
        with self._lock:
            return self._known.get(key)

    def in_frame(self, camera: str, track_ids: Sequence[int]) -> list[int | None]:
        """Numbers of the tracks that have a box in one frame of a camera; nobody is there twice."""
        with self._lock:
            found = [self._known.get((camera, track_id)) for track_id in track_ids]
        best: dict[int, tuple[bool, int]] = {}
        for track_id, known in zip(track_ids, found, strict=True):
            if known is not None:
                best[known[0]] = min(best.get(known[0], (True, track_id)), (known[1], track_id))
        return [
            None if known is None or best[known[0]] != (known[1], track_id) else known[0]
            for track_id, known in zip(track_ids, found, strict=True)
        ]

    def close(self) -> list[Event]:
        """Tell the associator that the group ends, and take what it says of the last tracks."""
        for sector in [*self._seq]:
            self._send(sector, [], self._now_s, last=True)
        self.link.close(self._close_s)
        return self._take()

    # What a session asks for besides.

    def correct(self, must_link: Sequence[Pair], cannot_link: Sequence[Pair]) -> None:
        """Corrections of the folder hold when it is settled; those that an associator keeps to lie in its own."""

    def store(self, now_s: float) -> None:
        """There is no gallery here to be told."""

    def state(self) -> dict[str, NDArray[Any]]:
        """What the next session of the folder takes up: the last answer that was taken, and numbers of tracks."""
        with self._lock:
            rows = [[*key, *value] for key, value in self._known.items()]
        text = {"last_id": self._taken, "known": rows}
        return {_KEY: np.frombuffer(json.dumps(text).encode(), np.uint8)}

    def _send(self, sector: str, pieces: Sequence[Piece], now_s: float, *, last: bool = False) -> None:
        self._told_s[sector] = now_s
        for portion in portions(pieces):
            seq = self._seq[sector] = self._seq.get(sector, 0) + 1
            entry = Entry(
                self._group.owner,
                self._group.name,
                self._group.session,
                seq,
                now_s + self._origin_s,
                portion,
                self._sizes({piece.camera for piece in portion}),
                last,
                self._dim,
            )
            self.link.put(sector, seq, encode(entry))

    # Answers.

    def _take(self) -> list[Event]:
        last_id, answers = self.link.take()
        self._fresh.clear()  # what was told before is in the folder
        self._gone.clear()
        self._taken = last_id or self._taken
        told = [self._here(answer) for answer in answers]
        return [event for event in told if event is not None]

    def _here(self, answer: Answer) -> Event | None:
        """The event as this folder tells it; None for what is none of its business."""
        with self._lock:
            if isinstance(answer, IdentityGiven):
                return self._given(answer)
            if isinstance(answer, Merged):
                return self._merged(answer)
            return self._split(answer)

    def _own(self, camera: str, number: int) -> TrackletKey | None:
        tenure, track_id = of_wire_id(number)
        return (camera, track_id) if tenure == self._tenure else None

    def _given(self, answer: IdentityGiven) -> Event | None:
        key = self._own(answer.camera, answer.track_id)
        if key is None or not self.link.owns(answer.camera):
            return None
        self._set(key, answer.identity, answer.provisional)
        self._stood(answer.identity)
        return replace(answer, time_s=self._now_s, track_id=key[1])

    def _merged(self, answer: Merged) -> Event | None:
        for key, (number, provisional) in self._known.items():
            if number == answer.from_:
                self._known[key] = answer.into, provisional
        if not self._is_known(answer.from_):
            return None
        self._stood(answer.into)
        self._fresh.discard(answer.from_)
        self._gone.add(answer.from_)
        return replace(answer, time_s=self._now_s)

    def _is_known(self, number: int) -> bool:
        """Whether the folder has told of a number."""
        return number not in self._gone and (number in self._fresh or self._stands(number))

    def _stood(self, number: int) -> None:
        self._fresh.add(number)
        self._gone.discard(number)

    def _split(self, answer: Split) -> Event | None:
        keys = [key for camera, number in answer.tracklets if (key := self._own(camera, number)) is not None]
        for key in keys:
            self._set(key, answer.into, False)
        if not keys or not self._is_known(answer.from_):
            return None
        self._stood(answer.into)
        since_s = None if answer.since_s is None else max(0.0, answer.since_s - self._origin_s)
        return replace(answer, time_s=self._now_s, tracklets=tuple(keys), since_s=since_s)

    def _set(self, key: TrackletKey, number: int, provisional: bool) -> None:
        self._known[key] = number, provisional
        self._known.move_to_end(key)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def is_shared(state: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a folder's state is one of `SharedIdentities`."""
    return _KEY in state


def stored(state: dict[str, NDArray[Any]] | None) -> tuple[str | None, dict[TrackletKey, tuple[int, bool]]]:
    """What `SharedIdentities.state` gave, as it was stored: the last answer that was taken, and numbers of tracks.

    What is damaged counts as nothing: answers are then taken from now on.
    """
    if state is None or _KEY not in state:
        return None, {}
    try:
        text = json.loads(state[_KEY].tobytes())
        known = {(str(c), int(t)): (int(n), bool(p)) for c, t, n, p in text["known"]}
        last_id = text["last_id"]
    except (KeyError, TypeError, ValueError):
        return None, {}
    return (last_id if isinstance(last_id, str) and last_id.replace("-", "").isdigit() else None), known
