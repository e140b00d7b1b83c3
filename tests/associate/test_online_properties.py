"""What holds of live identities whatever comes: numbers are never given anew, nobody is in a camera twice at a time."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from associate.live_play import Player
from associate.people_data import chained, directions, tracklet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import IdentityGiven, Merged, Split
from reidtrack.types import Tracklet

PERSON = directions(5, seed=3)
ALIKE = PERSON + 0.5 * PERSON[:1]


@st.composite
def visits(draw: st.DrawFn) -> list[Tracklet]:
    """Visits of people who look more or less alike, some of whom the tracker leaves for somebody else or loses."""
    found: list[Tracklet] = []
    for track_id in range(1, draw(st.integers(1, 8)) + 1):
        camera = draw(st.sampled_from("ab"))
        first, length = draw(st.integers(0, 150)), draw(st.integers(3, 60))
        crops = draw(st.integers(0, 8))
        one = tracklet(camera, track_id, ALIKE[draw(st.integers(0, 4))], first, length, features=min(crops, length))
        if draw(st.booleans()):
            pause = draw(st.integers(0, 15))
            other = ALIKE[draw(st.integers(0, 4))]
            one = chained(one, tracklet(camera, track_id, other, first + length + pause, 40, features=6))
        found.append(one)
    return found


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(recorded=visits(), restart_s=st.integers(0, 25), most=st.integers(2, 40))
def test_whatever_comes(recorded: list[Tracklet], restart_s: int, most: int) -> None:
    options = {"window_s": 5.0, "most_people": 3, "most_tracklets": most}
    player = Player(OnlineIdentities(**options))
    player.play(recorded, float(restart_s))
    used = player.online.next_identity
    again = Player(OnlineIdentities.restore(player.online.state(), **options), from_s=player.now_s)
    later = [replace(t, track_id=t.track_id + 100) for t in recorded if t.last_time_s > player.now_s]
    again.play(later, 40.0)
    for played in (player, again):
        _nobody_is_twice(played)
        _numbers_are_given_once(played, used if played is again else 1)


def _nobody_is_twice(player: Player) -> None:
    for _, group in itertools.groupby(player.shown, key=lambda row: row[:2]):
        there = [number for *_, number in group if number is not None]
        assert len(set(there)) == len(there)
    held = [(part, part.key[0]) for part in player.online._register.parts.values()]
    for (a, camera), (b, other) in itertools.combinations(held, 2):
        if camera == other and a.number is not None and a.number == b.number:
            assert not np.isin(a.frame, b.frame).any()


def _numbers_are_given_once(player: Player, lowest: int) -> None:
    """What was merged away is never heard of again; what a split gives is new; numbers count up from the lowest."""
    gone: set[int] = set()
    seen: set[int] = set()
    for event in player.events:
        if isinstance(event, IdentityGiven):
            assert event.identity not in gone
            seen.add(event.identity)
        elif isinstance(event, Merged):
            assert event.from_ not in gone
            assert event.into not in gone
            gone.add(event.from_)
        elif isinstance(event, Split):
            assert event.into not in seen
            seen.add(event.into)
    new = [number for number in seen if number >= lowest]
    assert all(number < player.online.next_identity for number in seen)
    assert player.online.next_identity >= lowest + len(new)


@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_of_people_who_look_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    recorded = [
        tracklet(
            "ab"[i % 2], i + 1, ALIKE[rng.integers(5)], int(rng.integers(100)), int(rng.integers(5, 60)), noise=0.2
        )
        for i in range(20)
    ]
    player = Player(OnlineIdentities(most_tracklets=12))
    player.play(recorded, 20.0)
    _nobody_is_twice(player)
    _numbers_are_given_once(player, 1)
