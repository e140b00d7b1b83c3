"""Everything that corrections say of pairs of tracklets, each with the line that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from reidtrack.corrections.schema import Apart, Corrections, Lock, Merge, Name, Split, TrackletRef
from reidtrack.corrections.tracklet_index import TrackletIndex
from reidtrack.errors import ConfigError
from reidtrack.types import TrackletKey

Pair = tuple[TrackletKey, TrackletKey]


@dataclass
class PairStatements:
    """Must-link and cannot-link pairs with the lines that say so, and names.

    Attributes:
        must_link: Line of each pair that is one person.
        cannot_link: Line of each pair that is two.
        feedback: See `Constraints.feedback`.
        names: What the person of a tracklet is called.
    """

    must_link: dict[Pair, int] = field(default_factory=dict)
    cannot_link: dict[Pair, int] = field(default_factory=dict)
    feedback: list[tuple[TrackletKey, TrackletKey, bool, float]] = field(default_factory=list)
    names: dict[TrackletKey, str] = field(default_factory=dict)

    def one_person(self, keys: Sequence[TrackletKey], line: int) -> None:
        """Put down that all these tracklets are one person."""
        pairs = list(combinations(dict.fromkeys(keys), 2))
        for pair in pairs:
            self.must_link.setdefault(pair, line)
        self.feedback += [(a, b, True, 1 / len(pairs)) for a, b in pairs]

    def two_people(self, pairs: Sequence[Pair], line: int, *, teach: bool = True) -> None:
        """Put down that the two tracklets of each pair are two people."""
        for pair in pairs:
            self.cannot_link.setdefault(pair, line)
        if teach:
            self.feedback += [(a, b, False, 1 / len(pairs)) for a, b in pairs]


def collect_statements(index: TrackletIndex, corrections: Corrections, ignored: set[TrackletKey]) -> PairStatements:
    """Collect what corrections say of pairs; what they say of ignored tracklets is left out.

    Args:
        index: Finds the tracklets.
        corrections: The whole file.
        ignored: Tracklets of nobody who counts.

    Raises:
        ConfigError: If a tracklet is not there, or has two names.
    """
    found = PairStatements()

    def keys(refs: Sequence[TrackletRef], line: int) -> list[TrackletKey]:
        return [key for ref in refs if (key := index.key(ref, line)) not in ignored]

    for merge, line in corrections.of(Merge):
        found.one_person(keys(merge.merge, line), line)
    for apart, line in corrections.of(Apart):
        sides = combinations([keys(side, line) for side in apart.apart], 2)
        found.two_people([pair for one, two in sides for pair in product(one, two)], line)
    for split, line in corrections.of(Split):
        before, after = index.around(split.split, split.at_s)
        if not ignored & {before, after}:
            found.two_people([(before, after)], line)
    names = [(name.name, keys(name.tracklet, line), line) for name, line in corrections.of(Name)]
    for name, named, line in names:
        for key in named:
            if found.names.setdefault(key, name) != name:
                text = f"{index.name(key)} is called {found.names[key]!r} already"
                hint = "delete one of the lines"
                raise ConfigError(text, where=f"{corrections.where}:{line}", expected="one name", hint=hint)
    _add_names(found, names)
    _add_locks(found, [(keys(lock.lock, line), line) for lock, line in corrections.of(Lock)], index, ignored)
    return found


def _add_names(found: PairStatements, names: Sequence[tuple[str, list[TrackletKey], int]]) -> None:
    """Put down that one name is one person, and two names are two."""
    people: dict[str, tuple[list[TrackletKey], int]] = {}
    for name, keys, line in names:
        earlier, _ = people.get(name, ([], line))
        found.one_person([*earlier[:1], *keys], line)
        people[name] = [*earlier, *keys], line
    for (one, line_a), (two, line_b) in combinations(people.values(), 2):
        if one and two:
            found.two_people([(one[0], two[0])], max(line_a, line_b))


def _add_locks(
    found: PairStatements,
    locks: Sequence[tuple[list[TrackletKey], int]],
    index: TrackletIndex,
    ignored: set[TrackletKey],
) -> None:
    """Put down that all others are somebody else; what else is cut off the locked tracks may be either."""
    for keys, line in locks:
        found.one_person(keys, line)
        tracks = {(key[0], index.tracklets[key].logged_id) for key in keys}
        others = [key for key, t in index.tracklets.items() if (t.camera, t.logged_id) not in tracks]
        found.two_people([(keys[0], other) for other in others if keys and other not in ignored], line, teach=False)
