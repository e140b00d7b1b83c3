"""For each route, requests of it, each with the cameras of the object that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

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
    "GET /runs/{run}/tracklets": of_run("/tracklets"),
    "GET /runs/{run}/sightings": of_run("/sightings", "?from_s=1&until_s=2"),
    "GET /runs/{run}/cameras/{camera}/video": of_cameras("video"),
    "GET /runs/{run}/cameras/{camera}/frame": of_cameras("frame?time_s=1"),
    "GET /runs/{run}/crops/{camera}/{track_id}/{frame}": crops,
    "GET /runs/{run}/report": of_run("/report"),
    "GET /runs/{run}/corrections": of_run("/corrections"),
    "POST /runs/{run}/corrections": correcting,
    "DELETE /runs/{run}/corrections/{correction}": taking_back,
    "GET /runs/{run}/review": of_run("/review"),
    "POST /runs": once(Example("/runs", json={"name": "../up", "sources": ["/etc/passwd"]})),
    "GET /recordings": once(Example("/recordings")),
    "GET /settings": once(Example("/settings")),
    "GET /jobs": once(Example("/jobs")),
    "GET /jobs/{job}": a_job(""),
    "GET /jobs/{job}/events": a_job("/events"),
    "POST /jobs/{job}/cancel": a_job("/cancel", "cancel"),
    "POST /jobs/{job}/resume": a_job("/resume"),
    "PUT /uploads/{name}": once(Example("/uploads/hall.mp4", content=b"no video")),
    "GET /openapi.json": once(Example("/openapi.json")),
}
"""Sessions and tokens are one's own: `test_sessions` tries those of others."""
