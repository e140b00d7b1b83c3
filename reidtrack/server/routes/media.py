"""Videos with byte ranges, single frames, crops, and the report of a run."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import FileResponse, Response

from reidtrack.runs.day_pages import is_day_page
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.data.frames import Film, films, frame_at
from reidtrack.server.data.places import plain_file
from reidtrack.server.endpoint import Call, Endpoint, Refused, Words, not_there
from reidtrack.server.routes.found import CameraOfRun, CropOfRun, WholeRun, a_camera, a_crop, whole_run

Kind = Literal["original", "annotated"]
PRIVATE = {"Cache-Control": "private, no-cache"}
"""Browsers may keep it, and ask each time whether they still may show it."""
_TYPES = {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"}
_SANDBOX = "sandbox allow-scripts; frame-ancestors 'none'"
"""The report's script runs on a page of its own, which can ask nothing of us: the folder may come from elsewhere. Its
links from page to page are led over a page of ours (`server.guard`)."""


class WhichFilm(Words):
    """Which film of a camera; the original where it is at hand."""

    kind: Kind | None = None


class WhichFrame(WhichFilm):
    """Which moment, seconds since the run's origin, and how wide at most, pixels."""

    time_s: Annotated[float, Field(allow_inf_nan=False, ge=-1e12, le=1e12)]
    width: Annotated[int, Field(ge=16, le=3840)] | None = None


def _film(call: Call) -> Film:
    found: CameraOfRun = call.loaded
    kind: Kind | None = call.query.kind
    there = films(found.run, found.camera, call.services.allowed)
    film = next((film for film in there if kind in (None, film.kind)), None)
    if film is None:
        what = "no film of this camera is at hand: name its folder with `recordings`, or render the videos"
        raise Refused(HTTPStatus.NOT_FOUND, what)
    return film


def send_video(call: Call) -> Response:
    """The film, or a range of its bytes."""
    film = _film(call)
    headers = {**PRIVATE, "X-First-Time-S": f"{film.first_time_s:.6f}", "X-Film": film.kind}
    return FileResponse(film.path, media_type=_TYPES.get(film.path.suffix.lower(), "video/mp4"), headers=headers)


def send_frame(call: Call) -> Response:
    """One frame as JPEG; headers say its time and index."""
    film, asked = _film(call), call.query
    picture = frame_at(film, call.loaded.camera, asked.time_s, asked.width)
    width, height = picture.size
    headers = {"X-Time-S": f"{picture.time_s:.6f}", "X-Frame": str(picture.index), "X-Size": f"{width}x{height}"}
    return Response(picture.jpeg, media_type="image/jpeg", headers={**PRIVATE, **headers})


def send_crop(call: Call) -> Response:
    """One picture of somebody."""
    found: CropOfRun = call.loaded
    try:
        content = plain_file(found.crop.path).read_bytes()
    except FileNotFoundError:  # live cameras put a better one in its place
        not_there()
    return Response(content, media_type="image/jpeg", headers=PRIVATE)


def send_report(call: Call) -> Response:
    """The report, which shows every camera of the run."""
    found: WholeRun = call.loaded
    headers = {**PRIVATE, "Content-Security-Policy": _SANDBOX}
    return FileResponse(plain_file(found.run.folder.report), media_type="text/html", headers=headers)


def send_day_page(call: Call) -> Response:
    """A page of one day of the report."""
    found: WholeRun = call.loaded
    if not is_day_page(call.path["page"]):
        not_there()
    path = found.run.folder.day_pages / call.path["page"]
    if path.parent.is_symlink() or not path.is_file():
        not_there()
    headers = {**PRIVATE, "Content-Security-Policy": _SANDBOX}
    return FileResponse(plain_file(path), media_type="text/html", headers=headers)


OF_CAMERA = Rule(Role.VIEWER, a_camera)
ENDPOINTS = (
    Endpoint(
        "GET",
        "/runs/{run}/cameras/{camera}/video",
        OF_CAMERA,
        send_video,
        "The film of a camera; byte ranges work",
        query=WhichFilm,
        answer="video/mp4",
        ranges=True,
    ),
    Endpoint(
        "GET",
        "/runs/{run}/cameras/{camera}/frame",
        OF_CAMERA,
        send_frame,
        "The frame of a moment as JPEG",
        query=WhichFrame,
        answer="image/jpeg",
    ),
    Endpoint(
        "GET",
        "/runs/{run}/crops/{camera}/{track_id}/{frame}",
        Rule(Role.VIEWER, a_crop),
        send_crop,
        "A picture of somebody",
        answer="image/jpeg",
    ),
    Endpoint(
        "GET",
        "/runs/{run}/report",
        Rule(Role.VIEWER, whole_run, "all"),
        send_report,
        "The report of a run, for who sees all its cameras; of several days its front page",
        answer="text/html",
        ranges=True,
    ),
    Endpoint(
        "GET",
        "/runs/{run}/report/{page}",
        Rule(Role.VIEWER, whole_run, "all"),
        send_day_page,
        "A page of one day of the report, such as 2026-11-29.html",
        answer="text/html",
        ranges=True,
    ),
)
