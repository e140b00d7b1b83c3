"""Space and time learned together, and what they do to an association that looks leave open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from associate.people_data import owners
from spacetime.site_data import SIZE, SOUTH, WEST, crowd, looks, seen, walk

from reidtrack.associate.associate import associate
from reidtrack.associate.evidence import PairTerms, sum_terms
from reidtrack.spacetime.clocks import ClockOffset, telling_pairs
from reidtrack.spacetime.evidence import FROM_HOMOGRAPHY, FROM_PLAN, SpaceTime
from reidtrack.spacetime.learned_site import KnownSite
from reidtrack.spacetime.plan import PlanCameras
from reidtrack.spacetime.site_tracklets import SiteTracklets
from reidtrack.spacetime.topology import Topology
from reidtrack.types import Tracklet

SIZES = {"south": SIZE, "west": SIZE}
PLAN = {"south": SOUTH.to_plan, "west": WEST.to_plan}


def learn(tracklets: Sequence[Tracklet], site: KnownSite, pieces: frozenset[str] | None = None):
    evidence = SpaceTime(site) if pieces is None else SpaceTime(site, pieces)
    return associate(tracklets, evidence=[evidence]).identities, evidence.learned


def together(identities) -> int:
    """How many people have both their visits, and nobody else's."""
    return sum(len(i.cameras) == 2 and len({t.track_id for t in i}) == 1 and len(i.tracklets) == 2 for i in identities)


@pytest.mark.parametrize("late_s", [0.0, 3.4])
@pytest.mark.parametrize("given", [2, 1, 0], ids=["both homographies", "one homography", "no homography"])
def test_a_crowd_is_matched_and_clocks_and_relations_are_found(given: int, late_s: float) -> None:
    tracklets = crowd([SOUTH, WEST], 14, late_s={"west": late_s})
    site = KnownSite(SIZES, dict(list(PLAN.items())[:given]), unit_m=1.0)
    identities, learned = learn(tracklets, site)
    found = learned.clocks["west"].offset_s - learned.clocks["south"].offset_s
    assert found == pytest.approx(late_s, abs=0.25)
    assert learned.used_offset_s["west"] == pytest.approx(late_s, abs=0.25)
    assert learned.clock_from["west"] == (FROM_PLAN if given == 2 else FROM_HOMOGRAPHY)
    assert set(learned.homographies) == (set() if given == 0 else {"south", "west"})
    assert learned.derived == ({"west"} if given == 1 else set())
    assert bool(learned.relations) == (given < 2)
    if given:
        assert learned.fit_m[0, 1] < 0.3
    assert together(identities) >= 10


@pytest.mark.parametrize("given", [2, 0], ids=["plan", "relation"])
def test_places_part_people_whom_looks_confuse(given: int) -> None:
    paths = {15: walk((-3, -1), (3, -1), 30, 36), 16: walk((3, 1), (-3, 1), 30, 36)}
    tracklets = crowd([SOUTH, WEST], 14)
    extra = looks(18)
    a, b = extra[16], extra[17]
    mix = {("south", 15): 0.55, ("west", 15): 0.45, ("south", 16): 0.45, ("west", 16): 0.55}
    for person, path in paths.items():
        for view in (SOUTH, WEST):
            share = mix[view.name, person]
            look = (share * a + (1 - share) * b) / np.hypot(share, 1 - share)
            tracklets.append(seen(view, person, path, look))
    alone = owners(associate(tracklets).identities)
    assert alone["south", 15] != alone["west", 15]  # by looks, each is the other
    site = KnownSite(SIZES, PLAN if given else {}, unit_m=1.0)
    found = owners(learn(tracklets, site)[0])
    assert found["south", 15] == found["west", 15]
    assert found["south", 16] == found["west", 16]
    assert found["south", 15] != found["south", 16]


def test_homographies_that_looks_contradict_do_not_count() -> None:
    tracklets = crowd([SOUTH, WEST], 14)
    wrong = {"south": PLAN["south"], "west": np.diag([1.0, 1.0, 1.0]) @ PLAN["west"] + 0.0}
    wrong["west"] = np.array([[1, 0, 30.0], [0, 1, 0], [0, 0, 1]]) @ wrong["west"]  # thirty metres beside
    identities, learned = learn(tracklets, KnownSite(SIZES, wrong, unit_m=1.0))
    assert learned.disagreeing == {(0, 1)}
    assert together(identities) == together(associate(tracklets).identities)


def test_ways_that_the_user_rules_out_are_not_gone() -> None:
    look = looks(1)[0]
    first = seen(SOUTH, 1, walk((-2, 0), (2, 0), 0, 4), look)
    second = seen(WEST, 1, walk((-2, 0), (2, 0), 10, 14), look)
    assert together(associate([first, second]).identities) == 1
    site = KnownSite(SIZES, topology=Topology(barred=frozenset({("south", "west")})))
    assert together(learn([first, second], site)[0]) == 0


