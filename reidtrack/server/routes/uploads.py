"""Recordings that are sent: counted while they come, opened before they are kept."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.requests import Request

from reidtrack import clock
from reidtrack.errors import InputError, OutputError, UsageError
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import Upload
from reidtrack.server.data.places import SUFFIXES
from reidtrack.server.endpoint import Call, Endpoint, Refused
from reidtrack.video.naming import is_camera_name
from reidtrack.video.source import open_source


async def receive(call: Call) -> Any:
    """Keep what is sent under a name, if it is a video; `source` is what a new run is told."""
    name = call.path["name"]
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    if name != Path(name).name or not is_camera_name(stem) or suffix not in SUFFIXES:
        expected = f"letters, digits, spaces and _ - . , and an ending such as {', '.join(sorted(SUFFIXES)[:4])}"
        raise UsageError(f"{name[:100]!r} cannot be a recording", field="name", expected=expected)
    most = call.services.config.upload_bytes
    request = call.request
    assert isinstance(request, Request)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    folder = call.services.uploads / secrets.token_hex(8)
    path = folder / f"{stem}{suffix}"
    try:
        await to_thread.run_sync(lambda: folder.mkdir(mode=0o700, parents=True))
        count = await _write(path, request.stream(), most)
        frames = await to_thread.run_sync(_probe, path)
    except BaseException:
        await to_thread.run_sync(_discard, path)
        raise
    await to_thread.run_sync(call.services.clean_uploads)
    call.services.audit.write(call.who.name, "sent a recording", source=str(path), bytes=count)
    return {"source": str(path), "bytes": count, **frames}


async def _write(path: Path, pieces: AsyncIterator[bytes], most: int) -> int:
    count = 0
    try:
        with path.open("xb") as file:
            async for piece in pieces:
                count += len(piece)
                if count > most:
                    raise _too_large(most)
                await to_thread.run_sync(file.write, piece)
        sent_s = clock.now().timestamp()
        os.utime(path, (sent_s, sent_s))  # from which its days are counted, by the same clock
    except OSError as error:
        raise OutputError("cannot be written", hint=error.strerror) from error
    return count


def _probe(path: Path) -> dict[str, Any]:
    """What the recording says of itself, once its first picture could be decoded."""
    with open_source(path, "upload") as source:
        if next(iter(source), None) is None:
            raise InputError("it has no picture", expected="a video")
        return {"size": source.size, "duration_s": source.duration_s}


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()


def _too_large(most: int) -> Refused:
    return Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {most} bytes (`upload_bytes`)")


ENDPOINTS = (
    Endpoint(
        "PUT",
        "/uploads/{name}",
        Rule(Role.ADMIN),
        receive,
        "Send a recording",
        raw=True,
        gives=Upload,
        refuses=(HTTPStatus.REQUEST_ENTITY_TOO_LARGE,),
    ),
)
