"""What every request passes first: names by which we are reached, whose page asks; and what every answer bears.

A web page elsewhere can have a browser ask us, under a name of its own that leads here (DNS rebinding) or straight.
Names that are not ours and origins that are not ours are refused, of WebSockets too.

A page of a report is a page elsewhere too: it is shown in a sandbox, without our origin. Who follows a link from one of
its pages to the next is led over a page of ours, which asks for it; the report itself can still ask for nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content security policy of our pages: nothing from elsewhere, no script or style within a page."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
POLICY_VIOLATION = 1008
_REPORT = re.compile(r"/api/v1(?P<front>/runs/[^/]+/report)(?:\.html|(?P<page>/[^/]+))?")
"""Pages of a report as their own links name them; our page of each has the same address without the beginning."""


class Guard:
    """Middleware around the whole application.

    Args:
        app: What it guards.
        names: Names, without ports, by which we may be asked.
        any_address: Whether every numeric address is one: a page elsewhere cannot lead a browser here by a number.
        secure: Whether browsers reach us by https.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], *, any_address: bool, secure: bool) -> None:
        self._app = app
        self._names = {name.lower() for name in names}
        self._any_address = any_address
        self._headers = {**HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Headers(scope=scope), scope)
        if refusal is None:
            await self._app(scope, receive, self._with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await refusal(scope, receive, self._with_headers(send))

    def _refusal(self, headers: Headers, scope: Scope) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return _refused("this is not a name by which this page is reached: see `names` of reidtrack serve")
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        elsewhere = scope["path"].startswith("/api/") and headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if elsewhere and (place := _page_before(headers, scope)) is not None:
            return RedirectResponse(place, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
        if elsewhere or (origin is not None and changes and not _same(origin, hosts[0])):
            return _refused("another page asked for this")
        return None

    def _is_ours(self, host: str) -> bool:
        name = host_name(host)
        if name is None:
            return False
        return name in self._names or (self._any_address and _is_address(name))

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return sending


def _refused(what: str) -> Response:
    return PlainTextResponse(what, HTTPStatus.MISDIRECTED_REQUEST)


def _page_before(headers: Headers, scope: Scope) -> str | None:
    """Address of the page of ours that leads to a page of a report; None of what is not opened as a page."""
    opened = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
    found = _REPORT.fullmatch(scope["path"])
    if not opened or found is None or scope.get("method") != "GET":
        return None
    return quote(found["front"] + (found["page"] or ""))


def host_name(host: str) -> str | None:
    """Name or address within `host`, `host:port` or `[address]:port`, in small letters; None where it is none."""
    if host.startswith("["):
        name, bracket, rest = host[1:].partition("]")
        return name.lower() if bracket and _is_port(rest) else None
    name, colon, port = host.partition(":")
    return name.lower().rstrip(".") if name and _is_port(colon + port) else None


def _is_port(text: str) -> bool:
    return text == "" or (text.startswith(":") and text[1:].isascii() and text[1:].isdigit())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(origin: str, host: str) -> bool:
    """Whether an origin is a page of ours: the same name and port as the request's."""
    scheme, separator, rest = origin.partition("://")
    return bool(separator) and scheme in ("http", "https") and rest.lower() == host.lower()
