"""From clusters of one moment to numbers that last: who keeps which number, and what is told of it.

A clustering is made anew whenever more is known, and a number stays with the cluster that holds most of its person.
What was kept moves only after the clusterings have said so for a while, and then by a split or a merge; what is
provisional moves at once. Nobody is ever in one camera twice: where two parts of one number stood there together, one
of them goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reidtrack.associate.live.parts import Part
from reidtrack.associate.live.register import Register

_BEFORE, _KEPT, _PROVISIONAL = 1e6, 1e3, 1.0
"""What a person's prototypes, kept parts and provisional parts weigh where it is asked which cluster the person is."""


class Cluster(NamedTuple):
    """What one clustering takes for one person.

    Attributes:
        parts: Parts of tracks, by time.
        before: Numbers of people whose prototypes are in it.
    """

    parts: Sequence[Part]
    before: Sequence[int]


class Numbering:
    """Gives numbers to clusters, and remembers what they have been saying for how long.

    Args:
        register: Parts and people.
        hold_s: So long clusterings have to agree before what was kept is changed, seconds.

    Attributes:
        is_waiting: Whether something that was kept is about to be changed, if the next clusterings agree.
    """

    def __init__(self, register: Register, hold_s: float) -> None:
        self._register, self._hold_s = register, hold_s
        self._merging: dict[tuple[int, int], float] = {}
        self.is_waiting = False

    def take(self, clusters: Sequence[Cluster], ready: Mapping[int, float | None], now_s: float) -> None:
        """Bring numbers up to date.

        Args:
            clusters: The newest clustering of all parts that are held.
            ready: Serials of parts that may be given a number now, to the probability that goes with it.
            now_s: The time, seconds.
        """
        home = _homes(clusters)
        mains = [self._main(k, home, now_s) for k in range(len(clusters))]
        for k, cluster in enumerate(clusters):
            self._split(cluster, mains, k, home, now_s)
            self._number(cluster, mains, k, home, ready, now_s)
        self._part_clashing(clusters, mains, home, now_s)
        self._merging = {pair: since_s for pair, since_s in self._merging.items() if self._is_wanted(pair, home)}
        self.is_waiting = any(not self._register.people_clash(*pair) for pair in self._merging) or any(
            part.away_s is not None for part in self._register.parts.values()
        )

    def _main(self, k: int, home: Mapping[int, int], now_s: float) -> int | None:
        """The number of a cluster; further numbers at home in it are merged into it once that has lasted."""
        people = self._register.people
        claims = sorted((n for n, at in home.items() if at == k), key=lambda n: (not people[n].kept, n))
        if not claims:
            return None
        main = claims[0]
        for other in claims[1:]:
            if not people[other].kept:
                continue  # its parts are provisional and move
            since_s = self._merging.setdefault((main, other), now_s)
            if now_s - since_s >= self._hold_s and not self._register.people_clash(main, other):
                self._register.merge(other, main, now_s)
                del self._merging[main, other]
        return main

    def _is_wanted(self, pair: tuple[int, int], home: Mapping[int, int]) -> bool:
        """Whether two numbers are at home in one cluster still."""
        return all(n in self._register.people and n in home for n in pair) and home[pair[0]] == home[pair[1]]

    def _split(self, cluster: Cluster, mains: list[int | None], k: int, home: Mapping[int, int], now_s: float) -> None:
        """Split off kept parts that have been elsewhere for long; they become the cluster, or are merged into it."""
        away: dict[int, list[Part]] = {}
        for part in cluster.parts:
            if not part.kept or part.number is None or home.get(part.number, k) == k:
                part.away_s = None
                continue
            part.away_s = now_s if part.away_s is None else part.away_s
            if now_s - part.away_s >= self._hold_s:
                away.setdefault(part.number, []).append(part)
        for parts in away.values():
            number = self._register.split(parts, now_s)
            main = mains[k]
            if main is None:
                mains[k] = number
            elif not self._register.people_clash(main, number):
                self._register.merge(number, main, now_s)

    def _number(
        self,
        cluster: Cluster,
        mains: list[int | None],
        k: int,
        home: Mapping[int, int],
        ready: Mapping[int, float | None],
        now_s: float,
    ) -> None:
        """Give the cluster's number to its provisional parts, and to those that have none and are ready."""
        register = self._register
        for part in cluster.parts:
            if part.kept or (part.number is None and part.serial not in ready):
                continue
            main = mains[k]
            if main is None:
                main = mains[k] = register.new_person(part).number
            if part.number == main or self._stays(part, home, k):
                continue
            if main in part.met_people:  # whoever that is stood beside it, long ago
                if part.number is not None:
                    continue
                main = register.new_person(part).number
            register.give(part, main, now_s, ready.get(part.serial))

    def _stays(self, part: Part, home: Mapping[int, int], k: int) -> bool:
        """Whether a provisional part keeps its number: it is at home here, and the person is waiting to be merged."""
        number = part.number
        return number is not None and home.get(number) == k and self._register.people[number].kept

    def _part_clashing(
        self, clusters: Sequence[Cluster], mains: list[int | None], home: Mapping[int, int], now_s: float
    ) -> None:
        """Give another number to one of any two parts that stood together and have the same."""
        cluster_of = {part.serial: k for k, cluster in enumerate(clusters) for part in cluster.parts}
        while (pair := self._register.clashing()) is not None:
            number = pair[0].number
            assert number is not None
            at = home.get(number, -1)

            def stays(part: Part, at: int = at) -> tuple[bool, bool, int]:
                return cluster_of.get(part.serial) == at, part.kept, -part.serial

            self._move(min(pair, key=stays), mains, cluster_of, now_s)

    def _move(self, part: Part, mains: Sequence[int | None], cluster_of: Mapping[int, int], now_s: float) -> None:
        """Take a part out of its number, into that of its cluster if that is another and free, else a new one."""
        register, k = self._register, cluster_of.get(part.serial)
        main = None if k is None else mains[k]
        free = main is not None and main != part.number and main in register.people and not register.clash(part, main)
        if part.kept:
            number = register.split([part], now_s)
            if free and main is not None and not register.people_clash(main, number):
                register.merge(number, main, now_s)
            return
        target = main if free and main is not None else register.new_person(part).number
        register.give(part, target, now_s)


def _homes(clusters: Sequence[Cluster]) -> dict[int, int]:
    """The cluster that holds most of each number."""
    weight: dict[tuple[int, int], float] = {}
    for k, cluster in enumerate(clusters):
        for number in cluster.before:
            weight[number, k] = weight.get((number, k), 0.0) + _BEFORE
        for part in cluster.parts:
            if part.number is not None:
                each = (_KEPT if part.kept else _PROVISIONAL) * min(8, 1 + part.features)
                weight[part.number, k] = weight.get((part.number, k), 0.0) + each
    home: dict[int, int] = {}
    for (number, k), value in weight.items():
        if number not in home or value > weight[number, home[number]]:
            home[number] = k
    return home
