"""Corrections of live cameras of several groups, which the associator keeps to, over a real Redis server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from associate.people_data import directions, tracklet
from pipeline.live.shared.sites import Command, Group
from publish.broker import eventually
from redis_server import RedisServer

from reidtrack.associate.live.constraints import Said
from reidtrack.cli.main import main
from reidtrack.errors import UsageError
from reidtrack.pipeline.live.shared.said import SaidOfTracks, Watched
from reidtrack.pipeline.live.shared.wire import tenure_of, wire_id

PEOPLE = directions(6, seed=3)
OLD, NEW = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    yield found
    found.end()


class Both:
    """Two groups, of a camera each."""

    def __init__(self, server: RedisServer, sector: Callable[[str], str] = lambda camera: "site") -> None:
        visits = {"a": (0, 2), "b": (1, 2)}
        self.groups = [
            Group(
                server, camera, [tracklet(camera, 1 + k, PEOPLE[i], 40 * k, 30) for k, i in enumerate(people)], sector
            )
            for camera, people in visits.items()
        ]

    def until(self, true: Callable[[], object]) -> None:
        def step() -> object:
            for group in self.groups:
                group.play(group.player.now_s + 0.5)
            return true()

        eventually(step)

    def who(self) -> list[int | None]:
        """Numbers of a 1, b 1, a 2 and b 2."""
        one, two = (group.who() for group in self.groups)
        return [one["a", 1], two["b", 1], one["a", 2], two["b", 2]]

    def close(self) -> None:
        for group in self.groups:
            group.close()


def test_what_is_said_holds_over_groups_and_a_bad_file_is_one_line(server: RedisServer, tmp_path: Path) -> None:
    """Also after the associator was started anew."""
    out = tmp_path / "site"
    command, both = Command(server, out), Both(server)
    file = out / "corrections.yaml"

    def as_seen() -> bool:
        a1, b1, a2, b2 = both.who()
        return None not in (a1, b1, a2, b2) and len({a1, b1, a2}) == 3 and a2 == b2

    def as_said() -> bool:
        a1, b1, a2, b2 = both.who()
        return a1 == b1 and a2 != b2

    both.until(as_seen)
    file.write_text("- merge: [a 1, b 1]\n- apart: [a 2, b 2]\n")
    both.until(as_said)
    told = both.who()
    text = "- merge: [a 1, b 2]\n- apart: [a 1, b 2]\n"
    file.write_text(text)
    both.until(lambda: any("cannot be" in line for line in command.said))
    command.end()
    (line,) = [line for line in command.said if not line.startswith("sector site:")]
    assert line.startswith(f"{file}:2: a 1 and b 2 cannot be two people")
    assert both.who() == told

    file.write_text("- merge: [a 1, b 1]\n- apart: [a 2, b 2]\n")
    again = Command(server, out)
    for _ in range(30):
        both.until(lambda: True)
    both.close()
    again.end()
    assert both.who() == told


def test_what_is_said_of_two_sectors_is_one_line(server: RedisServer, tmp_path: Path) -> None:
    out = tmp_path / "site"
    out.mkdir()
    (out / "corrections.yaml").write_text("- merge: [a 1, b 1]\n- merge: [a 1, nowhere 1]\n")
    command = Command(server, out, "north", "south")
    both = Both(server, lambda camera: {"a": "north", "b": "south"}[camera])
    both.until(lambda: any("two sectors" in line for line in command.said))
    both.close()
    command.end()
    lines = [line for line in command.said if not line.startswith("sector")]
    assert len(lines) == 1
    assert "a 1 (north) and b 1 (south) are of two sectors" in lines[0]


def test_tracks_of_another_folder_are_not_meant() -> None:
    """Ids begin anew in a folder; what is written after that means its tracks."""
    watched: Watched = {}
    known, said = SaidOfTracks(watched), Said([(("a", 3), ("b", 4))])
    known.say(said, 100.0)
    assert known.known() == Said([], [])
    known.note("a", OLD, 50.0)
    known.note("b", OLD, 60.0)
    ids = wire_id(tenure_of(OLD), 3), wire_id(tenure_of(OLD), 4)
    assert known.known() == Said([(("a", ids[0]), ("b", ids[1]))], [])
    known.note("a", NEW, 150.0)
    known.note("a", OLD, 140.0)  # on its way for long
    assert (known.known(), known.passed_over) == (Said([], []), ["a"])
    known.say(Said(said.must_link), 160.0)
    assert known.known() == Said([(("a", wire_id(tenure_of(NEW), 3)), ("b", ids[1]))], [])
    assert known.passed_over == []


def test_the_folder_of_a_run_is_refused(
    server: RedisServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.json").write_text("{}")
    words = ["live", "--associate", "--redis", server.address, "--out", os.fspath(tmp_path)]
    assert main(words) == UsageError.exit_code
    assert "is the folder of a run" in capsys.readouterr().err
