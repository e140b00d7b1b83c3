"""Space and time as evidence: the plan, overlapping pictures, clocks and travel times, learned together.

What is learned comes from links that appearance is sure of: first how far the clocks are apart, then how the pictures
lie to each other where nobody has said, how near one person's positions are, and how long ways take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from reidtrack.associate.evidence import PairTerms, sum_terms
from reidtrack.spacetime.clock_scores import (
    LAGS,
    LEAST_SUPPORT,
    overlap_scores,
    path_ends,
    symmetric_scores,
    way_scores,
)
from reidtrack.spacetime.clocks import ClockOffset, solve_clocks, telling_pairs
from reidtrack.spacetime.ground import Closeness, GroundPath, displacement, ground_path
from reidtrack.spacetime.guessed_links import guess_links
from reidtrack.spacetime.learned_site import CameraPair, KnownSite, LearnedSite
from reidtrack.spacetime.plan import Meeting, PlanCameras, gap_terms, meeting_terms, meetings
from reidtrack.spacetime.site_tracklets import SiteTracklets
from reidtrack.spacetime.travel_times import learn_travel_times, travel_time_terms
from reidtrack.spacetime.view_homography import (
    LEAST_LINKS,
    ViewHomography,
    common_plane,
    estimate_homography,
    homography_scores,
    pictures,
)
from reidtrack.types import DoubleArray, IntArray, Tracklet

PIECES = frozenset({"plan", "relation", "clocks", "travel_times"})
"""What may count: the plan, estimated homographies between pictures, clocks, travel times."""
LEAST_OFFSET_S = 0.2
"""Clocks that are less apart count as right; not tuned: clocks are found within 0.1 s (docs/results/space_time.md)."""
_SURE_DEVIATIONS = 3.0
"""A clock is allowed for when it is wrong by so many of its standard deviations; not tuned."""
_FEW_CAMERAS = 4
"""Of more cameras, and of live ones, links are not guessed from places; bounds time."""
_MOST_LINKS = 200
"""Links of two cameras that clocks are learned from; bounds time."""
_LEAST_MET = 3
"""Links that both must have seen at once before their positions can be said to disagree; not tuned."""

# What a clock was learned from, in words that site.json has.
FROM_PLAN = "places on the plan"
FROM_HOMOGRAPHY = "places, by the estimated relation of two pictures"
FROM_TRAVEL_TIMES = "journeys taking equally long both ways: weak, and not used"
FROM_NOTHING = "nothing: too little evidence"


class SpaceTime:
    """The evidence of space and time (`Evidence`), which learns about the site anew in each association.

    Args:
        site: What is known of the site.
        pieces: Which of `PIECES` count.
        clocks_every_s: Clocks, which take longest to learn, are learned anew when tracklets go on so much later than
            those they were learned from, seconds, or there are half as many links again; 0 is each time. Live cameras
            ask every few seconds.

    Attributes:
        learned: What the last association taught about the site; None before the first.
    """

    def __init__(self, site: KnownSite, pieces: frozenset[str] = PIECES, clocks_every_s: float = 0.0) -> None:
        self._site, self._pieces, self._clocks_every_s = site, pieces, clocks_every_s
        self._learned_clocks: _LearnedClocks | None = None
        self.learned: LearnedSite | None = None

    def __call__(self, tracklets: Sequence[Tracklet], label: IntArray, appearance: DoubleArray) -> PairTerms:
        """Learn from a clustering by appearance alone, and judge pairs; see `Evidence`."""
        seen = SiteTracklets.of(tracklets, label, appearance)
        plan = PlanCameras.of(self._site, tracklets)
        # First the clocks, ...
        clocks, origin = self._known_clocks(seen, plan)
        offsets = [_used_offset_s(clock, origin.get(i)) for i, clock in enumerate(clocks)]
        # ... then how pictures lie to each other, and positions, ...
        seen = self._with_guessed_links(seen, plan, offsets)
        relations = self._relations(seen, plan, offsets)
        plan = plan.with_homographies(relations, seen.names, self._site.sizes)
        terms, fit, disagreeing = self._position_terms(seen, plan, offsets, relations)
        # ... then travel times.
        times, transitions = seen.times(offsets), {}
        if "travel_times" in self._pieces:
            transitions = learn_travel_times(times, label, seen.links)
            terms.append(travel_time_terms(times, transitions, seen.names, self._site.topology))
        known = [clock.uncertainty_s is not None for clock in clocks]
        self.learned = LearnedSite(
            cameras=seen.names,
            unit_m=plan.unit_m,
            seen_unit_m=plan.seen_unit_m,
            homographies={name: ground.homography for name, ground in plan.plan.items()},
            derived=plan.derived,
            fit_m=fit,
            disagreeing=disagreeing,
            relations=relations,
            clocks=dict(zip(seen.names, clocks, strict=True)),
            used_offset_s=dict(zip(seen.names, offsets, strict=True)),
            clock_from={
                name: origin.get(i, FROM_NOTHING) if known[i] else FROM_NOTHING for i, name in enumerate(seen.names)
            },
            transitions=transitions,
        )
        return sum_terms(terms)

    def _known_clocks(self, seen: SiteTracklets, plan: PlanCameras) -> tuple[list[ClockOffset], dict[int, str]]:
        """Each camera's clock as it was learned last, if that is not long ago, else as it is learned now."""
        if self._clocks_every_s == 0:
            return self._clocks(seen, plan)
        now_s, links = max((t.last_time_s for t in seen.tracklets), default=0.0), len(seen.links)
        before = self._learned_clocks
        if before is None or before.names != seen.names or before.is_old(now_s, links, self._clocks_every_s):
            before = self._learned_clocks = _LearnedClocks(seen.names, now_s, links, *self._clocks(seen, plan))
        return before.clocks, before.origin

    def _clocks(self, seen: SiteTracklets, plan: PlanCameras) -> tuple[list[ClockOffset], dict[int, str]]:
        """Each camera's clock, and what it was learned from."""
        if "clocks" not in self._pieces:
            return [ClockOffset(0.0, None, 0.0)] * len(seen.names), {}
        scores: dict[CameraPair, DoubleArray] = {}
        origin: dict[int, str] = {}
        by_cameras = seen.by_cameras()
        for a, b in telling_pairs({pair: len(links) for pair, links in by_cameras.items()}):
            found, source = self._pair_clock(seen, plan, (a, b), by_cameras[a, b])
            if found is not None and found.any():
                scores[a, b] = found
                origin = {**origin, **{c: source for c in (a, b) if origin.get(c) != FROM_PLAN}}
        return solve_clocks(len(seen.names), scores), origin

    def _pair_clock(
        self, seen: SiteTracklets, plan: PlanCameras, pair: CameraPair, links: IntArray
    ) -> tuple[DoubleArray | None, str]:
        """Evidence for each shift of the second camera's clock, and what it was learned from."""
        names = seen.names[pair[0]], seen.names[pair[1]]
        if all(name in plan.plan for name in names):
            return _plan_scores(seen, plan, links), FROM_PLAN
        if "relation" in self._pieces and all(name in self._site.sizes for name in names):
            scores = homography_scores(seen.pairs(links), self._sizes(seen, pair), Closeness())
            if scores.any():
                return scores, FROM_HOMOGRAPHY
        return symmetric_scores(*seen.ways(pair)), FROM_TRAVEL_TIMES

    def _sizes(self, seen: SiteTracklets, pair: CameraPair) -> tuple[tuple[float, float], tuple[float, float]]:
        return self._site.sizes[seen.names[pair[0]]], self._site.sizes[seen.names[pair[1]]]

    def _with_guessed_links(self, seen: SiteTracklets, plan: PlanCameras, offsets: Sequence[float]) -> SiteTracklets:
        """Tracklets with links that places alone tell, for cameras between which appearance is sure of hardly any."""
        if "relation" not in self._pieces or self._clocks_every_s or len(seen.names) > _FEW_CAMERAS:
            return seen
        links, sure = [seen.links], seen.by_cameras()
        for a, b in combinations(range(len(seen.names)), 2):
            names = seen.names[a], seen.names[b]
            if len(sure.get((a, b), ())) >= LEAST_LINKS or not all(name in self._site.sizes for name in names):
                continue
            if not all(name in plan.plan for name in names):
                paths = seen.paths(dict(zip(names, pictures(self._sizes(seen, (a, b))), strict=True)), offsets)
                one, other = (
                    [(i, p) for i, p in enumerate(paths) if p is not None and seen.camera[i] == c] for c in (a, b)
                )
                links.append(np.sort(guess_links(one, other, self._site.sizes[names[1]]), axis=1))
        return seen._replace(links=np.unique(np.concatenate(links), axis=0))

    def _relations(
        self, seen: SiteTracklets, plan: PlanCameras, offsets: Sequence[float]
    ) -> dict[CameraPair, ViewHomography]:
        """Estimated homographies between pictures that are not both on the plan."""
        found: dict[CameraPair, ViewHomography] = {}
        if "relation" not in self._pieces:
            return found
        for (a, b), links in seen.by_cameras().items():
            names = seen.names[a], seen.names[b]
            if all(name in plan.plan for name in names) or not all(name in self._site.sizes for name in names):
                continue
            estimated = estimate_homography(seen.pairs(links), self._sizes(seen, (a, b)), offsets[b] - offsets[a])
            if estimated is not None:
                found[a, b] = estimated
        return found

    def _position_terms(
        self,
        seen: SiteTracklets,
        plan: PlanCameras,
        offsets: Sequence[float],
        relations: Mapping[CameraPair, ViewHomography],
    ) -> tuple[list[PairTerms], dict[CameraPair, float], frozenset[CameraPair]]:
        """Terms of positions; how well those on the plan fit; and where they and appearances disagree."""
        terms: list[PairTerms] = []
        fit: dict[CameraPair, float] = {}
        disagreeing: set[CameraPair] = set()
        if "plan" in self._pieces and plan.plan:
            paths = seen.paths(plan.plan, offsets)
            linked = seen.linked_meetings(paths)
            fit, disagreeing = _agreement(seen, linked)
            same = [m.found for m in linked if seen.cameras_of(m.pair) not in disagreeing]
            closeness = seen.closeness(same, paths)
            met = (m for m in meetings(paths, seen.camera) if seen.cameras_of(m.pair) not in disagreeing)
            terms += [meeting_terms(met, closeness), _without(seen, disagreeing, gap_terms(paths, closeness))]
        for (a, b), relation in relations.items():
            if relation.fits and not all(seen.names[c] in plan.plan for c in (a, b)):
                terms.append(self._picture_terms(seen, (a, b), relation, offsets))
        return terms, fit, frozenset(disagreeing)

    def _picture_terms(
        self, seen: SiteTracklets, pair: CameraPair, relation: ViewHomography, offsets: Sequence[float]
    ) -> PairTerms:
        """Terms of positions in two pictures with an estimated homography."""
        names = seen.names[pair[0]], seen.names[pair[1]]
        paths = seen.paths(dict(zip(names, common_plane(relation, self._sizes(seen, pair)), strict=True)), offsets)
        own = self._own_meetings(seen, pair, relation, paths, offsets)
        same = [m.found for m in own.values() if m is not None and len(m.found.metres)]
        met = (own.get(m.pair, m) for m in meetings(paths, seen.camera))
        found = (m for m in met if m is not None and len(m.found.metres))
        return meeting_terms(found, seen.closeness(same, paths), name="related_m")

    def _own_meetings(
        self,
        seen: SiteTracklets,
        pair: CameraPair,
        relation: ViewHomography,
        paths: Sequence[GroundPath | None],
        offsets: Sequence[float],
    ) -> dict[tuple[int, int], Meeting | None]:
        """Meetings of links by the homography that was fitted to all others: none is judged by a fit to itself."""
        own: dict[tuple[int, int], Meeting | None] = {}
        for (i, j), other in zip(seen.by_cameras()[pair].tolist(), relation.without, strict=True):
            key, second = (min(i, j), max(i, j)), paths[j]
            if other is None or second is None:
                own[key] = None
                continue
            ground = common_plane(relation._replace(homography=other), self._sizes(seen, pair))[0]
            first = ground_path(seen.tracklets[i], ground, offsets[pair[0]])
            own[key] = Meeting(key, displacement(first, second))
        return own


