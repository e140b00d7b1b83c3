"""What a sector's associator knows of other sectors: whom they know, and which numbers are one person for all.

Every associator takes every union of two numbers from one stream, and the lowest number of those that are one stays:
so all come to the same, in whatever order they hear of it, and a union that is known already is not told again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reidtrack.associate.live.handover import Leaver
from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import Event, Merged, Split
from reidtrack.pipeline.live.shared.handed import Handed, Union, shifted
from reidtrack.pipeline.live.shared.stored import SectorState

NEVER = -1e12
"""When a person was told of last who was not told of."""
_MOST_ALIASES = 1024
_MOST_APART = 1024


class Handover:
    """The people of other sectors, for one sector; for one thread.

    Args:
        sector: Its name.
        neighbours: Sectors whose people may come; None for all.
        state: Of the sector: `told` and `aliases` are kept there.
        known_elsewhere: Whether others may know anybody before they are told, by a gallery.

    Attributes:
        leavers: Who has left, and is to be told.
        unions: Which numbers are one person, and are to be told.
    """

    def __init__(
        self, sector: str, neighbours: Collection[str] | None, state: SectorState, *, known_elsewhere: bool = False
    ) -> None:
        self.sector, self._neighbours, self._state = sector, neighbours, state
        self._known_elsewhere = known_elsewhere
        self.leavers: list[Leaver] = []
        self.unions: list[Union] = []
        self._apart: dict[int, set[int]] = {}

    def number(self, number: int) -> int:
        """What a number is by all that is known."""
        while number in self._state.aliases:
            number = self._state.aliases[number]
        return number

    def take(self, entry: Handed, identities: OnlineIdentities) -> bool:
        """Take what another associator tells; whether it changes anything here."""
        if entry.sector == self.sector:
            return False
        if isinstance(entry.what, Union):
            return self._unite(*entry.what, identities)
        if self._neighbours is not None and entry.sector not in self._neighbours:
            return False
        number = self.number(entry.what.number)
        met = frozenset(self.number(one) for one in entry.what.met) - {number}
        leaver = entry.what._replace(number=number, met=met)
        identities.remember(shifted([leaver], -self._state.origin_s))
        self._state.told.setdefault(number, NEVER)
        return True

    def _unite(self, a: int, b: int, identities: OnlineIdentities) -> bool:
        low, high = sorted((self.number(a), self.number(b)))
        if low == high:
            return False
        self._state.aliases[high] = low
        while len(self._state.aliases) > _MOST_ALIASES:
            del self._state.aliases[next(iter(self._state.aliases))]
        self._state.told.pop(high, None)
        self._state.told.setdefault(low, NEVER)
        if not identities.knows(high):
            return False
        identities.unite(high, low, self._state.now_s)
        return True

    def note(self, events: Iterable[Event], identities: OnlineIdentities) -> None:
        """Take in what was settled here, and see what is to be told of it."""
        told = self._state.told
        for event in events:
            if isinstance(event, Merged) and (event.from_ in told or self._known_elsewhere):
                if self.number(event.from_) != self.number(event.into):
                    self.unions.append(Union(event.from_, event.into))
                    self._unite(*self.unions[-1], identities)
            elif isinstance(event, Split):
                told[event.from_] = NEVER  # who is left is told anew
                self._apart.setdefault(event.into, set()).add(event.from_)
                while len(self._apart) > _MOST_APART:
                    del self._apart[next(iter(self._apart))]
        for number in [number for number in told if not identities.knows(number)]:
            del told[number]
        apart = self._apart
        found = identities.leavers(told)
        self.leavers = [who._replace(met=who.met | apart.get(who.number, frozenset())) for who in found]

    def told_now(self) -> dict[int, float]:
        """What is told of whom, once what is to be told is."""
        return {**self._state.told, **{who.number: who.last_s for who in self.leavers}}

    def entries(self, dim: int) -> list[Handed]:
        """What is to be told."""
        now_s, origin_s = self._state.now_s + self._state.origin_s, self._state.origin_s
        sizes = self._state.sizes
        found = [Handed(self.sector, now_s, union, dim=dim) for union in self.unions]
        for who in shifted(self.leavers, origin_s):
            cameras = {view.last.camera for view in who.views}
            known = {camera: sizes[camera] for camera in cameras & sizes.keys() if min(sizes[camera]) > 0}
            found.append(Handed(self.sector, now_s, who, known, dim))
        return found

    def done(self) -> None:
        """It was told."""
        self.leavers, self.unions = [], []
