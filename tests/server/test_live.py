"""Live cameras: what is kept of them, what each user is told, which addresses may be opened."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest
from builders import even_times, write_video
from scene import Scene
from served import Open, Serve, log_in
from served_examples import watch_both
from served_live import watch_scene
from starlette.websockets import WebSocketDisconnect

from reidtrack.errors import InputError
from reidtrack.pipeline.live import session
from reidtrack.runtime.cancel import CancelToken
from reidtrack.server.access.rules import Principal, Role
from reidtrack.server.live import child, overseer
from reidtrack.server.live.addresses import checked_address
from reidtrack.server.live.camera_list import WatchedCameras
from reidtrack.server.live.hub import LiveHub, Place
from reidtrack.server.live.overseer import LivePlan, Overseer
from reidtrack.server.live.relay import Outbox
from reidtrack.server.live.ring import MOST_MEDIA, Film, Ring
from reidtrack.server.live.seen import event_seen
from reidtrack.server.live.visits import MOST, Visits
from reidtrack.server.live.wire import Message, read_messages
from reidtrack.video.fragments import Beginning, Fragment, FragmentSink

STREAM = "ws://127.0.0.1:8080/api/v1/live/stream"
WAIT_S = 60.0


def piece(number: int, *, key: bool = False, size: int = 1) -> Message:
    return Message({"kind": "fragment", "camera": "left", "time_s": number, "key": key}, bytes(size))


def begun() -> Film:
    film = Film()
    film.begin(Message({"kind": "beginning", "camera": "left", "mime": "video/mp4", "start_s": 0.0}, b"head"))
    return film


def times(film: Film, number: int) -> list[object]:
    return [message.head.get("time_s", "begin") for message in film.after(number)]


def test_who_comes_late_sees_all_since_a_key_picture() -> None:
    film = begun()
    assert times(film, 0) == []
    for n in range(6):
        film.add(piece(n, key=n % 3 == 0))
    assert times(film, 0) == ["begin", 3, 4, 5]
    assert times(film, film.last) == []
    assert times(film, film.last - 1) == [5]
    assert times(film, film.last - 4) == [2, 3, 4, 5]  # across a key picture, without a hole
    film.add(piece(6, key=True))
    assert times(film, 2) == ["begin", 6]  # what follows is gone: from the newest key picture on


def test_a_film_without_key_pictures_stays_small() -> None:
    film = begun()
    film.add(piece(0, key=True))
    for n in range(1, 40):
        film.add(piece(n, size=1 << 20))
    assert sum(len(message.data) for message in film.after(0)) <= MOST_MEDIA
    film.add(piece(40, key=True))
    assert times(film, 0) == ["begin", 40]


def test_a_ring_gives_what_is_left() -> None:
    ring = Ring(3)
    for n in range(5):
        ring.add(piece(n))
    assert [m.head["time_s"] for m in ring.after(0)] == [2, 3, 4]
    assert [m.head["time_s"] for m in ring.after(4)] == [4]
    assert ring.after(5) == ring.after(9) == []


def test_messages_survive_the_pipe_and_a_cut() -> None:
    sent = [Message({"kind": "jpeg", "camera": "hall"}, b"\xff\xd8"), Message({"kind": "status"})]
    data = b"".join(message.packed() for message in sent)
    assert list(read_messages(io.BytesIO(data))) == sent
    assert list(read_messages(io.BytesIO(data[:-1]))) == sent[:1]
    with pytest.raises(ValueError, match="a message of"):
        list(read_messages(io.BytesIO(b"\xff" * 8)))


class Stuck(io.RawIOBase):
    """A pipe that nobody reads."""

    def __init__(self) -> None:
        self.gone = False

    def write(self, data: Any) -> int:
        while not self.gone:
            time.sleep(0.01)
        return len(data)


def test_a_server_that_does_not_read_costs_bounded_memory_and_no_time() -> None:
    stuck = Stuck()
    box = Outbox(stuck)  # type: ignore[arg-type]
    box.send(piece(0, key=True))
    while box._waiting:
        time.sleep(0.01)  # until it is at the pipe
    for n in range(100):
        box.send(piece(n, size=1 << 20))
        box.send(Message({"kind": "event", "event": {}}))
    kept = list(box._waiting)
    stuck.gone = True
    box.close()
    assert sum(len(message.data) for message in kept) <= 16 << 20
    assert sum(message.kind == "event" for message in kept) == 100


@pytest.mark.parametrize(
    ("commands", "tell", "what"),
    [
        pytest.param("no JSON\n", None, json.JSONDecodeError, id="a command that is none"),
        pytest.param("", {"kind": "event", "event": object()}, TypeError, id="a message that cannot be packed"),
    ],
)
def test_a_bug_in_a_thread_of_the_process_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: str, tell: Any, what: type[Exception]
) -> None:
    """Without those that hear and tell, nobody could end it, or see what it sees."""
    read, write = os.pipe()
    os.write(write, commands.encode())
    cancelled = []

    def live(request: Any, relay: Any, cancel: CancelToken, reload: Any) -> None:
        if tell is not None:
            relay._outbox.send(Message(tell))
        until = time.monotonic() + WAIT_S
        while not cancel.cancelled and time.monotonic() < until:
            time.sleep(0.01)
        cancelled.append(cancel.cancelled)

    monkeypatch.setattr(session, "live", live)
    monkeypatch.setattr(child, "_end_on_signals", lambda cancel: None)
    (tmp_path / "cameras.yaml").write_text(json.dumps({"cameras": [{"name": "hall", "address": "rtsp://10.0.0.5"}]}))
    asked = {"cameras_file": tmp_path / "cameras.yaml", "out": tmp_path / "live", "config": None, "settings": {}}
    outbox = Outbox(io.BytesIO())
    with os.fdopen(read) as hears:
        with pytest.raises(what):
            child.watch(asked, hears, outbox)
        os.close(write)
    outbox.close()
    assert cancelled == [True]


def test_a_bug_while_messages_are_taken_begins_the_process_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[str] = []
    met = threading.Event()

    def take(hub: LiveHub, message: Message) -> None:
        taken.append(message.kind)
        if len(taken) == 1:
            raise KeyError("origin_utc")
        met.set()

    monkeypatch.setattr(LiveHub, "take", take)
    monkeypatch.setattr(overseer, "_AGAIN_S", (0.01,))
    packed = Message({"kind": "cameras"}).packed()
    script = f"import sys; sys.stdout.buffer.write({packed!r}); sys.stdout.flush(); sys.stdin.read()"
    (tmp_path / "cameras.yaml").write_text(json.dumps({"cameras": [{"name": "hall", "address": "rtsp://10.0.0.5"}]}))
    plan = LivePlan(WatchedCameras(tmp_path / "cameras.yaml", tmp_path / ".serve"), tmp_path / "live")
    found = Overseer(plan, LiveHub(), command=(sys.executable, "-c", script))
    found.start()
    assert met.wait(WAIT_S)
    found.close()
    assert found.pid is None
    assert isinstance(found.fault, KeyError)
    assert "live cameras: bug: KeyError: 'origin_utc'" in caplog.text


def test_packets_become_fragments_that_play(tmp_path: Path) -> None:
    path = write_video(tmp_path / "hall.mp4", even_times(12, 10))
    given: list[Beginning | Fragment | None] = []
    sink = FragmentSink(given.append)
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        sink.begin(stream, 5.0)
        for packet in film.demux(stream):
            if packet.size:
                assert packet.pts is not None
                sink.packet(packet, 5.0 + float(packet.pts * packet.time_base))
        sink.end()
    head, *fragments = given
    assert isinstance(head, Beginning)
    assert head.mime.startswith('video/mp4; codecs="avc1.')
    assert head.start_s == 5.0
    assert all(isinstance(fragment, Fragment) for fragment in fragments)
    assert fragments[0].key  # type: ignore[union-attr]
    whole = head.data + b"".join(fragment.data for fragment in fragments)  # type: ignore[union-attr]
    with av.open(io.BytesIO(whole)) as played:
        shown = [frame.time for frame in played.decode(video=0)]
    assert shown == pytest.approx(even_times(12, 10), abs=0.002)


def test_pictures_that_have_to_be_turned_are_not_shown_as_they_come(tmp_path: Path) -> None:
    given: list[object] = []
    with av.open(str(write_video(tmp_path / "hall.mp4", even_times(3, 10)))) as film:
        FragmentSink(given.append, playable=False).begin(film.streams.video[0], 0.0)
    assert given == [None]


def test_visits_follow_merges_and_splits() -> None:
    visits = Visits()
    for camera, identity in (("left", 1), ("right", 2)):
        place = {"camera": camera, "track_id": 7, "time_s": 3.0}
        visits.take({"event": "tracklet_started", **place})
        visits.take({"event": "identity", **place, "identity": identity, "name": "Anna" if identity == 1 else None})
    assert set(visits.present(lambda _: True)) == {1, 2}
    visits.take({"event": "merge", "from": 2, "into": 1})
    assert [v.camera for v in visits.of(2, lambda _: True)] == ["left", "right"]
    assert [v.camera for v in visits.of(1, lambda camera: camera == "right")] == ["right"]
    visits.take({"event": "split", "from": 1, "into": 3, "tracklets": [["right", 7]]})
    assert visits.cameras_of(1) == {"left"}
    visits.take({"event": "tracklet_ended", "camera": "left", "track_id": 7, "time_s": 9.0, "identity": 1})
    assert set(visits.present(lambda _: True)) == {3}
    assert visits.of(1, lambda _: True)[0].to_json()["until_s"] == 9.0
    for n in range(MOST + 5):
        visits.seen("left", 10.0, 100 + n, 4)
    assert visits.cameras_of(1) == frozenset()


LEFT = Principal("anna", Role.VIEWER, frozenset({"left"}))
SEEN: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
    ({"event": "identity", "camera": "left", "identity": 1}, {"event": "identity", "camera": "left", "identity": 1}),
    ({"event": "identity", "camera": "right", "identity": 1}, None),
    ({"event": "started", "cameras": ["left", "right"]}, {"event": "started", "cameras": ["left"]}),
    ({"event": "merge", "from": 2, "into": 1}, {"event": "merge", "from": 2, "into": 1}),
    ({"event": "merge", "from": 2, "into": 9}, None),
    (
        {"event": "split", "from": 1, "into": 3, "tracklets": [["left", 1], ["right", 2]]},
        {"event": "split", "from": 1, "into": 3, "tracklets": [["left", 1]]},
    ),
    ({"event": "zone_left", "camera": "left", "dwell_s": 5.0}, {"event": "zone_left", "camera": "left"}),
    ({"event": "hour", "place": "hall", "people": 4, "identities": [1, 2]}, None),
    ({"event": "notice", "text": "right is slow", "figures": {"right": 3}}, None),
    ({"event": "something new", "camera": "left"}, None),
]


@pytest.mark.parametrize(("event", "told"), SEEN)
def test_what_is_told_of_events(event: dict[str, Any], told: dict[str, Any] | None) -> None:
    where: dict[int, Sequence[str]] = {1: ["left", "right"], 9: ["right"]}
    assert event_seen(event, LEFT, lambda identity: where[identity]) == told
    assert event_seen(event, Principal("root", Role.ADMIN), lambda identity: where[identity]) == event


def received(socket: Any) -> tuple[dict[str, Any], bytes]:
    data = socket.receive_bytes()
    length = int.from_bytes(data[:4], "big")
    return json.loads(data[4 : 4 + length]), data[4 + length :]


def test_a_viewer_of_one_camera_looks_on(kept: Path, open_app: Open) -> None:
    """Whatever is asked for, of the other camera comes neither picture nor box, name, event or count."""
    client = log_in(open_app(kept), "anna", Role.VIEWER, ["left"])
    watch_both(client.services)
    with client.websocket_connect(STREAM) as socket:
        socket.send_text(json.dumps({"cameras": {"left": "film", "right": "film", "nowhere": "jpeg"}}))
        told, media = {}, b""
        while not told.get("boxes"):
            more, data = received(socket)
            told, media = {**told, **{key: value for key, value in more.items() if value}}, media + data
    assert "right" not in json.dumps(told)
    assert b"a film of left" in media and b"a film of right" not in media
    assert told["state"]["people_now"] == 1
    assert "people_total" not in told["state"]


def told_of(data: bytes | None) -> dict[str, Any]:
    assert data is not None
    told: dict[str, Any] = json.loads(data[4 : 4 + int.from_bytes(data[:4], "big")])
    return told


def test_what_is_told_to_many_is_made_once(kept: Path, open_app: Open) -> None:
    """Of those who are equally far each is given the same bytes; others, and who comes late, what is theirs."""
    services = open_app(kept).services
    watch_both(services)
    hub, root = services.live, Principal("root", Role.ADMIN)
    first, second, third, late = Place(), Place(), Place(), Place()
    for place, user in ((first, root), (second, root), (third, LEFT)):
        hub.want(place, {"left": "film", "right": "film"}, user)
    told = hub.since(first, root)
    assert hub.since(second, root) is told
    assert {media["camera"] for media in told_of(told)["media"]} == {"left", "right"}
    assert "right" not in json.dumps(told_of(hub.since(third, LEFT)))
    assert hub.since(first, root) is None
    hub.take(Message({"kind": "fragment", "camera": "left", "time_s": 2.0, "key": False}, b"more"))
    assert [media["time_s"] for media in told_of(hub.since(first, root))["media"]] == [2.0]
    assert [media["time_s"] for media in told_of(hub.since(second, root))["media"]] == [2.0]
    hub.want(late, {"left": "film"}, root)
    assert [media["kind"] for media in told_of(hub.since(late, root))["media"]] == ["beginning", "fragment", "fragment"]
    hub.want(first, {"left": "none"}, root)
    assert hub.since(first, root) is None


@pytest.mark.parametrize("text", ["no JSON", '{"cameras": {"left": "everything"}}', "[]", "x" * 100_000])
def test_odd_words_of_who_looks_on_end_it(kept: Path, open_app: Open, text: str) -> None:
    client = open_app(kept)
    watch_both(client.services)
    with client.websocket_connect(STREAM) as socket:
        socket.send_text(text)
        with pytest.raises(WebSocketDisconnect):
            while True:
                socket.receive_bytes()


def test_who_logs_out_looks_on_no_more(kept: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reidtrack.server.routes.live._STILL_S", 0.0)
    client = log_in(open_app(kept), "anna", Role.VIEWER, ["left"])
    watch_both(client.services)
    with client.websocket_connect(STREAM) as socket:
        received(socket)
        client.services.accounts.remove("anna")
        with pytest.raises(WebSocketDisconnect):
            while True:
                socket.receive_bytes()


def test_a_page_elsewhere_cannot_look_on(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    watch_both(client.services)
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(STREAM, headers={"origin": "http://evil.example"}) as socket,
    ):
        socket.receive_bytes()


def test_where_nothing_is_watched_there_is_nothing(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    assert client.get("/api/v1/live").status_code == 404
    assert client.post("/api/v1/live/cameras", json={"name": "hall", "address": "rtsp://h/"}).status_code == 404


HALL = "rtsp://10.1.0.5/main"


def answers(text: bytes) -> Any:
    return lambda *_: text


@pytest.mark.parametrize(
    ("text", "allow", "means", "opened"),
    [
        pytest.param(HALL, ["10.1.0.0/16"], [], "rtsp://10.1.0.5:554/main", id="in a network"),
        pytest.param(
            "rtsps://u:p@cam.example/a?b=1",
            ["cam.example"],
            ["10.1.0.9"],
            "rtsps://u:p@10.1.0.9:322/a?b=1",
            id="by name",
        ),
        pytest.param(
            "rtsp://cam.example/", ["10.1.0.0/16"], ["10.1.0.9"], "rtsp://10.1.0.9:554/", id="a name in a network"
        ),
        pytest.param("rtsp://[fd00::5]:8554/a", ["fd00::/64"], [], "rtsp://[fd00::5]:8554/a", id="version 6"),
        pytest.param(HALL, [], [], None, id="nothing is allowed"),
        pytest.param("rtsp://10.2.0.5/main", ["10.1.0.0/16"], [], None, id="another network"),
        pytest.param("rtsp://cam.example/", ["10.1.0.0/16"], ["10.1.0.9", "10.2.0.9"], None, id="one of two elsewhere"),
        pytest.param("rtsp://127.0.0.1/", ["0.0.0.0/0"], [], None, id="this machine"),
        pytest.param("rtsp://cam.example/", ["cam.example"], ["127.0.0.1"], None, id="a name of this machine"),
        pytest.param("rtsp://[::1]/", ["::/0"], [], None, id="this machine, version 6"),
        pytest.param("rtsp://[::ffff:127.0.0.1]/", ["::/0", "0.0.0.0/0"], [], None, id="this machine, disguised"),
        pytest.param("rtsp://169.254.169.254/latest/meta-data", ["0.0.0.0/0"], [], None, id="secrets of a cloud"),
        pytest.param("rtsp://[fd00:ec2::254]/", ["::/0"], [], None, id="secrets of a cloud, version 6"),
        pytest.param("rtsp://[fe80::1]/", ["::/0"], [], None, id="link-local"),
        pytest.param("rtsp://0.0.0.0/", ["0.0.0.0/0"], [], None, id="no address"),
        pytest.param("rtsp://224.0.0.1/", ["0.0.0.0/0"], [], None, id="many"),
        pytest.param("rtsp://2130706433/", ["0.0.0.0/0"], ["127.0.0.1"], None, id="this machine as one number"),
        pytest.param("http://10.1.0.5/", ["10.1.0.0/16"], [], None, id="http"),
        pytest.param("file:///etc/passwd", ["0.0.0.0/0"], [], None, id="a file"),
        pytest.param("/etc/passwd", ["0.0.0.0/0"], [], None, id="a path"),
        pytest.param("rtsp://10.1.0.5/a b", ["10.1.0.0/16"], [], None, id="a blank"),
        pytest.param("rtsp://10.1.0.5/\r\nPLAY", ["10.1.0.0/16"], [], None, id="two lines"),
        pytest.param("rtsp://10.1.0.5@127.0.0.1/", ["10.1.0.0/16"], [], None, id="a user like an address"),
    ],
)
def test_addresses_on_a_users_word(text: str, allow: list[str], means: list[str], opened: str | None) -> None:
    """Fault 20: only what is allowed is asked, at the very address that was looked up."""
    asked: list[str] = []

    def probe(url: str, address: str, *_: object) -> bytes:
        asked.append(address)
        assert "u:p" not in url
        return b"RTSP/1.0 200 OK\r\n"

    if opened is None:
        with pytest.raises(InputError):
            checked_address(text, allow, resolve=lambda *_: means, probe=probe)
        assert asked == []
    else:
        assert checked_address(text, allow, resolve=lambda *_: means, probe=probe) == opened
        assert len(asked) == 1


@pytest.mark.parametrize(
    "answer", [b"RTSP/1.0 302 Found\r\nLocation: rtsp://127.0.0.1/\r\n", b"HTTP/1.1 200 OK\r\n", b""]
)
def test_who_leads_elsewhere_is_no_camera(answer: bytes) -> None:
    with pytest.raises(InputError):
        checked_address(HALL, ["10.1.0.0/16"], probe=answers(answer))


def test_cameras_come_and_go(tmp_path: Path) -> None:
    from reidtrack.config.live import CameraSettings, read_cameras

    configured = tmp_path / "cameras.yaml"
    configured.write_text("cameras: [{name: hall, address: 'rtsp://u:${X}@10.0.0.5/'}, {name: door, address: '0'}]")
    cameras = WatchedCameras(configured, tmp_path / "state")
    assert cameras.write() == ["hall", "door"]
    assert "${X}" in cameras.list_file.read_text()  # secrets stay where they are
    assert cameras.list_file.parent.stat().st_mode & 0o077 == 0
    assert cameras.remove("hall") == ["door"]
    assert cameras.add(CameraSettings(name="yard", address="rtsp://10.0.0.7:554/")) == ["door", "yard"]
    assert cameras.sources() == {"hall": "off", "door": "configured", "yard": "added"}
    assert [c.name for c in read_cameras(cameras.list_file)] == ["door", "yard"]
    for again in (CameraSettings(name="DOOR", address="1"), "door", "nowhere"):
        with pytest.raises(InputError):
            cameras.add(again)
    assert cameras.add("hall") == ["hall", "door", "yard"]
    cameras.remove("hall")
    cameras.remove("door")
    with pytest.raises(InputError, match="the last"):
        cameras.remove("yard")


def test_a_session_is_watched_and_ends_with_the_server(
    serve: Serve, root: Path, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is begun again when it dies, and what it writes is a run among others."""
    _, services = watch_scene(serve, root, scene, monkeypatch)
    hub, admin = services.live, Principal("root", Role.ADMIN)

    def wait(what: Any) -> None:
        until = time.monotonic() + WAIT_S
        while not what():
            assert time.monotonic() < until, hub.state_for(admin)
            time.sleep(0.05)

    wait(lambda: hub.state_for(admin)["people_now"] >= 3)
    first = services.overseer.pid
    assert first is not None
    wait(lambda: any(run.id == "live" for run in services.library.seen_by(admin).all()))
    import os
    import signal

    os.kill(first, signal.SIGKILL)
    wait(lambda: services.overseer.pid not in (first, None) and hub.state == "running")
    services.overseer.close()
    assert services.overseer.pid is None
    assert hub.state == "stopped"
