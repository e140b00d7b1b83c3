"""Travel times between cameras, and what the user knows of the ways."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.spacetime.topology import Topology
from reidtrack.spacetime.travel_times import (
    LEAST,
    MOST,
    TrackletTimes,
    density,
    learn_travel_times,
    tell_travel_times,
    travel_time_terms,
)
from reidtrack.types import Identity, Link, Tracklet

NAMES = ("hall", "yard")
NO_TOPOLOGY = Topology()


def trips(count: int, travel_s: float = 20.0, seed: int = 0) -> tuple[TrackletTimes, np.ndarray, np.ndarray]:
    """People who are seen in the hall, and after about `travel_s` in the yard; labels, and their links."""
    rng = np.random.default_rng(seed)
    begin = rng.uniform(0, 600, count)
    way = travel_s * rng.lognormal(0, 0.15, count)
    start = np.concatenate([begin, begin + 5 + way])
    camera, label = np.repeat([0, 1], count), np.tile(np.arange(count), 2)
    links = np.stack([np.arange(count), np.arange(count) + count], axis=1)
    return TrackletTimes(start, start + 5, camera), label, links


def visit(camera: str, track_id: int, start_s: float, end_s: float) -> Tracklet:
    """Two boxes."""
    boxes = np.array([[0, 0, 10, 30]] * 2, np.float32)
    return Tracklet(
        camera,
        track_id,
        frame=np.arange(2),
        time_s=np.array([start_s, end_s], np.float64),
        xyxy=boxes,
        score=np.ones(2, np.float32),
        features=np.zeros((0, 0), np.float32),
        feature_frame=np.zeros(0, np.int64),
        feature_quality=np.zeros(0, np.float32),
    )


def odds_of(times: TrackletTimes, transitions: dict, pair: tuple[int, int], topology: Topology = NO_TOPOLOGY) -> float:
    terms = travel_time_terms(times, transitions, NAMES, topology)
    found = {tuple(p): v for p, v in zip(terms.pairs.tolist(), terms.log_odds.tolist(), strict=True)}
    return found.get(pair, 0.0)


def with_visits(times: TrackletTimes, gap_s: float) -> tuple[TrackletTimes, tuple[int, int]]:
    """Two more visits, one in each camera, so far apart; their places."""
    n = len(times.camera)
    start = np.append(times.start_s, [1000.0, 1005.0 + gap_s])
    return TrackletTimes(start, start + 5, np.append(times.camera, [0, 1])), (n, n + 1)


@pytest.mark.parametrize(
    ("gap_s", "low", "high"),
    [
        pytest.param(20, 1, MOST, id="as usual"),
        pytest.param(2, LEAST, -0.5, id="too fast"),
        pytest.param(200, 0, 0, id="late: may have been elsewhere"),
        pytest.param(-3, LEAST, 0, id="in both at once, where nobody ever was"),
    ],
)
def test_many_links_tell_usual_times(gap_s: float, low: float, high: float) -> None:
    times, label, links = trips(60)
    transitions = learn_travel_times(times, label, links)
    more, pair = with_visits(times, gap_s)
    assert low <= odds_of(more, transitions, pair) <= high


@pytest.mark.parametrize("count", [0, 1, 9])
def test_few_links_tell_nothing(count: int) -> None:
    times, label, links = trips(60)
    transitions = learn_travel_times(times, label, links[:count])
    more, pair = with_visits(times, 20)
    assert odds_of(more, transitions, pair) == 0


def test_no_link_is_judged_by_itself() -> None:
    times, label, links = trips(20)
    slow = TrackletTimes(times.start_s.copy(), times.end_s.copy(), times.camera)
    slow.start_s[20] += 3000
    slow.end_s[20] += 3000
    transitions = learn_travel_times(slow, label, links)
    assert odds_of(slow, transitions, (0, 20)) <= 0.05
    assert odds_of(slow, transitions, (1, 21)) > 0.5


def test_only_sure_links_count_and_only_those_from_one_visit_to_the_next() -> None:
    times, label, links = trips(3)
    assert learn_travel_times(times, label, links[:2])[0, 1].gaps_s.shape == (2,)
    again = TrackletTimes(np.array([0.0, 20, 40]), np.array([5.0, 25, 45]), np.array([0, 1, 0]))
    found = learn_travel_times(again, np.zeros(3, np.int64), np.array([[0, 1], [1, 2]]))
    assert {pair: t.gaps_s.tolist() for pair, t in found.items()} == {(0, 1): [15.0], (1, 0): [15.0]}


def test_nothing_of_nothing() -> None:
    none = TrackletTimes(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    assert learn_travel_times(none, np.zeros(0, np.int64), np.zeros((0, 2), np.int64)) == {}
    assert not len(travel_time_terms(none, {}, NAMES, Topology(complete=True)).pairs)


WAYS = {("hall", "yard"): (10.0, 30.0), ("yard", "hall"): (10.0, 30.0)}


@pytest.mark.parametrize(
    ("topology", "gap_s", "expected"),
    [
        pytest.param(Topology(WAYS), 5, -np.inf, id="sooner than anybody can be there"),
        pytest.param(Topology(WAYS), 20, 0, id="in time"),
        pytest.param(Topology(WAYS), 9.6, 0, id="nearly in time: clocks err"),
        pytest.param(Topology(WAYS), 60, LEAST, id="later than expected"),
        pytest.param(Topology(WAYS), -2, -np.inf, id="in both at once"),
        pytest.param(Topology({("hall", "yard"): (-1.0, None)}), -2, 0, id="in both at once where they overlap"),
        pytest.param(Topology(barred=frozenset({("hall", "yard")})), 20, -np.inf, id="no way"),
        pytest.param(Topology(complete=True), 20, -np.inf, id="no way among all"),
        pytest.param(Topology(complete=True), 4000, -np.inf, id="no way, however late"),
        pytest.param(Topology({("hall", "yard"): (900.0, None)}), 800, -np.inf, id="a long way"),
        pytest.param(Topology({("hall", "yard"): (900.0, None)}), 901, 0, id="a long way, in time"),
        pytest.param(Topology(), 0.1, 0, id="nothing is known"),
    ],
)
def test_what_the_user_knows(topology: Topology, gap_s: float, expected: float) -> None:
    times, pair = with_visits(TrackletTimes(np.zeros(0), np.zeros(0), np.zeros(0, np.int64)), gap_s)
    assert odds_of(times, {}, pair, topology) == expected


def test_ways_over_other_cameras() -> None:
    ways = {("a", "b"): (10.0, 20.0), ("b", "c"): (5.0, None), ("a", "c"): (30.0, None)}
    topology = Topology(ways, barred=frozenset({("c", "a")}))
    assert topology.earliest_s("a", "c") == 15
    assert topology.earliest_s("a", "b") == 10
    assert topology.earliest_s("c", "a") == np.inf
    assert topology.earliest_s("b", "a") is None
    assert Topology(ways, complete=True).earliest_s("b", "a") == np.inf
    assert topology.latest_s("a", "b") == 20
    assert not Topology()


def test_the_picture_of_times_is_a_density() -> None:
    edges, height = density(np.array([8.0, 10, 12]))
    assert len(edges) == len(height) + 1
    assert (height * np.diff(edges)).sum() == pytest.approx(1, abs=0.1)
    assert 6 < edges[height.argmax()] < 12


def test_the_time_between_the_visits_of_a_link_is_told() -> None:
    visits = [visit("hall", 1, 0, 5), visit("yard", 1, 20, 25), visit("yard", 2, 3, 8), visit("yard", 3, 28, 29)]
    places = [(("yard", 2), ("hall", 1)), (("yard", 1), ("hall", 1)), (("yard", 3), ("yard", 1))]
    links = tuple(Link(a, b, 0.2, 0.1, {"log_odds": 2.0}) for a, b in places)
    person = Identity(1, tuple(visits), np.zeros(0, np.float32), links)
    alone = Identity(2, (visit("hall", 2, 0, 5),), np.zeros(0, np.float32))
    told, same = tell_travel_times([person, alone], {})
    assert [link.terms.get("travel_s") for link in told.links] == [None, 15, 3]  # the first are seen at once
    assert [link.terms["log_odds"] for link in told.links] == [2, 2, 2]
    assert same.links == ()
    told, _ = tell_travel_times([person, alone], {"yard": 4.0})  # its clock is ahead
    assert [link.terms.get("travel_s") for link in told.links] == [None, 11, 3]
