"""People of live groups in a gallery, which the associator asks and tells, over a real Redis server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from associate.people_data import DIM, directions, tracklet
from pipeline.live.shared.sites import NETWORK, ORIGIN_S, Command, Group
from publish.broker import eventually
from redis_server import RedisServer

from reidtrack.associate.live.known import CameraView, SeenPerson
from reidtrack.cli.main import main
from reidtrack.config.live import LiveConfig
from reidtrack.engines.provenance import Weights
from reidtrack.errors import WeightsError
from reidtrack.events import IdentityGiven
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.pipeline.live.known import known_people
from reidtrack.pipeline.live.shared.deciding import make_deciding
from reidtrack.pipeline.live.shared.network import Network
from reidtrack.pipeline.live.shared.stored import SectorState
from reidtrack.types import Tracklet

PEOPLE = directions(14, seed=1)
DAY_S = 86_400.0
SITE = "0123456789abcdef"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    yield found
    found.end()


def settings(path: Path) -> dict[str, Any]:
    return {"gallery": {"path": path, "strangers": 0.5, "margin": 0.05}}


def crowd(camera: str, first_id: int, first: int, people: Sequence[int]) -> list[Tracklet]:
    return [tracklet(camera, first_id + i, PEOPLE[who], first + 5 * i) for i, who in enumerate(people)]


def watched(server: RedisServer, tracklets: Sequence[Tracklet], until_s: float) -> list[Group]:
    """Groups of a camera each, whose people were seen and have numbers that stay."""
    cameras = sorted({t.camera for t in tracklets})
    groups = [Group(server, name, [t for t in tracklets if t.camera == name]) for name in cameras]

    def all_known() -> bool:
        for group in groups:
            group.play(max(until_s, group.player.now_s + 0.5))
        return all(group.settled() for group in groups)

    eventually(all_known)
    for group in groups:
        group.close()
    return groups


def test_known_again_days_later_without_any_state(server: RedisServer, tmp_path: Path) -> None:
    """By the number and the name of then, in cameras of other groups; whom somebody has removed is somebody new."""
    out, path = tmp_path / "site", tmp_path / "site" / "people.db"
    command = Command(server, out, **settings(path))
    before = watched(server, [*crowd("a", 1, 0, [0, 1]), *crowd("b", 1, 10, [2, 3])], 12.0)
    command.end()
    then = before[0].who() | before[1].who()
    with open_gallery(path) as gallery:
        assert sorted(person.cameras for person in gallery.people()) == [("a",), ("a",), ("b",), ("b",)]
        noted = {int(key.split()[2]): value for key, value in gallery.values("live ").items()}
        assert sorted(noted) == sorted(number or 0 for number in then.values())
        with gallery.writing():
            gallery.rename(noted[then["b", 1] or 0], "Ann")
            gallery.remove([noted[then["a", 2] or 0]])
    with server.client() as client:
        client.delete("reidtrack:state:site")

    command = Command(server, out, **settings(path))
    ids = dict(zip([2, 0, 1, 7], range(101, 105), strict=True))
    (group,) = watched(server, crowd("a", 101, int(10 * 3 * DAY_S), list(ids)), 3 * DAY_S + 12.0)
    command.end()
    again = group.who()
    assert again["a", ids[2]] == then["b", 1]
    assert again["a", ids[0]] == then["a", 1]
    assert not {again["a", ids[1]], again["a", ids[7]]} & set(then.values())
    given = [event for event in group.player.events if isinstance(event, IdentityGiven)]
    assert {event.track_id for event in given if event.name == "Ann"} == {ids[2]}


def test_who_walks_from_one_sector_into_another_is_one_person_there(server: RedisServer, tmp_path: Path) -> None:
    path = tmp_path / "site" / "people.db"
    command = Command(server, path.parent, "north", "south", **settings(path))
    north = Group(server, "north", [tracklet("a", 1 + k, PEOPLE[k], 0, 30) for k in range(3)], lambda camera: "north")
    south = Group(server, "south", [tracklet("b", 1, PEOPLE[0], 80, 30)], lambda camera: "south")

    def told() -> bool:
        north.play(north.player.now_s + 0.5)
        with server.client() as client:
            return bool(client.xlen("reidtrack:handed") == 3)

    def known() -> bool:  # once the track is over, the number stays
        south.play(max(14.0, south.player.now_s + 0.5))
        return south.settled()

    eventually(told)
    eventually(known)
    for group in (north, south):
        group.close()
    command.end()
    assert south.who()["b", 1] == north.who()["a", 1]
    with open_gallery(path) as gallery:
        assert sorted(person.cameras for person in gallery.people()) == [("a",), ("a",), ("a", "b")]


def test_a_gallery_of_other_weights_is_one_line(
    server: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "people.db"
    with open_gallery(path, Signature("1" * 64, "otherwise"), make=True):
        pass
    with server.client() as client:
        client.set("reidtrack:network", json.dumps(NETWORK))
    words = ["live", "--associate", "--redis", server.address, "--gallery", os.fspath(path), "--quiet"]
    assert main(words) == WeightsError.exit_code
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "other re-ID weights" in line


def test_no_number_of_the_gallery_is_given_again(tmp_path: Path) -> None:
    """The server has lost what was stored last, as in a power cut."""
    config = LiveConfig(**settings(tmp_path / "people.db"))
    network, state = Network(DIM, Weights("net", {"net": "0"})), SectorState(origin_s=ORIGIN_S, reserved=64)
    known = known_people(config.gallery, network.weights, folder=SITE, place="", origin_utc=lambda: ORIGIN_S)
    assert known is not None
    known.keep([SeenPerson(n, (CameraView("a", 1.0, PEOPLE[n].astype("f4"), 1.0, 2.0),)) for n in (3, 9)])
    known.close()
    for site, highest, following in ((SITE, 9, 10), ("f" * 16, 0, 1)):
        deciding = make_deciding(config, (), "site", network, site, state)
        assert (deciding.highest, deciding.identities.next_identity) == (highest, following)
        assert deciding.known is not None
        deciding.known.close()
