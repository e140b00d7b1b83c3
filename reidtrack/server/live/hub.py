"""What is known of the live cameras at the moment, and what each who looks on is shown of it.

One thread tells (`take`), many ask. Nobody has a queue here: each remembers how far they have read, and asks for what
came since, so that whoever is slow misses pictures and costs nothing. Those who have read equally far are given the
same bytes, made once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reidtrack import clock
from reidtrack.server.access.rules import Principal
from reidtrack.server.live.ring import Film, Ring
from reidtrack.server.live.seen import event_seen, status_seen
from reidtrack.server.live.visits import Visits
from reidtrack.server.live.wire import Message, pack_told

State = Literal["off", "starting", "running", "stopped", "failed"]
Kind = Literal["film", "jpeg", "none"]
MOST_EVENTS = 500
MOST_BOXES = 300
"""Frames whose boxes are kept of a camera."""
MOST_VIEWERS = 100
_MOST_SHARED = 16
_MOST_SHARED_BYTES = 1 << 20
"""What is told to several at once is kept up to this size: whoever comes late is given more, but is alone with it."""


@dataclass
class _Camera:
    film: Film = field(default_factory=Film)
    boxes: Ring = field(default_factory=lambda: Ring(MOST_BOXES))
    pictures: Ring = field(default_factory=lambda: Ring(1))


@dataclass
class Place:
    """How far somebody who looks on has read.

    Attributes:
        wanted: Camera to how its pictures are wanted.
        film: Camera to the number of the last fragment.
        boxes: Camera to the number of the last boxes.
        pictures: Camera to the number of the last single picture.
        events: Number of the last event.
        status: Number of the last status.
        turn: What the hub's `turn` was when they read last.
    """

    wanted: dict[str, Kind] = field(default_factory=dict)
    film: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, int] = field(default_factory=dict)
    pictures: dict[str, int] = field(default_factory=dict)
    events: int = 0
    status: int = 0
    turn: int = -1

    def read(self) -> tuple[Hashable, ...]:
        """How far they have read, to be compared with how far others have."""
        parts = (self.wanted, self.film, self.boxes, self.pictures)
        return (*(tuple(part.items()) for part in parts), self.events, self.status)

    def follow(self, other: Place) -> None:
        """Have read as far as somebody else who was as far before."""
        self.film, self.boxes, self.pictures = dict(other.film), dict(other.boxes), dict(other.pictures)
        self.events, self.status = other.events, other.status


class LiveHub:
    """Keeps what the process of the live cameras told last.

    Attributes:
        run: Name of the run that it writes, as the library calls it; None where no cameras are watched.
        changed: Told which cameras' single pictures are wanted.
        turn: Counts whatever changes here; who has seen this one needs not ask.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.run: str | None = None
        self.state: State = "off"
        self.why: str | None = None
        self.origin_utc: str | None = None
        self._cameras: dict[str, _Camera] = {}
        self._visits = Visits()
        self._events = Ring(MOST_EVENTS)
        self._status: dict[str, Any] = {}
        self._turns = 0
        self.turn = 0
        self._shared: dict[Hashable, tuple[bytes | None, Place]] = {}
        self._now_s, self._now_at = 0.0, clock.now()
        self._places: dict[int, Place] = {}
        self.changed: Callable[[Collection[str]], None] = lambda _: None

    # Who tells.

    def begin(self, run: str, cameras: Collection[str]) -> None:
        """A session is begun."""
        with self._lock:
            self.run, self.state, self.why = run, "starting", None
            self._name(cameras)
            self._turns += 1
            self._turned()

    def end(self, state: State, why: str | None = None) -> None:
        """It is over, or could not be begun."""
        with self._lock:
            self.state, self.why = state, why
            self._status = {}
            self._visits.take({"event": "stopped"})
            self._turns += 1
            self._turned()

    def take(self, message: Message) -> None:
        """Take what the process tells."""
        with self._lock:
            getattr(self, f"_take_{message.kind}", lambda _: None)(message)
            self._turned()

    def _turned(self) -> None:
        self.turn += 1
        self._shared.clear()

    def _take_cameras(self, message: Message) -> None:
        self.origin_utc = message.head["origin_utc"]
        self._name(message.head["cameras"])

    def _take_status(self, message: Message) -> None:
        self._status = message.head["status"]
        self._now_s, self._now_at = message.head["now_s"], clock.now()
        self.state, self.why = "running", None
        self._turns += 1

    def _take_event(self, message: Message) -> None:
        self._visits.take(message.head["event"])
        self._events.add(message)

    def _take_beginning(self, message: Message) -> None:
        self._camera(message).film.begin(message)

    def _take_fragment(self, message: Message) -> None:
        self._camera(message).film.add(message)

    def _take_jpeg(self, message: Message) -> None:
        self._camera(message).pictures.add(message)

    def _take_boxes(self, message: Message) -> None:
        head = message.head
        self._camera(message).boxes.add(message)
        for track_id, identity, *_ in head["boxes"]:
            self._visits.seen(head["camera"], head["time_s"], track_id, identity)

    def _take_failed(self, message: Message) -> None:
        self.state, self.why = "failed", message.head["what"]

    def _name(self, cameras: Collection[str]) -> None:
        for name in cameras:
            self._cameras.setdefault(name, _Camera())
        for name in set(self._cameras) - set(cameras):
            del self._cameras[name]

    def rename(self, cameras: Collection[str]) -> None:
        """The list of cameras is another."""
        with self._lock:
            self._name(cameras)
            self._turns += 1
            self._turned()

    def _camera(self, message: Message) -> _Camera:
        return self._cameras.get(message.head["camera"]) or _Camera()  # one that was taken out meanwhile

    # Who asks.

    @property
    def cameras(self) -> list[str]:
        """Every camera, in the order of the list."""
        with self._lock:
            return list(self._cameras)

    def state_for(self, user: Principal) -> dict[str, Any]:
        """How it stands, as somebody may know it: without other cameras."""
        with self._lock:
            return self._state_for(user)

    def _state_for(self, user: Principal) -> dict[str, Any]:
        present = self._visits.present(user.sees)
        seen = status_seen(self._status, user, people_now=len(present), cameras=list(self._cameras))
        for name, camera in seen["cameras"].items():
            camera["mime"] = self._cameras[name].film.mime
        people = [
            {"identity": number, "name": self._visits.names.get(number), "at": [v.to_json() for v in visits]}
            for number, visits in sorted(present.items())
        ]
        told = {"run": self.run, "state": self.state, "origin_utc": self.origin_utc, "now_s": self._now()}
        return {**told, "why": self.why if user.cameras is None else None, **seen, "people": people}

    def _now(self) -> float:
        return round(self._now_s + (clock.now() - self._now_at).total_seconds(), 3)

    def events_after(self, number: int, user: Principal) -> tuple[list[dict[str, Any]], int]:
        """Events after a number that somebody may know of, and the number of the last."""
        with self._lock:
            return self._events_after(number, user), self._events.last

    def _events_after(self, number: int, user: Principal) -> list[dict[str, Any]]:
        cameras_of = self._visits.cameras_of
        found = (event_seen(message.head["event"], user, cameras_of) for message in self._events.after(number))
        return [event for event in found if event is not None]

    def person(self, identity: int, user: Principal) -> dict[str, Any] | None:
        """Where somebody is and was, in the user's cameras; None where they were in none."""
        with self._lock:
            visits = self._visits.of(identity, user.sees)
            number = self._visits.by_now(identity)
            if not visits:
                return None
            name = self._visits.names.get(number)
            return {"identity": number, "name": name, "now_s": self._now(), "visits": [v.to_json() for v in visits]}

    def cameras_of(self, identity: int) -> frozenset[str]:
        """Every camera in which somebody was."""
        with self._lock:
            return self._visits.cameras_of(identity)

    # Who looks on.

    def enter(self, viewer: int, place: Place) -> bool:
        """Let somebody look on; False where there are too many already."""
        with self._lock:
            if len(self._places) >= MOST_VIEWERS:
                return False
            self._places[viewer] = place
            return True

    def leave(self, viewer: int) -> None:
        """They look on no more."""
        with self._lock:
            self._places.pop(viewer, None)
        self._tell_wanted()

    def want(self, place: Place, wanted: Mapping[str, Kind], user: Principal) -> None:
        """How pictures are wanted; cameras that are not the user's are left out."""
        with self._lock:
            known = {name: kind for name, kind in wanted.items() if name in self._cameras and user.sees(name)}
            for name in set(place.film) - {name for name, kind in known.items() if kind == "film"}:
                del place.film[name]  # who comes back to it begins anew
            place.wanted, place.turn = known, -1
        self._tell_wanted()

    def _tell_wanted(self) -> None:
        with self._lock:
            wanted = {n for place in self._places.values() for n, kind in place.wanted.items() if kind == "jpeg"}
            changed = self.changed
        changed(sorted(wanted))

    def since(self, place: Place, user: Principal) -> bytes | None:
        """What is new for somebody, as it travels (`pack_told`), who has read it then; None where nothing is."""
        if place.turn == self.turn:  # without the lock: a change that is missed now is seen at the next asking
            return None
        with self._lock:
            place.turn = self.turn
            key = (user, place.read())
            if key in self._shared:
                told, after = self._shared[key]
                place.follow(after)
                return told
            told = self._since(place, user)
            if len(self._shared) < _MOST_SHARED and (told is None or len(told) <= _MOST_SHARED_BYTES):
                after = Place()
                after.follow(place)
                self._shared[key] = (told, after)
            return told

    def _since(self, place: Place, user: Principal) -> bytes | None:
        media, data, boxes = [], [], []
        for name, kind in place.wanted.items():
            camera = self._cameras.get(name)
            if camera is None or not user.sees(name):
                continue
            for message in self._pictures(place, name, camera, kind):
                head = {key: value for key, value in message.head.items() if key != "mime"}
                media.append({**head, "bytes": len(message.data)})
                data.append(message.data)
            boxes += [message.head for message in camera.boxes.after(place.boxes.get(name, 0))]
            place.boxes[name] = camera.boxes.last
        events = self._events_after(place.events, user)
        place.events = self._events.last
        told: dict[str, Any] = {"media": media, "boxes": boxes, "events": events}
        if place.status != self._turns:
            place.status = self._turns
            told["state"] = self._state_for(user)
        return pack_told(told, data) if media or boxes or events or "state" in told else None

    def _pictures(self, place: Place, name: str, camera: _Camera, kind: Kind) -> list[Message]:
        if kind == "film":
            found = camera.film.after(place.film.get(name, 0))
            if found:
                place.film[name] = camera.film.last
            return found
        if kind == "jpeg":
            found = camera.pictures.after(place.pictures.get(name, 0))
            place.pictures[name] = camera.pictures.last
            return found
        return []
