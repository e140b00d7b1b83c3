"""Space and time as evidence: the plan view, relations of overlapping pictures, clocks and journeys, learned together.

What is learned comes from links that looks are sure of: first how far the clocks are apart, then how the pictures lie
to each other where nobody has said, how near one person's places are, and how long journeys take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from reidtrack.associate.evidence import PairTerms
from reidtrack.graph import spanning_forest
from reidtrack.spacetime.clocks import (
    LAGS,
    LEAST_SUPPORT,
    ClockOffset,
    overlap_scores,
    path_ends,
    solve_clocks,
    symmetric_scores,
    way_scores,
)
from reidtrack.spacetime.ground import (
    Closeness,
    apart,
    ground_path,
)
from reidtrack.spacetime.plan_cameras import Planes
from reidtrack.spacetime.plan_terms import Meeting, gap_terms, meeting_terms, meetings
from reidtrack.spacetime.site import CameraPair, Learned, SiteView
from reidtrack.spacetime.tracklets import Seen
from reidtrack.spacetime.travel_times import journey_terms, learn_transitions
from reidtrack.spacetime.view_homography import Relation, estimate_relation, related, relation_scores
from reidtrack.types import DoubleArray, IntArray, Tracklet

PIECES = frozenset({"plan", "relation", "clocks", "journeys"})
LEAST_OFFSET_S = 0.2
"""Clocks that are less apart count as right."""
_SURE_DEVIATIONS = 3.0
_MOST_LINKS = 200
"""Links of two cameras that clocks are learned from."""
_PARTNERS = 3
"""Other cameras that a camera's clock is compared with; with four cameras that is everybody."""
_LEAST_MET = 3
"""So many links must have been seen by both at once before their places can be said to disagree."""

PLACES = "places on the plan"
RELATED = "places, by the estimated relation of two pictures"
NOTHING = "nothing: too little evidence"
JOURNEYS = "journeys taking equally long both ways: weak, and not used"


