"""One route of the interface, and what happens before its handler is called: who asks, may they, what do they see.

An endpoint cannot be made without a rule, and the only way into the application is through `as_route`. The handler
gets a `Call`, whose `runs` hold nothing but what the user may see.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from reidtrack.errors import InputError, OutputError, ReidtrackError, UsageError
from reidtrack.server.access.accounts import Session
from reidtrack.server.access.rules import LOCAL, Principal, Rule

if TYPE_CHECKING:
    from reidtrack.server.data.library import RunsSeen
    from reidtrack.server.services import Services

logger = logging.getLogger(__name__)

BASE = "/api/v1"
COOKIE = "reidtrack_session"
CSRF_HEADER = "x-csrf-token"
MOST_BODY = 1 << 20
"""Bytes of a body of JSON."""
POLICY_VIOLATION = 1008
"""How a WebSocket is closed to whom it is not for."""
SAFE = ("GET", "HEAD", "WS")
Method = Literal["GET", "POST", "PUT", "DELETE", "WS"]


class Words(BaseModel):
    """Base of what is sent to a route: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Refused(Exception):  # noqa: N818 (an answer, not a mishap)
    """An answer other than the one hoped for.

    Attributes:
        status: HTTP status.
        what: Why, for people.
        headers: Sent along.
    """

    def __init__(self, status: HTTPStatus, what: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.headers = dict(headers or {})


def not_there() -> NoReturn:
    """Refuse what does not exist in words that fit what is not the user's too: nobody learns which it was.

    Raises:
        Refused: Always.
    """
    raise Refused(HTTPStatus.NOT_FOUND, "there is no such thing here, or it is not for you to see")


@dataclass(frozen=True, eq=False)
class Call:
    """A request, as a handler sees it.

    Attributes:
        request: The request, or the WebSocket.
        services: What the application works with; what belongs to cameras is read through `runs` instead.
        user: Who asks; of routes for everybody, perhaps nobody.
        session: How they logged in; None of tokens and of this machine without accounts.
        runs: Runs as the user sees them.
        path: Names in the address to what stands there.
        query: The checked parameters.
        body: The checked body.
        loaded: What the rule has loaded.
    """

    request: HTTPConnection
    services: Services
    user: Principal | None
    session: Session | None
    runs: RunsSeen
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    loaded: Any = None

    @property
    def who(self) -> Principal:
        """Who asks, of a route that is not for everybody."""
        if self.user is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "log in first")
        return self.user

    @property
    def address(self) -> str:
        """Where the request came from."""
        return self.request.client.host if self.request.client else ""


Handler = Callable[[Call], Any]
"""Answers a call: with a response, or with plain values or a model, which become JSON. Plain functions run in a thread
of their own; coroutines must not block."""


@dataclass(frozen=True, eq=False)
class Endpoint:
    """One route.

    Attributes:
        method: What is done; `WS` is a WebSocket.
        path: Where, from `/api/v1` on; names in braces.
        rule: Who may.
        handler: What answers.
        title: What it does, a line.
        query: Parameters that it takes.
        body: What has to be sent to it as JSON.
        answer: Media type of what it gives, for the description.
        gives: Shape of what it gives as JSON; None of other media types.
        status: How it answers when it does what is asked.
        refuses: How else, beside what every route of its kind may (`openapi`).
        ranges: Whether a range of its bytes can be asked for.
        raw: Whether the handler reads the body itself.
        most_bytes: Of a body of JSON.
        audit: What is put down when it is used; "" for nothing.
    """

    method: Method
    path: str
    rule: Rule
    handler: Handler
    title: str
    query: type[Words] | None = None
    body: type[Words] | None = None
    answer: str = "application/json"
    gives: type[BaseModel] | None = None
    status: HTTPStatus = HTTPStatus.OK
    refuses: tuple[HTTPStatus, ...] = ()
    ranges: bool = False
    raw: bool = False
    most_bytes: int = MOST_BODY
    audit: str = ""

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def _changes(self) -> bool:
        """Whether it does something in the name of who asks; logging in does not."""
        return self.method not in SAFE and self.rule.role is not None

    def as_route(self, services: Services) -> Route | WebSocketRoute:
        """The route of an application; what is refused is answered here."""
        if self.method == "WS":

            async def connect(socket: WebSocket) -> None:
                try:
                    call = await to_thread.run_sync(self._admit, socket, services, None)
                except (Refused, ReidtrackError):
                    await socket.close(POLICY_VIOLATION)
                    return
                await socket.accept()
                await self.handler(call)

            return WebSocketRoute(BASE + self.path, connect)

        async def respond(request: Request) -> Response:
            try:
                return await self._respond(request, services)
            except Exception as error:
                return answer_of(error)

        return Route(BASE + self.path, respond, methods=[self.method])

    async def _respond(self, request: Request, services: Services) -> Response:
        # Who asks is settled before a byte of the body is read.
        user, _ = await to_thread.run_sync(partial(identify, request, services, changes=self._changes))
        self._require_role(user)
        body = None if self.body is None or self.raw else await _read_body(request, self.most_bytes)
        call = await to_thread.run_sync(self._admit, request, services, body)
        handler: Any = self.handler
        result = await handler(call) if _is_coroutine(handler) else await to_thread.run_sync(handler, call)
        return as_response(result)

    def _admit(self, connection: HTTPConnection, services: Services, body: bytes | None) -> Call:
        """The call of a request, if its user may make it.

        Raises:
            Refused: If not.
        """
        user, session = identify(connection, services, changes=self._changes)
        self._require_role(user)
        runs = services.library.seen_by(user)
        query = None if self.query is None else _parsed(self.query, dict(connection.query_params))
        parsed = None if self.body is None or body is None else _parsed_json(self.body, body)
        path = dict(connection.path_params)
        call = Call(connection, services, user, session, runs, path, query, parsed)
        if self.rule.load is None:
            self._write_down(call)
            return call
        loaded = self.rule.load(call)
        if not self.rule.covers(call.who, loaded):
            not_there()
        self._write_down(call)
        return Call(connection, services, user, session, runs, path, query, parsed, loaded)

    def _require_role(self, user: Principal | None) -> None:
        if self.rule.allows(user):
            return
        if user is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "log in first")
        needed = self.rule.role.word if self.rule.role is not None else ""
        raise Refused(HTTPStatus.FORBIDDEN, f"this is for the role {needed}, and you are {user.role.word}")

    def _write_down(self, call: Call) -> None:
        if self.audit:
            call.services.audit.write(call.user.name if call.user else "", self.audit, **call.path)