class _LearnedClocks(NamedTuple):
    """Clocks, and what they were learned from.

    Attributes:
        names: Of the cameras.
        until_s: Time of the last box.
        links: How many links there were.
        clocks: Of each camera.
        origin: Index of a camera to the source, in words.
    """

    names: tuple[str, ...]
    until_s: float
    links: int
    clocks: list[ClockOffset]
    origin: dict[int, str]

    def is_old(self, now_s: float, links: int, every_s: float) -> bool:
        """Whether much has been seen since."""
        return now_s - self.until_s >= every_s or links > 1.5 * self.links + 1


def _used_offset_s(clock: ClockOffset, origin: str | None) -> float:
    """Seconds to take off a camera's times: nothing unless positions say that its clock is wrong, and surely."""
    if clock.uncertainty_s is None or origin not in (FROM_PLAN, FROM_HOMOGRAPHY):
        return 0.0
    wrong = abs(clock.offset_s) > max(LEAST_OFFSET_S, _SURE_DEVIATIONS * clock.uncertainty_s)
    return clock.offset_s if wrong else 0.0


def _plan_scores(seen: SiteTracklets, plan: PlanCameras, links: IntArray) -> DoubleArray:
    """Evidence for each shift of the second camera's clock from positions on the plan."""
    score, support = np.zeros(len(LAGS)), np.zeros(len(LAGS), np.int64)
    for first, second in seen.pairs(links)[:_MOST_LINKS]:
        a, b = ground_path(first, plan.plan[first.camera]), ground_path(second, plan.plan[second.camera])
        own, together = overlap_scores(a, b, Closeness())
        ends = path_ends(a), path_ends(b)
        if ends[0] is not None and ends[1] is not None:
            own = own + way_scores(ends[0], ends[1], together)
        score += own
        support += own > 1
    return score if support[score.argmax()] >= LEAST_SUPPORT else np.zeros(len(LAGS))


def _agreement(seen: SiteTracklets, linked: Iterable[Meeting]) -> tuple[dict[CameraPair, float], set[CameraPair]]:
    """Median distance of linked tracklets' positions, and camera pairs most of whose links are nowhere near."""
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


def _without(seen: SiteTracklets, pairs: set[CameraPair], terms: PairTerms) -> PairTerms:
    """Terms without those of some pairs of cameras."""
    if not pairs:
        return terms
    kept = np.array([seen.cameras_of((i, j)) not in pairs for i, j in terms.pairs.tolist()], np.bool_)
    return PairTerms(terms.pairs[kept], terms.log_odds[kept], {k: v[kept] for k, v in terms.values.items()})