class SpaceTime:
    """The evidence of space and time.

    Args:
        site: What is known.
        pieces: Which of `PIECES` count.
    """

    def __init__(self, site: SiteView, pieces: frozenset[str] = PIECES) -> None:
        self._site, self._pieces = site, pieces
        self.learned: Learned | None = None

    def __call__(self, tracklets: Sequence[Tracklet], label: IntArray, look: DoubleArray) -> PairTerms:
        """Learn from who was put together, and judge pairs; see `Evidence`."""
        seen = Seen.of(tracklets, label, look)
        planes = Planes.of(self._site, seen)
        clocks, origin = self._clocks(seen, planes)
        offsets = [_used(clock, origin.get(i)) for i, clock in enumerate(clocks)]
        relations = self._relations(seen, planes, offsets)
        planes = planes.with_relations(relations, seen.names, self._site.sizes)
        terms, fit, disagreeing = self._places(seen, planes, offsets, relations)
        times = seen.times(offsets)
        transitions = learn_transitions(times, label, seen.links) if "journeys" in self._pieces else {}
        if "journeys" in self._pieces:
            terms.append(journey_terms(times, transitions, seen.names, self._site.topology))
        self.learned = Learned(
            cameras=seen.names,
            unit_m=planes.unit_m,
            seen_unit_m=planes.seen_unit_m,
            homographies={name: g.homography for name, g in planes.plan.items()},
            derived=planes.derived,
            fit_m=fit,
            disagreeing=disagreeing,
            relations=relations,
            clocks=dict(zip(seen.names, clocks, strict=True)),
            used_offset_s=dict(zip(seen.names, offsets, strict=True)),
            clock_from={
                name: origin.get(i, NOTHING) if clocks[i].uncertainty_s is not None else NOTHING
                for i, name in enumerate(seen.names)
            },
            transitions=transitions,
        )
        return joined(terms)

    def _clocks(self, seen: Seen, planes: Planes) -> tuple[list[ClockOffset], dict[int, str]]:
        """Each camera's clock, and what it was learned from."""
        if "clocks" not in self._pieces:
            return [ClockOffset(0.0, None, 0.0)] * len(seen.names), {}
        scores: dict[CameraPair, DoubleArray] = {}
        origin: dict[int, str] = {}
        by_cameras = seen.by_cameras()
        for a, b in telling_pairs({pair: len(links) for pair, links in by_cameras.items()}):
            found, source = self._pair_clock(seen, planes, (a, b), by_cameras[a, b])
            if found is not None and found.any():
                scores[a, b] = found
                origin = {**origin, **{c: source for c in (a, b) if origin.get(c) != PLACES}}
        return solve_clocks(len(seen.names), scores), origin

    def _pair_clock(
        self, seen: Seen, planes: Planes, pair: CameraPair, links: IntArray
    ) -> tuple[DoubleArray | None, str]:
        names = seen.names[pair[0]], seen.names[pair[1]]
        if all(name in planes.plan for name in names):
            return _plan_scores(seen, planes, links), PLACES
        if "relation" in self._pieces and all(name in self._site.sizes for name in names):
            sizes = self._site.sizes[names[0]], self._site.sizes[names[1]]
            scores = relation_scores(seen.pairs(links), sizes, Closeness())
            if scores.any():
                return scores, RELATED
        return symmetric_scores(*seen.ways(pair)), JOURNEYS

    def _relations(self, seen: Seen, planes: Planes, offsets: Sequence[float]) -> dict[CameraPair, Relation]:
        """Estimated relations of pictures that no plan joins."""
        found: dict[CameraPair, Relation] = {}
        if "relation" not in self._pieces:
            return found
        for (a, b), links in seen.by_cameras().items():
            names = seen.names[a], seen.names[b]
            if all(name in planes.plan for name in names) or not all(name in self._site.sizes for name in names):
                continue
            sizes = self._site.sizes[names[0]], self._site.sizes[names[1]]
            relation = estimate_relation(seen.pairs(links), sizes, offsets[b] - offsets[a])
            if relation is not None:
                found[a, b] = relation
        return found

    def _places(
        self, seen: Seen, planes: Planes, offsets: Sequence[float], relations: Mapping[CameraPair, Relation]
    ) -> tuple[list[PairTerms], dict[CameraPair, float], frozenset[CameraPair]]:
        """Terms of the plan and of relations; how well both fit; and where places and looks disagree."""
        terms: list[PairTerms] = []
        fit: dict[CameraPair, float] = {}
        disagreeing: set[CameraPair] = set()
        if "plan" in self._pieces and planes.plan:
            paths = seen.paths(planes.plan, offsets)
            linked = seen.linked_meetings(paths)
            fit, disagreeing = _agreement(seen, linked)
            same = [m.found for m in linked if seen.cameras_of(m.pair) not in disagreeing]
            closeness = seen.closeness(same, paths)
            met = (m for m in meetings(paths, seen.camera) if seen.cameras_of(m.pair) not in disagreeing)
            terms += [meeting_terms(met, closeness), _without(seen, disagreeing, gap_terms(paths, closeness))]
        for (a, b), relation in relations.items():
            if relation.fits and not all(seen.names[c] in planes.plan for c in (a, b)):
                terms.append(self._related_terms(seen, (a, b), relation, offsets))
        return terms, fit, frozenset(disagreeing)

    def _related_terms(self, seen: Seen, pair: CameraPair, relation: Relation, offsets: Sequence[float]) -> PairTerms:
        names = seen.names[pair[0]], seen.names[pair[1]]
        sizes = self._site.sizes[names[0]], self._site.sizes[names[1]]
        grounds = dict(zip(names, related(relation, sizes), strict=True))
        paths = seen.paths(grounds, offsets)
        # No link is judged by a relation that was fitted to itself.
        own: dict[tuple[int, int], Meeting | None] = {}
        for (i, j), other in zip(seen.by_cameras()[pair].tolist(), relation.without, strict=True):
            key, second = (min(i, j), max(i, j)), paths[j]
            if other is None or second is None:
                own[key] = None
                continue
            ground = related(relation._replace(homography=other), sizes)[0]
            own[key] = Meeting(key, apart(ground_path(seen.tracklets[i], ground, offsets[pair[0]]), second))
        same = [m.found for m in own.values() if m is not None and len(m.found.metres)]
        met = (own.get(m.pair, m) for m in meetings(paths, seen.camera))
        found = (m for m in met if m is not None and len(m.found.metres))
        return meeting_terms(found, seen.closeness(same, paths), name="related_m")


