"""Live cameras: how it stands, pictures with boxes over a WebSocket, events, people, and which cameras are watched."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import anyio
from anyio import to_thread
from pydantic import Field, ValidationError
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from reidtrack.config.camera_name import CameraName
from reidtrack.config.live import CameraSettings
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import LiveCamerasGiven, LivePersonGiven, LiveState
from reidtrack.server.data.timeline import colour
from reidtrack.server.endpoint import POLICY_VIOLATION, Call, Endpoint, Refused, Words, identify, not_there
from reidtrack.server.live.addresses import checked_address
from reidtrack.server.live.hub import Kind, LiveHub, Place
from reidtrack.video.palette import COLOURS

TICK_S = 0.04
"""How often a viewer is told what is new."""
_EVENTS_S = 0.5
_STILL_S = 5.0
"""How often it is asked whether who looks on still may."""
_ALIVE_S = 15.0
_MOST_WORDS = 64 << 10
_TRY_LATER = 1013
PALETTE = [colour(number) for number in range(1, COLOURS + 1)]
"""Colours of people 1, 2 and so on; then they repeat."""


@dataclass(frozen=True, slots=True)
class LiveCameras:
    """The session, or one of its cameras."""

    cameras: Iterable[str]


@dataclass(frozen=True, slots=True)
class LivePerson:
    """Somebody whom the session saw."""

    identity: int
    cameras: Iterable[str]


class NewCamera(Words):
    """A camera to watch: with an address another one, without a configured one that was taken out."""

    name: Annotated[CameraName, Field(min_length=1, max_length=100)]
    address: Annotated[str, Field(max_length=2000)] | None = None


class Following(Words):
    """For how long; without it, until who asks goes."""

    for_s: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] | None = None


class Wanted(Words):
    """What who looks on says: camera to how its pictures are wanted."""

    cameras: Annotated[Mapping[str, Kind], Field(max_length=1000)]


def the_session(call: Call) -> LiveCameras:
    """The session with all its cameras."""
    hub = call.services.live
    return not_there() if hub.run is None else LiveCameras(hub.cameras)


def a_camera(call: Call) -> LiveCameras:
    """The camera of `{camera}`."""
    camera = call.path["camera"]
    return LiveCameras((camera,)) if camera in call.services.live.cameras else not_there()


def a_person(call: Call) -> LivePerson:
    """The person of `{identity}`, of whatever cameras."""
    text = call.path["identity"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    cameras = call.services.live.cameras_of(number)
    return LivePerson(number, cameras) if cameras else not_there()


def show_state(call: Call) -> Any:
    """How it stands: cameras, and who is there now."""
    return {**call.services.live.state_for(call.who), "palette": PALETTE}


def show_person(call: Call) -> Any:
    """Where somebody is and was since the session began."""
    found: LivePerson = call.loaded
    told = call.services.live.person(found.identity, call.who) or not_there()
    run = call.runs.get(str(call.services.live.run))
    crops = run.crops if run is not None else ()
    tracks = {(visit["camera"], visit["track_id"]) for visit in told["visits"]}
    pictures = [c for c in crops if (c.camera, c.track_id) in tracks]
    newest = sorted(pictures, key=lambda c: (c.track_id, c.frame), reverse=True)[:6]
    shown = [{"camera": c.camera, "track_id": c.track_id, "frame": c.frame} for c in newest]
    return {**told, "run": call.services.live.run, "pictures": shown}


def list_cameras(call: Call) -> Any:
    """The user's cameras with their state; for admins also which are configured, and which were added or taken out."""
    cameras = call.services.live.state_for(call.who)["cameras"]
    plan = call.services.overseer.plan
    sources = plan.cameras.sources() if plan is not None and call.who.role >= Role.ADMIN else {}
    names = [*cameras, *(name for name, source in sources.items() if source == "off")]
    return {"items": [{"name": n, **cameras.get(n, {"state": "off"}), "source": sources.get(n)} for n in names]}