@pytest.mark.parametrize(
    "pieces", [frozenset(), frozenset({"clocks"}), frozenset({"plan", "relation", "clocks", "travel_times"})]
)
def test_without_tracklets_or_with_one_nothing_is_learned(pieces: frozenset[str]) -> None:
    for tracklets in ([], crowd([SOUTH], 2)[:1]):
        identities, learned = learn(tracklets, KnownSite(SIZES, PLAN), pieces)
        assert len(identities) == len(tracklets)
        assert all(value == 0 for value in learned.used_offset_s.values())


def test_a_camera_without_a_size_has_no_place() -> None:
    _, learned = learn(crowd([SOUTH, WEST], 8), KnownSite({"south": SIZE}, PLAN))
    assert set(learned.homographies) == {"south"}
    assert not learned.relations


def test_terms_add_up() -> None:
    a = PairTerms(np.array([[0, 1], [1, 2]]), np.array([1.0, -np.inf]), {"ground_m": np.array([0.5, np.nan])})
    b = PairTerms(np.array([[1, 2], [0, 3]]), np.array([2.0, 0.5]), {"ground_m": np.array([7.0, 8.0])})
    total = sum_terms([a, b])
    assert total.pairs.tolist() == [[0, 1], [0, 3], [1, 2]]
    assert total.log_odds.tolist() == [1.0, 0.5, -np.inf]
    assert total.values["ground_m"].tolist() == [0.5, 8.0, 7.0]
    assert len(sum_terms([]).pairs) == 0


def all_pairs(cameras: int, links: int = 5) -> dict[tuple[int, int], int]:
    return {(a, b): links for a in range(cameras) for b in range(a + 1, cameras)}


@pytest.mark.parametrize(
    ("links", "kept"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({(0, 1): 1}, [(0, 1)], id="one"),
        pytest.param(all_pairs(4), sorted(all_pairs(4)), id="everybody with four cameras"),
        pytest.param(
            all_pairs(5) | {(3, 4): 1}, sorted(set(all_pairs(5)) - {(3, 4)}), id="with five the weakest is left out"
        ),
        pytest.param(
            {(0, 1): 9, (4, 5): 9, (1, 4): 1}, [(0, 1), (1, 4), (4, 5)], id="the only way between two groups stays"
        ),
    ],
)
def test_pairs_of_cameras_whose_clocks_are_compared(
    links: dict[tuple[int, int], int], kept: list[tuple[int, int]]
) -> None:
    assert telling_pairs(links) == kept


def test_clocks_are_compared_in_a_number_of_pairs_that_grows_with_the_cameras() -> None:
    """And all of them hang together, two groups of friends that one weak pair joins too."""
    for cameras in (8, 16, 64):
        half = cameras // 2
        links = {pair: 9 if (pair[0] < half) == (pair[1] < half) else 0 for pair in all_pairs(cameras)}
        links = {pair: count for pair, count in links.items() if count} | {(0, cameras - 1): 1}
        kept = telling_pairs(links)
        assert (0, cameras - 1) in kept
        assert len(kept) <= 4 * cameras
        reached, todo = {0}, [0]
        while todo:
            camera = todo.pop()
            new = {c for pair in kept if camera in pair for c in pair} - reached
            reached |= new
            todo += new
        assert reached == set(range(cameras))


@pytest.mark.parametrize(
    ("every_s", "later_s", "learned"),
    [(0.0, 0.0, 2), (60.0, 59.0, 1), (60.0, 61.0, 2)],
    ids=["always", "not yet", "again"],
)
def test_live_clocks_are_learned_now_and_then(every_s: float, later_s: float, learned: int) -> None:
    class Counting(SpaceTime):
        count = 0

        def _clocks(self, seen: SiteTracklets, plan: PlanCameras) -> tuple[list[ClockOffset], dict[int, str]]:
            self.count += 1
            return super()._clocks(seen, plan)

    frame, ones = np.arange(3), np.ones(3, np.float32)
    box = np.tile(np.array([10, 10, 30, 70], np.float32), (3, 1))
    features = np.eye(2, dtype=np.float32)[:1]
    evidence = Counting(KnownSite({}), clocks_every_s=every_s)
    for shift_s in (0.0, later_s):
        seen = [Tracklet(c, 1, frame, frame / 10 + shift_s, box, ones, features, frame[:1], ones[:1]) for c in "ab"]
        evidence(seen, np.zeros(2, np.int64), np.tile(features.astype(np.float64), (2, 1)))
    assert evidence.count == learned
