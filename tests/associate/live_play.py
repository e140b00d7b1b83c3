"""Recordings played to `OnlineIdentities` as if they were live, and what it said of them."""

from __future__ import annotations

from collections.abc import Sequence

from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import Event, IdentityGiven, Merged
from reidtrack.types import Tracklet

STEP_S = 0.5
MAX_AGE_S = 2.0
"""So long after its last box a tracker gives a track up."""
QUIET_S = 10.0
"""After so long with nobody there, time is passed over until somebody is."""


class Player:
    """Plays tracklets of `people_data`, whose frames are tenths of seconds.

    Args:
        online: What they are played to.
        from_s: When the play begins.

    Attributes:
        online: What they are played to.
        events: All that it told.
        now_s: The time.
        shown: Time, camera, track and identity of every box at the moments of the updates.
    """

    def __init__(self, online: OnlineIdentities | None = None, from_s: float = 0.0) -> None:
        self.online = OnlineIdentities() if online is None else online
        self.events: list[Event] = []
        self.now_s = from_s
        self.shown: list[tuple[float, str, int, int | None]] = []
        self._over: set[tuple[str, int]] = set()

    def play(self, tracklets: Sequence[Tracklet], until_s: float) -> None:
        """Go on to a time."""
        quiet_s = 0.0
        while self.now_s < until_s:
            self.now_s += STEP_S
            left = [t for t in tracklets if t.key not in self._over]
            there = [t for t in left if t.first_time_s <= self.now_s]
            ended = [t for t in there if t.last_time_s + MAX_AGE_S <= self.now_s]
            self._over |= {t.key for t in ended}
            open_ = [so_far(t, self.now_s) for t in there if t.key not in self._over]
            self.events += self.online.update(open_, ended, self.now_s)
            self._show([t for t in open_ if t.last_time_s > self.now_s - STEP_S])
            quiet_s = 0.0 if there else quiet_s + STEP_S
            if quiet_s > QUIET_S:
                next_s = min((t.first_time_s for t in left), default=until_s)
                self.now_s = max(self.now_s, min(next_s, until_s) // STEP_S * STEP_S)

    def _show(self, seen: Sequence[Tracklet]) -> None:
        for camera in {t.camera for t in seen}:
            ids = [t.track_id for t in seen if t.camera == camera]
            said = self.online.in_frame(camera, ids)
            self.shown += [(self.now_s, camera, i, number) for i, number in zip(ids, said, strict=True)]

    def who(self, tracklets: Sequence[Tracklet]) -> list[int | None]:
        """Identity of each tracklet by now."""
        found = [self.online.identity(t.key) for t in tracklets]
        return [None if one is None else one[0] for one in found]

    def told(self, kind: type[Event]) -> list[Event]:
        """Events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def finally_(self, number: int) -> int:
        """What became of a number by merges."""
        for event in self.events:
            if isinstance(event, Merged) and event.from_ == number:
                number = event.into
        return number

    def numbers(self) -> list[int]:
        """Numbers in the order in which they were first given."""
        return list(dict.fromkeys(e.identity for e in self.events if isinstance(e, IdentityGiven)))


def so_far(tracklet: Tracklet, now_s: float) -> Tracklet:
    """What there is of a tracklet at a time."""
    return tracklet.part(tracklet.time_s <= now_s, tracklet.feature_frame / 10 <= now_s)