def add_camera(call: Call) -> Response:
    """Watch a camera: another one at an allowed address, or a configured one again."""
    asked: NewCamera = call.body
    plan = call.services.overseer.plan
    if plan is None:
        raise Refused(HTTPStatus.CONFLICT, "no cameras are watched here: start with `live`")
    if asked.address is None:
        call.services.overseer.add(asked.name)
    else:
        address = checked_address(asked.address, plan.allow)
        call.services.overseer.add(CameraSettings(name=asked.name, address=address))
    call.services.audit.write(call.who.name, "added a live camera", camera=asked.name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def remove_camera(call: Call) -> None:
    """Watch a camera no more; what was recorded of it stays."""
    if call.services.overseer.plan is None:
        raise Refused(HTTPStatus.CONFLICT, "no cameras are watched here: start with `live`")
    call.services.overseer.remove(call.path["camera"])


async def follow_events(call: Call) -> Response:
    """Events of the user's cameras as they come, the newest before it too, as server-sent events."""

    async def events() -> AsyncIterator[str]:
        number, told_s, asked_s = 0, time.monotonic(), time.monotonic()
        until_s = float("inf") if call.query.for_s is None else told_s + call.query.for_s
        while True:
            found, number = call.services.live.events_after(number, call.who)
            for event in found:
                yield f"data: {json.dumps(event)}\n\n"
            now = time.monotonic()
            if now >= until_s:
                return
            told_s = now if found else told_s
            if now - told_s >= _ALIVE_S:
                yield ": nothing new\n\n"
                told_s = now
            if now - asked_s >= _STILL_S:
                if not await to_thread.run_sync(_still_may, call):
                    return
                asked_s = now
            await anyio.sleep(_EVENTS_S)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def look_on(call: Call) -> None:
    """Pictures, boxes, events and state of the user's cameras, over one WebSocket.

    Who looks on sends `{"cameras": {"hall": "film"}}`: `film` for fragments of MP4, `jpeg` for single pictures, `none`
    for boxes alone. Each message is the length of a head (4 bytes, big-endian), the head as JSON, and the bytes of what
    its `media` lists, one after another.
    """
    socket = call.request
    assert isinstance(socket, WebSocket)
    hub, place = call.services.live, Place()
    if not hub.enter(id(place), place):
        await socket.close(_TRY_LATER)
        return
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_listen, socket, call, place, tasks.cancel_scope)
            await _tell(socket, call, place)
            tasks.cancel_scope.cancel()
    finally:
        await to_thread.run_sync(hub.leave, id(place), abandon_on_cancel=False)


async def _listen(socket: WebSocket, call: Call, place: Place, scope: anyio.CancelScope) -> None:
    """Take what is wanted; an end of the connection, or a word that is none, ends it."""
    hub: LiveHub = call.services.live
    try:
        while True:
            text = await socket.receive_text()
            if len(text) > _MOST_WORDS:
                raise ValueError(len(text))
            wanted = Wanted.model_validate_json(text).cameras
            await to_thread.run_sync(partial(hub.want, place, wanted, call.who))
    except (WebSocketDisconnect, RuntimeError, KeyError):
        scope.cancel()
    except (ValidationError, ValueError):
        await socket.close(POLICY_VIOLATION)
        scope.cancel()


async def _tell(socket: WebSocket, call: Call, place: Place) -> None:
    """Tell what is new, again and again; sending waits for who reads slowly, and then the newest is told."""
    hub, asked_s = call.services.live, time.monotonic()
    try:
        while True:
            told = hub.since(place, call.who)
            if told is not None:
                await socket.send_bytes(told)
            if time.monotonic() - asked_s >= _STILL_S:
                if not await to_thread.run_sync(_still_may, call):
                    await socket.close(POLICY_VIOLATION)
                    return
                asked_s = time.monotonic()
            await anyio.sleep(TICK_S - time.monotonic() % TICK_S)  # all at the same moments: they are told the same
    except (WebSocketDisconnect, RuntimeError):
        return


def _still_may(call: Call) -> bool:
    """Whether who asks is still who they were, with the same role and cameras: they may have logged out."""
    try:
        user, _ = identify(call.request, call.services, changes=False)
    except Refused:
        return False
    return user == call.user


SESSION = Rule(Role.VIEWER, the_session)
ENDPOINTS = (
    Endpoint(
        "GET",
        "/live",
        SESSION,
        show_state,
        "How it stands with the live cameras, and who is there now",
        gives=LiveState,
    ),
    Endpoint("WS", "/live/stream", SESSION, look_on, "Live pictures, boxes and events, over a WebSocket"),
    Endpoint(
        "GET",
        "/live/events",
        SESSION,
        follow_events,
        "Events of the live cameras as they come (server-sent events)",
        query=Following,
        answer="text/event-stream",
    ),
    Endpoint(
        "GET",
        "/live/people/{identity}",
        Rule(Role.VIEWER, a_person),
        show_person,
        "Where somebody is and was since the session began",
        audit="looked for live",
        gives=LivePersonGiven,
    ),
    Endpoint("GET", "/live/cameras", SESSION, list_cameras, "Live cameras and their state", gives=LiveCamerasGiven),
    Endpoint(
        "POST",
        "/live/cameras",
        Rule(Role.ADMIN, the_session, "all"),
        add_camera,
        "Watch a camera: a configured one again, or one of an allowed address",
        body=NewCamera,
        status=HTTPStatus.NO_CONTENT,
    ),
    Endpoint(
        "DELETE",
        "/live/cameras/{camera}",
        Rule(Role.ADMIN, a_camera),
        remove_camera,
        "Watch a camera no more",
        audit="took out a live camera",
        status=HTTPStatus.NO_CONTENT,
    ),
)
