"""Who is who in one sector, from what its groups tell: the same decisions as in one process, and nothing of Redis."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reidtrack.associate.live.constraints import Said
from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import Event
from reidtrack.gallery.online import GalleryPeople
from reidtrack.pipeline.live.shared.checked import RefusedError
from reidtrack.pipeline.live.shared.handed import Handed, Union
from reidtrack.pipeline.live.shared.handover import Handover
from reidtrack.pipeline.live.shared.said import SaidOfTracks
from reidtrack.pipeline.live.shared.stored import SectorState
from reidtrack.pipeline.live.shared.wire import Entry, Piece, of_wire_id, tenure_of, wire_id
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import FloatArray, IntArray, Tracklet, TrackletKey, Tracks

MOST_BOXES, MOST_FEATURES = 1024, 64
"""Of a track that goes on, as in one process."""
AHEAD_S = 60.0
"""A group whose clock is further ahead is not believed."""
_LOST_S, _SILENT_S = 120.0, 600.0
"""A track of which its group says nothing for so long is over; those of a group that says nothing at all, so long."""
_MOST_OPEN, _MOST_GROUPS, _MOST_CAMERAS = 20_000, 5_000, 5_000
_LEAST_RUN = 64
"""Numbers are set aside in runs of so many at least."""


@dataclass(slots=True)
class _Open:
    """A track that goes on: whose it is, when it was told of last, and frame and time of its last box."""

    owner: str
    told_s: float
    frame: int
    time_s: float


class Deciding(NamedTuple):
    """Who decides in a sector.

    Attributes:
        identities: Goes on from what was stored.
        note_size: Told how large a camera's pictures are.
        known: The gallery that is asked; None where there is none.
        highest: The highest number of anybody whom the gallery knows.
    """

    identities: OnlineIdentities
    note_size: Callable[[str, tuple[int, int]], object]
    known: GalleryPeople | None = None
    highest: int = 0


class Sector:
    """What an associator holds of a sector; for one thread.

    Args:
        deciding: Who decides.
        dim: Length of a feature.
        state: What was stored of it; a new one where nothing was.
        clock_s: The date, seconds since 1970.
        name: What the sector is called.
        neighbours: Sectors whose people may come here; None for all.

    Raises:
        ValueError: If what was stored is damaged.

    Attributes:
        identities: Who decides.
        dim: Length of a feature.
        missing: Entries that groups have sent and that never came.
        handover: Who goes over to other sectors, and who comes from there.
        said: What a user says of tracks.
    """

    def __init__(
        self,
        deciding: Deciding,
        dim: int,
        state: SectorState,
        clock_s: Callable[[], float],
        name: str = "site",
        neighbours: Collection[str] | None = None,
    ) -> None:
        self.handover = Handover(name, neighbours, state, known_elsewhere=deciding.known is not None)
        self.said, self._deciding = SaidOfTracks(state.watched), deciding
        self._corrected = Said([], [])
        self._state, self.dim, self._clock_s, self.identities = state, dim, clock_s, deciding.identities
        for camera, size in state.sizes.items():
            deciding.note_size(camera, size)
        self._builder = TrackletBuilder(dim, most_boxes=MOST_BOXES, most_features=MOST_FEATURES)
        self._heard_s: dict[str, float] = {}
        self._open: dict[TrackletKey, _Open] = {}
        self._ended: list[TrackletKey] = []
        self.missing = 0
        owners = {tenure_of(owner): owner for owner in state.seen}
        for tracklet in self.identities.open_tracklets():
            self._add_again(tracklet, owners)

    @property
    def origin_s(self) -> float:
        """From when times count, seconds since 1970."""
        return self._state.origin_s

    @property
    def highest(self) -> int:
        """The highest number that was given here or is known to the gallery, or set aside."""
        given = self.identities.next_identity - 1
        return max(self._state.reserved, given, self._deciding.highest, *self._state.told)

    @property
    def now_s(self) -> float:
        """The time it has come to, by what was heard, seconds since the origin."""
        return self._state.now_s

    def state(self) -> SectorState:
        """What is to be stored so that another goes on with it."""
        told, people = self.handover.told_now(), self.identities.state(going_on=True)
        return replace(self._state, people=people, told=told, aliases=dict(self._state.aliases))

    def note_commit(self, state: SectorState) -> None:
        """It was stored."""
        self._state.commit, self._state.by, self._state.told = state.commit, state.by, state.told
        self.handover.done()

    @property
    def cameras(self) -> list[str]:
        """Cameras of which groups have told."""
        return [*self._state.watched]

    @property
    def commit(self) -> int:
        """How often it was stored."""
        return self._state.commit

    @property
    def stored_by(self) -> str:
        """Who stored it last."""
        return self._state.by

    # What comes in.

    def take(self, entry: Entry) -> bool:
        """Take what a group tells; whether it was new.

        Raises:
            RefusedError: If it cannot be right: another network's features, a clock that is far ahead.
        """
        if entry.dim != self.dim:
            raise RefusedError(f"dim: expected features of {self.dim} numbers")
        if entry.now_s > self._clock_s() + AHEAD_S:
            raise RefusedError(f"now: the clock of {entry.group} is more than {AHEAD_S:g} s ahead")
        session, seq = self._state.seen.get(entry.owner, (0, 0))
        if (entry.session, entry.seq) <= (session, seq):
            return False
        if entry.session == session:
            self.missing += entry.seq - seq - 1
        else:
            self._ended += [key for key, track in self._open.items() if track.owner == entry.owner]
        while len(self._state.seen) >= _MOST_GROUPS and entry.owner not in self._state.seen:
            del self._state.seen[min(self._state.seen, key=lambda owner: self._state.seen[owner])]
        self._state.seen[entry.owner] = entry.session, entry.seq
        self._begin(entry.now_s)
        self._heard_s[entry.owner] = now_s = entry.now_s - self._state.origin_s
        self._state.now_s = max(self._state.now_s, now_s)
        self._note_sizes(entry.sizes)
        for piece in entry.pieces:
            self.said.note(piece.camera, entry.owner, entry.now_s)
            self._add(piece, entry, now_s)
        return True

    def hear(self, entry_id: str, entry: Handed, highest: int) -> bool:
        """Take what the associator of another sector tells; whether it changes anything here.

        Args:
            entry_id: Of the entry in its stream.
            entry: What is told.
            highest: The highest number that was set aside for anybody.

        Raises:
            RefusedError: If it cannot be right.
        """
        self._state.handed_id = entry_id
        numbers = entry.what if isinstance(entry.what, Union) else (entry.what.number,)
        if entry.dim != self.dim:
            raise RefusedError(f"dim: expected features of {self.dim} numbers")
        if entry.now_s > self._clock_s() + AHEAD_S:
            raise RefusedError(f"now: the clock of sector {entry.sector} is more than {AHEAD_S:g} s ahead")
        if max(numbers) > highest:
            raise RefusedError("number: expected one that was set aside for somebody")
        self._begin(entry.now_s)
        changes = self.handover.take(entry, self.identities)
        if changes:
            self._note_sizes(entry.sizes)
        return changes

    @property
    def handed_id(self) -> str:
        """Of the last entry of other sectors that was heard."""
        return self._state.handed_id

    def pass_over(self, entry_id: str) -> None:
        """Go on after an entry of other sectors that is none."""
        self._state.handed_id = entry_id

    def _begin(self, now_s: float) -> None:
        if self._state.origin_s == 0.0:
            self._state.origin_s = float(int(now_s))

    def _note_sizes(self, sizes: Mapping[str, tuple[int, int]]) -> None:
        for camera, size in sizes.items():
            if self._state.sizes.get(camera) != size and len(self._state.sizes) < _MOST_CAMERAS:
                self._state.sizes[camera] = size
                self._deciding.note_size(camera, size)

    def close(self, *, store: bool) -> None:
        """End.

        Args:
            store: Whether to tell the gallery what was seen since it was told last.
        """
        if store:
            self.identities.store(self._state.now_s)
        if self._deciding.known is not None:
            self._deciding.known.close()

    def step(self) -> list[Event]:
        """Settle what was heard; what changed, of track ids as `wire_id` gives them.

        The numbers for it have to be set aside before: see `needs`.
        """
        self._give_up()
        ended = [self._builder.end(*key) for key in dict.fromkeys(self._ended) if key in self._open]
        for tracklet in ended:
            del self._open[tracklet.key]
        self._ended = []
        corrected = self.said.known()
        if corrected != self._corrected:
            self._corrected = corrected
            self.identities.correct(*corrected)
        events = self.identities.update(self._builder.snapshot(), ended, self._state.now_s)
        self.handover.note(events, self.identities)
        return events

    def needs(self) -> int:
        """How many numbers have to be set aside before the next step; 0 where there are enough."""
        most = 2 * (len(self.identities.held()) + len(self._builder)) + 1
        left = self._state.reserved + 1 - self.identities.next_identity
        return 0 if left >= most else max(_LEAST_RUN, most)

    def set_aside(self, first: int, count: int) -> None:
        """Take numbers that nobody else gives."""
        if first != self._state.reserved + 1:
            self.identities.skip_to(first)
        self._state.reserved = first + count - 1

    def _add(self, piece: Piece, entry: Entry, now_s: float) -> None:
        key = piece.camera, wire_id(entry.tenure, piece.track_id)
        track = self._open.get(key)
        if track is None:
            if not len(piece.frame) or len(self._open) >= _MOST_OPEN:
                return  # what came before of it was lost
            track = self._open[key] = _Open(entry.owner, now_s, -1, float("-inf"))
        time_s = piece.time_s - self._state.origin_s
        new = (piece.frame > track.frame) & (time_s >= track.time_s)  # nothing twice, whoever says so
        if new.any():
            ids = np.full(int(new.sum()), key[1], np.int64)
            columns = piece.frame[new], time_s[new], piece.xyxy[new], piece.score[new]
            self._builder.add_tracks(key[0], Tracks(ids, *columns))
            track.frame, track.time_s = int(columns[0][-1]), float(columns[1][-1])
        self._add_crops(key, piece.feature_frame, piece.feature_quality, piece.features)
        track.told_s = now_s
        if piece.ended:
            self._ended.append(key)

    def _add_crops(self, key: TrackletKey, frame: IntArray, quality: FloatArray, features: FloatArray) -> None:
        for row in zip(frame.tolist(), quality.tolist(), features, strict=True):
            self._builder.add_feature(*key, *row)

    def _add_again(self, tracklet: Tracklet, owners: Mapping[int, str]) -> None:
        """Have a track go on that was open when the state was stored."""
        ids = np.full(len(tracklet), tracklet.track_id, np.int64)
        columns = tracklet.frame, tracklet.time_s, tracklet.xyxy, tracklet.score
        self._builder.add_tracks(tracklet.camera, Tracks(ids, *columns))
        self._add_crops(tracklet.key, tracklet.feature_frame, tracklet.feature_quality, tracklet.features)
        owner = owners.get(of_wire_id(tracklet.track_id)[0], "")
        last = int(tracklet.frame[-1]), float(tracklet.time_s[-1])
        self._open[tracklet.key] = _Open(owner, self._state.now_s, *last)

    def _give_up(self) -> None:
        """End tracks of which nothing is told any more."""
        self._ended += self._lost()

    def _lost(self) -> Iterator[TrackletKey]:
        for key, track in self._open.items():
            heard_s = self._heard_s.get(track.owner, track.told_s)
            if heard_s - track.told_s > _LOST_S or self._state.now_s - heard_s > _SILENT_S:
                yield key
