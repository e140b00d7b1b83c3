"""Who walks from one sector into another keeps the number, over a real Redis server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from associate.live_play import Player
from associate.people_data import DIM, directions, tracklet
from pipeline.live.shared.sites import ORIGIN_S, Dying, Group, Running
from publish.broker import eventually
from redis_server import RedisServer

from reidtrack.associate.live.handover import Leaver
from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import Merged
from reidtrack.pipeline.live.shared import handed
from reidtrack.pipeline.live.shared.checked import RefusedError
from reidtrack.pipeline.live.shared.handed import Handed, Union
from reidtrack.pipeline.live.shared.handover import Handover
from reidtrack.pipeline.live.shared.stored import SectorState

PEOPLE = directions(6, seed=3)
STREAM = "reidtrack:handed"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    yield found
    found.end()


@cache
def left() -> Leaver:
    """Somebody whom a camera has seen, as is told of them."""
    player = Player()
    player.play([tracklet("door", 1, PEOPLE[0], 0, 30)], 6.0)
    return player.online.leavers({})[0]


def fields(sector: str = "north", what: Leaver | Union | None = None, sizes: Any = None) -> dict[bytes, object]:
    who = handed.shifted([left()], ORIGIN_S)[0] if what is None else what
    sent = handed.encode(Handed(sector, ORIGIN_S + 6, who, sizes or {}, DIM))
    return {name.encode(): value for name, value in sent.items()}


def head(found: dict[bytes, object], **changed: object) -> dict[bytes, object]:
    text = json.loads(str(found[b"head"], "utf-8"))  # type: ignore[call-overload]
    return {**found, b"head": json.dumps({**text, **changed}).encode()}


def test_what_was_told_is_read_back() -> None:
    got = handed.decode(fields(sizes={"door": (640, 480)}))
    sent = left()
    assert isinstance(got.what, Leaver)
    assert (got.sector, got.sizes, got.dim, got.what.number) == ("north", {"door": (640, 480)}, DIM, 1)
    assert (got.what.first_s, got.what.last_s) == (ORIGIN_S + sent.first_s, ORIGIN_S + sent.last_s)
    np.testing.assert_array_equal(got.what.views[0].feature, sent.views[0].feature)
    np.testing.assert_array_equal(got.what.views[0].weight, sent.views[0].weight)
    assert handed.decode(fields(what=Union(7, 3))).what == Union(7, 3)


VIEW = ["door", [1.0], ORIGIN_S, ORIGIN_S + 2.9, 29, 1.0, []]
HOSTILE: dict[str, Callable[[dict[bytes, object]], dict[bytes, object]]] = {
    "nothing": lambda f: {b"x": b"y"},
    "a pickle": lambda f: {b"head": b"\x80\x04\x95"},
    "another version": lambda f: head(f, v=2),
    "no number": lambda f: head(f, number=0),
    "a number without end": lambda f: head(f, number=10**18),
    "nobody": lambda f: head(f, views=[]),
    "a camera that is a path": lambda f: head(f, views=[["../x", *VIEW[1:]]]),
    "a camera twice": lambda f: head(f, views=[VIEW, VIEW]) | {b"xyxy": bytes(32), b"features": bytes(4 * DIM)},
    "weights": lambda f: head(f, views=[["door", [float("1e300")], *VIEW[2:]]]),
    "no unit": lambda f: f | {b"features": bytes(2 * DIM)},
    "not finite": lambda f: f | {b"features": np.full(DIM, np.nan, "<f2").tobytes()},
    "a box": lambda f: f | {b"xyxy": np.array([9, 9, 1, 1], "<f4").tobytes()},
    "tomorrow": lambda f: head(f, last=ORIGIN_S + 1e6),
    "a moment of 400 digits": lambda f: head(f, now=10**400),
    "a size": lambda f: head(f, views=[[*VIEW[:6], [0, 1 << 40]]]),
    "one number that is itself": lambda f: head(f, union=[3, 3]),
    "who met everybody": lambda f: head(f, met=list(range(1, 400))),
}
CANNOT_BE: dict[str, Callable[[dict[bytes, object]], dict[bytes, object]]] = {
    "a number that nobody has": lambda f: head(f, number=10**9),
    "another network": lambda f: head(f, dim=2 * DIM) | {b"features": bytes(f[b"features"]) * 2},  # type: ignore[call-overload]
    "another year": lambda f: head(f, now=9e9),
}


@pytest.mark.parametrize("damage", HOSTILE)
def test_a_hostile_entry_is_refused(damage: str) -> None:
    with pytest.raises(RefusedError):
        handed.decode(HOSTILE[damage](fields()))


class Site:
    """Two sectors, each with a group of one camera and an associator."""

    def __init__(self, server: RedisServer, north: Sequence[Any], south: Sequence[Any]) -> None:
        self.server = server
        self.north = Group(server, "north", north, lambda camera: "north")
        self.south = Group(server, "south", south, lambda camera: "south")
        self.running: list[Running] = []

    def start(self, sector: str) -> Running:
        self.running.append(Running(self.server, sector))
        return self.running[-1]

    def handed(self) -> int:
        with self.server.client() as client:
            return int(client.xlen(STREAM))

    def until(self, true: Callable[[], object], *groups: Group) -> None:
        """Let time go on for groups until something is true."""

        def step() -> object:
            for group in groups:
                group.play(group.player.now_s + 0.5)
            return true()

        eventually(step)

    def close(self) -> None:
        for group in (self.north, self.south):
            group.close()
        for running in self.running:
            running.end()


def merges(group: Group) -> list[tuple[int, int]]:
    return [(event.from_, event.into) for event in group.player.events if isinstance(event, Merged)]


def test_who_walks_over_keeps_the_number_and_a_stranger_has_another(server: RedisServer) -> None:
    """And what does not fit is passed over."""
    site = Site(
        server,
        [tracklet("a", 1 + k, PEOPLE[k], 0, 30) for k in range(4)],
        [tracklet("b", 1 + k, PEOPLE[who], 80, 30) for k, who in enumerate((0, 4, 5))],
    )
    with server.client() as client:
        for damage in (*HOSTILE.values(), *CANNOT_BE.values()):
            client.xadd(STREAM, damage(fields("west")))
    before = site.handed()
    site.start("north")
    south = site.start("south")
    site.until(lambda: site.handed() == before + 4, site.north)
    site.until(lambda: site.handed() == before + 7, site.south)
    site.close()
    north, others = site.north.who(), site.south.who()
    assert others["b", 1] == north["a", 1]
    assert len({*north.values(), *others.values()}) == 6
    assert merges(site.north) == merges(site.south) == []
    assert south.associator.refused == before
    assert any("passed over" in line for line in south.said)


def test_two_numbers_of_one_person_become_the_lower_in_both(server: RedisServer) -> None:
    """Both sectors saw the person at once, and each gave a lasting number before it heard of the other."""
    site = Site(server, [tracklet("a", 1, PEOPLE[0], 0, 30)], [tracklet("b", 1, PEOPLE[0], 0, 30)])
    site.start("north")
    site.until(lambda: site.handed() == 1, site.north)
    with server.client() as client:
        ((_, of_north),) = client.xrange(STREAM)
        client.delete(STREAM)
        site.start("south")
        site.until(site.handed, site.south)
        of_south = client.xrange(STREAM)[0][1]
        client.xadd(STREAM, of_north)
    low, high = sorted(getattr(handed.decode(told).what, "number", 0) for told in (of_north, of_south))
    assert 0 < low < high
    both = site.north, site.south
    site.until(lambda: [*site.north.who().values(), *site.south.who().values()] == [low, low], *both)
    for group in both:
        group.play(group.player.now_s + 20.0)
    site.close()
    assert [*site.north.who().values(), *site.south.who().values()] == [low, low]
    assert sorted([*merges(site.north), *merges(site.south)]) == [(high, low)]


def test_a_spare_goes_on_where_an_associator_died_after_it_told_who_left(server: RedisServer) -> None:
    """Nobody is told of twice; who comes back from another sector has the number of before."""
    north = [tracklet("a", 1, PEOPLE[0], 0, 30), tracklet("a", 2, PEOPLE[1], 120, 30), tracklet("a", 3, PEOPLE[0], 130)]
    site = Site(server, north, [tracklet("b", 1, PEOPLE[0], 80, 30)])
    dying = Dying(server, "north")
    site.until(lambda: site.handed() == 1, site.north)
    dying.wait()
    with server.client() as client:
        client.delete("reidtrack:lease:north")  # it would expire
    site.start("south")
    site.until(lambda: site.handed() == 2, site.south)
    site.start("north")
    site.until(lambda: all(site.north.who().values()), site.north)
    site.close()
    number = site.south.who()["b", 1]
    assert [site.north.who()["a", k] for k in (1, 3)] == [number, number]
    assert site.north.who()["a", 2] != number
    with server.client() as client:
        told = [handed.decode(found).what for _, found in client.xrange(STREAM)]
    assert [who.number for who in told[:2] if isinstance(who, Leaver)] == [number, number]


def test_all_come_to_the_same_number_in_whatever_order_they_hear() -> None:
    unions = [Union(70, 3), Union(70, 65), Union(140, 65), Union(141, 140)]
    for order in permutations(unions):
        online, state = OnlineIdentities(), SectorState()
        known = Handover("south", None, state)
        online.remember(left()._replace(number=n) for n in (3, 65, 70, 140, 141))
        for union in [*order, *order]:
            known.take(Handed("north", 1.0, union, dim=DIM), online)
        assert [n for n in (3, 65, 70, 140, 141) if online.knows(n)] == [3]
        assert {known.number(n) for n in (3, 65, 70, 140, 141)} == {3}
        known.note(online.update([], [], 1.0), online)
        assert known.unions == []  # nobody is told again


def test_people_of_a_sector_that_is_no_neighbour_stay_unknown() -> None:
    online = OnlineIdentities()
    known = Handover("south", ["north"], SectorState())
    for sector, number in (("north", 5), ("west", 6), ("south", 7)):
        known.take(Handed(sector, 1.0, left()._replace(number=number), dim=DIM), online)
    assert [n for n in (5, 6, 7) if online.knows(n)] == [5]
    assert online.leavers({}) == []  # who came from elsewhere is not told on


def test_people_of_elsewhere_outlast_the_associator() -> None:
    """Their numbers are above all that it has given itself."""
    online = OnlineIdentities()
    online.remember([left()._replace(number=1000)])
    found = OnlineIdentities.restore(online.state(going_on=True), going_on=True)
    assert found.knows(1000)
    assert found.next_identity == 1
    assert found.leavers({}) == []
