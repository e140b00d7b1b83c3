"""Identities of live cameras: given soon, kept, and never given to somebody else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from associate.live_play import Player, so_far
from associate.people_data import chained, directions, tracklet

from reidtrack.associate import online as online_module
from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import IdentityGiven, Merged, Split

PERSON = directions(14, seed=1)
BLUE = 1.5 * PERSON[13]


def test_nobody() -> None:
    online = OnlineIdentities()
    assert online.update([], [], 0.5) == []
    assert online.identity(("a", 1)) is None
    assert online.in_frame("a", [1, 2]) == [None, None]
    assert online.threshold is None


def test_a_track_is_somebody_provisionally_and_then_for_good() -> None:
    player = Player()
    visit = tracklet("a", 1, PERSON[0], 10, length=100, features=20)
    player.play([visit], 2.5)
    assert player.online.identity(visit.key) == (1, True)
    player.play([visit], 6.0)
    assert player.online.identity(visit.key) == (1, False)
    given = [e for e in player.events if isinstance(e, IdentityGiven)]
    assert [(e.identity, e.provisional) for e in given] == [(1, True), (1, False)]
    assert given[0].time_s - visit.first_time_s <= 2.0
    player.play([visit], 30.0)
    assert len(player.events) == 2


def test_one_person_alone_is_never_two() -> None:
    visits = [tracklet("ab"[i % 2], i + 1, PERSON[0], 150 * i, cast=0.2 * BLUE * (i % 2)) for i in range(8)]
    player = Player()
    player.play(visits, 130.0)
    assert set(player.who(visits)) == {1}
    assert player.numbers() == [1]


def test_twins_side_by_side_are_two_from_the_first_moment() -> None:
    visits = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, PERSON[0], 10), tracklet("a", 3, PERSON[1], 20)]
    player = Player()
    player.play(visits, 20.0)
    assert len(set(player.who(visits))) == 3
    assert len(set(player.numbers())) == 3


def test_a_track_without_crops_is_a_person_of_its_own() -> None:
    visits = [tracklet("a", 1, PERSON[0], 0), tracklet("b", 1, PERSON[0], 0, features=0)]
    player = Player()
    player.play(visits, 20.0)
    assert len(set(player.who(visits))) == 2


def test_people_are_known_in_the_next_camera() -> None:
    visits = [tracklet("a", i + 1, PERSON[i], 0) for i in range(4)]
    visits += [tracklet("b", i + 1, PERSON[i], 200, cast=BLUE) for i in range(4)]
    player = Player()
    player.play(visits, 40.0)
    who = player.who(visits)
    assert who[:4] == who[4:]
    assert len(set(who)) == 4


@pytest.mark.parametrize("after_s", [60, 300, 3600], ids=["a minute", "5 minutes", "an hour, beyond the window"])
def test_who_comes_back_has_the_number_again(after_s: int) -> None:
    before = [tracklet("a", i + 1, PERSON[i], 40 * i) for i in range(3)]
    again = [tracklet("a", i + 11, PERSON[i], 40 * i + 10 * after_s) for i in range(3)]
    player = Player()
    player.play([*before, *again], after_s + 30.0)
    assert player.who(again) == [1, 2, 3]
    assert player.numbers() == [1, 2, 3]


def test_who_comes_back_after_a_restart_has_the_number_again() -> None:
    before = [tracklet("a", i + 1, PERSON[i], 40 * i) for i in range(3)]
    player = Player()
    player.play(before, 16.0)
    later = Player(OnlineIdentities.restore(player.online.state()), from_s=900.0)
    again = [tracklet("a", i + 11, PERSON[2 - i], 9010 + 40 * i) for i in range(4) if i < 3]
    stranger = tracklet("a", 20, PERSON[7], 9200)
    later.play([*again, stranger], 960.0)
    assert later.who(again) == [3, 2, 1]
    assert later.who([stranger]) == [4]


def test_in_a_frame_nobody_is_twice_whatever_was_said_so_far() -> None:
    """A track that was lost is found again while another has been taken for the same person."""
    first = tracklet("a", 1, PERSON[0], 0, length=40)
    other = tracklet("a", 2, PERSON[0], 45, length=100, features=25)
    found = chained(first, tracklet("a", 1, PERSON[0], 120, length=10))
    player = Player()
    player.play([first], 4.0)
    online = player.online
    for now_s in np.arange(4.5, 12.0, 0.5).tolist():
        online.update([first, so_far(other, now_s)], [], now_s)
    assert online.identity(("a", 2)) == online.identity(("a", 1)) == (1, False)
    assert online.in_frame("a", [2, 1]) == [None, 1]
    events = online.update([found, so_far(other, 13.0)], [], 13.0)
    assert online.in_frame("a", [1, 2]) == [1, 2]
    assert [type(e) for e in events if not isinstance(e, IdentityGiven)] == [Split]


def test_what_a_user_says_is_one_is_merged_and_stays() -> None:
    visits = [tracklet("a", 1, PERSON[0], 0), tracklet("b", 1, PERSON[5], 20)]
    player = Player()
    player.play(visits, 12.0)
    assert player.who(visits) == [1, 2]
    player.online.correct([(visits[0].key, visits[1].key)], [])
    player.play(visits, 20.0)
    assert [(e.from_, e.into) for e in player.told(Merged)] == [(2, 1)]  # type: ignore[attr-defined]
    assert player.who(visits) == [1, 1]


def test_what_a_user_says_is_two_is_split_and_stays() -> None:
    visits = [tracklet("a", 1, PERSON[0], 0), tracklet("b", 1, PERSON[0], 20), tracklet("a", 2, PERSON[0], 600)]
    player = Player()
    player.play(visits, 12.0)
    assert player.who(visits[:2]) == [1, 1]
    player.online.correct([], [(visits[0].key, visits[1].key)])
    player.play(visits, 20.0)
    (split,) = player.told(Split)
    assert (split.from_, split.into) == (1, 2)  # type: ignore[attr-defined]
    assert len(split.tracklets) == 1  # type: ignore[attr-defined]
    assert sorted(player.who(visits[:2]), key=str) == [1, 2]
    player.play(visits, 70.0)
    assert player.who(visits[2:])[0] in (1, 2)


def test_what_cannot_be_is_passed_over() -> None:
    visits = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, PERSON[1], 0)]
    pair = (visits[0].key, visits[1].key)
    player = Player(OnlineIdentities(must_link=[pair, (pair[0], ("nowhere", 7))]))
    player.play(visits, 20.0)
    assert len(set(player.who(visits))) == 2
    player.online.correct([pair], [pair])
    player.play(visits, 30.0)
    assert len(set(player.who(visits))) == 2


def test_two_numbers_become_one_when_somebody_links_them() -> None:
    """The same person in two lights that nobody would take for one, until a third camera sees something in between."""
    others = [tracklet("abc"[i % 3], 10 + i, PERSON[6 + i], 20 * i) for i in range(6)]
    red = tracklet("a", 1, PERSON[0] + 0.75 * PERSON[4], 0)
    green = tracklet("b", 1, PERSON[0] - 0.75 * PERSON[4], 200)
    between = tracklet("c", 1, PERSON[0], 400, length=100, features=20)
    player = Player(OnlineIdentities(threshold=0.6))
    player.play([*others, red, green], 30.0)
    first, second = player.who([red, green])
    assert first != second
    player.play([*others, red, green, between], 60.0)
    (merge,) = player.told(Merged)
    assert (merge.from_, merge.into) == (second, first)  # type: ignore[attr-defined]
    assert player.who([red, green, between]) == [first] * 3
    given = [e for e in player.events if isinstance(e, IdentityGiven) and e.time_s > merge.time_s]
    assert all(e.identity != second for e in given)


def test_a_track_that_goes_over_to_somebody_else_is_split() -> None:
    """The tracker loses somebody behind a pillar and goes on with somebody else."""
    others = [tracklet("ab"[i % 2], 10 + i, PERSON[6 + i], 30 * i) for i in range(4)]
    before = tracklet("a", 1, PERSON[0], 200, length=80, features=16)
    track = chained(before, tracklet("a", 1, PERSON[1], 290, length=80, features=16))
    player = Player()
    player.play([*others, track], 29.0)
    told = player.online.identity(track.key)
    assert told is not None
    assert not told[1]
    player.play([*others, track], 50.0)
    (split,) = player.told(Split)
    assert (split.from_, split.tracklets) == (told[0], (track.key,))  # type: ignore[attr-defined]
    assert 27.0 <= split.since_s <= 30.0  # type: ignore[attr-defined]
    assert player.who([track]) == [split.into]  # type: ignore[attr-defined]
    parts = [part for part in player.online.held() if part.key == track.key]
    assert [part.identity for part in parts] == [told[0], split.into]  # type: ignore[attr-defined]
    assert (parts[0].first_frame, 270 <= parts[1].first_frame <= 300) == (0, True)


def test_a_camera_that_is_taken_away_leaves_nobody_open() -> None:
    player = Player()
    visit = tracklet("a", 1, PERSON[0], 0, length=60)
    player.play([visit], 4.0)
    for now_s in np.arange(4.5, 45.0, 5.0).tolist():
        player.online.update([], [], now_s)
    assert player.online.identity(visit.key) == (1, False)
    assert not player.online.held()[0].is_open


def test_a_track_whose_camera_is_silent_is_over_though_it_is_told_of_again_and_again() -> None:
    """Its tracker, which no frame comes to, does not give it up."""
    player = Player()
    visit = tracklet("a", 1, PERSON[0], 0, length=60)
    player.play([visit], 4.0)
    for now_s in np.arange(6.0, 46.0, 5.0).tolist():
        player.online.update([visit], [], now_s)
    assert not player.online.held()[0].is_open
    player.online.update([], [visit], 50.0)
    assert player.online.identity(visit.key) == (1, False)


@pytest.mark.parametrize("who", [0, 2, 9], ids=["known", "known, too", "a stranger"])
def test_where_much_is_to_be_clustered_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch, who: int) -> None:
    """Whoever comes between two clusterings is given a number by a quick look, which the next one looks at again."""
    before = [tracklet("a", i + 1, PERSON[i], 10 * i) for i in range(4)]
    player = Player()
    player.play(before, 14.0)
    monkeypatch.setattr(online_module, "_PAUSE_S", 100.0)
    visits = [tracklet("b", 1, PERSON[who], 140), tracklet("b", 2, PERSON[who], 140)]
    player.play([*before, *visits], 16.0)
    first, twin = player.who(visits)
    assert first == (who + 1 if who < 4 else 5)
    assert twin not in (None, first)  # they stand side by side
    monkeypatch.undo()
    player.play([*before, *visits], 30.0)
    assert player.who(visits)[0] in (first, twin)
    assert len(set(player.who(visits))) == 2


def test_clusterings_that_take_long_come_less_often() -> None:
    """By the time that they take of the processor; a quick look says who comes meanwhile."""
    spent_s = iter(np.arange(0.0, 1000.0, 0.6).tolist())  # each takes 0.6 s
    player = Player(OnlineIdentities(spent_s=lambda: next(spent_s)))
    asked: list[float] = []
    clusters = player.online._settling.clusters

    def noted(*args: Any, **options: Any) -> Any:
        asked.append(player.now_s)
        return clusters(*args, **options)

    player.online._settling.clusters = noted  # type: ignore[method-assign]
    visits = [tracklet(camera, i + 1, PERSON[i], 10 * i) for camera in "ab" for i in range(3)]
    player.play(visits, 20.0)
    assert min(np.diff(asked)) >= 0.6 / 0.15
    assert len(set(player.who(visits))) == 3


def test_a_track_of_hours_is_still_split_soon_after_it_goes_over() -> None:
    """Of somebody who stands there for long few crops are held, but the newest all."""
    others = [tracklet("ab"[i % 2], 10 + i, PERSON[6 + i], 30 * i) for i in range(4)]
    online = OnlineIdentities()
    online.update([], others, 25.0)
    long = tracklet("a", 1, PERSON[0], 300, length=20_000, features=4000)
    track = chained(long, tracklet("a", 1, PERSON[1], 20_310, length=80, features=16))
    events = []
    for now_s in [*range(60, 2030, 200), *np.arange(2030.0, 2041.0, 0.5)]:
        events += online.update([so_far(track, now_s)], [], float(now_s))
    (split,) = [e for e in events if isinstance(e, Split)]
    assert split.time_s < 2041
    assert online.identity(track.key) == (split.into, False)
