"""What is wrong with a server is one clear line; what strangers put there is told and passed over; secrets stay so."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from associate.live_play import Player
from associate.people_data import DIM, directions, tracklet
from pipeline.live.shared.sites import Group, Running
from redis_server import RedisServer

from reidtrack.associate.online import OnlineIdentities
from reidtrack.cli.main import main
from reidtrack.errors import ConfigError, InputError, UsageError
from reidtrack.pipeline.live.shared import answers, stored, wire
from reidtrack.pipeline.live.shared.address import parse_redis
from reidtrack.pipeline.live.shared.checked import RefusedError
from reidtrack.pipeline.live.shared.outgoing import Outgoing
from reidtrack.pipeline.live.shared.stored import SectorState
from reidtrack.pipeline.live.shared.wire import Entry

SECRET = "s3cret-w0rd"
OWNER = "0123456789abcdef"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    yield found
    found.end()


def entry(**changed: Any) -> Entry:
    pieces = Outgoing(1e6).take([tracklet("door", 1, directions(1, seed=1)[0], 0, 20)], [])
    return Entry(
        **{
            "owner": OWNER,
            "group": "a",
            "session": 1,
            "seq": 1,
            "now_s": 1e6 + 3,
            "dim": DIM,
            "pieces": pieces,
            **changed,
        }
    )


def raw(fields: dict[str, bytes]) -> dict[bytes, object]:
    return {name.encode(): value for name, value in fields.items()}


def head(fields: dict[bytes, object], **changed: object) -> dict[bytes, object]:
    found = json.loads(str(fields[b"head"], "utf-8"))  # type: ignore[call-overload]
    return {**fields, b"head": json.dumps({**found, **changed}).encode()}


def test_what_was_told_is_read_back() -> None:
    sent = entry(sizes={"door": (640, 480)}, last=True)
    got = wire.decode(raw(wire.encode(sent)))
    assert (got.owner, got.seq, got.sizes, got.last) == (OWNER, 1, {"door": (640, 480)}, True)
    for name in ("frame", "time_s", "xyxy", "score", "features", "feature_frame", "feature_quality"):
        np.testing.assert_array_equal(getattr(got.pieces[0], name), getattr(sent.pieces[0], name))


def test_each_box_and_crop_is_told_once() -> None:
    whole, outgoing = tracklet("door", 1, directions(1, seed=1)[0], 0, 20), Outgoing(0.0)
    half = whole.part(whole.frame < 10, whole.feature_frame < 10)
    first, second = (outgoing.take([half], [])[0], outgoing.take([], [whole])[0])
    assert [*first.frame, *second.frame] == whole.frame.tolist()
    assert [*first.feature_frame, *second.feature_frame] == whole.feature_frame.tolist()
    assert (first.ended, second.ended) == (False, True)
    assert not Outgoing(0.0).take([], [])


HOSTILE: dict[str, Callable[[dict[bytes, object]], dict[bytes, object]]] = {
    "nothing": lambda f: {},
    "a pickle": lambda f: {b"head": b"\x80\x04\x95\x10\x00\x00\x00"},
    "deep": lambda f: f | {b"head": b"[" * 100_000},
    "long": lambda f: f | {b"head": b" " * (2 << 20)},
    "another version": lambda f: head(f, v=2),
    "no owner": lambda f: head(f, owner="x" * 16),
    "more boxes than there are": lambda f: head(f, pieces=[["door", 1, 8000, 10, False]]),
    "boxes without end": lambda f: head(f, pieces=[["door", 1, 10**12, 0, False]]),
    "a camera that is a path": lambda f: head(f, pieces=[["../x", 1, 20, 10, False]]),
    "a track of another folder": lambda f: head(f, pieces=[["door", 1 << 40, 20, 10, False]]),
    "a width": lambda f: head(f, sizes={"door": [0, 10**9]}),
    "not finite": lambda f: f | {b"xyxy": np.full((20, 4), np.nan, "<f4").tobytes()},
    "no unit": lambda f: f | {b"features": np.zeros((10, DIM), "<f4").tobytes()},
    "frames back": lambda f: f | {b"frame": np.zeros(20, "<i8").tobytes()},
    "times of another year": lambda f: f | {b"time": np.linspace(1, 2, 20).astype("<f8").tobytes()},
    "a moment of 400 digits": lambda f: head(f, now=10**400),
    "scores": lambda f: f | {b"score": np.full(20, 7, "<f4").tobytes()},
    "an infinite moment": lambda f: f | {b"head": bytes(f[b"head"]).replace(b'"now":1000003', b'"now":Infinity')},  # type: ignore[call-overload]
}


@pytest.mark.parametrize("damage", HOSTILE)
def test_a_hostile_entry_is_refused(damage: str) -> None:
    with pytest.raises(RefusedError):
        wire.decode(HOSTILE[damage](raw(wire.encode(entry()))))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"v":1,"events":[{"event":"identity","time":1}]}',
        b'{"v":1,"events":[{"event":"merge","time":1,"from":0,"into":1}]}',
    ],
)
def test_a_hostile_answer_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError):
        answers.decode({b"json": data})


def test_hostile_entries_among_good_ones(server: RedisServer) -> None:
    """They are told and passed over, and everybody has a number."""
    running = Running(server)
    group = Group(server, "a", [tracklet("a", 1, directions(1, seed=1)[0], 0, 20)])
    with server.client() as client:
        for damage in HOSTILE.values():
            fields = damage(raw(wire.encode(entry())))
            client.xadd("reidtrack:tracklets:site", fields or {b"x": b"y"})
        client.xadd("reidtrack:tracklets:site", raw(wire.encode(entry(now_s=9e9, pieces=[]))))
        client.xadd("reidtrack:answers", {b"json": b"\x80"})
    group.play(6.0)
    group.close()
    running.end()
    assert group.who() == {("a", 1): 1}
    assert "sector site: settles who is who" in running.said
    assert running.associator.refused == len(HOSTILE) + 1
    assert any("passed over" in line for line in running.said)
    assert [line for line in group.said if "an answer is passed over" in line]


def test_what_was_stored_is_read_back_and_goes_on() -> None:
    player = Player()
    visits = [tracklet("a", 1, directions(2, seed=1)[0], 0, 60), tracklet("a", 2, directions(2, seed=1)[1], 20, 60)]
    player.play(visits, 5.0)
    kept = SectorState(
        3, "me", 1e6, 5.0, 64, {OWNER: (1, 9)}, {"a": (640, 480)}, "5-0", player.online.state(going_on=True)
    )
    kept.told, kept.aliases, kept.watched = {1: 4.5}, {9: 2}, {"a": (OWNER, 7.5)}
    state = stored.decode(raw(stored.encode(kept)))
    assert (state.told, state.aliases, state.handed_id) == (kept.told, kept.aliases, "5-0")
    assert state.watched == kept.watched
    assert (state.commit, state.by, state.seen, state.reserved) == (3, "me", {OWNER: (1, 9)}, 64)
    player.online = OnlineIdentities.restore(state.people, going_on=True)
    assert len(player.online.open_tracklets()) == 2
    before = player.who(visits)
    player.play(visits, 12.0)
    assert player.who(visits) == before == [1, 2]
    assert not any(part.is_open for part in player.online.held())


def test_a_damaged_state_is_one_line(server: RedisServer) -> None:
    with server.client() as client:
        client.hset("reidtrack:state:site", "head", b"\x80\x04")
        client.set("reidtrack:network", b'{"sha256": {}, "dim": 64, "priors": {}}')
    address = f"redis://127.0.0.1:{server.port}/0"
    assert main(["live", "--associate", "--redis", address]) == InputError.exit_code


@contextmanager
def old_server() -> Iterator[int]:
    """Answers like a server of years ago."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                while data := connection.recv(4096):
                    text = b"# Server\r\nredis_version:5.0.14\r\n"
                    info = b"$%d\r\n%s\r\n" % (len(text), text)
                    connection.sendall(
                        info if b"INFO" in data.upper() else b"+PONG\r\n" if b"PING" in data else b"+OK\r\n"
                    )

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def test_a_server_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    locked = RedisServer(tmp_path, ["--requirepass", "another"])
    try:
        with old_server() as old, socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
            closed.close()
            cases = {
                f"redis://:{SECRET}@127.0.0.1:{locked.port}": "refuses the user or the password",
                f"redis://127.0.0.1:{port}": "nobody listens there",
                f"redis://127.0.0.1:{old}": "version '5.0.14'",
                f"redis://me:{SECRET}@127.0.0.1:x": "no address of a Redis server",
                f"http://me:{SECRET}@127.0.0.1": "no address of a Redis server",
            }
            for address, said in cases.items():
                assert main(["live", "--associate", "--redis", address]) == UsageError.exit_code
                lines = capsys.readouterr().err.strip().splitlines()
                assert len(lines) == 1
                assert said in lines[0]
                assert SECRET not in lines[0] + caplog.text
    finally:
        locked.end()


def test_no_address_holds_a_password_where_it_is_shown() -> None:
    address = parse_redis(f"rediss://me:{SECRET}%40@host:7000/3?ca=site.pem")
    assert (address.password, address.port, address.database, address.tls) == (f"{SECRET}@", 7000, 3, True)
    assert SECRET not in repr(address) + address.shown
    with pytest.raises(ConfigError) as refused:
        parse_redis(f"redis://me:{SECRET}@host/db")
    assert SECRET not in str(refused.value)
