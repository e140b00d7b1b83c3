"""Groups of cameras that share identities over a real Redis server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from associate.live_play import Player
from associate.people_data import directions, tracklet
from pipeline.live.shared.sites import Group, KilledAssociator, Running
from publish.broker import eventually
from redis_server import RedisServer

from reidtrack.pipeline.live.shared.waiting import Waiting
from reidtrack.types import Tracklet

ORIGIN = datetime.fromtimestamp(0, UTC)
PEOPLE = directions(5, seed=3)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    yield found
    found.end()


def walks() -> list[Tracklet]:
    """Five people, each through camera a, then b, and one of them in a again."""
    found = []
    for i, look in enumerate(PEOPLE):
        found.append(tracklet("a", i + 1, look, 30 * i, 30))
        found.append(tracklet("b", i + 1, look, 30 * i + 60, 30))
    return [*found, tracklet("a", 20, PEOPLE[1], 220, 30)]


def alone() -> dict[tuple[str, int], int | None]:
    """What one process says of them."""
    player = Player()
    player.play(walks(), 28.0)
    return dict(zip([t.key for t in walks()], player.who(walks()), strict=True))


def groups(server: RedisServer) -> tuple[Group, Group]:
    a, b = (Group(server, name, [t for t in walks() if t.camera == name]) for name in "ab")
    return a, b


def who(both: tuple[Group, Group]) -> dict[tuple[str, int], int | None]:
    return both[0].who() | both[1].who()


def play(both: tuple[Group, Group], from_s: int, until_s: int) -> None:
    for until in range(from_s, until_s):
        for group in both:
            group.play(until + 1.0)


def nothing_is_left(server: RedisServer) -> bool:
    """Whether every entry was settled, and acknowledged."""
    with server.client() as client:
        pending = client.xpending("reidtrack:tracklets:site", "associators")["pending"]
        return pending == 0 and client.xlen("reidtrack:tracklets:site") == 0


def test_two_groups_have_the_numbers_of_one_process(server: RedisServer) -> None:
    running, both = Running(server), groups(server)
    play(both, 0, 28)
    for group in both:
        group.close()
    running.end()
    expected = alone()
    assert who(both) == expected
    assert len(set(expected.values())) == len(PEOPLE)
    assert nothing_is_left(server)
    assert running.associator.missing == running.associator.refused == 0


def test_a_spare_goes_on_where_an_associator_was_killed(server: RedisServer) -> None:
    """It was killed with entries that it had read and settled, and that it had told nobody of."""
    both, killed = groups(server), KilledAssociator(server)
    try:
        play(both, 0, 6)
        killed.wait("told")
        eventually(both[0].hear)
        play(both, 6, 15)
        killed.wait("hangs")
    finally:
        killed.kill()
    for group in both:
        group.hear()
    before = who(both)
    with server.client() as client:
        assert client.xpending("reidtrack:tracklets:site", "associators")["pending"] > 0
        spare = Running(server)
        eventually(lambda: spare.said)
        assert spare.said == ["sector site: waits: another associator is at work"]
        client.pexpire("reidtrack:lease:site", 1)  # it would in the end
    play(both, 15, 28)
    for group in both:
        group.close()
    spare.end()
    now = who(both)
    assert now == alone()
    assert any(before.values())
    assert all(number in (None, now[key]) for key, number in before.items())
    for group in both:
        told = [event.to_json(ORIGIN) for event in group.player.events]
        assert [line for i, line in enumerate(told) if line in told[:i]] == []
    assert nothing_is_left(server)
    assert spare.associator.missing == 0


def test_a_server_that_was_away_and_lost_everything(server: RedisServer) -> None:
    """What was seen meanwhile arrives, and people keep their numbers."""
    running, both = Running(server), groups(server)
    play(both, 0, 8)
    eventually(both[0].hear)
    before = both[0].who()
    with server.client() as client:
        site = client.get("reidtrack:site")
    server.end()
    play(both, 8, 20)
    eventually(lambda: all(group.link.problem is not None for group in both))
    assert all(len(group.link.waiting) > 0 for group in both)
    assert "nobody listens there" in (both[0].link.problem or "")
    server.start()
    eventually(lambda: all(group.link.problem is None and not len(group.link.waiting) for group in both))
    play(both, 20, 28)
    for group in both:
        group.close()
    running.end()
    assert who(both) == alone()
    with server.client() as client:
        assert site
        assert client.get("reidtrack:site") == site
    assert all(number in (None, both[0].who()[key]) for key, number in before.items())
    for group in both:
        away = [line for line in group.said if "nobody listens" in line]
        assert len(away) == 1
        assert group.said[-1].endswith("all is well again")
    assert running.associator.missing == 0


def test_what_has_no_room_is_dropped_and_counted() -> None:
    waiting = Waiting(most_bytes=2_000)
    for i in range(5):
        waiting.put("site", {"head": b"%d" % i + b" " * 700})
    assert waiting.counts.dropped == 3
    assert [parcel.fields["head"][:1] for parcel in waiting.first(9)] == [b"3", b"4"]
