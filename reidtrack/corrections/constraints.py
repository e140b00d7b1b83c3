"""Constraints that corrections put on a run's tracklets."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reidtrack.corrections.contradictions import check_pairs, check_statements
from reidtrack.corrections.schema import Apart, Corrections, Ignore, Lock, Merge, TrackletRef
from reidtrack.corrections.statements import Pair, PairStatements, collect_statements
from reidtrack.corrections.tracklet_index import TrackletIndex
from reidtrack.types import Identity, Tracklet, TrackletKey


@dataclass(frozen=True, slots=True)
class Constraints:
    """What must hold of a run's tracklets, each by camera and track id.

    Attributes:
        ignored: Tracklets that are left out.
        must_link: Pairs that are one person.
        cannot_link: Pairs that are two people.
        names: What the person of a tracklet is called.
        feedback: Pairs of which a correction said whether they are one person, to learn the threshold from, and the
            weight of each: those of one correction have weight 1 together.
    """

    ignored: frozenset[TrackletKey] = frozenset()
    must_link: tuple[Pair, ...] = ()
    cannot_link: tuple[Pair, ...] = ()
    names: Mapping[TrackletKey, str] = field(default_factory=dict)
    feedback: tuple[tuple[TrackletKey, TrackletKey, bool, float], ...] = ()

    def named(self, identities: Sequence[Identity]) -> list[Identity]:
        """Identities with the names that corrections give to their people."""
        return [replace(who, name=next(self._names_of(who), who.name)) for who in identities]

    def _names_of(self, identity: Identity) -> Iterator[str]:
        return (self.names[t.key] for t in identity if t.key in self.names)


def constrain(tracklets: Sequence[Tracklet], corrections: Corrections) -> Constraints:
    """Derive the constraints that corrections put on tracklets.

    An ignored tracklet is nobody's: other corrections of it have no effect.

    Args:
        tracklets: Cut where corrections say so, and where association cuts.
        corrections: The whole file.

    Raises:
        ConfigError: If a tracklet is not there, or two corrections contradict each other.
    """
    index = TrackletIndex(tracklets, corrections.where)
    ignored = {index.key(ref, line) for entry, line in corrections.of(Ignore) for ref in entry.ignore}
    found = collect_statements(index, corrections, ignored)
    check_statements(found, index, corrections.where)
    return Constraints(
        frozenset(ignored), tuple(found.must_link), tuple(found.cannot_link), found.names, tuple(found.feedback)
    )


def pairs_of(corrections: Corrections) -> tuple[list[Pair], list[Pair]]:
    """Pairs of whole tracks that are one person, and pairs that are two, as corrections say, whatever tracks there are.

    For live cameras, whose tracks come later: what is said of parts of a track, or of its cut, is left to
    `reidtrack associate`.

    Raises:
        ConfigError: If two corrections contradict each other.
    """
    found = PairStatements()
    ignored = {key for entry, _ in corrections.of(Ignore) for key in _whole(entry.ignore)}
    one = [(merge.merge, line) for merge, line in corrections.of(Merge)]
    one += [(lock.lock, line) for lock, line in corrections.of(Lock)]
    for refs, line in one:
        found.must_link |= dict.fromkeys(itertools.pairwise(_whole(refs, ignored)), line)
    for apart, line in corrections.of(Apart):
        for a, b in itertools.combinations(apart.apart, 2):
            pairs = itertools.product(_whole(a, ignored), _whole(b, ignored))
            found.cannot_link |= dict.fromkeys(pairs, line)
    check_pairs(found, lambda key: f"{key[0]} {key[1]}", corrections.where)
    return list(found.must_link), list(found.cannot_link)


def _whole(refs: Sequence[TrackletRef], ignored: Collection[TrackletKey] = ()) -> list[TrackletKey]:
    keys = [(ref.camera, ref.track_id) for ref in refs if ref.time_s is None]
    return [key for key in keys if key not in ignored]