def _used(clock: ClockOffset, origin: str | None) -> float:
    """Seconds to take off a camera's times: nothing unless places say that its clock is wrong, and surely."""
    if clock.uncertainty_s is None or origin not in (PLACES, RELATED):
        return 0.0
    wrong = abs(clock.offset_s) > max(LEAST_OFFSET_S, _SURE_DEVIATIONS * clock.uncertainty_s)
    return clock.offset_s if wrong else 0.0


def _plan_scores(seen: Seen, planes: Planes, links: IntArray) -> DoubleArray:
    """Evidence for each shift of the second camera's clock from places on the plan."""
    score, support = np.zeros(len(LAGS)), np.zeros(len(LAGS), np.int64)
    for first, second in seen.pairs(links)[:_MOST_LINKS]:
        a, b = ground_path(first, planes.plan[first.camera]), ground_path(second, planes.plan[second.camera])
        own, together = overlap_scores(a, b, Closeness())
        ends = path_ends(a), path_ends(b)
        if ends[0] is not None and ends[1] is not None:
            own = own + way_scores(ends[0], ends[1], together)
        score += own
        support += own > 1
    return score if support[score.argmax()] >= LEAST_SUPPORT else np.zeros(len(LAGS))


def _agreement(seen: Seen, linked: Sequence[Meeting]) -> tuple[dict[CameraPair, float], set[CameraPair]]:
    """Median distance of linked tracklets' places, and camera pairs most of whose links are nowhere near each other."""
    by_pair: dict[CameraPair, list[Meeting]] = {}
    for meeting in linked:
        by_pair.setdefault(seen.cameras_of(meeting.pair), []).append(meeting)
    fit = {pair: float(np.median([np.median(m.found.distance_m) for m in own])) for pair, own in by_pair.items()}
    plain = Closeness()
    against = {
        pair
        for pair, own in by_pair.items()
        if len(own) >= _LEAST_MET and np.median([plain.log_odds(m.found).mean() for m in own]) < 0
    }
    return fit, against


def _without(seen: Seen, pairs: set[CameraPair], terms: PairTerms) -> PairTerms:
    """Terms without those of some pairs of cameras."""
    if not pairs:
        return terms
    kept = np.array([seen.cameras_of((i, j)) not in pairs for i, j in terms.pairs.tolist()], np.bool_)
    return PairTerms(terms.pairs[kept], terms.log_odds[kept], {k: v[kept] for k, v in terms.values.items()})


def telling_pairs(links: Mapping[CameraPair, int]) -> list[CameraPair]:
    """Pairs of cameras whose clocks are compared: so many a camera, however many cameras there are.

    Args:
        links: Pairs to how many people both are known to have seen.

    Returns:
        Of each camera the `_PARTNERS` pairs with the most links, and those that join all cameras that any pairs join.
    """
    first = sorted(links, key=lambda pair: (-links[pair], pair))
    pairs = np.array(first, np.int64).reshape(-1, 2)
    partners = {camera: 0 for pair in links for camera in pair}
    kept = []
    for (a, b), joins in zip(first, spanning_forest(int(pairs.max(initial=-1)) + 1, pairs), strict=True):
        if joins or min(partners[a], partners[b]) < _PARTNERS:
            kept.append((a, b))
            partners[a] += 1
            partners[b] += 1
    return sorted(kept)


def joined(parts: Sequence[PairTerms]) -> PairTerms:
    """The sum of several terms; of one name that several give, the first that is known."""
    if not parts:
        return PairTerms.none()
    pairs, place = np.unique(np.concatenate([p.pairs for p in parts]), axis=0, return_inverse=True)
    place = place.reshape(-1)
    odds = np.zeros(len(pairs))
    np.add.at(odds, place, np.concatenate([p.log_odds for p in parts]))
    values: dict[str, DoubleArray] = {}
    starts = np.cumsum([0, *(len(p.pairs) for p in parts)])
    for part, first in zip(parts, starts, strict=False):
        for name, column in part.values.items():
            known = values.setdefault(name, np.full(len(pairs), np.nan))
            rows = place[first : first + len(column)]
            known[rows] = np.where(np.isnan(known[rows]), column, known[rows])
    return PairTerms(pairs, odds, values)
