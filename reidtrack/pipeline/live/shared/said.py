"""What a user said of tracks of a sector's cameras, by the ids under which an associator knows them.

Corrections name tracks by camera and track id, as the folder of a group has them. A camera whose group began another
folder has other tracks of the same ids: what was written before that means none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from reidtrack.associate.live.constraints import Pair, Said
from reidtrack.pipeline.live.shared.wire import tenure_of, wire_id
from reidtrack.types import TrackletKey

_MOST_CAMERAS = 5_000

Watched = dict[str, tuple[str, float]]
"""Camera to the folder that watches it, and since when another one did not, seconds since 1970; 0 for the first."""


class SaidOfTracks:
    """Corrections of one sector; for one thread.

    Args:
        watched: Who watches the cameras of the sector; kept up to date.

    Attributes:
        passed_over: Cameras of which something was said before another folder watched them.
    """

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._said, self._written_s = Said(), 0.0
        self._known: Said | None = None
        self.passed_over: list[str] = []

    def note(self, camera: str, owner: str, now_s: float) -> None:
        """Take in that a folder told of a camera at a time."""
        before = self._watched.get(camera)
        if before is not None and before[0] == owner:
            return
        self._known = None
        if before is None and len(self._watched) < _MOST_CAMERAS:
            self._watched[camera] = owner, 0.0
        elif before is not None and now_s >= before[1]:
            self._watched[camera] = owner, now_s

    def say(self, said: Said, written_s: float) -> None:
        """Take what a user says, in place of what was said before.

        Args:
            said: By camera and track id of the folders.
            written_s: When that was written, seconds since 1970.
        """
        if said is not self._said:
            self._said, self._written_s, self._known = said, written_s, None

    def known(self) -> Said:
        """What was said, as the associator knows the tracks; nothing of cameras that it does not know."""
        if self._known is None:
            self._known = Said(self._pairs(self._said.must_link), self._pairs(self._said.cannot_link))
            named = {key[0] for pair in chain(*self._said) for key in pair}
            of_others = {camera for camera, (_, since_s) in self._watched.items() if since_s > self._written_s}
            self.passed_over = sorted(named & of_others)
        return self._known

    def _pairs(self, pairs: Sequence[Pair]) -> list[Pair]:
        found = ((self._key(a), self._key(b)) for a, b in pairs)
        return [(a, b) for a, b in found if a is not None and b is not None]

    def _key(self, key: TrackletKey) -> TrackletKey | None:
        owner, since_s = self._watched.get(key[0], ("", float("inf")))
        return (key[0], wire_id(tenure_of(owner), key[1])) if since_s <= self._written_s else None
