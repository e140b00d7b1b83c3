"""Coming in and going out: logging in, what is open, tokens for programs; for admins, accounts and the audit log."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import JSONResponse, Response

from reidtrack import __version__
from reidtrack.server.access.rules import Principal, Role, Rule
from reidtrack.server.answers import AuditLines, Health, Opened, Token, Users, Who
from reidtrack.server.endpoint import COOKIE, Call, Endpoint, Refused, Words, not_there
from reidtrack.server.routes.paging import Page


class Login(Words):
    """Name and password."""

    name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=4000)]


class NewToken(Words):
    """What a token is for."""

    label: Annotated[str, Field(min_length=1, max_length=100)]


def _told(user: Principal, csrf: str) -> dict[str, Any]:
    cameras = None if user.cameras is None else sorted(user.cameras)
    return {"name": user.name, "role": user.role.word, "cameras": cameras, "csrf": csrf, "version": __version__}


def log_in(call: Call) -> Response:
    """Open a session; `csrf` goes into the header `X-CSRF-Token` of what changes something."""
    services, asked = call.services, call.body
    keys = (f"name {asked.name}", f"address {call.address}")
    wait_s = services.throttle.wait_s(*keys)
    if wait_s > 0:
        headers = {"Retry-After": str(int(wait_s) + 1)}
        raise Refused(HTTPStatus.TOO_MANY_REQUESTS, f"too many tries: wait {int(wait_s) + 1} s", headers)
    opened = services.accounts.log_in(asked.name, asked.password, call.address)
    if opened is None:
        services.throttle.failed(*keys)
        services.audit.write(asked.name, "failed to log in", address=call.address)
        raise Refused(HTTPStatus.UNAUTHORIZED, "name or password are wrong")
    services.throttle.succeeded(*keys)
    cookie, session = opened
    services.audit.write(session.user.name, "logged in", address=call.address)
    response = JSONResponse(_told(session.user, session.csrf), headers={"Cache-Control": "no-store"})
    secure = call.request.url.scheme in ("https", "wss")
    age = int(services.config.session_hours * 3600)
    response.set_cookie(COOKIE, cookie, max_age=age, path="/", secure=secure, httponly=True, samesite="strict")
    return response


def show_session(call: Call) -> Any:
    """Who one is, what one may, and what to send along."""
    csrf = call.services.local_csrf if call.session is None else call.session.csrf
    return _told(call.who, csrf if call.session or not call.services.needs_accounts else "")


def log_out(call: Call) -> Response:
    """End the session."""
    if call.session is not None:
        call.services.accounts.end(call.who, "sessions", call.session.digest)
    response = Response(status_code=HTTPStatus.NO_CONTENT)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def list_sessions(call: Call) -> Any:
    """One's own open sessions."""
    return {"items": [asdict(one) for one in call.services.accounts.opened(call.who, "sessions")]}


def end_session(call: Call) -> Any:
    """End one of one's own sessions."""
    if not call.services.accounts.end(call.who, "sessions", call.path["id"]):
        not_there()


def list_tokens(call: Call) -> Any:
    """One's own tokens, without what opens the door."""
    return {"items": [asdict(one) for one in call.services.accounts.opened(call.who, "tokens")]}


def make_token(call: Call) -> Any:
    """Make a token for programs, sent as `Authorization: Bearer ...`; it is told this once."""
    if not call.services.needs_accounts:
        raise Refused(HTTPStatus.CONFLICT, "without accounts no token is needed")
    call.services.audit.write(call.who.name, "made a token", label=call.body.label)
    return {"token": call.services.accounts.make_token(call.who, call.body.label)}


def end_token(call: Call) -> Any:
    """End one of one's own tokens."""
    if not call.services.accounts.end(call.who, "tokens", call.path["id"]):
        not_there()


def list_users(call: Call) -> Any:
    """Everybody who has an account."""
    users = call.services.accounts.users()
    told = [(u.name, u.role.word, None if u.cameras is None else sorted(u.cameras)) for u in users]
    return {"items": [dict(zip(("name", "role", "cameras"), one, strict=True)) for one in told]}


def show_audit(call: Call) -> Any:
    """Who looked for whom, and who changed what, the newest first."""
    end = call.query.cursor + call.query.limit
    lines = call.services.audit.last(end + 1)
    return {"items": lines[call.query.cursor : end], "next": end if end < len(lines) else None}


def show_health(_: Call) -> Any:
    """That the program answers."""
    return {"ok": True}


OWN = Rule(Role.VIEWER)
ENDPOINTS = (
    Endpoint(
        "GET",
        "/health",
        Rule(None, why="says nothing but that it answers"),
        show_health,
        "Whether it answers",
        gives=Health,
    ),
    Endpoint(
        "POST",
        "/session",
        Rule(None, why="this is how one becomes known"),
        log_in,
        "Log in",
        body=Login,
        gives=Who,
        refuses=(HTTPStatus.TOO_MANY_REQUESTS,),
    ),
    Endpoint("GET", "/session", OWN, show_session, "Who one is", gives=Who),
    Endpoint("DELETE", "/session", OWN, log_out, "Log out", status=HTTPStatus.NO_CONTENT),
    Endpoint("GET", "/sessions", OWN, list_sessions, "One's own sessions", gives=Opened),
    Endpoint(
        "DELETE",
        "/sessions/{id}",
        OWN,
        end_session,
        "End one of one's own sessions",
        status=HTTPStatus.NO_CONTENT,
        refuses=(HTTPStatus.NOT_FOUND,),
    ),
    Endpoint("GET", "/tokens", OWN, list_tokens, "One's own tokens", gives=Opened),
    Endpoint("POST", "/tokens", OWN, make_token, "Make a token for programs", body=NewToken, gives=Token),
    Endpoint(
        "DELETE",
        "/tokens/{id}",
        OWN,
        end_token,
        "End one of one's own tokens",
        status=HTTPStatus.NO_CONTENT,
        refuses=(HTTPStatus.NOT_FOUND,),
    ),
    Endpoint("GET", "/users", Rule(Role.ADMIN), list_users, "Accounts", gives=Users),
    Endpoint(
        "GET",
        "/audit",
        Rule(Role.ADMIN),
        show_audit,
        "Who looked for whom, who changed what",
        query=Page,
        gives=AuditLines,
    ),
)