def identify(
    connection: HTTPConnection, services: Services, *, changes: bool
) -> tuple[Principal | None, Session | None]:
    """Who asks, and the session that says so.

    Raises:
        Refused: If a page that is not ours may have sent it: what changes something has to bring the token along that
            only our page can read.
    """
    header = connection.headers.get("authorization", "")
    if header:
        scheme, _, token = header.partition(" ")
        user = services.accounts.of_token(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "this token is not known")
        return user, None
    sent = connection.headers.get(CSRF_HEADER, "")
    if not services.needs_accounts:
        browser = "origin" in connection.headers or "sec-fetch-site" in connection.headers
        if changes and browser and not hmac.compare_digest(sent.encode(), services.local_csrf.encode()):
            raise Refused(HTTPStatus.FORBIDDEN, "the page is out of date: load it anew")
        return LOCAL, None
    cookie = connection.cookies.get(COOKIE)
    session = None if cookie is None else services.accounts.session(cookie)
    if session is None:
        return None, None
    if changes and not hmac.compare_digest(sent.encode(), session.csrf.encode()):
        raise Refused(HTTPStatus.FORBIDDEN, "the page is out of date: load it anew")
    return session.user, session


def as_response(result: Any) -> Response:
    """The response of what a handler gave."""
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    plain = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
    return JSONResponse(plain, headers={"Cache-Control": "no-store"})


def answer_of(error: Exception) -> Response:
    """What is said of an error: what, what was expected, what to do. Places on the disk stay out of it."""
    if isinstance(error, Refused):
        return _refusal(error.status, {"what": error.what}, error.headers)
    if isinstance(error, ReidtrackError):
        said = {"what": error.what, "field": error.field, "expected": error.expected, "hint": error.hint}
        return _refusal(_status_of(error), {key: value for key, value in said.items() if value is not None})
    logger.error("a request failed: %s: %s", type(error).__name__, error, exc_info=error)
    return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, {"what": "a bug: the program's log says more"})


def _status_of(error: ReidtrackError) -> HTTPStatus:
    if isinstance(error, UsageError) and "another reidtrack is at work" in error.what:
        return HTTPStatus.CONFLICT
    if isinstance(error, OutputError):
        return HTTPStatus.INSUFFICIENT_STORAGE
    return HTTPStatus.UNPROCESSABLE_ENTITY


def _refusal(status: HTTPStatus, said: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": said}, status, {"Cache-Control": "no-store", **(headers or {})})


def _is_coroutine(handler: Callable[..., Any]) -> bool:
    import inspect

    return inspect.iscoroutinefunction(handler)


async def _read_body(request: Request, most: int) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {most >> 20} MB")
    return bytes(body)


def _parsed(model: type[Words], values: Mapping[str, str]) -> Words:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _unfit(error) from error


def _parsed_json(model: type[Words], body: bytes) -> Words:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _unfit(error) from error


def _unfit(error: ValidationError) -> InputError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "what was sent"
    return InputError(f"{where}: {first['msg'].removeprefix('Value error, ')}")
