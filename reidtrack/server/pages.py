"""The front end: files of the package, read once, each under the path that it has in the package.

Modules of `server/static` import those that the report has (`report/js`) by the same relative paths that they have on
the disk, so that tools and browsers find the same files.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

PREFIX = "/app"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}
_FOLDERS = ("server/static", "report/js")
_FILES = ("report/page.css",)
INDEX = "server/static/index.html"
_MAIN = "server/static/main.js"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the front end: its bytes, type, and a tag that changes with them."""

    data: bytes
    media_type: str
    tag: str


@cache
def assets() -> dict[str, Asset]:
    """Path within the package to file, of the whole front end."""
    package = files("reidtrack")
    found = dict(part for folder in _FOLDERS for part in _below(package.joinpath(folder), folder))
    found |= {name: _asset(package.joinpath(name), name) for name in _FILES}
    return found | {INDEX: _naming_modules(found)}


def _naming_modules(found: Mapping[str, Asset]) -> Asset:
    """The page with every module that its script leads to: browsers ask for all at once, not level by level."""
    reached, waiting = [], [_MAIN]
    for name in waiting:
        reached.append(f'<link rel="modulepreload" href="{PREFIX}/{name}">')
        imported = re.findall(r'^import .*from "(\.[^"]+)"', found[name].data.decode(), flags=re.M)
        others = (posixpath.normpath(posixpath.join(posixpath.dirname(name), other)) for other in imported)
        waiting += [other for other in dict.fromkeys(others) if other not in waiting]
    text = found[INDEX].data.decode().replace("</head>", "\n".join([*reached, "</head>"]))
    return _made(text.encode(), INDEX)


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, Asset]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        name = f"{path}/{entry.name}"
        if entry.is_dir():
            yield from _below(entry, name)
        elif "." + entry.name.rpartition(".")[2] in _TYPES and not entry.name.endswith(".bundle.js"):
            yield name, _asset(entry, name)


def _asset(entry: Traversable, name: str) -> Asset:
    return _made(entry.read_bytes(), name)


def _made(data: bytes, name: str) -> Asset:
    return Asset(data, _TYPES["." + name.rpartition(".")[2]], f'"{hashlib.sha256(data).hexdigest()[:20]}"')


async def _send(request: Request) -> Response:
    """A file of the front end: looked up by its name among those that there are."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("there is no such file", HTTPStatus.NOT_FOUND)
    return _response(request, asset)


async def _index(request: Request) -> Response:
    """The page itself, for every address that is none of the interface: the script in it knows which page is meant."""
    return _response(request, assets()[INDEX])


def _response(request: Request, asset: Asset) -> Response:
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache"}
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(asset.data, media_type=asset.media_type, headers=headers)


async def _nothing(_: Request) -> Response:
    return Response(
        '{"error": {"what": "there is no such route"}}', HTTPStatus.NOT_FOUND, media_type="application/json"
    )


def page_routes() -> list[Route]:
    """Routes of the front end, and of what is nothing; they come after those of the interface."""
    every = ["GET", "POST", "PUT", "DELETE", "PATCH"]
    return [
        Route(PREFIX + "/{name:path}", _send, methods=["GET"]),
        Route("/api/{rest:path}", _nothing, methods=every),
        Route("/{rest:path}", _index, methods=["GET"]),
    ]
