"""Constraints that corrections put on a run's tracklets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reidtrack.corrections.contradictions import check_statements
from reidtrack.corrections.schema import Apart, Corrections, Ignore, Lock, Merge, TrackletRef
from reidtrack.corrections.statements import Pair, collect_statements
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
    """
    one = [(merge.merge, line) for merge, line in corrections.of(Merge)]
    one += [(lock.lock, line) for lock, line in corrections.of(Lock)]
    must_link = [pair for refs, _ in one for pair in itertools.pairwise(_whole(refs))]
    sides = [pair for apart, _ in corrections.of(Apart) for pair in itertools.combinations(apart.apart, 2)]
    cannot_link = [pair for a, b in sides for pair in itertools.product(_whole(a), _whole(b))]
    return must_link, cannot_link


def _whole(refs: Sequence[TrackletRef]) -> list[TrackletKey]:
    return [(ref.camera, ref.track_id) for ref in refs if ref.time_s is None]
