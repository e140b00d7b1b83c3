"""For each route, requests of it, each with the cameras of the object that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View
from reidtrack.server.live.wire import Message
from reidtrack.server.services import Services


class Example(NamedTuple):
    """A request: path, cameras of the object, body."""

    path: str
    cameras: Sequence[str] = ()
    json: Any = None
    content: bytes | None = None


BOTH = ("left", "right")


def once(*examples: Example) -> Callable[[Services], list[Example]]:
    """Examples that are the same each time."""
    return lambda services: list(examples)


def of_run(rest: str = "", query: str = "") -> Callable[[Services], list[Example]]:
    """The run itself, something of it."""
    return once(Example(f"/runs/mall{rest}{query}", BOTH))


def of_cameras(rest: str) -> Callable[[Services], list[Example]]:
    """Something of each camera."""
    return once(*(Example(f"/runs/mall/cameras/{camera}/{rest}", (camera,)) for camera in BOTH))


def day_page(services: Services) -> list[Example]:
    """A page of a day, as runs of several have them."""
    folder = services.library.root / "mall" / "report"
    folder.mkdir(exist_ok=True)
    (folder / "2026-11-29.html").write_text("<p>a day</p>")
    return [Example("/runs/mall/report/2026-11-29.html", BOTH)]


def crops(services: Services) -> list[Example]:
    """A picture of each camera."""
    found = services.library.load("mall")
    assert found is not None
    first = {crop.camera: crop for crop in found.crops.values()}
    assert set(first) == set(BOTH)
    return [Example(f"/runs/mall/crops/{c.camera}/{c.track_id}/{c.frame}", (c.camera,)) for c in first.values()]


def a_job(rest: str, method: str = "") -> Callable[[Services], list[Example]]:
    """A job, in the state in which it may be asked for this."""

    def make(services: Services) -> list[Example]:
        job = services.queue.add("next", ("right",), {}, "root")
        if method != "cancel":
            services.queue.cancel_queued(job.id)
        return [Example(f"/jobs/{job.id}{rest}", ("right",))]

    return make


def correcting(services: Services) -> list[Example]:
    """Corrections of one camera, of the other, and of a person whom both saw."""
    del services
    place = "/runs/mall/corrections"
    words = [(["left 1"], ("left",)), (["right 1"], ("right",)), (["1"], BOTH), (["left 1", "right 1"], BOTH)]
    return [Example(place, cameras, {"verb": "lock", "who": who}) for who, cameras in words]


def taking_back(services: Services) -> list[Example]:
    """The two entries that the test has put there; the last is of the right camera."""
    del services
    from reidtrack.corrections.schema import Correction, Lock
    from reidtrack.server.routes.corrections import identifier

    left = identifier(Correction(Lock(lock=("left 1",)), 1, 1))  # type: ignore[arg-type]
    place = "/runs/mall/corrections"
    return [Example(f"{place}/{left}", ("left",)), Example(f"{place}/last", ("right",))]


FAR = (9000, 9000, 9001, 9001)
"""A box outside every picture: refused before a network is needed."""


def looking(path: str) -> Callable[[Services], list[Example]]:
    """A photo that is none, and a picture of each camera."""

    def make(services: Services) -> list[Example]:
        found = services.library.load("mall")
        assert found is not None
        asked: list[tuple[Sequence[str], dict[str, Any]]] = [((), {"image": "bm8="})]
        for crop in {crop.camera: crop for crop in found.crops.values()}.values():
            words = {"run": "mall", "camera": crop.camera, "track_id": crop.track_id, "frame": crop.frame}
            asked.append(((crop.camera,), {**words, "box_xyxy": FAR}))
        if path != "/compare":
            return [Example(path, cameras, {"picture": picture}) for cameras, picture in asked]
        pairs = [(asked[0], one) for one in asked] + [(asked[1], asked[2])]
        return [Example(path, (*a, *b), {"first": one, "second": other}) for (a, one), (b, other) in pairs]

    return make


def fill_gallery(services: Services) -> dict[str, str]:
    """Makes the gallery anew: somebody of each camera, of both, and of a photo alone; name to key."""
    services.gallery.unlink(missing_ok=True)
    feature = np.eye(1, 8, dtype=np.float32)[0]
    with open_gallery(services.gallery, Signature("0" * 64, "as a test does"), make=True) as gallery:
        with gallery.writing():
            for number, cameras in enumerate((["left"], ["right"], list(BOTH), ["photo"])):
                person = gallery.add_person(["Lea", "Rita", "Bob", "Pia"][number])
                kind: Any = "photo" if cameras == ["photo"] else "run"
                views = [View(camera, 1.0, feature, 0.0, 1.0, (number,)) for camera in cameras]
                gallery.add_views(Source(f"source {number}", kind, "nowhere"), {person: views})
        return {one.name: one.key for one in gallery.people() if one.name}


def known(rest: str, json: Any = None) -> Callable[[Services], list[Example]]:
    """Each person of the gallery; changing one is for who sees all cameras."""

    def make(services: Services) -> list[Example]:
        keys = fill_gallery(services)
        cameras: dict[str, Sequence[str]] = {"Lea": ("left",), "Rita": ("right",), "Bob": BOTH, "Pia": ("none",)}
        body = {"into": keys["Bob"]} if rest == "/merge" else json
        changes = dict.fromkeys(cameras, ("none",)) if rest else cameras
        return [Example(f"/people/{keys[name]}{rest.strip('!')}", changes[name], body) for name in cameras]

    return make


def known_list(services: Services) -> list[Example]:
    """The list of a gallery with somebody in it."""
    fill_gallery(services)
    return [Example("/people")]


def watch_both(services: Services) -> None:
    """Has the live cameras left and right tell something: a film, and person 1 in left, 2 in right, 3 in both."""
    hub = services.live
    hub.begin("live", BOTH)
    for camera, own in zip(BOTH, (1, 2), strict=True):
        beginning = {"kind": "beginning", "camera": camera, "mime": "video/mp4", "start_s": 0.0}
        hub.take(Message(beginning, b"a film of " + camera.encode()))
        hub.take(Message({"kind": "fragment", "camera": camera, "time_s": 1.0, "key": True}, camera.encode()))
        for track_id, identity in enumerate((own, 3), 1):
            place = {"camera": camera, "track_id": track_id, "time_s": 1.0}
            hub.take(Message({"kind": "event", "event": {"event": "tracklet_started", **place}}))
            if identity == own:
                hub.take(Message({"kind": "event", "event": {"event": "identity", **place, "identity": identity}}))
        ended = {"event": "tracklet_ended", "camera": camera, "track_id": 2, "time_s": 2.0, "identity": 3}
        hub.take(Message({"kind": "event", "event": ended}))
        boxes = {"camera": camera, "time_s": 1.0, "size": [9, 9], "boxes": [[1, own, 0, 0, 1, 1]]}
        hub.take(Message({"kind": "boxes", **boxes}))
    status = {"cameras": {name: {"state": "up"} for name in BOTH}, "people_total": 3}
    hub.take(Message({"kind": "status", "status": status, "now_s": 2.0}))


def live(*examples: Example) -> Callable[[Services], list[Example]]:
    """Examples of live cameras that are watched."""

    def make(services: Services) -> list[Example]:
        watch_both(services)
        return list(examples)

    return make


EXAMPLES: dict[str, Callable[[Services], list[Example]]] = {
    "GET /health": once(Example("/health")),
    "POST /session": once(Example("/session", json={"name": "nobody", "password": "wrong"})),
    "GET /session": once(Example("/session")),
    "DELETE /session": once(Example("/session")),
    "GET /sessions": once(Example("/sessions")),
    "DELETE /sessions/{id}": lambda services: [],
    "GET /tokens": once(Example("/tokens")),
    "POST /tokens": once(Example("/tokens", json={"label": "a script"})),
    "DELETE /tokens/{id}": lambda services: [],
    "GET /users": once(Example("/users")),
    "GET /audit": once(Example("/audit")),
    "GET /runs": once(Example("/runs")),
    "GET /runs/{run}": of_run(),
    "GET /runs/{run}/identities": of_run("/identities"),
    "GET /runs/{run}/identities/{identity}": of_run("/identities/1"),
    "GET /runs/{run}/identities/{identity}/path": of_run("/identities/1/path"),
    "GET /runs/{run}/tracklets": of_run("/tracklets"),
    "GET /runs/{run}/sightings": of_run("/sightings", "?from_s=1&until_s=2"),
    "GET /runs/{run}/cameras/{camera}/video": of_cameras("video"),
    "GET /runs/{run}/cameras/{camera}/frame": of_cameras("frame?time_s=1"),
    "GET /runs/{run}/crops/{camera}/{track_id}/{frame}": crops,
    "GET /runs/{run}/report": of_run("/report"),
    "GET /runs/{run}/report/{page}": day_page,
    "GET /runs/{run}/corrections": of_run("/corrections"),
    "POST /runs/{run}/corrections": correcting,
    "DELETE /runs/{run}/corrections/{correction}": taking_back,
    "GET /runs/{run}/review": of_run("/review"),
    "GET /runs/{run}/measurement": of_run("/measurement"),
    "POST /runs/{run}/measurement": once(Example("/runs/mall/measurement", BOTH, {"gt": {"left": "/etc/passwd"}})),
    "DELETE /runs/{run}/identities/{identity}": of_run("/identities/1"),
    "GET /ground-truth": once(Example("/ground-truth")),
    "POST /runs": once(Example("/runs", json={"name": "../up", "sources": ["/etc/passwd"]})),
    "GET /recordings": once(Example("/recordings")),
    "GET /settings": once(Example("/settings")),
    "GET /jobs": once(Example("/jobs")),
    "GET /jobs/{job}": a_job(""),
    "GET /jobs/{job}/events": a_job("/events"),
    "POST /jobs/{job}/cancel": a_job("/cancel", "cancel"),
    "POST /jobs/{job}/resume": a_job("/resume"),
    "PUT /uploads/{name}": once(Example("/uploads/hall.mp4", content=b"no video")),
    "POST /detect": looking("/detect"),
    "POST /embed": looking("/embed"),
    "POST /compare": looking("/compare"),
    "POST /search": looking("/search"),
    "GET /people": known_list,
    "POST /people": once(Example("/people", ("none",), {"name": "Zoe", "pictures": [{"image": "bm8="}]})),
    "POST /people/{key}/dates": known("/dates", {"until": None}),
    "GET /people/{key}": known(""),
    "POST /people/{key}/name": known("/name", {"name": ""}),
    "POST /people/{key}/merge": known("/merge"),
    "DELETE /people/{key}": known("!"),
    "GET /live": live(Example("/live", BOTH)),
    "WS /live/stream": live(Example("/live/stream", BOTH)),
    "GET /live/events": live(Example("/live/events?for_s=0", BOTH)),
    "GET /live/people/{identity}": live(
        Example("/live/people/1", ("left",)), Example("/live/people/2", ("right",)), Example("/live/people/3", BOTH)
    ),
    "GET /live/cameras": live(Example("/live/cameras", BOTH)),
    "POST /live/cameras": live(Example("/live/cameras", BOTH, {"name": "hall", "address": "rtsp://127.0.0.1/"})),
    "DELETE /live/cameras/{camera}": live(*(Example(f"/live/cameras/{camera}", (camera,)) for camera in BOTH)),
    "GET /openapi.json": once(Example("/openapi.json")),
}
"""Sessions and tokens are one's own: `test_sessions` tries those of others."""
