"""Jobs: start a run of recordings in allowed folders, watch it, cancel it, have it go on."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import anyio
from anyio import to_thread
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from reidtrack.config.load import dump, load
from reidtrack.config.run import RunConfig
from reidtrack.errors import UsageError
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import JobGiven, Jobs, SettingsGiven, Sources
from reidtrack.server.data.places import AllowedFolders
from reidtrack.server.endpoint import Call, Endpoint, Refused, Words, not_there
from reidtrack.server.jobs.queue import OVER, Job
from reidtrack.server.routes.paging import Page, paged
from reidtrack.video.naming import name_cameras

_RUN_NAME = re.compile(r"[\w](?:[\w.\- ]{0,98}[\w])?")
_TOLD_S = 0.5
"""How often whoever watches is told."""


class NewRun(Words):
    """A run to be made.

    Attributes:
        name: Of its folder.
        sources: Recordings as `GET /recordings` and uploads give them, one for each camera.
        cameras: Their names; the files' stems if there are none.
        settings: What differs from the defaults, dotted keys as in the configuration files.
    """

    name: str
    sources: Annotated[list[Annotated[str, Field(max_length=4096)]], Field(min_length=1, max_length=64)]
    cameras: Annotated[list[str], Field(max_length=64)] | None = None
    settings: dict[str, Any] = Field(default_factory=dict)


def start_run(call: Call) -> Response:
    """Put a run into the queue."""
    asked: NewRun = call.body
    services = call.services
    if not _RUN_NAME.fullmatch(asked.name):
        raise UsageError(f"{asked.name[:100]!r} cannot be a run", field="name", expected="letters, digits, _ - .")
    if (services.root / "run.json").is_file():
        raise Refused(HTTPStatus.CONFLICT, "what is served is one run: serve the folder around it to make others")
    out = services.root / asked.name
    if out.exists() or out.is_symlink() or services.queue.busy(asked.name):
        raise Refused(HTTPStatus.CONFLICT, "there is a run of that name")
    sources = [str(services.allowed.find(source)) for source in asked.sources]
    cameras = name_cameras(sources, asked.cameras)
    config = load(RunConfig, options=asked.settings)
    check_paths(config, RunConfig(), services.allowed)
    request = {"out": str(out), "sources": sources, "cameras": cameras, "settings": asked.settings}
    job = services.queue.add(asked.name, tuple(cameras), request, call.who.name)
    services.runner.wake()
    return Response(json.dumps(job.to_json()), HTTPStatus.ACCEPTED, media_type="application/json")


def check_paths(config: BaseModel, default: BaseModel, allowed: AllowedFolders) -> None:
    """Refuse settings that name files outside the folders that may be read: whoever sets them is far away.

    Raises:
        UsageError: If one does.
    """
    for name in type(config).model_fields:
        value, usual = getattr(config, name), getattr(default, name)
        if isinstance(value, BaseModel) and isinstance(usual, BaseModel):
            check_paths(value, usual, allowed)
            continue
        for path in _paths(value):
            if value != usual and len(path.parts) != 1 and allowed.holds(str(path)) is None:
                raise UsageError(f"{name}: {path} may not be read", field="settings", expected="a shipped name")
            if value != usual and (path.exists() and allowed.holds(str(path)) is None):
                raise UsageError(f"{name}: {path} may not be read", field="settings", expected="a shipped name")


def _paths(value: Any) -> list[Path]:
    if isinstance(value, Path):
        return [value]
    if isinstance(value, Mapping):
        return [path for part in value.values() for path in _paths(part)]
    return [path for part in value for path in _paths(part)] if isinstance(value, list | tuple) else []


def list_recordings(call: Call) -> Any:
    """Recordings of which a run can be made."""
    return paged(list(call.services.allowed.recordings()), call.query, lambda path: {"source": str(path)})


def show_settings(_: Call) -> Any:
    """Every setting of a run with its default, and what it may be: a schema of JSON, for a form."""
    return {"defaults": dump(RunConfig()), "schema": RunConfig.model_json_schema()}


def a_job(call: Call) -> Job:
    """The job of `{job}`."""
    return call.services.queue.get(call.path["job"]) or not_there()


def list_jobs(call: Call) -> Any:
    """Every job, the newest first."""
    return paged(call.services.queue.all(), call.query, Job.to_json)


def show_job(call: Call) -> Any:
    """One job and how far it is."""
    return call.loaded.to_json()


def cancel_job(call: Call) -> Any:
    """End a job early; what was read until then is finalised."""
    if not call.services.runner.cancel(call.loaded.id):
        raise Refused(HTTPStatus.CONFLICT, f"it is {call.loaded.state} already")
    return show_again(call)


def resume_job(call: Call) -> Any:
    """Have a job go on that was cancelled or failed."""
    if not call.services.queue.again(call.loaded.id):
        raise Refused(HTTPStatus.CONFLICT, f"it is {call.loaded.state}")
    call.services.runner.wake()
    return show_again(call)


def show_again(call: Call) -> Any:
    """The job as it is now."""
    return a_job(call).to_json()


async def watch_job(call: Call) -> Response:
    """How far a job is, as server-sent events, until it is over."""

    async def events() -> AsyncIterator[str]:
        told = None
        while True:
            job = await to_thread.run_sync(call.services.queue.get, call.loaded.id)
            if job is None:
                return
            if job != told:
                yield f"data: {json.dumps(job.to_json())}\n\n"
                told = job
            if job.state in OVER:
                return
            await anyio.sleep(_TOLD_S)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


ADMIN = Rule(Role.ADMIN)
THE_JOB = Rule(Role.ADMIN, a_job)
ENDPOINTS = (
    Endpoint(
        "POST",
        "/runs",
        ADMIN,
        start_run,
        "Start a run",
        body=NewRun,
        audit="started a run",
        gives=JobGiven,
        status=HTTPStatus.ACCEPTED,
        refuses=(HTTPStatus.NOT_FOUND,),
    ),
    Endpoint(
        "GET", "/recordings", ADMIN, list_recordings, "Recordings of which a run can be made", query=Page, gives=Sources
    ),
    Endpoint(
        "GET",
        "/settings",
        ADMIN,
        show_settings,
        "Every setting of a run, with the schema of a form",
        gives=SettingsGiven,
    ),
    Endpoint("GET", "/jobs", ADMIN, list_jobs, "Long work, the newest first", query=Page, gives=Jobs),
    Endpoint("GET", "/jobs/{job}", THE_JOB, show_job, "A job and how far it is", gives=JobGiven),
    Endpoint(
        "GET",
        "/jobs/{job}/events",
        THE_JOB,
        watch_job,
        "How far a job is, as it goes on (server-sent events)",
        answer="text/event-stream",
    ),
    Endpoint(
        "POST",
        "/jobs/{job}/cancel",
        THE_JOB,
        cancel_job,
        "End a job early, in good order",
        audit="cancelled",
        gives=JobGiven,
    ),
    Endpoint("POST", "/jobs/{job}/resume", THE_JOB, resume_job, "Have a job go on", audit="resumed", gives=JobGiven),
)
