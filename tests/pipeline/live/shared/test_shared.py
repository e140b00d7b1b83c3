"""Groups of cameras that share identities over a real Redis server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from associate.live_play import Player
from associate.people_data import directions, tracklet
from pipeline.live.shared.sites import Group, Running
from redis_server import RedisServer

from reidtrack.types import Tracklet

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


def test_two_groups_have_the_numbers_of_one_process(server: RedisServer) -> None:
    alone = Player()
    alone.play(walks(), 28.0)
    running = Running(server)
    a, b = (Group(server, name, [t for t in walks() if t.camera == name]) for name in "ab")
    for until in range(1, 29):
        a.play(until)
        b.play(until)
    a.close()
    b.close()
    running.end()
    expected = dict(zip([t.key for t in walks()], alone.who(walks()), strict=True))
    print(a.said, b.said, running.said, running.associator.told, running.associator.refused, expected, a.who(), b.who())
    assert a.who() | b.who() == expected
    assert len(set(expected.values())) == len(PEOPLE)
    print(a.said, b.said, running.said)
